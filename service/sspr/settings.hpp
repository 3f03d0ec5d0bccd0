// What an organisation decides about self-service password reset, for one domain. Kept as one JSON document, versioned;
// every member stands in it, and an unknown one is refused, so that a misspelt wish is never a silent "no".
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "protocol/messages.hpp"
#include "service/sspr/flow.hpp"

namespace wb::service::sspr {

enum class Scope { none,
  selected,
  all };

struct Settings {
  Scope scope = Scope::none;
  std::vector<std::string> groups, excluded_groups;  // DNs or SIDs, nested ones count; excluded beats selected
  std::vector<Method> methods{Method::app_code, Method::email};
  int methods_required = 1;                             // 1 or 2
  int questions_to_register = 5, questions_to_ask = 3;  // 3 to 5 each, asked at most as many as registered
  std::vector<std::string> custom_questions;            // at most 20, 3 to 200 characters
  bool questions_alone = false;                         // may the questions be the only method of a reset?
  bool registration_required = true;                    // identity products are told so at sign-in
  int reconfirm_days = 180;                             // 0 to 730; 0: never
  bool notify_user = true, notify_administrators = true;
  std::string helpdesk;                                                              // https:// or mailto: link, or empty
  std::string brand_text;                                                            // at the foot of every page of theirs, at most 300 characters
  std::string brand_name, brand_logo, brand_colour;                                  // logo: data: URL, or https:// link; colour: #rrggbb
  bool write_back = true;                                                            // off: nothing is asked of the directory
  bool allow_unlock = true;                                                          // without a reset
  std::vector<std::string> administrator_groups;                                     // whose members are SSPR administrators
  bool administrators_may_reset = true;                                              // off: as a whole; on: always two methods, never questions
  std::vector<std::string> own_mail_domains;                                         // addresses there are no second way to a person
  std::vector<std::string> contact_attributes{"mail", "mobile", "telephoneNumber"};  // read for pre-registration
  bool operator==(const Settings&) const = default;
};
constexpr std::size_t groups_max = 64, settings_bytes_max = 32 * 1024, logo_bytes_max = 16 * 1024;

// Fault malformed, detail naming the member and what was expected.
Result<Settings> settings_from(std::string_view json);
std::string to_json(const Settings& settings);
std::string_view to_string(Scope scope);

// Each member with its value as JSON, in the document's order.
std::vector<std::pair<std::string, std::string>> members(const Settings& settings);

// One changed member, for the audit: name, old and new value as JSON.
struct Change {
  std::string member, before, after;
  bool operator==(const Change&) const = default;
};
std::vector<Change> changes(const Settings& before, const Settings& after);

// What the rules say of one person. `groups`: of the account, nested ones, as the agent names them (DN and SID).
struct Standing {
  bool administrator = false;
  Reason barrier = Reason::none;  // not_enabled, administrator, not_registered
  std::vector<Method> usable;     // of `registered`, those that may be used
};
// Those by which an administrator proves nothing, whatever they have.
constexpr bool is_for_administrators(Method method) { return method == Method::app_code || method == Method::email; }
bool allows(const Settings& settings, Method method);
// Of these, those by which this person may prove who they are; and how many different ones they need.
std::vector<Method> usable_of(const Settings& settings, bool administrator, const std::vector<Method>& registered);
int required_of(const Settings& settings, bool administrator);
// Every group that the rules name, once.
std::vector<std::string> named_groups(const Settings& settings);
// Of these groups those that the rules name.
std::vector<std::string> named_among(const Settings& settings, const std::vector<std::string>& groups);
Standing standing(const Settings& settings, const std::vector<std::string>& groups, const std::vector<Method>& registered);

FlowRules rules_of(const Settings& settings);

// What people are told that the organisation is called: its own name, or the domain's. One of the two arguments.
inline const std::string& organisation_of(const Settings& settings, const std::string& domain) { return settings.brand_name.empty() ? domain : settings.brand_name; }

}  // namespace wb::service::sspr
