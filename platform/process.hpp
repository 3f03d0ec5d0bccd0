// What a process that handles secrets asks of the operating system before it does anything else.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace wb::platform {

// A write to a closed connection is an error code, not a signal; no core dump is ever written; other processes of the
// same user can neither attach nor read our memory (Linux: not dumpable. Root still can: /proc/PID/mem).
// Builds with failpoints leave the memory readable when WB_DUMPABLE is set: the residue tests scan it.
void harden_process();

// This machine's name, for operators (enrolment, listings). "unknown" when it has none.
std::string host_name();

// How root runs this program as user `uid` on a command line, without its words: "runuser -u NAME -- PROGRAM"; of root PROGRAM alone.
// The second: as the user who runs it now.
std::string command_as(std::uint32_t uid);
std::string own_command();

// The signal that asks a program to read its configuration anew; nullopt where there is none.
std::optional<int> reload_signal();

}  // namespace wb::platform
