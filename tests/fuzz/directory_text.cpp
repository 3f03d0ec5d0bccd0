// The spellings a directory sends: names, identifiers, times, and the words beside a result code.
#include "ldap/diagnose.hpp"
#include "ldap/open_ldap_entry.hpp"
#include "ldap/text.hpp"
#include "policy/dn.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {
using namespace ldap;

void run(std::string_view input) {
  if (const auto guid = guid_text(input)) hold(guid_bytes(*guid) == input, "a GUID there and back");
  if (const auto sid = sid_text(input)) hold(policy::is_sid(*sid), "a SID is one for the guardrails, too");
  if (const auto dn = policy::parse_dn(input); dn && !dn->empty()) hold(policy::is_below(*dn, *dn), "a name is below itself");
  if (const auto number = integer(input)) (void)seconds_from_interval(*number), (void)unix_from_filetime(*number);
  if (const auto time = filetime_from_generalized(input)) hold(!generalized_from_filetime(*time).empty(), "a time there and back");
  hold(filter_escape(input).find_first_of("()*") == std::string::npos, "nothing in a filter but a value");
  hold(kept_text(input, {}).size() <= 300, "an operator sees little of a server's words");
  for (const int code : {0, 19, 49, 53}) {
    const auto meant = diagnose(code, input, WriteKind::reset);
    hold(meant.has_error() || meant->detail.size() < 100, "codes and names only");
    (void)diagnose_sign_in(code, input);
    (void)bind_refusal(code, input);
  }
}

}  // namespace wb::fuzz
