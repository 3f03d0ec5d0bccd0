// May this account ever be touched from the cloud? Pure, local, and a ceiling: nothing the service says widens it.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wb::policy {

struct Guardrails {
  std::vector<std::string> allow_ous;  // DNs; an account must be below one of them; empty: nobody is in scope
  std::vector<std::string> deny_ous;   // DNs; win over allow_ous
  // Extra groups whose members are never touched. A SID covers nested membership and the primary group (tokenGroups), and
  // so does a DN whose SID stands in group_sids. DNs are looked for in Subject::group_dns, too: for distribution groups,
  // which no token holds, and directories without SIDs.
  std::vector<std::string> protected_groups;
  bool protect_admins = true;  // adminCount=1 and the well-known privileged groups, by SID

  std::vector<std::string> allow_groups = {};  // where not empty: only members of one of these are in scope; DN or SID as above
  // Accounts (SID or DN) that protect_admins and protected_groups spare. Never krbtgt, computers, trusts or the agent's own.
  std::vector<std::string> allow_privileged = {};
  enum class Disabled { refuse,
    audit,
    allow };
  Disabled disabled_accounts = Disabled::refuse;
  // What is only audited is logged and let pass: for finding out what a rule would refuse before it does. An account that
  // no rule allows (see decide) is refused in any mode.
  enum class Rule { enforce,
    audit };
  Rule scope = Rule::enforce;                          // allow_ous, deny_ous, allow_groups
  Rule protection = Rule::enforce;                     // protect_admins, protected_groups
  std::string own_account = {};                        // the agent's service account: DN or UPN (name@domain)
  std::string domain = {};                             // DNS name; for an own_account whose UPN is not stored but implied
  std::map<std::string, std::string> group_sids = {};  // DN as the rule spells it -> SID, as the directory told lately
  bool operator==(const Guardrails&) const = default;
};

struct Subject {  // what the decision needs of the account
  std::string dn, sid;
  std::vector<std::string> group_sids, group_dns;
  bool admin_count = false;
  std::string sam = {}, upn = {};                          // sAMAccountName, userPrincipalName
  std::optional<std::uint32_t> user_account_control = {};  // MS-ADTS 2.2.16; a disabled account is read from it
  std::optional<std::uint32_t> sam_account_type = {};      // MS-SAMR 2.2.1.9, where it was asked for
  bool disabled = false;                                   // by another sign than userAccountControl
};

enum class Denial { none,
  out_of_scope,
  protected_account,
  disabled };
std::string_view reason_of(Denial denial);  // the contract's, for Code::denied; "" for none
// `why` is for the operator's log (which rule), never for the cloud. `audited`: what a rule in audit mode would have said.
// `privileged`: why the account is, where nothing keeps it from being served all the same; empty: it is none.
struct Decision {
  Denial denial = Denial::none;
  std::string why;
  std::string audited = {}, privileged = {};
};
// Deny wins over allow. Fails closed: a rule or a DN that can't be read, a protected group that AD did not show, and with
// protect_admins or protected_groups an account of AD whose group SIDs were not read (every one has some): denied.
//
// Whatever the rules allow: krbtgt (and an RODC's krbtgt_N), accounts of computers, domain controllers and trusts, and the
// agent's own account are never written.
Decision decide(const Guardrails& rules, const Subject& subject);

// The groups that rules name by DN, whose SIDs a caller may look up and put into group_sids. A group that can't be found
// should keep the domain from becoming ready: whom it protects is not known.
std::vector<std::string> groups_by_dn(const Guardrails& rules);

// DN comparison as RFC 4514 and the directory see it: case-insensitive, blanks around separators and escapes
// normalised (ASCII case only: see dn.hpp). True when `dn` is `base` or below it. Malformed DNs are below nothing, and nothing
// is below the empty one.
bool is_below(std::string_view dn, std::string_view base);

}  // namespace wb::policy
