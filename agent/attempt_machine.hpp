// What one attempt at a job does and says (docs/PROTOCOL.md section 6). Pure: what was read, decided and answered in,
// what to do or say out. Every expectation comes from the probe's `pre`; a bind is never used to settle anything.
//
// Two readings of the account decide everything: `ours`, whether the marker of this very job stands there, and `moved`,
// whether the password's version or pwdLastSet differ from `pre`. With the marker configured a moved password under an
// untouched marker is proof that somebody else changed it. Without the marker nobody can know whose change it was.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ldap/directory.hpp"
#include "policy/guardrails.hpp"
#include "protocol/messages.hpp"

namespace wb::agent {

struct Attempt {
  protocol::Job job;
  bool second = false;  // some attempt of this job may have been sent before: att > 1, or an open intent of ours
  bool marker = false;  // the directory is configured with a marker attribute
};

struct Write {};  // go on and write
struct Say {      // the outcome
  protocol::Code code = protocol::Code::unknown;
  std::string reason;
  std::vector<std::string> also;
  bool operator==(const Say&) const = default;
};
using Step = std::variant<Write, Say>;

// "wb1;<jti>;<fence>;A", written together with the password.
std::string marker_text(std::string_view jti, std::int64_t fence);
bool is_our_marker(const std::optional<std::string>& marker, std::string_view jti);

// A probe could not read the account.
Say after_probe_fault(const Fault& fault);
// After the reading on the pinned DC, before anything is sent.
Step after_read(const Attempt& attempt, const std::optional<ldap::Account>& account, policy::Denial denial);
// The reading failed: nothing was sent by this attempt.
Say after_read_fault(const Attempt& attempt, const Fault& fault);
// The directory gave its verdict about the write (or the unlock).
Say after_write(const Attempt& attempt, const ldap::WriteAnswer& answer);
// The write got no verdict. `reread` is the one reading that was tried after it; nullopt: that failed too.
Say after_write_fault(const Attempt& attempt, const Fault& fault, const std::optional<ldap::Account>& reread);

// Nobody may answer this job again without asking the directory: a redelivery runs another attempt.
bool is_open(protocol::Code code);

}  // namespace wb::agent
