#include "ldap/password_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace wb::ldap {

Result<Secret> read_password_file(const std::filesystem::path& file) {
  constexpr const char* where = "ldap.password_file";
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a FIFO must not hang us
  if (descriptor < 0) return fault(Fault::Kind::refused, where, file.string() + ": " + std::generic_category().message(errno));
  auto password = Secret::of_size(1024);
  ssize_t count = 0;
  const auto length = password.expose_mutable([&](std::span<char> buffer) {
    count = ::read(descriptor, buffer.data(), buffer.size());
    const std::string_view text(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    return std::min(text.find_first_of("\r\n"), text.size());
  });
  ::close(descriptor);
  if (length == 0) return fault(Fault::Kind::refused, where, file.string() + (count < 0 ? " cannot be read" : " is empty"));
  password.truncate(length);
  return password;
}

}  // namespace wb::ldap
