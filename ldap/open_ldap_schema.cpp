#include "ldap/ds389.hpp"
#include "ldap/server_schema.hpp"

namespace wb::ldap {
namespace {

using Op = Modification::Op;

class OpenLdapSchema final : public ServerSchema {
 public:
  std::vector<std::string> person_attributes(const Settings& settings) const override { return ldap::person_attributes(settings); }
  std::string is(std::string_view sub) const override { return "(entryUUID=" + std::string(sub) + ")"; }
  Result<Account> person(const Entry& entry, const std::optional<PolicyRules>& rules, const Settings& settings, const std::string& dc, UnixSeconds now) const override {
    return person_from(entry, rules, settings, dc, now);
  }
  bool locked_for_good(const Entry& entry) const override { return ldap::locked_for_good(entry); }
  std::string schema_dn() const override { return "cn=Subschema"; }
  std::string default_policy() const override { return {}; }
  std::vector<std::string> rule_attributes() const override { return policy_rule_attributes(); }
  std::optional<PolicyRules> rules(const Entry& entry) const override { return rules_from(entry); }
  bool asserts() const override { return true; }
  std::vector<Modification> guards(const Condition&, const protocol::Pre&) const override { return {}; }
  bool pending(const Account&) const override { return false; }
  std::vector<Modification> marker(const std::string& attribute, const std::optional<std::string>&, const std::string& to) const override { return {{Op::replace, attribute, to}}; }
  std::vector<Modification> must_change(const protocol::Pre&) const override { return {{Op::replace, "pwdReset", "TRUE"}}; }
  bool must_change_apart() const override { return false; }
  std::vector<Modification> unlock() const override { return {{Op::clear, "pwdAccountLockedTime", {}}}; }
  bool resets_unlock() const override { return true; }
  Result<Diagnosis> diagnose(int code, std::optional<int> error, std::string_view, WriteKind kind) const override { return diagnose_open_ldap(code, error, kind); }
  std::optional<SignIn> sign_in(int code, std::optional<int> error) const override { return diagnose_open_ldap_sign_in(code, error); }
};

}  // namespace

const ServerSchema& schema_of(DirectoryType type) {
  static const OpenLdapSchema open_ldap;
  return type == DirectoryType::ds389 ? ds389_schema() : open_ldap;
}

}  // namespace wb::ldap
