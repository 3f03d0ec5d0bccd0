// May this account ever be touched from the cloud? Pure, local, and a ceiling: nothing the service says widens it.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wb::policy {

struct Guardrails {
  std::vector<std::string> allow_ous;  // DNs; an account must be below one of them; empty: nobody is in scope
  std::vector<std::string> deny_ous;   // DNs; win over allow_ous
  // Extra groups whose members are never touched. A SID covers nested membership and the primary group (tokenGroups);
  // a DN is looked for in group_dns, which is memberOf: direct membership only.
  std::vector<std::string> protected_groups;
  bool protect_admins = true;  // adminCount=1 and the well-known privileged groups, by SID
};

struct Subject {  // what the decision needs of the account
  std::string dn, sid;
  std::vector<std::string> group_sids, group_dns;
  bool admin_count = false;
};

enum class Denial { none,
  out_of_scope,
  protected_account };
// `why` is for the operator's log (which rule), never for the cloud.
struct Decision {
  Denial denial = Denial::none;
  std::string why;
};
// Deny wins over allow. Fails closed: a rule or a DN that can't be read, and with protect_admins an account whose SID or
// group SIDs were not read (every account has some), is denied.
Decision decide(const Guardrails& rules, const Subject& subject);

// DN comparison as RFC 4514 and the directory see it: case-insensitive, blanks around separators and escapes
// normalised (ASCII case only: see dn.hpp). True when `dn` is `base` or below it. Malformed DNs are below nothing, and nothing
// is below the empty one.
bool is_below(std::string_view dn, std::string_view base);

}  // namespace wb::policy
