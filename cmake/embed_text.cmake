# cmake -DFILE=... -DNAMESPACE=... -DFUNCTION=... -DOUT=... -P embed_text.cmake: writes OUT, a C++ file with a function that gives FILE's text.
file(READ "${FILE}" text)
file(WRITE "${OUT}" "// Made by cmake/embed_text.cmake.
#include <string_view>

namespace wb::${NAMESPACE} {
std::string_view ${FUNCTION}();
std::string_view ${FUNCTION}() { return R\"wb_text(${text})wb_text\"; }
}  // namespace wb::${NAMESPACE}
")
