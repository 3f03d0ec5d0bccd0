// The service account's password, read at each connect so that a rotated one is used at once.
#pragma once
#include <filesystem>

#include "core/result.hpp"
#include "core/secret.hpp"
#include "platform/private_files.hpp"

namespace wb::ldap {

// The first line, at most 1 KiB, without its line end. Fault refused at ldap.password_file: unreadable, empty, or not kept from others.
inline Result<Secret> read_password_file(const std::filesystem::path& file) { return platform::read_private_line(file, "ldap.password_file"); }

}  // namespace wb::ldap
