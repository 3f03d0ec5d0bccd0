#include "service/sspr/reset_desk.hpp"

#include <algorithm>

#include "core/ids.hpp"
#include "service/credentials.hpp"
#include "service/device_token.hpp"
#include "service/methods/sealed_methods.hpp"
#include "service/sspr/account.hpp"
#include "service/sspr/passes.hpp"
#include "service/sspr/trail.hpp"
#include "service/unblock.hpp"

namespace wb::service::sspr {
namespace {

constexpr int doubts_max = 10'000;  // taken up after a restart

}  // namespace

std::string ResetDesk::account(const KeptSession& kept) const {
  const auto& sub = kept.flow.account.sub;
  return limits_account(kept.domain, sub.empty() ? kept.name_key : sub);
}

Result<void> ResetDesk::start() {
  auto writing = self_.sessions.writing();
  if (!writing) return writing.error();
  for (const auto& id : *writing) {
    auto kept = self_.sessions.find(id);
    if (kept && *kept) self_.tasks.start("sspr.settle", settle_later(this, id, (*kept)->jti));
  }
  auto doubts = self_.tickets.all(Purpose::in_doubt, doubts_max);
  if (!doubts) return doubts.error();
  for (auto& ticket : *doubts) {
    auto kept = session_from(ticket.state);
    if (!kept) return kept.error();
    self_.tasks.start("sspr.doubt", watch_doubt(this, std::move(ticket), std::move(*kept)));
  }
  self_.tasks.start("sspr.sweep", sweep(this));
  return {};
}

Result<std::optional<ResetDesk::Begun>> ResetDesk::begin(Opening opening) {
  const auto credential = new_credential();
  Begun begun;
  auto& kept = begun.kept;
  begun.rules = std::move(opening.rules.settings);
  kept.id = credential.id, kept.hash = hash_of(credential);
  kept.domain = std::move(opening.domain), kept.name = std::move(opening.name), kept.language = std::move(opening.language);
  kept.address = std::move(opening.address), kept.device = std::move(opening.device_token);
  kept.settings_version = opening.rules.version;
  kept.begun_ms = unix_now_ms();
  kept.flow = sspr::begin(rules_of(begun.rules), {}, unix_now());
  auto added = self_.sessions.add(kept);
  if (!added) return added.error();
  if (!*added) return std::optional<Begun>();
  begun.bearer = "wbs1." + credential.id + "." + credential.secret;
  self_.write_down(entry_of(kept, Activity::user_started_reset, true, StatusReason::none));
  self_.write_down(entry_of(kept, Activity::flow_progress, true, StatusReason::presented_methods));  // the same to everybody, known or not
  self_.tasks.start("sspr.look", look_ahead(this, kept.id));
  return std::optional(std::move(begun));
}

Awaitable<> ResetDesk::look_ahead(ResetDesk* desk, std::string id) {
  auto taking = desk->self_.turns.take(id);
  auto turn = co_await std::move(taking);
  if (!turn) co_return;
  auto visit = desk->open(std::move(*turn), desk->self_.sessions.find(id));
  if (!visit || !*visit) co_return;
  auto looking = desk->look(**visit);
  auto looked = co_await std::move(looking);
  if (!looked) log::fault("sspr.look_failed", looked.error());
}

Result<std::optional<Visit>> ResetDesk::open(Turns::Turn turn, Result<std::optional<KeptSession>> found) {
  if (!found) return found.error();
  if (!*found) return std::optional<Visit>();
  auto version = self_.rules.version((*found)->domain, (*found)->settings_version);
  if (!version) return version.error();
  auto rules = *version ? (*version)->settings : Settings();
  auto flow_rules = rules_of(rules);
  return std::optional(Visit{std::move(turn), std::move(**found), std::move(rules), std::move(flow_rules)});
}

Awaitable<Result<std::optional<Visit>>> ResetDesk::enter(Credential credential, std::optional<std::string> spoken, bool* busy) {
  auto taking = self_.turns.take(credential.id);
  auto turn = co_await std::move(taking);
  *busy = !turn;
  if (!turn) co_return std::optional<Visit>();
  const auto since = std::chrono::steady_clock::now();
  auto visit = open(std::move(*turn), self_.sessions.find(credential.id, hash_of(credential)));
  if (!visit || !*visit) co_return visit;
  (*visit)->since = since;
  auto looking = look(**visit);
  auto looked = co_await std::move(looking);
  if (!looked) co_return looked.error();
  auto& kept = (*visit)->kept;
  if (spoken && *spoken != kept.language) {
    kept.language = std::move(*spoken);
    if (auto done = keep(**visit); !done) co_return done.error();
  }
  const auto before = kept.flow;
  (void)step(kept.flow, (*visit)->flow_rules, event::Tick{}, unix_now());
  if (kept.flow.phase == Phase::over && before.phase != Phase::over) {
    say_end(**visit, nullptr, &before);
    if (auto done = keep(**visit); !done) co_return done.error();
  }
  if (auto stopped = stop_if_frozen(**visit); !stopped) co_return stopped.error();
  co_return visit;
}

Result<bool> ResetDesk::stop_if_frozen(Visit& visit) {
  auto& kept = visit.kept;
  if (kept.flow.phase == Phase::over || kept.flow.phase == Phase::done) return false;
  auto frozen = self_.people.frozen(kept.domain, kept.flow.account.sub);
  if (!frozen || !*frozen) return frozen;
  (void)step(kept.flow, visit.flow_rules, event::Freeze{}, unix_now());
  if (kept.flow.phase != Phase::over) return false;
  kept.code.reset(), kept.asked.clear(), kept.said_reason.clear(), kept.said_until.reset();
  say_end(visit, nullptr);
  if (auto done = keep(visit); !done) return done.error();
  return true;
}

// ---- the account --------------------------------------------------------------------------------------------
Awaitable<Result<void>> ResetDesk::look(Visit& visit) {
  auto& kept = visit.kept;
  if (kept.seen || kept.flow.phase == Phase::over) co_return Result<void>();
  auto looking = look_up(visit);
  auto looked = co_await std::move(looking);
  if (!looked) co_return looked;
  const auto span_ended = std::chrono::steady_clock::now();
  kept.seen = true;
  refresh(visit);
  if (auto done = keep(visit); !done) co_return done;
  const bool on = co_await until_step_ends(self_.settings, span_ended);  // whoever waits for the turn learns nothing by when it comes
  if (!on) co_return fault(Fault::Kind::cancelled, "sspr.look", "the service is stopping");
  co_return Result<void>();
}

// Else whoever resets and never signs in stayed what they were when they registered: an administrator whom nobody tells, or one no more.
void ResetDesk::refresh(const Visit& visit) {
  if (!visit.shown) return;
  const auto relaxed = self_.store.database().unsynced();
  if (auto saw = self_.people.saw(*visit.shown); !saw) log::fault("store.failed", saw.error());  // no reason to refuse a reset
}

Awaitable<Result<void>> ResetDesk::look_up(Visit& visit) {
  auto& kept = visit.kept;
  ProbeRequest request{kept.domain, std::string(own_client), "", {}, {"groups", "contacts"}};
  request.groups = named_groups(visit.rules);
  request.trace.correlation_id = kept.id;
  const auto asked_ms = unix_now_ms();
  auto spelling = spelling_in(self_.rules, kept.name, kept.domain);
  if (!spelling) co_return spelling.error();
  kept.name_key = spelling->key;
  auto probing = look_for(self_.dispatch, std::move(request), std::move(spelling->asked));
  auto outcome = co_await std::move(probing);
  const bool on = co_await until_span_ends(self_.settings, asked_ms);
  if (!on) co_return fault(Fault::Kind::cancelled, "sspr.look", "the service is stopping");
  if (!outcome && outcome.error().kind == Fault::Kind::cancelled) co_return outcome.error();
  if (!outcome || nobody_answered(outcome->outcome, outcome->reason)) {
    if (!outcome) log::fault("sspr.look_failed", outcome.error());
    (void)step(kept.flow, visit.flow_rules, event::Lost{}, unix_now());
    say_end(visit, nullptr);
  } else if (auto taken = take(visit, *outcome); !taken) co_return taken.error();
  co_return Result<void>();
}

Result<void> ResetDesk::take(Visit& visit, const ProbeOutcome& outcome) {
  auto& kept = visit.kept;
  const Seen seen{outcome.outcome, outcome.reason, outcome.answer, self_.gateway.history_enforced(kept.domain)};
  std::optional<Person> person;
  std::vector<RegisteredMethod> methods;
  if (seen.answer) {
    auto found = self_.people.find(kept.domain, seen.answer->sub);
    if (!found) return found.error();
    person = std::move(*found);
    if (person) visit.shown = person_of(kept.domain, person->name, *seen.answer, unix_now());  // under the name that they came with, not a stranger's spelling
    auto registered = self_.people.methods(kept.domain, seen.answer->sub);
    if (!registered) return registered.error();
    methods = std::move(*registered);
    if (auto looked = find_addresses(visit, *seen.answer, methods); !looked) return looked;
    methods.insert(methods.end(), kept.found.begin(), kept.found.end());
    auto pass = has_pass(self_.tickets, kept.domain, seen.answer->sub, unix_now());
    if (!pass) return pass.error();
    if (*pass) methods.push_back({{}, Method::pass, {}, {}, 0, 0, 0});
    remember(kept, seen.answer->policy);
  }
  kept.flow.account = account_of(seen, visit.rules, person ? &*person : nullptr, methods);
  if (kept.seen) return {};  // looked up once more: the device is known
  const auto token = std::exchange(kept.device, {});
  if (!token.empty() && !kept.flow.account.sub.empty()) kept.device = known_device(self_.device_key, token, account(kept), unix_now(), person ? person->distrusted : 0).value_or("");
  return {};
}

// Addresses outside the organisation that the directory has: pre-registration, for whoever has registered none.
Result<void> ResetDesk::find_addresses(Visit& visit, const protocol::ProbeAnswer& answer, const std::vector<RegisteredMethod>& methods) {
  auto& kept = visit.kept;
  kept.found.clear();
  if (std::any_of(methods.begin(), methods.end(), [](const auto& m) { return m.kind == Method::email; })) return {};
  auto own = own_mail_domains(self_.rules, kept.domain, visit.rules);
  if (!own) return own.error();
  for (const auto& attribute : visit.rules.contact_attributes) {
    const auto values = answer.contacts.find(attribute);
    if (values == answer.contacts.end()) continue;
    for (const auto& value : values->second) {
      const auto address = read_email(value);
      if (!address || is_inside(*address, *own) || kept.found.size() >= methods_max) continue;
      auto method = sealed_email(self_.vault, kept.domain, answer.sub, *address, unix_now());
      if (!method) return method.error();
      kept.found.push_back(std::move(*method));
    }
  }
  return {};
}

// ---- the gates ----------------------------------------------------------------------------------------------
Result<Step> ResetDesk::choose(Visit& visit, Method method) {
  auto& kept = visit.kept;
  auto flow = kept.flow;  // the limits may have no room for what the flow allows
  auto taken = step(flow, visit.flow_rules, event::Choose{method}, unix_now());
  if (taken.refused == Reason::none && method == Method::email) {
    auto to = gates_.destination(kept);
    if (!to) return to.error();
    const auto device = kept.device.empty() ? std::nullopt : std::optional(kept.device);
    auto limited = self_.limits.take(mail_claims(self_.settings.tenant, to->key, account(kept), device), unix_now_ms());
    if (!limited) return limited.error();
    if (*limited) {
      const auto reason = (*limited)->kind == LimitKind::tenant_mail ? StatusReason::blocked_tenant : StatusReason::blocked_destination;
      self_.write_once(entry_of(kept, Activity::blocked, false, reason), (*limited)->until_ms);
      return Step{Reason::too_many_codes, {}, (*limited)->until_ms / 1'000 + 1, {}};
    }
    auto sent = gates_.send_code(kept, visit.rules, *to, taken.did(Do::send_code));
    if (!sent) return sent.error();
    if (!*sent) log::warn("sspr.code_not_sent", log::field("domain", kept.domain));
  }
  if (taken.did(Do::ask_questions))
    if (auto asked = gates_.ask_questions(kept, visit.rules); !asked) return asked.error();
  kept.flow = std::move(flow);
  if (auto done = keep(visit); !done) return done.error();
  if (taken.refused == Reason::none) self_.write_down(entry_of(kept, Activity::flow_progress, true, started(method)));
  return taken;
}

Awaitable<Result<Step>> ResetDesk::answer(Visit& visit, Proof proof) {
  auto& kept = visit.kept;
  auto& flow = kept.flow;
  const auto now = unix_now();
  const bool stale = flow.current == Method::email && now >= flow.code_until;
  if (flow.phase != Phase::proving || !flow.current || stale) co_return step(flow, visit.flow_rules, event::Answer{false}, now);  // nothing is compared, nothing counts
  const auto method = *flow.current;
  const auto whose = account(kept);
  const auto device = kept.device.empty() ? std::nullopt : std::optional(kept.device);
  auto limited = self_.limits.take(answer_claims(whose, to_string(method), device), unix_now_ms());
  if (!limited) co_return limited.error();
  Step taken;
  if (*limited) {
    taken = step(flow, visit.flow_rules, event::Block{(*limited)->until_ms / 1'000 + 1}, now);
    kept.said_until = taken.until;
    self_.write_down(entry_of(kept, Activity::blocked, false, (*limited)->kind == LimitKind::gate ? blocked(method) : StatusReason::blocked_account));
  } else {
    auto comparing = gates_.right(kept, std::move(proof));
    auto right = co_await std::move(comparing);
    if (!right) co_return right.error();
    event::Answer given{right->right};
    if (right->pass) {
      auto spending = spend(visit, std::move(*right->pass));
      auto spent = co_await std::move(spending);
      if (!spent) co_return spent.error();
      given = {spent->has_value(), *spent};
    }
    taken = step(flow, visit.flow_rules, given, unix_now());
    const bool passed = taken.refused != Reason::wrong_answer && taken.refused != Reason::too_many_tries;
    self_.write_down(entry_of(kept, Activity::flow_progress, passed, passed ? completed(method) : StatusReason::failed_wrong_answer));
    if (taken.did(Do::ask_questions))
      if (auto asked = gates_.ask_questions(kept, visit.rules); !asked) co_return asked.error();
  }
  if (taken.did(Do::forget)) kept.code.reset(), kept.asked.clear();
  if (flow.phase == Phase::over) {
    kept.said_reason = taken.detail, kept.said_until = taken.until;
    say_end(visit, nullptr);
  }
  if (flow.phase == Phase::choosing || flow.phase == Phase::new_password) {
    std::vector<std::string> gates;
    for (const auto one : flow.passed) gates.emplace_back(to_string(one));
    if (auto forgotten = self_.limits.passed(whose, device, gates); !forgotten) co_return forgotten.error();
  }
  if (auto done = keep(visit); !done) co_return done.error();
  co_return taken;
}

Awaitable<Result<std::optional<Method>>> ResetDesk::spend(Visit& visit, Ticket pass) {
  const auto& flow = visit.kept.flow;
  const auto proves = proven_by(pass);
  const auto has = [](const std::vector<Method>& list, Method method) { return std::find(list.begin(), list.end(), method) != list.end(); };
  if (!has(flow.account.registered, proves)) {  // it may have been made after the account was looked up
    auto looking = look_up(visit);
    auto looked = co_await std::move(looking);
    if (!looked) co_return looked.error();
  }
  if (flow.phase != Phase::proving || !has(flow.account.registered, proves) || has(flow.passed, proves)) co_return std::optional<Method>();
  auto first = self_.tickets.drop(pass.id);
  if (!first) co_return first.error();
  co_return *first ? std::optional(proves) : std::nullopt;
}

Step ResetDesk::cancel(Visit& visit) {
  const auto before = visit.kept.flow;
  auto taken = step(visit.kept.flow, visit.flow_rules, event::Cancel{}, unix_now());
  if (visit.kept.flow.phase == Phase::over && taken.refused == Reason::cancelled) {
    visit.kept.code.reset(), visit.kept.asked.clear();
    say_end(visit, nullptr, &before);
  }
  if (auto done = keep(visit); !done) log::fault("sspr.keep_failed", done.error());
  return taken;
}

Result<ResetDesk::Helped> ResetDesk::ask_for_help(Visit& visit) {
  auto& kept = visit.kept;
  if (kept.helped) return Helped::before;
  auto limited = self_.limits.take(notice_claims(to_string(Notice::help_wanted), account(kept), "asked"), unix_now_ms());
  if (!limited) return limited.error();
  if (*limited) return Helped::limited;
  kept.helped = true;
  if (auto done = keep(visit); !done) return done.error();
  self_.write_down(entry_of(kept, Activity::flow_progress, true, contacted(kept.flow)));
  if (kept.flow.account.sub.empty()) return Helped::asked;
  Occasion occasion{Notice::help_wanted, kept.domain, kept.flow.account.sub, kept.name, kept.language};
  occasion.correlation_id = kept.id, occasion.address = kept.address, occasion.at = unix_now();
  self_.notify(std::move(occasion));
  return Helped::asked;
}

std::string ResetDesk::device_token(const KeptSession& kept) const {
  const auto device = kept.device.empty() ? std::nullopt : std::optional(kept.device);
  return issue_device_token(self_.device_key, account(kept), unix_now(), device);
}

void ResetDesk::say_end(const Visit& visit, const JobRow* job, const Session* before) {
  const auto& flow = visit.kept.flow;
  auto entry = entry_of(visit.kept, flow.unlock ? Activity::unlock_self_service : Activity::reset_self_service, false, reason_of(flow, before ? *before : flow));
  if (!visit.kept.said_reason.empty()) entry.details = {{DetailKey::cause, visit.kept.said_reason}};
  if (job) entry.agent = job->agent, entry.dc = job->dc;
  self_.write_down(entry);
}

// ---- what outlives a request --------------------------------------------------------------------------------
Awaitable<> ResetDesk::sweep(ResetDesk* desk) {
  constexpr int at_once = 200;
  for (;;) {
    auto ended = desk->self_.sessions.take_ended(unix_now(), at_once);
    if (!ended) log::fault("store.failed", ended.error());
    else
      for (const auto& kept : *ended) {
        if (kept.flow.phase == Phase::over || kept.flow.phase == Phase::done) continue;
        desk->self_.write_down(entry_of(kept, Activity::reset_self_service, false, abandoned(kept.flow)));
      }
    if (auto pruned = desk->self_.tickets.prune(unix_now()); !pruned) log::fault("store.failed", pruned.error());
    const bool more = ended && static_cast<int>(ended->size()) == at_once;
    const bool go_on = co_await sleep_for(more ? std::chrono::milliseconds(50) : std::chrono::milliseconds(20'000));
    if (!go_on) co_return;
  }
}

}  // namespace wb::service::sspr
