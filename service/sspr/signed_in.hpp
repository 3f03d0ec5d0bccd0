// Somebody who is signing in, or has: the state of a ticket (sspr/tickets, Purpose::sign_in).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "protocol/messages.hpp"
#include "service/methods/codes.hpp"
#include "service/sspr/people.hpp"
#include "service/sspr/tickets.hpp"

namespace wb::service::sspr {

// What the directory says of an account, until its person is kept.
struct DirectoryEntry {
  std::string display_name, mail, language;
  bool operator==(const DirectoryEntry&) const = default;
};

struct SignedIn {
  std::string name, language, address;
  std::string name_key;      // the name's, whoever spells it how (sspr/spelling)
  std::int64_t told_ms = 0;  // when whoever had not shown the password was last told anything, or is being; or when it began
  bool seen = false;         // the account has been looked up
  bool exists = false;       // and an agent will talk about it
  bool administrator = false;
  bool proven = false;              // the directory has said that the password is right, whatever stands in the way of a sign-in
  int level = 0;                    // 0: has proven nothing; 1: the directory's password; 2: a method too
  std::string device;               // until it is looked up: the device token that the browser showed; then the name of one that is good for this account, if it is
  std::string sub;                  // of the account; made up for a name that nobody has
  std::vector<std::string> groups;  // of the account, those that the organisation's rules name
  DirectoryEntry entry;             // of the account; empty in a ticket of before 2026-11-28
  std::string probe;                // that a password may be sealed for
  std::int64_t looks = 0, tries = 0;
  // A method that is being registered: its secret is sealed for the person already.
  std::optional<RegisteredMethod> pending;
  std::optional<SentCode> code;
  bool operator==(const SignedIn&) const = default;
};
std::string to_json(const SignedIn& state);
Result<SignedIn> signed_in_from(std::string_view json);  // Fault malformed "sspr.signed_in"

}  // namespace wb::service::sspr
