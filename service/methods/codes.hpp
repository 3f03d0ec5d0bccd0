// One-time codes that are sent to a person: by mail, later by text message. Pure but for the random digits.
//
// Eight digits, of which only an HMAC-SHA256 under a key of the server's is kept: a copy of the database alone lets nobody
// try its 10^8 codes. The MAC covers session and destination: a code proves nothing anywhere else.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/secret.hpp"

namespace wb::service {

struct CodeSettings {
  std::chrono::seconds lifetime{300};
  int tries = 5;
};

// What a code is good for: both are opaque here, and must be spelled alike when it is made and checked.
struct CodeBinding {
  std::string_view session;
  std::string_view destination;  // limit_key() of an address
};

// What is stored. A new code for the same destination replaces it: then the old one is worth nothing.
struct SentCode {
  std::string mac;          // 32 bytes
  UnixSeconds sent = 0;     // for the pause before the next one
  UnixSeconds expires = 0;  // from then on it is refused
  int tries_left = 0;
  bool used = false;
  bool operator==(const SentCode&) const = default;
};

struct NewCode {
  Secret digits;  // to be sent, and forgotten
  SentCode kept;
};
// `server_key`: 32 random bytes or more.
NewCode new_code(const Secret& server_key, const CodeBinding& binding, UnixSeconds now, const CodeSettings& settings = {});

enum class CodeVerdict {
  right,
  wrong,           // a try less
  expired,         // after its time, whatever was typed
  used,            // it was right once before
  too_many_tries,  // none was left, whatever was typed
};
// Changes `code`: a try is spent before anything is compared. Store it in the transaction that acts on the verdict.
// Spaces and hyphens of the typed text do not count; time says nothing about how much of it was right.
CodeVerdict check_code(SentCode& code, const Secret& server_key, const CodeBinding& binding, std::string_view typed, UnixSeconds now);

}  // namespace wb::service
