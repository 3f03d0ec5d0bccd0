# cmake -DFOLDER=... -DOUT=... -P embed_messages.cmake: writes OUT, a C++ file that holds the message catalogues of FOLDER.
file(GLOB files "${FOLDER}/*.json")
list(SORT files)
set(rows "")
foreach(file IN LISTS files)
  get_filename_component(language "${file}" NAME_WE)
  file(READ "${file}" text)
  # English first: the others are held against it
  set(row "    {\"${language}\", R\"wb_messages(${text})wb_messages\"},\n")
  if(language STREQUAL "en")
    string(PREPEND rows "${row}")
  else()
    string(APPEND rows "${row}")
  endif()
endforeach()
file(WRITE "${OUT}" "// Made by cmake/embed_messages.cmake from service/messages/.
#include \"service/catalogue.hpp\"

namespace wb::service {
std::span<const MessageFile> embedded_messages() {
  static constexpr MessageFile files[] = {
${rows}  };
  return files;
}
}  // namespace wb::service
")
