# cmake -DFILE=... -DNAMESPACE=... -DFUNCTION=... -DOUT=... -P embed_text.cmake: writes OUT, a C++ file with a function that gives FILE's text
# (ASCII). In pieces: compilers need not take a literal of more than 65,536 characters.
file(READ "${FILE}" text)
string(LENGTH "${text}" left)
set(pieces "")
set(at 0)
while(at LESS left)
  string(SUBSTRING "${text}" ${at} 16000 piece)
  string(APPEND pieces "\n    whole += R\"wb_text(${piece})wb_text\";")
  math(EXPR at "${at} + 16000")
endwhile()
file(WRITE "${OUT}" "// Made by cmake/embed_text.cmake.
#include <string>
#include <string_view>

namespace wb::${NAMESPACE} {
std::string_view ${FUNCTION}();
std::string_view ${FUNCTION}() {
  static const std::string text = [] {
    std::string whole;${pieces}
    return whole;
  }();
  return text;
}
}  // namespace wb::${NAMESPACE}
")
