#include "service/sspr/settings.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/ids.hpp"
#include "protocol/json.hpp"
#include "service/methods/questions.hpp"

namespace wb::service::sspr {
namespace {

std::size_t bytes_of(const std::vector<std::string>& texts) {
  std::size_t sum = 0;
  for (const auto& text : texts) sum += text.size();
  return sum;
}

namespace json = protocol::json;
using protocol::Members;

json::array shape(const std::vector<std::string>& list) {
  json::array out;
  for (const auto& text : list) out.emplace_back(text);
  return out;
}

json::array shape(const std::vector<Method>& list) {
  json::array out;
  for (const auto method : list) out.emplace_back(to_string(method));
  return out;
}

// Characters as people count them: code points. The text is UTF-8 already (parse_json sees to that).
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool is_colour(std::string_view text) {
  return text.size() == 7 && text[0] == '#' && std::all_of(text.begin() + 1, text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
}

bool is_link(std::string_view text, bool mail_too) {
  if (text.size() > 512 || std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '<' || c == '>'; })) return false;
  return (text.starts_with("https://") && text.size() > 8) || (mail_too && text.starts_with("mailto:") && text.size() > 7);
}

// A link, or the picture itself, which our pages need not fetch from anybody.
bool is_logo(std::string_view text) {
  if (is_link(text, false)) return true;
  if (text.size() > logo_bytes_max) return false;
  for (const std::string_view kind : {"png", "jpeg", "webp", "svg+xml"}) {
    const auto head = "data:image/" + std::string(kind) + ";base64,";
    if (!text.starts_with(head)) continue;
    const auto picture = text.substr(head.size());
    const auto letters = picture.substr(0, picture.find('='));
    const auto good = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/'; };
    return !letters.empty() && picture.size() % 4 == 0 && picture.size() - letters.size() <= 2 && std::all_of(letters.begin(), letters.end(), good) && picture.substr(letters.size()).find_first_not_of('=') == std::string_view::npos;
  }
  return false;
}

void within(Members& m, std::string_view name, int value, int least, int most) {
  if (m.ok() && (value < least || value > most)) m.problem(name, "expected " + std::to_string(least) + " to " + std::to_string(most));
}

void each_within(Members& m, std::string_view name, const std::vector<std::string>& list, std::size_t least, std::size_t most) {
  for (const auto& text : list)
    if (m.ok() && (characters(text) < least || characters(text) > most)) m.problem(name, "expected texts of " + std::to_string(least) + " to " + std::to_string(most) + " characters");
  if (m.ok() && std::set<std::string>(list.begin(), list.end()).size() != list.size()) m.problem(name, "the same twice");
}

// Spellings of one text are one question.
void are_questions(Members& m, const std::vector<std::string>& texts) {
  std::set<std::string> ids;
  for (const auto& text : texts) {
    const auto id = own_question_id(text);
    if (m.ok() && id.empty()) m.problem("custom_questions", "expected text without control characters");
    if (m.ok() && !ids.insert(id).second) m.problem("custom_questions", "the same twice");
  }
}

void read_choices(Members& m, Settings& s) {
  std::string scope;
  std::vector<std::string> methods;
  m.text("scope", scope).texts("methods", methods, 8);
  if (!m.ok()) return;
  const std::map<std::string, Scope> scopes{{"none", Scope::none}, {"selected", Scope::selected}, {"all", Scope::all}};
  const auto found = scopes.find(scope);
  if (found == scopes.end()) return m.problem("scope", "expected none, selected or all");
  s.scope = found->second;
  s.methods.clear();
  for (const auto& name : methods) {
    const auto method = method_from(name);
    if (!method) return m.problem("methods", "expected app_code, email, questions or pass");
    if (std::find(s.methods.begin(), s.methods.end(), *method) != s.methods.end()) return m.problem("methods", "the same twice");
    s.methods.push_back(*method);
  }
}

void check(Members& m, const Settings& s) {
  within(m, "methods_required", s.methods_required, 1, 2);
  within(m, "questions_to_register", s.questions_to_register, 3, 5);
  within(m, "questions_to_ask", s.questions_to_ask, 3, s.questions_to_register);
  within(m, "reconfirm_days", s.reconfirm_days, 0, 730);
  each_within(m, "groups", s.groups, 1, 1024);
  each_within(m, "excluded_groups", s.excluded_groups, 1, 1024);
  each_within(m, "administrator_groups", s.administrator_groups, 1, 1024);
  each_within(m, "custom_questions", s.custom_questions, 3, 200);
  are_questions(m, s.custom_questions);
  each_within(m, "contact_attributes", s.contact_attributes, 1, 64);
  for (const auto& domain : s.own_mail_domains)
    if (m.ok() && domain_name(domain) != domain) m.problem("own_mail_domains", "expected domain names in lower case");
  if (!m.ok()) return;
  const bool questions = std::find(s.methods.begin(), s.methods.end(), Method::questions) != s.methods.end();
  if (s.scope != Scope::none && static_cast<int>(s.methods.size()) < s.methods_required) m.problem("methods", "expected at least as many as methods_required");
  else if (s.scope != Scope::none && questions && s.methods.size() == 1 && !s.questions_alone) m.problem("methods", "questions alone are refused unless questions_alone is true");
  else if (s.scope == Scope::selected && s.groups.empty()) m.problem("groups", "expected at least one group where scope is selected");
  else if (!s.helpdesk.empty() && !is_link(s.helpdesk, true)) m.problem("helpdesk", "expected a https:// or mailto: link");
  else if (!s.brand_logo.empty() && !is_logo(s.brand_logo)) m.problem("brand_logo", "expected a data: URL of a PNG, JPEG, WebP or SVG in base64, 16 KiB at most, or a https:// link");
  else if (!s.brand_colour.empty() && !is_colour(s.brand_colour)) m.problem("brand_colour", "expected #rrggbb");
  else if (bytes_of(named_groups(s)) > protocol::named_groups_bytes_max) m.problem("groups", "expected at most 16 KiB of names, with excluded_groups and administrator_groups");
  else if (characters(s.brand_name) > 64) m.problem("brand_name", "expected at most 64 characters");
  else if (characters(s.brand_text) > 300) m.problem("brand_text", "expected at most 300 characters");
}

// `wanted` is one of the account's groups: DNs and SIDs are compared without case.
bool among(const std::vector<std::string>& wanted, const std::vector<std::string>& groups) {
  return std::any_of(groups.begin(), groups.end(), [&](const std::string& group) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& name) { return lowered(name) == lowered(group); });
  });
}

json::object document(const Settings& s) {
  return {{"scope", to_string(s.scope)}, {"groups", shape(s.groups)}, {"excluded_groups", shape(s.excluded_groups)}, {"methods", shape(s.methods)},
      {"methods_required", s.methods_required}, {"questions_to_register", s.questions_to_register}, {"questions_to_ask", s.questions_to_ask},
      {"custom_questions", shape(s.custom_questions)}, {"questions_alone", s.questions_alone}, {"registration_required", s.registration_required},
      {"reconfirm_days", s.reconfirm_days}, {"notify_user", s.notify_user}, {"notify_administrators", s.notify_administrators}, {"helpdesk", s.helpdesk},
      {"brand_name", s.brand_name}, {"brand_text", s.brand_text}, {"brand_logo", s.brand_logo}, {"brand_colour", s.brand_colour}, {"write_back", s.write_back}, {"allow_unlock", s.allow_unlock},
      {"administrator_groups", shape(s.administrator_groups)}, {"administrators_may_reset", s.administrators_may_reset},
      {"own_mail_domains", shape(s.own_mail_domains)}, {"contact_attributes", shape(s.contact_attributes)}};
}

}  // namespace

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::none: return "none";
    case Scope::selected: return "selected";
    case Scope::all: return "all";
  }
  return "none";
}

Result<Settings> settings_from(std::string_view text) {
  if (text.size() > settings_bytes_max) return fault(Fault::Kind::malformed, "sspr.settings", "over 32 KiB");
  auto parsed = protocol::parse_json(text);
  if (!parsed) return fault(Fault::Kind::malformed, "sspr.settings", parsed.error().detail);
  Settings s;
  Members m(*parsed, Members::Unknown::refused);
  read_choices(m, s);
  m.texts("groups", s.groups, groups_max).texts("excluded_groups", s.excluded_groups, groups_max);
  m.number("methods_required", s.methods_required).number("questions_to_register", s.questions_to_register).number("questions_to_ask", s.questions_to_ask);
  m.texts("custom_questions", s.custom_questions, 20).flag("questions_alone", s.questions_alone);
  m.flag("registration_required", s.registration_required).number("reconfirm_days", s.reconfirm_days);
  m.flag("notify_user", s.notify_user).flag("notify_administrators", s.notify_administrators);
  m.text("helpdesk", s.helpdesk).text("brand_name", s.brand_name).text("brand_logo", s.brand_logo).text("brand_colour", s.brand_colour);
  std::optional<std::string> brand_text;  // documents from before there was one have none
  m.text("brand_text", brand_text);
  s.brand_text = brand_text.value_or("");
  m.flag("write_back", s.write_back).flag("allow_unlock", s.allow_unlock);
  m.texts("administrator_groups", s.administrator_groups, groups_max).flag("administrators_may_reset", s.administrators_may_reset);
  m.texts("own_mail_domains", s.own_mail_domains, 64).texts("contact_attributes", s.contact_attributes, 16);
  if (m.ok()) check(m, s);
  if (auto done = m.finish(); !done) return fault(Fault::Kind::malformed, "sspr.settings", done.error().detail);
  return s;
}

std::string to_json(const Settings& settings) { return json::serialize(document(settings)); }

std::vector<std::pair<std::string, std::string>> members(const Settings& settings) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& member : document(settings)) out.emplace_back(std::string(member.key()), json::serialize(member.value()));
  return out;
}

std::vector<Change> changes(const Settings& before, const Settings& after) {
  std::vector<Change> out;
  const auto old = document(before);
  for (const auto& member : document(after)) {
    const auto& was = old.at(member.key());
    if (was != member.value()) out.push_back({std::string(member.key()), json::serialize(was), json::serialize(member.value())});
  }
  return out;
}

std::vector<std::string> named_groups(const Settings& s) {
  std::set<std::string> names(s.groups.begin(), s.groups.end());
  names.insert(s.excluded_groups.begin(), s.excluded_groups.end());
  names.insert(s.administrator_groups.begin(), s.administrator_groups.end());
  return {names.begin(), names.end()};
}

std::vector<std::string> named_among(const Settings& s, const std::vector<std::string>& groups) {
  std::vector<std::string> out;
  const auto names = named_groups(s);
  std::copy_if(groups.begin(), groups.end(), std::back_inserter(out), [&](const auto& group) { return out.size() < names.size() && among(names, {group}); });
  return out;
}

bool allows(const Settings& s, Method method) { return std::find(s.methods.begin(), s.methods.end(), method) != s.methods.end(); }

std::vector<Method> usable_of(const Settings& s, bool administrator, const std::vector<Method>& registered) {
  std::vector<Method> usable;
  std::copy_if(registered.begin(), registered.end(), std::back_inserter(usable), [&](Method method) { return allows(s, method) && (!administrator || is_for_administrators(method)); });
  return usable;
}

int required_of(const Settings& s, bool administrator) { return administrator ? 2 : s.methods_required; }

Standing standing(const Settings& s, const std::vector<std::string>& groups, const std::vector<Method>& registered) {
  Standing out;
  out.administrator = among(s.administrator_groups, groups);
  out.usable = usable_of(s, out.administrator, registered);
  const bool in_scope = s.scope == Scope::all || (s.scope == Scope::selected && among(s.groups, groups));
  const int required = required_of(s, out.administrator);
  const bool questions_alone = required == 1 && out.usable == std::vector{Method::questions} && !s.questions_alone;
  if (!s.write_back || !in_scope || among(s.excluded_groups, groups)) out.barrier = Reason::not_enabled;
  else if (out.administrator && !s.administrators_may_reset) out.barrier = Reason::administrator;
  else if (static_cast<int>(out.usable.size()) < required || questions_alone) out.barrier = Reason::not_registered;
  return out;
}

FlowRules rules_of(const Settings& settings) {
  FlowRules rules;
  rules.methods = settings.methods;
  rules.required = settings.methods_required;
  rules.allow_unlock = settings.allow_unlock;
  rules.questions_alone = settings.questions_alone;
  return rules;
}

}  // namespace wb::service::sspr
