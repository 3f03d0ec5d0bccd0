#include "ldap/rights.hpp"

#include <array>

namespace wb::ldap {
namespace {

using Place = Grant::Place;
constexpr std::uint32_t read = right::read_property, write = right::write_property;
constexpr std::uint32_t read_objects = right::read_property | right::list_children | right::list_object | right::read_control;

struct Wanted {
  std::string_view attribute;
  std::uint32_t mask;
  bool only_if_missing;
};
// What the agent reads and writes on an account besides names and addresses, which the class user shows to everybody.
// replPropertyMetaData is an ordinary attribute without a property set (MS-ADA3 2.192) and not among those with extended
// checks (MS-ADTS 3.1.1.4.4): RIGHT_DS_READ_PROPERTY on it, or on all properties, is what it takes.
constexpr std::array<Wanted, 10> wanted{{
    {"lockoutTime", read | write, false},
    {"pwdLastSet", read | write, false},
    {"replPropertyMetaData", read, false},
    {"userAccountControl", read, true},
    {"accountExpires", read, true},
    {"msDS-User-Account-Control-Computed", read, true},
    {"msDS-ResultantPSO", read, true},
    {"adminCount", read, true},
    {"memberOf", read, true},
    {"tokenGroups", read, true},
}};

Grant attribute_grant(const Schema& schema, std::string_view name, std::uint32_t mask, bool only_if_missing) {
  const auto& known = schema.at(std::string(name));
  return {Place::accounts, mask, std::string(name), known.guid, known.property_set, only_if_missing};
}

std::vector<std::uint32_t> bits_of(std::uint32_t mask) {
  std::vector<std::uint32_t> bits;
  for (std::uint32_t bit = 1; bit != 0; bit <<= 1)
    if (mask & bit) bits.push_back(bit);
  return bits;
}

Asked asked_for(const Grant& grant, std::uint32_t bit) {
  Asked asked{bit, {}};
  for (const auto* type : {&grant.guid, &grant.property_set})
    if (!type->empty()) asked.types.push_back(*type);
  return asked;
}

std::string taken_by(const Ace& ace) { return std::string(ace.is(Ace::inherited) ? "an inherited" : "an explicit") + " entry denies it: " + sddl(ace); }

// Why an account does not have what it should: denied, not inherited, or never granted.
std::string why_missing(const RightsView& view, const Decision& decision, const Asked& asked) {
  if (decision.denied_by) return taken_by(*decision.denied_by);
  if (view.account->is_protected()) {
    if (view.admin_count.value_or(false)) return "the account's DACL is protected and its adminCount is 1 (AdminSDHolder): it inherits nothing. Such accounts are not reset by delegation";
    return "the account's DACL is protected: inheritance is switched off, so what the OU grants does not reach it";
  }
  if (!view.below_ou) return "the account is not below " + view.ou;
  if (!view.ou_list) return "not granted on the account, and the OU's DACL is not readable";
  if (!check_access(inherited_by(*view.ou_list, view.account_class_guid), view.token, asked).granted) {
    const bool users = check_access(inherited_by(*view.ou_list, std::string(user_class)), view.token, asked).granted;
    if (users) return "the OU grants it to user objects, and the account's class is " + view.account_class;
    return "not granted on " + view.ou;
  }
  return "the OU grants it, but it does not reach the account: a container between them has a protected DACL, or it has not been propagated yet";
}

Finding passed(std::string id, std::string what) { return {Finding::Status::pass, std::move(id), std::move(what), {}}; }
Finding missing(std::string id, std::string what, std::string why) { return {Finding::Status::fail, std::move(id), std::move(what), std::move(why)}; }

std::string id_of(const Grant& grant, std::uint32_t bit) {
  const std::string verb = bit == right::write_property ? "write." : bit == right::control_access ? "right."
                                                                                                  : "read.";
  auto name = grant.name;
  for (char& c : name)
    if (c == ' ') c = '_';
  return verb + name;
}

Finding judge_one(const RightsView& view, const Grant& grant, std::uint32_t bit) {
  const auto asked = asked_for(grant, bit);
  if (grant.place == Place::domain_head) {
    if (!view.domain_head) return missing(id_of(grant, bit), right_name(grant, bit), "the domain head's DACL is not readable");
    const auto decision = check_access(*view.domain_head, view.token, asked);
    if (decision.granted) return passed(id_of(grant, bit), right_name(grant, bit));
    return missing(id_of(grant, bit), right_name(grant, bit), decision.denied_by ? taken_by(*decision.denied_by) : "not granted on the domain's head; without it \"must change\" can't be cleared");
  }
  const auto decision = check_access(*view.account, view.token, asked);
  if (decision.granted) return passed(id_of(grant, bit), right_name(grant, bit));
  return missing(id_of(grant, bit), right_name(grant, bit), why_missing(view, decision, asked));
}

// The object in force decides; where none is, the container's list for the objects in it.
Finding judge_password_settings(const RightsView& view) {
  const std::string id = "read.password_settings", what = "read the Password Settings Container";
  const std::string without = "; the agent can then not say which rule of a fine-grained policy refused a password";
  if (view.pso_readable) return *view.pso_readable ? passed(id, what) : missing(id, what, "the password settings object in force for the account is not readable" + without);
  if (!view.password_settings) return missing(id, what, "neither the container nor its DACL is readable" + without);
  const bool lists = check_access(*view.password_settings, view.token, {right::list_children, {}}).granted;
  const auto within = inherited_by(*view.password_settings, {});
  if (lists && check_access(within, view.token, {right::read_property, {}}).granted) return passed(id, what);
  return missing(id, what, std::string(lists ? "the objects in it are" : "it is") + " not readable" + without);
}

}  // namespace

std::vector<std::string> delegated_attributes(const std::string& marker_attribute) {
  std::vector<std::string> names;
  for (const auto& one : wanted) names.emplace_back(one.attribute);
  if (!marker_attribute.empty()) names.push_back(marker_attribute);
  return names;
}

std::vector<Grant> grants(const Schema& schema, const std::string& marker_attribute) {
  std::vector<Grant> all{{Place::accounts, right::control_access, "Reset Password", std::string(reset_password_right), {}, false}};
  for (const auto& one : wanted)
    if (!one.only_if_missing) all.push_back(attribute_grant(schema, one.attribute, one.mask, false));
  if (!marker_attribute.empty()) all.push_back(attribute_grant(schema, marker_attribute, read | write, false));
  all.push_back({Place::password_settings, read_objects, {}, {}, {}, false});
  for (const auto& one : wanted)
    if (one.only_if_missing) all.push_back(attribute_grant(schema, one.attribute, one.mask, true));
  all.push_back({Place::containers, right::list_children, {}, {}, {}, true});
  all.push_back({Place::domain_head, right::control_access, "Unexpire Password", std::string(unexpire_password_right), {}, true});
  return all;
}

Ace ace_of(const Grant& grant, const std::string& trustee_sid) {
  Ace ace;
  ace.kind = Ace::Kind::allow;
  ace.mask = grant.mask;
  ace.object_type = grant.guid;
  ace.sid = trustee_sid;
  if (grant.place == Place::accounts) {
    ace.flags = Ace::container_inherit | Ace::inherit_only;
    ace.inherited_object_type = user_class;
  } else if (grant.place != Place::domain_head) {
    ace.flags = Ace::container_inherit;
  }
  return ace;
}

std::string right_name(const Grant& grant, std::uint32_t bit) {
  if (grant.place == Place::password_settings) return "read the Password Settings Container";
  if (grant.place == Place::containers) return "list what the OU contains";
  if (grant.place == Place::domain_head) return grant.name + " (on the domain)";
  if (bit == right::control_access) return grant.name;
  return (bit == right::write_property ? "write " : "read ") + grant.name;
}

std::vector<Finding> judge_rights(const RightsView& view, const std::vector<Grant>& needed) {
  std::vector<Finding> findings;
  if (!view.account) {
    findings.push_back(missing("read.nTSecurityDescriptor", "read the account's DACL", "it is not readable (RIGHT_READ_CONTROL), so nothing can be said about the account"));
  } else {
    for (const auto& grant : needed) {
      if (grant.place == Place::containers) continue;  // the account was found, so it is listed
      if (grant.place == Place::password_settings) findings.push_back(judge_password_settings(view));
      else
        for (const auto bit : bits_of(grant.mask)) findings.push_back(judge_one(view, grant, bit));
    }
  }
  for (auto& finding : excess_rights(view, needed)) findings.push_back(std::move(finding));
  return findings;
}

}  // namespace wb::ldap
