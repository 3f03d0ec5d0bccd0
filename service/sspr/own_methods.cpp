#include "service/sspr/own_methods.hpp"

#include <algorithm>
#include <iterator>

#include "service/methods/sealed_methods.hpp"
#include "service/methods/totp.hpp"
#include "service/sspr/account.hpp"
#include "service/sspr/gates.hpp"
#include "service/sspr/question_list.hpp"
#include "service/sspr/shapes.hpp"
#include "service/sspr/trail.hpp"
#include "service/unblock.hpp"

namespace wb::service::sspr {
namespace {

std::string_view word_of(AnswerProblem problem) {
  switch (problem) {
    case AnswerProblem::count: return "answers_count";
    case AnswerProblem::question_twice: return "answers_question_twice";
    case AnswerProblem::not_text: return "answers_not_text";
    case AnswerProblem::too_short: return "answers_too_short";
    case AnswerProblem::too_long: return "answers_too_long";
    case AnswerProblem::answer_twice: return "answers_answer_twice";
    case AnswerProblem::part_of_question: return "answers_part_of_question";
  }
  return "answers_not_text";
}

// An app that may be used: then it, and no address, is the second proof.
bool has_app(const Settings& rules, const std::vector<RegisteredMethod>& methods) {
  return allows(rules, Method::app_code) && std::any_of(methods.begin(), methods.end(), [](const auto& m) { return m.kind == Method::app_code; });
}

// Of an address that only others have named nobody has shown whose it is.
bool is_proven_address(const RegisteredMethod& method) { return method.kind == Method::email && method.proven != 0; }

// Whether there is something that second() takes, whatever is allowed for resets.
bool has_second(const std::vector<RegisteredMethod>& methods) {
  return std::any_of(methods.begin(), methods.end(), [](const auto& m) { return m.kind == Method::app_code || is_proven_address(m); });
}

// Which of them is asked for; an app that is allowed no more is still better than nothing.
std::optional<Method> second_kind(const Settings& rules, const std::vector<RegisteredMethod>& methods) {
  if (!has_second(methods)) return std::nullopt;
  const bool mailed = !has_app(rules, methods) && std::any_of(methods.begin(), methods.end(), is_proven_address);
  return mailed ? Method::email : Method::app_code;
}

json::array shown_questions(const SelfService& self, const Guest& guest, const Settings& rules) {
  json::array out;
  for (const auto& id : question_ids(rules)) out.push_back(json::object{{"id", id}, {"text", question_text(self.catalogue, guest.state.language, rules, id)}});
  return out;
}

bool may_register(const Guest& guest, Method method) { return method != Method::pass && (!guest.state.administrator || is_for_administrators(method)); }

}  // namespace

std::string_view to_string(Not why) {
  switch (why) {
    case Not::allowed: return "method_not_allowed";
    case Not::second_needed: return "second_method_needed";
    case Not::app_first: return "app_first";
    case Not::second_by_app: return "second_by_app";
    case Not::frozen: return "frozen";
    case Not::too_many: return "too_many_methods";
    case Not::pending: return "nothing_to_prove";
    case Not::wrong_answer: return "wrong_answer";
    case Not::too_many_codes: return "too_many_codes";
    case Not::not_sent: return "not_sent";
    case Not::email: return "email";
    case Not::email_inside: return "email_inside";
    case Not::not_found: return "not_found";
  }
  return "not_found";
}

Result<json::object> OwnMethods::show(const Guest& guest) {
  const auto& domain = guest.ticket.domain;
  auto rules = self_.rules.current(domain);
  if (!rules) return rules.error();
  auto person = self_.people.find(domain, guest.state.sub);
  if (!person) return person.error();
  auto methods = self_.people.methods(domain, guest.state.sub);
  if (!methods) return methods.error();
  json::array own, allowed;
  for (const auto& m : *methods) own.push_back(shown(m));
  for (const auto method : rules->settings.methods)
    if (may_register(guest, method)) allowed.emplace_back(to_string(method));
  const auto registration = registration_of(rules->settings, guest.state.administrator, *methods, *person ? (*person)->confirmed : 0, unix_now());
  const auto second = guest.state.administrator ? second_kind(rules->settings, *methods) : std::nullopt;
  return json::object{{"name", guest.state.name}, {"domain", domain}, {"administrator", guest.state.administrator}, {"level", guest.state.level}, {"second", second ? json::value(to_string(*second)) : json::value()}, {"expires", guest.ticket.expires},
      {"frozen", *person && (*person)->frozen != 0}, {"methods", own},
      {"registration", json::object{{"allowed", allowed}, {"required", registration.required}, {"missing", registration.missing}, {"reconfirm", registration.reconfirm}, {"questions_to_register", rules->settings.questions_to_register}, {"questions", shown_questions(self_, guest, rules->settings)}}}};
}

// `kind`: of what is to be added.
Result<std::optional<Not>> OwnMethods::may_change(const Guest& guest, std::optional<Method> kind) {
  auto rules = self_.rules.current(guest.ticket.domain);
  if (!rules) return rules.error();
  auto person = self_.people.find(guest.ticket.domain, guest.state.sub);
  if (!person) return person.error();
  auto methods = self_.people.methods(guest.ticket.domain, guest.state.sub);
  if (!methods) return methods.error();
  if (*person && (*person)->frozen != 0) return std::optional(Not::frozen);
  // Whoever has stolen an administrator's password alone shall not get a method by it.
  if (guest.state.administrator && guest.state.level < 2 && has_second(*methods)) return std::optional(Not::second_needed);
  if (!kind) return std::optional<Not>();
  const auto& settings = rules->settings;
  if (guest.state.administrator && allows(settings, Method::app_code) && !has_app(settings, *methods) && *kind != Method::app_code) return std::optional(Not::app_first);
  if (!allows(settings, *kind) || !may_register(guest, *kind)) return std::optional(Not::allowed);
  const auto of_kind = std::count_if(methods->begin(), methods->end(), [&](const auto& m) { return m.kind == *kind; });
  if (*kind != Method::questions && (of_kind >= most_of_a_kind || methods->size() >= methods_max)) return std::optional(Not::too_many);
  return std::optional<Not>();
}

void OwnMethods::say(const Guest& guest, Activity activity, Notice notice, const RegisteredMethod& method, std::vector<EmailAddress> also) {
  auto entry = entry_of(guest, activity);
  entry.details = {{DetailKey::method, std::string(to_string(method.kind))}};
  self_.write_down(entry);
  auto occasion = occasion_of(guest, notice);
  occasion.method = to_string(method.kind), occasion.also = std::move(also);
  self_.notify(std::move(occasion));
}

Result<std::optional<Not>> OwnMethods::put(Guest& guest, const RegisteredMethod& method, Activity activity) {
  auto rules = self_.rules.current(guest.ticket.domain);
  if (!rules) return rules.error();
  auto methods = self_.people.methods(guest.ticket.domain, guest.state.sub);
  if (!methods) return methods.error();
  const auto missing = [&] { return registration_of(rules->settings, guest.state.administrator, *methods, 0, unix_now()).missing; };
  const bool was_missing = missing() > 0;
  auto added = self_.people.add(guest.ticket.domain, guest.state.sub, method);
  if (!added) return added.error();
  if (!*added) return std::optional(Not::too_many);
  if (auto done = self_.people.confirm(guest.ticket.domain, guest.state.sub, unix_now()); !done) return done.error();
  say(guest, activity, Notice::method_added, method);
  methods->push_back(method);
  if (was_missing && missing() == 0) self_.write_down(entry_of(guest, Activity::registered));
  return std::optional<Not>();
}

Result<std::optional<Not>> OwnMethods::begin_app(Guest& guest, json::object& shown) {
  auto no = may_change(guest, Method::app_code);
  if (!no || *no) return no;
  auto rules = self_.rules.current(guest.ticket.domain);
  if (!rules) return rules.error();
  const auto key = new_totp_key();
  auto method = sealed_app(self_.vault, guest.ticket.domain, guest.state.sub, key, {}, unix_now());
  if (!method) return method.error();
  shown = app_offer(key, organisation_of(rules->settings, guest.ticket.domain), guest.state.name);
  shown["id"] = method->id;
  guest.state.pending = std::move(*method), guest.state.code.reset();
  return std::optional<Not>();
}

Result<std::optional<Not>> OwnMethods::send_code(Guest& guest, Notice notice, const Settings& rules, const EmailAddress& address) {
  const auto device = notice == Notice::second_proof_code ? device_of(guest) : std::nullopt;  // another address may be anybody's
  auto limited = self_.limits.take(mail_claims(self_.settings.tenant, limit_key(address), limits_account(guest.ticket.domain, guest.state.sub), device), unix_now_ms());
  if (!limited) return limited.error();
  if (*limited) return std::optional(Not::too_many_codes);
  const auto now = unix_now();
  auto fresh = new_code(self_.code_key, {guest.ticket.id, limit_key(address)}, now);
  const auto minutes = std::to_string((fresh.kept.expires - now) / 60);
  const auto wording = self_.letters.wording(guest.ticket.domain, guest.state.language, notice);
  auto letter = code_letter(wording, fresh.digits, guest.state.name, organisation_of(rules, guest.ticket.domain), rules.helpdesk, minutes);
  if (!self_.mail(address, std::move(letter), fresh.kept.expires)) return std::optional(Not::not_sent);
  guest.state.code = fresh.kept;
  return std::optional<Not>();
}

Result<std::optional<Not>> OwnMethods::begin_email(Guest& guest, std::string_view text, json::object& shown) {
  auto no = may_change(guest, Method::email);
  if (!no || *no) return no;
  const auto address = read_email(text);
  if (!address) return std::optional(Not::email);
  auto rules = self_.rules.current(guest.ticket.domain);
  if (!rules) return rules.error();
  auto own = own_mail_domains(self_.rules, guest.ticket.domain, rules->settings);
  if (!own) return own.error();
  if (is_inside(*address, *own)) return std::optional(Not::email_inside);
  auto method = sealed_email(self_.vault, guest.ticket.domain, guest.state.sub, *address, unix_now());
  if (!method) return method.error();
  auto sent = send_code(guest, Notice::registration_code, rules->settings, *address);
  if (!sent || *sent) return sent;
  shown = json::object{{"id", method->id}, {"label", method->label}, {"code_until", guest.state.code->expires}};
  guest.state.pending = std::move(*method);
  return std::optional<Not>();
}

Result<std::optional<Not>> OwnMethods::prove(Guest& guest, const Secret& code) {
  auto& state = guest.state;
  if (!state.pending) return std::optional(Not::pending);
  auto no = may_change(guest, state.pending->kind);
  if (!no || *no) return no;
  auto limited = self_.limits.take(answer_claims(limits_account(guest.ticket.domain, state.sub), "registration", device_of(guest)), unix_now_ms());
  if (!limited) return limited.error();
  auto method = *state.pending;
  if (*limited) {
    self_.write_once(blocked_entry(guest, blocked(method.kind)), (*limited)->until_ms);
    return std::optional(Not::too_many_codes);
  }
  bool right = false;
  if (method.kind == Method::app_code) {
    auto key = app_key_of(self_.vault, guest.ticket.domain, state.sub, method);
    if (!key) return key.error();
    const auto step = app_step(*key, code, unix_now());
    right = step.has_value(), method.last_step = step.value_or(0);
  } else if (state.code) {
    auto address = address_of(self_.vault, guest.ticket.domain, state.sub, method);
    if (!address) return address.error();
    right = sent_code_fits(*state.code, self_.code_key, {guest.ticket.id, limit_key(*address)}, code, unix_now());
  }
  if (!right) {
    auto entry = entry_of(guest, Activity::security_info_registered);
    entry.success = false, entry.reason = StatusReason::failed_wrong_answer;
    entry.details = {{DetailKey::method, std::string(to_string(method.kind))}};
    self_.write_down(entry);
    return std::optional(Not::wrong_answer);
  }
  method.proven = unix_now();
  state.pending.reset(), state.code.reset();
  if (auto forgotten = self_.limits.passed(limits_account(guest.ticket.domain, state.sub), device_of(guest), {"registration"}); !forgotten) return forgotten.error();
  return put(guest, method);
}

Awaitable<Result<std::optional<Not>>> OwnMethods::answers(Guest& guest, std::vector<GivenAnswer> given, std::optional<Problem>& problem) {
  auto no = may_change(guest, Method::questions);
  if (!no || *no) co_return no;
  auto rules = self_.rules.current(guest.ticket.domain);
  if (!rules) co_return rules.error();
  for (std::size_t at = 0; at < given.size(); ++at) {
    if (!is_offered(rules->settings, given[at].question)) co_return std::optional(Not::not_found);
    given[at].text = question_text(self_.catalogue, guest.state.language, rules->settings, given[at].question);
  }
  struct Work {
    std::vector<GivenAnswer> given;
    QuestionSettings settings;
  };
  const QuestionSettings settings{rules->settings.questions_to_register, rules->settings.questions_to_ask, self_.settings.argon2};
  auto work = std::make_shared<Work>(Work{std::move(given), settings});
  auto hashing = to_completion(self_.hashing, [work] { return register_answers(work->given, work->settings); });
  auto registered = co_await std::move(hashing);
  if (!registered) co_return registered.error();
  if (registered->problem) {
    problem = Problem{std::string(word_of(*registered->problem)), registered->at};
    co_return std::optional<Not>();
  }
  auto method = sealed_answers(self_.vault, guest.ticket.domain, guest.state.sub, registered->kept, unix_now());
  if (!method) co_return method.error();
  auto before = self_.people.methods(guest.ticket.domain, guest.state.sub);
  if (!before) co_return before.error();
  method->proven = unix_now();
  const bool had = std::any_of(before->begin(), before->end(), [](const auto& m) { return m.kind == Method::questions; });
  auto added = put(guest, *method, had ? Activity::security_info_changed : Activity::security_info_registered);
  if (!added || *added) co_return added;
  for (const auto& old : *before)  // the new ones take their place, once they are there
    if (old.kind == Method::questions)
      if (auto gone = self_.people.remove(guest.ticket.domain, guest.state.sub, old.id); !gone) co_return gone.error();
  co_return std::optional<Not>();
}

Result<std::optional<Not>> OwnMethods::remove(Guest& guest, std::string_view id) {
  auto no = may_change(guest, std::nullopt);
  if (!no || *no) return no;
  auto methods = self_.people.methods(guest.ticket.domain, guest.state.sub);
  if (!methods) return methods.error();
  const auto found = std::find_if(methods->begin(), methods->end(), [id](const auto& m) { return m.id == id; });
  if (found == methods->end()) return std::optional(Not::not_found);
  std::vector<EmailAddress> also;
  if (found->kind == Method::email)
    if (auto address = address_of(self_.vault, guest.ticket.domain, guest.state.sub, *found); address) also.push_back(std::move(*address));
  auto gone = self_.people.remove(guest.ticket.domain, guest.state.sub, id);
  if (!gone) return gone.error();
  if (!*gone) return std::optional(Not::not_found);
  say(guest, Activity::security_info_deleted, Notice::method_removed, *found, std::move(also));
  return std::optional<Not>();
}

Result<std::optional<Not>> OwnMethods::confirm(const Guest& guest) {
  auto no = may_change(guest, std::nullopt);
  if (!no || *no) return no;
  if (auto done = self_.people.confirm(guest.ticket.domain, guest.state.sub, unix_now()); !done) return done.error();
  self_.write_down(entry_of(guest, Activity::security_info_saved));
  return std::optional<Not>();
}

// ---- the second proof ---------------------------------------------------------------------------------------
Result<std::optional<EmailAddress>> OwnMethods::second_address(const Guest& guest, const Settings& rules, const std::vector<RegisteredMethod>& methods) {
  std::vector<RegisteredMethod> proven;
  std::copy_if(methods.begin(), methods.end(), std::back_inserter(proven), is_proven_address);
  if (proven.empty() || has_app(rules, methods)) return std::optional<EmailAddress>();
  auto address = address_of(self_.vault, guest.ticket.domain, guest.state.sub, *std::min_element(proven.begin(), proven.end(), before_in_codes));
  if (!address) return address.error();
  return std::optional(std::move(*address));
}

Result<std::optional<Not>> OwnMethods::begin_second(Guest& guest, json::object& shown) {
  auto rules = self_.rules.current(guest.ticket.domain);
  if (!rules) return rules.error();
  auto frozen = self_.people.frozen(guest.ticket.domain, guest.state.sub);
  if (!frozen) return frozen.error();
  if (*frozen) return std::optional(Not::frozen);
  auto methods = self_.people.methods(guest.ticket.domain, guest.state.sub);
  if (!methods) return methods.error();
  if (has_app(rules->settings, *methods)) return std::optional(Not::second_by_app);
  auto address = second_address(guest, rules->settings, *methods);
  if (!address) return address.error();
  if (!*address) return std::optional(Not::not_found);
  auto sent = send_code(guest, Notice::second_proof_code, rules->settings, **address);
  if (!sent || *sent) return sent;
  guest.state.pending.reset();
  shown = json::object{{"label", masked(**address)}, {"code_until", guest.state.code->expires}};
  return std::optional<Not>();
}

Result<std::optional<Not>> OwnMethods::second(Guest& guest, const Secret& code) {
  auto& state = guest.state;
  const auto whose = limits_account(guest.ticket.domain, state.sub);
  const bool mailed = state.code && !state.pending;  // by begin_second
  const auto kind = mailed ? Method::email : Method::app_code;
  const std::string gate(to_string(kind));
  auto limited = self_.limits.take(answer_claims(whose, gate, device_of(guest)), unix_now_ms());
  if (!limited) return limited.error();
  if (*limited) {
    self_.write_once(blocked_entry(guest, blocked(kind)), (*limited)->until_ms);
    return std::optional(Not::too_many_codes);
  }
  auto methods = self_.people.methods(guest.ticket.domain, state.sub);
  if (!methods) return methods.error();
  auto fits = some_app_fits(self_, guest.ticket.domain, state.sub, *methods, code);
  if (!fits) return fits.error();
  if (!*fits && mailed) {
    auto rules = self_.rules.current(guest.ticket.domain);
    if (!rules) return rules.error();
    auto address = second_address(guest, rules->settings, *methods);
    if (!address) return address.error();
    *fits = *address && sent_code_fits(*state.code, self_.code_key, {guest.ticket.id, limit_key(**address)}, code, unix_now());
  }
  auto entry = entry_of(guest, Activity::signed_in);
  entry.success = *fits, entry.reason = *fits ? StatusReason::succeeded : StatusReason::failed_wrong_answer;
  entry.details = {{DetailKey::op, "second_proof"}, {DetailKey::method, gate}};
  self_.write_down(entry);
  if (!*fits) return std::optional(Not::wrong_answer);
  if (mailed) state.code.reset();
  state.level = 2;
  if (auto forgotten = self_.limits.passed(whose, device_of(guest), {gate}); !forgotten) return forgotten.error();
  return std::optional<Not>();
}

}  // namespace wb::service::sspr
