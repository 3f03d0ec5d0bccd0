#include "config/log_rules.hpp"

namespace wb::config {

void read_kept_file(Section& section, const std::filesystem::path& folder, KeptFile& file) {
  section.optional("file", file.file, shape::path(folder, true));
  section.optional("file_bytes_max", file.bytes_max, shape::whole(65'536, 1'000'000'000));
  section.optional("files_kept", file.kept, shape::whole(1, 1'000));
}

void read_log(Section& section, const std::filesystem::path& folder, log::Destination& destination) {
  using log::Format, log::To;
  section.optional("format", destination.format, shape::one_of<Format>("text or json", {{"text", Format::text}, {"json", Format::json}}));
  section.optional("to", destination.to, shape::one_of<To>("stderr, journal, syslog or file", {{"stderr", To::standard_error}, {"journal", To::journal}, {"syslog", To::syslog}, {"file", To::file}}));
  read_kept_file(section, folder, destination.file);
  section.optional("syslog_socket", destination.syslog_socket, shape::path(folder, true));
  if (destination.to != To::syslog && !destination.syslog_socket.empty()) section.problem("syslog_socket", "it with to: syslog only");
  const bool wanted = destination.to == To::file;
  if (wanted && destination.file.file.empty()) section.problem("to", "a file beside it");
  if (!wanted && !destination.file.file.empty()) section.problem("file", "it with to: file only");
}

}  // namespace wb::config
