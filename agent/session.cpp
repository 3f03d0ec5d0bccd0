#include "agent/session.hpp"

#include <random>

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "crypto/jws.hpp"
#include "protocol/codec.hpp"

namespace wb::agent {
namespace {
using std::chrono::milliseconds;

constexpr std::size_t out_max = 2'048;
constexpr int malformed_max = 16;  // then the peer is not one to talk to
constexpr std::int64_t clock_warning_s = 60;

Fault refused(std::string where, std::string detail) { return fault(Fault::Kind::refused, std::move(where), std::move(detail)); }

// Codes of errors are the service's text: only what looks like a code is repeated.
std::string code_text(const std::string& code) {
  const bool plain = !code.empty() && code.size() <= 32 && code.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == std::string::npos;
  return plain ? code : "unreadable";
}
}  // namespace

Session::Session(asio::any_io_executor executor, std::unique_ptr<link::Link> link, SessionParts parts)
    : executor_(executor), link_(std::move(link)), parts_(std::move(parts)), out_(executor, out_max), beat_now_(executor), tasks_(executor) {}

// ---- handshake ----------------------------------------------------------------------------------------------
Session::Read Session::expect(std::string type) {
  auto reading = link_->read();
  auto waiting = within(parts_.timings.greeting, std::move(reading), "session." + type);
  auto text = co_await std::move(waiting);
  if (!text) co_return text.error();
  auto envelope = protocol::decode_envelope(*text);
  if (!envelope) co_return envelope.error();
  if (envelope->type == "error") {
    if (auto error = protocol::decode<protocol::Error>(envelope->body)) {
      take_error(*error);
      co_return refused("session.refused", code_text(error->code));
    }
  }
  if (envelope->type != type) co_return fault(Fault::Kind::malformed, "session." + type, "another message came");
  co_return envelope;
}

Result<std::string> Session::hello(const protocol::Challenge& challenge) const {
  std::string cb;
  // Whoever reads TLS in between has a channel of its own to either side: binding to ours proves nothing, and the service sees it.
  const auto& box = link_->route().intercepted_by;
  if (!box.empty() && parts_.binding_required) return refused("session.intercepted", "intercepted by " + box + "; channel_binding: require forbids that");
  if (challenge.cb == "exporter") cb = base64url(link_->channel_binding());
  else if (challenge.cb != "none") return refused("session.challenge", "an unknown channel binding");
  else if (parts_.binding_required) return refused("session.challenge", "the service binds no channel; channel_binding: require forbids that");
  const auto& identity = parts_.trust.identity();
  protocol::HelloClaims claims;
  claims.agent = identity.agent, claims.ten = identity.tenant, claims.domains = parts_.domains;
  claims.nonce = challenge.nonce, claims.gateway = challenge.gateway, claims.cb = cb, claims.epoch = parts_.epoch;
  if (!parts_.from.empty()) claims.from = parts_.from;
  claims.sw = "writeback-agent/" WB_VERSION;
  claims.caps = {"probe", "reset", "unlock", "change", "authenticate", "resolve", "named_groups"};
  claims.ae_kids = parts_.keys->kids();
  claims.window = parts_.window;
  const bool by_next = parts_.by_next && parts_.keys->next;
  return crypto::sign(by_next ? *parts_.keys->next : parts_.keys->as, protocol::typ_hello, protocol::encode(claims));
}

Awaitable<Result<void>> Session::greet() {
  auto challenged = expect("challenge");
  auto challenge_envelope = co_await std::move(challenged);
  if (!challenge_envelope) co_return challenge_envelope.error();
  auto challenge = protocol::decode<protocol::Challenge>(challenge_envelope->body);
  if (!challenge) co_return challenge.error();
  if (std::find(challenge->versions.begin(), challenge->versions.end(), 1) == challenge->versions.end()) co_return refused("session.version", "no common version");
  auto jws = hello(*challenge);
  if (!jws) co_return jws.error();
  const auto asked = BootClock::now();
  auto saying = link_->write(protocol::message_text("hello", protocol::Hello{*jws}));
  auto said = co_await std::move(saying);
  if (!said) co_return said.error();
  auto welcoming = expect("welcome");
  auto welcome_envelope = co_await std::move(welcoming);
  if (!welcome_envelope) co_return welcome_envelope.error();
  auto welcome = protocol::decode<protocol::Welcome>(welcome_envelope->body);
  if (!welcome) co_return welcome.error();
  if (welcome->version != 1) co_return refused("session.version", "no common version");
  welcome_ = std::move(*welcome);
  const auto half_trip = std::chrono::duration_cast<std::chrono::seconds>((BootClock::now() - asked) / 2).count();
  offset_s_ = welcome_.now + half_trip - unix_now();
  if (std::abs(offset_s_) > clock_warning_s) log::warn("clock.skewed", log::field("service_minus_ours_s", offset_s_));
  auto keyed = expect("keys");
  auto keys_envelope = co_await std::move(keyed);
  if (!keys_envelope) co_return keys_envelope.error();
  auto learning = learn(keys_envelope->body);
  co_return co_await std::move(learning);
}

Awaitable<Result<void>> Session::learn(const std::string& body) {
  auto keys = protocol::decode<protocol::ServiceKeys>(body);
  if (!keys) co_return keys.error();
  const auto before = parts_.trust.identity().domains;
  for (const auto& why : parts_.trust.take(*keys, moment().now)) {
    parts_.refusals.count(security::keys, {log::field("where", why.where), log::field("why", why.detail)});
  }
  for (const auto& [domain, pin] : parts_.trust.identity().domains)
    if (const auto was = before.find(domain); was != before.end() && !was->second.dr.empty() && was->second.dr != pin.dr) log::info("root.changed", log::field("domain", domain), log::field("dr", pin.dr));
  if (!parts_.trust.unsaved()) co_return Result<void>();
  auto saving = parts_.save_identity();
  auto saved = co_await std::move(saving);
  if (saved) parts_.trust.saved();
  co_return saved;
}

// ---- running ------------------------------------------------------------------------------------------------
Awaitable<Session::End> Session::run() {
  auto greeting = greet();
  auto greeted = co_await std::move(greeting);
  if (!greeted) {
    auto closing = link_->close(link::Close::protocol_error, "handshake");
    co_await std::move(closing);
    co_return End{greeted.error(), false, retry_after_};
  }
  welcomed_ = true;
  const auto& way = link_->route();
  log::info("link.up", log::field("service", way.host), log::field("peer", link_->peer()), log::field("proxy", way.proxy), log::field("session", welcome_.session), log::field("clock_offset_s", offset_s_));
  if (!way.intercepted_by.empty()) log::warn("link.intercepted", log::field("by", way.intercepted_by), log::field("session", welcome_.session));
  tasks_.start("session.write", write_out());
  say_statements();
  say_heartbeat();
  const int attached = parts_.outbox.attach([this](std::string text) { say(std::move(text)); });
  if (when_welcomed_) when_welcomed_();
  parts_.learnt();
  tasks_.start("session.beat", beat());
  tasks_.start("session.repeat", repeat_results());
  tasks_.start("session.leases", renew_leases());
  tasks_.start("session.statements", renew_statements());
  auto listening = listen();
  auto why = co_await std::move(listening);
  const auto silent = std::chrono::duration_cast<milliseconds>(BootClock::now() - spoken_);
  parts_.outbox.detach(attached);
  out_.close();
  tasks_.cancel();
  auto draining = tasks_.drained();
  co_await std::move(draining);
  co_return End{std::move(why), true, retry_after_, silent};
}

Awaitable<Fault> Session::listen() {
  for (;;) {
    auto reading = link_->read();
    auto text = co_await std::move(reading);
    if (!text) {
      if (text.error().kind == Fault::Kind::malformed) parts_.refusals.count(security::oversized);
      co_return text.error();
    }
    spoken_ = BootClock::now();
    auto handling = handle(*text);
    auto broken = co_await std::move(handling);
    if (!broken) continue;
    auto closing = link_->close(link::Close::protocol_error, "malformed");
    co_await std::move(closing);
    co_return *broken;
  }
}

void Session::bad(const protocol::Envelope& envelope, std::string code) {
  parts_.refusals.count(code == "unsupported" ? security::type : security::body);
  ++malformed_;
  say(protocol::message_text("error", protocol::Error{std::move(code), "refused", std::nullopt}, envelope.id));
}

// A Fault: the link must end.
Awaitable<std::optional<Fault>> Session::handle(const std::string& text) {
  auto envelope = protocol::decode_envelope(text);
  if (!envelope) {
    parts_.refusals.count(security::envelope);  // out of step: nothing behind it can be trusted to be whole
    say(protocol::message_text("error", protocol::Error{"malformed", envelope.error().detail, std::nullopt}));
    co_return envelope.error();
  }
  const auto& type = envelope->type;
  const auto with = [&](auto decoded, auto take) {
    if (decoded) take(*decoded);
    else bad(*envelope, "malformed");
  };
  if (type == "job") {
    if (!take_job(*envelope)) bad(*envelope, "malformed");
  } else if (type == "ack") {
    with(protocol::decode<protocol::JobRef>(envelope->body), [&](const auto& ref) { parts_.worker.acked(ref); });
  } else if (type == "cancel") {
    with(protocol::decode<protocol::JobRef>(envelope->body), [&](const auto& ref) { parts_.worker.cancel(ref); });
  } else if (type == "hb") {
    with(protocol::decode<protocol::ServiceHeartbeat>(envelope->body), [](const auto&) {});
  } else if (type == "keys") {
    auto learning = learn(envelope->body);
    auto learnt = co_await std::move(learning);
    if (!learnt) bad(*envelope, "malformed");
    say_statements();
    say_heartbeat();
    parts_.learnt();
  } else if (type == "drain") {
    with(protocol::decode<protocol::Drain>(envelope->body), [&](const auto& drain) {
      if (!draining_) tasks_.start("session.leave", leave_by(milliseconds(drain.deadline_ms)));
    });
  } else if (type == "error") {
    with(protocol::decode<protocol::Error>(envelope->body), [&](const auto& error) { take_error(error); });
  } else {
    bad(*envelope, "unsupported");
  }
  if (malformed_ >= malformed_max) co_return fault(Fault::Kind::malformed, "session.messages", "too many bad messages");
  co_return std::nullopt;
}

bool Session::take_job(const protocol::Envelope& envelope) {
  if (envelope.body.size() > protocol::job_bytes_max) return false;
  auto job = protocol::decode<protocol::JobMessage>(envelope.body);
  if (!job) return false;
  parts_.worker.take(std::move(*job), parts_.trust.trust(), moment());
  return true;
}

void Session::take_error(const protocol::Error& error) {
  log::warn("service.error", log::field("code", code_text(error.code)));
  if (error.retry_after_ms) retry_after_ = milliseconds(std::clamp(*error.retry_after_ms, 0, 600'000));
}

// ---- saying -------------------------------------------------------------------------------------------------
void Session::say(std::string text) {
  if (out_.try_send(std::move(text))) return;
  log::warn("link.stuck");  // the peer does not read: start anew rather than grow
  link_->abort();
}

Awaitable<> Session::write_out() {
  for (;;) {
    auto receiving = out_.receive();
    auto text = co_await std::move(receiving);
    if (!text) co_return;
    auto writing = link_->write(std::move(*text));
    auto done = co_await std::move(writing);
    spoken_ = BootClock::now();
    if (done) continue;
    link_->abort();
    co_return;
  }
}

void Session::say_statements() {
  auto statements = parts_.trust.statements(*parts_.keys, moment().now);
  if (!statements.statements.empty()) say(protocol::message_text("keys", statements));
}

void Session::restate() {
  if (welcomed_) say_statements();
}

void Session::say_heartbeat() {
  protocol::AgentHeartbeat hb;
  hb.inflight = parts_.worker.inflight();
  hb.window = parts_.window;
  hb.ready = parts_.readiness(*this);
  say(protocol::message_text("hb", hb));
}

void Session::say_draining() {
  if (draining_ || !welcomed_) return;
  draining_ = true;
  say(protocol::message_text("draining", protocol::Draining{}));
}

void Session::say_findings(const protocol::AgentFindings& findings) {
  if (takes_findings()) say(protocol::message_text("findings", findings));
}

void Session::heartbeat_soon() { beat_now_.cancel(); }

Awaitable<> Session::beat() {
  std::minstd_rand dice(std::random_device{}());
  std::uniform_real_distribution<double> spread(0.8, 1.2);
  for (;;) {
    const auto every = static_cast<double>(parts_.idle_cut.heartbeat(milliseconds(std::clamp(welcome_.heartbeat_ms, 100, 300'000))).count());
    beat_now_.expires_after(milliseconds(static_cast<long>(every * spread(dice))));
    (void)co_await beat_now_.async_wait(use_tuple);  // cancelled: now, or never again
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
    say_heartbeat();
    parts_.refusals.tell();
  }
}

Awaitable<> Session::repeat_results() {
  for (;;) {
    const bool on = co_await sleep_for(parts_.timings.repeat);
    if (!on) co_return;
    parts_.outbox.repeat(parts_.timings.repeat);
  }
}

Awaitable<> Session::renew_leases() {
  const milliseconds every(std::clamp(welcome_.lease_ms / 3, 50, 60'000));
  for (;;) {
    const bool on = co_await sleep_for(every);
    if (!on) co_return;
    parts_.worker.renew_leases();
  }
}

Awaitable<> Session::renew_statements() {
  for (;;) {
    const bool on = co_await sleep_for(parts_.timings.statements);
    if (!on) co_return;
    say_statements();
  }
}

// ---- leaving ------------------------------------------------------------------------------------------------
// The service asked us to go: no new jobs, what runs is finished, and the loop dials again.
Awaitable<> Session::leave_by(milliseconds deadline) {
  say_draining();
  const auto until = BootClock::now() + std::clamp(deadline, milliseconds(0), milliseconds(60'000));
  for (int looks = 0; out_.size() > 0 && looks < 50; ++looks) {  // what was said before must be on its way
    const bool on = co_await sleep_for(milliseconds(2));
    if (!on) co_return;
  }
  while (BootClock::now() < until && (parts_.worker.inflight() > 0 || parts_.outbox.waiting() > 0)) {
    const bool on = co_await sleep_for(milliseconds(20));
    if (!on) co_return;
  }
  auto closing = link_->close(link::Close::going_away, "drained");
  co_await std::move(closing);
}

void Session::retire() {
  draining_ = true;
  tasks_.start("session.leave", leave_by(milliseconds(0)));
}

Awaitable<> Session::close() {
  auto closing = link_->close(link::Close::going_away, "stopping");
  co_await std::move(closing);
}

}  // namespace wb::agent
