#include "service/sspr/sign_in.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/ids.hpp"
#include "crypto/jwe.hpp"
#include "crypto/mac.hpp"
#include "protocol/codec.hpp"
#include "service/api.hpp"
#include "service/device_token.hpp"
#include "service/job_request.hpp"
#include "service/sspr/account.hpp"
#include "service/sspr/decoy.hpp"
#include "service/unblock.hpp"

namespace wb::service::sspr {
namespace {

constexpr int looks_max = 20, tries_max = 10;  // of one ticket

// The directory has said that the password is right, whatever else stands in the way.
bool is_right(protocol::Code code, std::string_view reason) {
  if (code == protocol::Code::ok) return true;
  return code == protocol::Code::failed && (reason == "must_change" || reason == "password_expired");
}

json::object asked_of(const protocol::ProbeAnswer& answer, bool history_enforced) {
  const auto& policy = answer.policy;
  return {{"policy", json::object{{"min_length", policy.min_length}, {"complexity", policy.complexity}, {"history", policy.history}}}, {"display_name", answer.display_name}, {"history_enforced", history_enforced}};
}

std::string account(const Guest& guest) { return limits_account(guest.ticket.domain, guest.state.exists ? guest.state.sub : guest.state.name_key); }

}  // namespace

AuditEntry entry_of(const Guest& guest, Activity activity) {
  AuditEntry entry;
  entry.activity = activity, entry.actor = {ActorKind::user, guest.state.sub}, entry.domain = guest.ticket.domain, entry.target = guest.state.sub;
  entry.address = guest.state.address, entry.correlation_id = guest.ticket.id;
  return entry;
}

AuditEntry blocked_entry(const Guest& guest, StatusReason reason) {
  auto entry = entry_of(guest, Activity::blocked);
  entry.success = false, entry.reason = reason;
  if (!guest.state.proven) entry.actor = {ActorKind::stranger};
  if (!guest.state.exists) entry.target.clear();
  return entry;
}

std::optional<std::string> device_of(const Guest& guest) { return guest.state.device.empty() ? std::nullopt : std::optional(guest.state.device); }

Occasion occasion_of(const Guest& guest, Notice notice) {
  Occasion occasion{notice, guest.ticket.domain, guest.state.sub, guest.state.name, guest.state.language};
  occasion.administrator = guest.state.administrator, occasion.correlation_id = guest.ticket.id, occasion.address = guest.state.address, occasion.at = unix_now();
  return occasion;
}

Result<std::optional<std::string>> SignInDesk::begin(std::string domain, SignedIn state) {
  state.told_ms = unix_now_ms();
  Ticket ticket;
  ticket.domain = std::move(domain), ticket.purpose = Purpose::sign_in, ticket.expires = unix_now() + opening.count(), ticket.state = to_json(state);
  ticket.sub = "name:" + crypto::hex(crypto::hmac_sha256(self_.decoy_key, lowered(state.name))).substr(0, 32);  // until it is known whose it is
  auto token = self_.tickets.add(ticket);
  if (token && *token) self_.tasks.start("sspr.sign_in_look", look_ahead(this, **token));
  return token;
}

Awaitable<> SignInDesk::look_ahead(SignInDesk* desk, std::string token) {
  bool busy = false;
  auto entering = desk->enter(std::move(token), &busy);
  auto guest = co_await std::move(entering);
  if (!guest) co_return log::fault("sspr.look_failed", guest.error());
  if (!*guest) co_return;
  auto waiting = desk->until_told(**guest);  // whoever waits for the turn, or finds the line full, learns nothing by when it comes
  (void)co_await std::move(waiting);
}

Awaitable<Result<std::optional<Guest>>> SignInDesk::enter(std::string token, bool* busy) {
  const auto came_ms = unix_now_ms();
  const auto credential = read_credential(kind_of(Purpose::sign_in), token);
  if (!credential) co_return std::optional<Guest>();
  auto taking = self_.turns.take(credential->id);
  auto turn = co_await std::move(taking);
  *busy = !turn;
  if (!turn) co_return std::optional<Guest>();
  auto ticket = self_.tickets.find(Purpose::sign_in, token, unix_now());
  if (!ticket) co_return ticket.error();
  if (!*ticket) co_return std::optional<Guest>();
  auto state = signed_in_from((*ticket)->state);
  if (!state) co_return state.error();
  // One that waited for its turn is counted from the end of the request before it: from its own coming, whoever sends two would choose
  // where the span of the second ends. A clock that was set back makes nobody wait.
  const bool behind = state->told_ms > came_ms && state->told_ms <= unix_now_ms() + self_.settings.look_span.count();
  Guest guest{std::move(*turn), std::move(**ticket), std::move(*state), behind ? state->told_ms : came_ms};
  auto looking = look(guest);
  auto looked = co_await std::move(looking);
  if (!looked) co_return looked.error();
  co_return std::optional(std::move(guest));
}

Result<void> SignInDesk::keep(Guest& guest) {
  guest.ticket.state = to_json(guest.state);
  return self_.tickets.keep(guest.ticket);
}

Awaitable<bool> SignInDesk::until_told(Guest& guest) {
  const auto span = self_.settings.look_span.count();
  if (span == 0) co_return true;
  const auto now = unix_now_ms();
  guest.state.told_ms = guest.since_ms + (std::max<std::int64_t>(now - guest.since_ms, 0) / span + 1) * span;
  if (auto done = keep(guest); !done) log::fault("sspr.keep_failed", done.error());
  const bool on = co_await sleep_for(std::chrono::milliseconds(guest.state.told_ms - now));
  co_return on;
}

Awaitable<Result<void>> SignInDesk::look(Guest& guest) {
  auto& state = guest.state;
  if (state.seen) co_return Result<void>();
  auto rules = self_.rules.current(guest.ticket.domain);
  if (!rules) co_return rules.error();
  auto spelling = spelling_in(self_.rules, state.name, guest.ticket.domain);
  if (!spelling) co_return spelling.error();
  state.name_key = spelling->key;
  ProbeRequest request{guest.ticket.domain, std::string(own_client), "", {}, {"groups", "contacts"}};
  request.groups = named_groups(rules->settings);
  request.trace.correlation_id = guest.ticket.id;
  auto probing = look_for(self_.dispatch, std::move(request), std::move(spelling->asked));
  auto outcome = co_await std::move(probing);
  if (!outcome) co_return outcome.error();
  if (nobody_answered(outcome->outcome, outcome->reason)) co_return fault(Fault::Kind::unreachable, "sspr.sign_in", "no agent could look the account up");
  state.seen = true;
  const auto token = std::exchange(state.device, {});
  if (outcome->answer) {
    state.exists = true, state.sub = outcome->answer->sub;
    state.administrator = standing(rules->settings, outcome->answer->groups, {}).administrator;
    state.groups = named_among(rules->settings, outcome->answer->groups);
    auto known = self_.people.find(guest.ticket.domain, state.sub);
    if (!known) co_return known.error();
    state.device = known_device(self_.device_key, token, account(guest), unix_now(), *known ? (*known)->distrusted : 0).value_or("");
    const auto person = person_of(guest.ticket.domain, state.name, *outcome->answer, unix_now());
    state.entry = {person.display_name, person.mail, person.language};
    if (*known)
      if (auto saw = self_.people.saw(person); !saw) co_return saw.error();
  } else {
    state.sub = decoy_sub(self_.decoy_key, guest.ticket.domain, state.name_key);
  }
  co_return keep(guest);
}

std::string SignInDesk::device_token(const Guest& guest) const { return issue_device_token(self_.device_key, account(guest), unix_now(), device_of(guest)); }

Awaitable<Result<std::optional<json::object>>> SignInDesk::seal(Guest& guest) {
  auto& state = guest.state;
  if (++state.looks > looks_max) co_return std::optional<json::object>();
  ProbeRow probe{new_ulid(), guest.ticket.domain, state.sub, {}, unix_now(), std::nullopt};
  bool answered = self_.gateway.ready_agents(guest.ticket.domain) > 0;
  std::optional<json::object> asked;
  if (state.exists) {
    ProbeRequest request{guest.ticket.domain, std::string(own_client), state.sub, std::nullopt, {}};
    request.trace.correlation_id = guest.ticket.id;
    auto probing = self_.dispatch.probe(std::move(request));
    auto outcome = co_await std::move(probing);
    if (!outcome) co_return outcome.error();
    answered = outcome->answer.has_value();
    if (answered) probe.id = outcome->id, probe.pre = outcome->answer->pre, asked = asked_of(*outcome->answer, self_.gateway.history_enforced(guest.ticket.domain));
  } else {  // kept like a real one, so that what is sealed for it is held against it in the same way
    probe.pre = decoy_pre(self_.decoy_key, guest.ticket.domain, state.name_key, self_.gateway.some_dc(guest.ticket.domain), unix_now());
    if (auto kept = self_.store.add_probe(probe); !kept) co_return kept.error();
  }
  state.probe = answered ? probe.id : std::string();
  if (auto done = keep(guest); !done) co_return done.error();
  if (!answered) co_return std::optional<json::object>();
  auto keys = keys_of(guest.ticket.domain, self_.settings, self_.rosters, self_.gateway);
  if (!keys) co_return keys.error();
  const auto& pre = probe.pre;
  const json::object shown{{"dc", pre.dc}, {"ver", pre.ver}, {"pls", pre.pls}, {"mk", pre.mk ? json::value(*pre.mk) : json::value(nullptr)}};
  json::object offer{{"probe", state.probe}, {"sub", state.sub}, {"pre", shown}, {"now", unix_now()}, {"keys", std::move(*keys)}};
  if (asked && state.proven) offer["asked"] = std::move(*asked);  // of a new password; the rules of an account are nobody's business but its owner's
  co_return std::optional(std::move(offer));
}

Awaitable<Result<SignInDesk::Tried>> SignInDesk::ask_the_agent(Guest& guest, std::string body) {
  JobRequest request;
  Tried tried;
  const ClientRow row{std::string(own_client), guest.ticket.domain};
  if (auto no = read_job_request(self_.settings, self_.store, self_.rosters, row, body, request)) {
    tried.refused = std::move(no);
    co_return tried;
  }
  const auto jti = request.job.jti;
  const auto op = request.job.op;
  request.job.correlation_id = guest.ticket.id;
  auto submitted = op == protocol::Op::change ? changes_.submit(std::move(request), occasion_of(guest, Notice::password_changed))
                                              : self_.dispatch.submit(std::move(request.job), std::move(request.recipients));
  if (!submitted) co_return submitted.error();
  if (auto no = refuse_submit(*submitted)) {
    tried.refused = std::move(no);
    co_return tried;
  }
  auto waiting = self_.dispatch.look(jti, self_.settings.settle_wait);
  auto job = co_await std::move(waiting);
  if (!job) co_return job.error();
  if (*job && told(**job)) {
    std::tie(tried.code, tried.reason) = ending_of(**job);
    tried.retry_after = (*job)->retry_after;
  }
  auto took = op == protocol::Op::change ? changed(guest, tried) : signed_in(guest, tried, *job ? &**job : nullptr);
  if (!took) co_return took.error();
  co_return tried;
}

// Whoever holds a stolen password would change it again; one that has expired, or must be changed, too.
link::HttpResponse SignInDesk::refuse_frozen(const Guest& guest) {
  auto entry = entry_of(guest, Activity::change_self_service);
  entry.success = false, entry.reason = StatusReason::failed_frozen;
  self_.write_once(entry, guest.ticket.expires * 1'000);
  return told_problem(self_, guest.state.language, 403, "frozen");
}

Awaitable<Result<SignInDesk::Tried>> SignInDesk::password(Guest& guest, std::string probe, std::string sealed, protocol::Op op) {
  auto& state = guest.state;
  Tried tried;
  if (probe != state.probe || probe.empty()) {
    tried.refused = refuse(Refusal::gone, "ask again what to seal to");
    co_return tried;
  }
  if (op == protocol::Op::change && !state.proven) {  // the rules of an account are nobody's business but its owner's
    tried.refused = told_problem(self_, state.language, 409, "wrong_step");
    co_return tried;
  }
  if (op == protocol::Op::change) {
    auto frozen = self_.people.frozen(guest.ticket.domain, state.sub);
    if (!frozen) co_return frozen.error();
    if (*frozen) {
      tried.refused = refuse_frozen(guest);
      co_return tried;
    }
  }
  if (auto header = crypto::read_sealed(sealed); !header) {
    tried.refused = refuse(Refusal::bad_request, "sealed: " + header.error().detail);
    co_return tried;
  }
  auto limited = self_.limits.take(answer_claims(account(guest), "password", device_of(guest)), unix_now_ms());
  if (!limited) co_return limited.error();
  if (*limited || ++state.tries > tries_max) {
    tried.blocked = *limited ? (*limited)->until_ms / 1'000 + 1 : guest.ticket.expires;
    self_.write_once(blocked_entry(guest, StatusReason::blocked_account), *tried.blocked * 1'000);
    co_return tried;
  }
  state.probe.clear();
  const auto body = json::serialize(json::object{{"probe", probe}, {"sealed", sealed}, {"op", protocol::to_string(op)}});
  if (!state.exists) {
    JobRequest nobodys;
    tried.refused = read_job_request(self_.settings, self_.store, self_.rosters, {std::string(own_client), guest.ticket.domain}, body, nobodys);
    tried.code = protocol::Code::rejected, tried.reason = "old_password_wrong";
  } else {
    auto asking = ask_the_agent(guest, body);
    auto answered = co_await std::move(asking);
    if (!answered) co_return answered.error();
    tried = std::move(*answered);
  }
  if (auto done = keep(guest); !done) co_return done.error();
  co_return tried;
}

// Of its end OwnChange tells, and writes it down.
Result<void> SignInDesk::changed(const Guest& guest, const Tried& tried) {
  if (effect_of(tried.code, tried.reason) != Effect::applied) return {};
  return self_.limits.passed(account(guest), device_of(guest), {"password"});
}

Result<void> SignInDesk::signed_in(Guest& guest, const Tried& tried, const JobRow* job) {
  auto& state = guest.state;
  const bool right = is_right(tried.code, tried.reason);
  auto entry = entry_of(guest, Activity::signed_in);
  entry.success = tried.code == protocol::Code::ok, entry.reason = reason_of_outcome(protocol::to_string(tried.code));
  if (!right) entry.actor = {ActorKind::stranger};
  entry.details = {{DetailKey::cause, tried.reason}};
  if (job) entry.agent = job->agent, entry.dc = job->dc;
  self_.write_down(entry);
  if (!right) return {};
  state.proven = true;
  if (auto forgotten = self_.limits.passed(account(guest), device_of(guest), {"password"}); !forgotten) return forgotten;
  if (tried.code != protocol::Code::ok) return {};
  auto known = self_.people.find(guest.ticket.domain, state.sub);
  if (!known) return known.error();
  if (!*known) {  // from now on they are kept, as somebody who may register: with their address, so that a first method of a thief's is told to them
    Person person;
    person.domain = guest.ticket.domain, person.sub = state.sub, person.name = state.name, person.groups = state.groups, person.seen = unix_now();
    person.display_name = state.entry.display_name, person.mail = state.entry.mail, person.language = state.entry.language.empty() ? state.language : state.entry.language;
    if (auto saw = self_.people.saw(person); !saw) return saw;
  }
  guest.ticket.sub = state.sub;
  if (auto done = self_.tickets.belongs_to(guest.ticket); !done) return done;
  state.level = std::max(state.level, 1);
  guest.ticket.expires = unix_now() + life.count();
  return {};
}

}  // namespace wb::service::sspr
