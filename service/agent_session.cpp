#include "service/agent_session.hpp"

#include <algorithm>
#include <random>

#include "core/ids.hpp"
#include "crypto/jws.hpp"
#include "protocol/codec.hpp"
#include "service/security_events.hpp"

namespace wb::service {
namespace {
constexpr std::size_t kids_max = 16;       // more than an agent keeps: what is forgotten first, it has forgotten too
constexpr std::size_t outbox_max = 1'024;  // a full window for every domain, with room for acks
constexpr int malformed_max = 16;          // then the peer is not one to talk to
constexpr int flood_pause_ms = 5'000;      // after which one that said too much may come back
}  // namespace

AgentSession::AgentSession(asio::any_io_executor executor, std::unique_ptr<link::Link> link, Greeted greeted, crypto::PublicKey as, std::vector<std::string> domains, Rosters& rosters, Refusals& refusals, Listener& listener, const Settings& settings)
    : id(new_ulid()), agent(std::move(greeted.agent)), epoch(greeted.hello.epoch), from(greeted.hello.from.value_or("")), software(greeted.hello.sw), link_(std::move(link)), as_(std::move(as)), caps_(greeted.hello.caps.begin(), greeted.hello.caps.end()), rosters_(rosters), refusals_(refusals), listener_(listener),
      window_(std::clamp(greeted.hello.window, 1, settings.window)), window_max_(settings.window), pace_(settings.messages_per_second, settings.messages_at_once), outbox_(executor, outbox_max) {
  for (auto& name : domains) domains_[name];
  for (const auto& kid : greeted.hello.ae_kids) opens_with(kid);
}

void AgentSession::take_over(const AgentSession& before) {
  for (auto& [name, its] : domains_)
    if (const auto* was = before.domain(name)) its = *was;
  for (const auto& kid : before.kids_) opens_with(kid);
  findings_ = before.findings_;
}

AgentSession::Domain* AgentSession::domain(const std::string& name) {
  auto found = domains_.find(name);
  return found == domains_.end() ? nullptr : &found->second;
}
const AgentSession::Domain* AgentSession::domain(const std::string& name) const { return const_cast<AgentSession*>(this)->domain(name); }

bool AgentSession::active(const std::string& name, UnixSeconds now) const {
  const auto* d = domain(name);
  if (!d || !d->statement || d->statement->exp <= now) return false;
  return rosters_.stands(name, agent, now) && rosters_.counts(name, d->statement->rsn, now);
}

bool AgentSession::ready(const std::string& name, UnixSeconds now) const {
  return !agent.drained && !draining_ && !broken_ && active(name, now) && domain(name)->readiness.ready;
}

bool AgentSession::opens(const std::string& kid) const { return std::find(kids_.begin(), kids_.end(), kid) != kids_.end(); }

void AgentSession::opens_with(const std::string& kid) {
  if (opens(kid)) return;
  if (kids_.size() >= kids_max) kids_.erase(kids_.begin());
  kids_.push_back(kid);
}

// ---- running ------------------------------------------------------------------------------------------------
Awaitable<> AgentSession::run(std::chrono::milliseconds heartbeat) {
  auto self = shared_from_this();
  auto executor = co_await asio::this_coro::executor;
  link_->message_limit(protocol::message_bytes_max);
  TaskGroup tasks(executor);
  tasks.start("session.write", write_out(self));
  tasks.start("session.beat", beat(self, heartbeat));
  for (;;) {
    auto text = co_await link_->read();
    if (!text) {
      if (text.error().kind != Fault::Kind::lost) log::fault("agent.link_broken", text.error());
      break;
    }
    if (handle(*text)) continue;
    if (flooding_) {  // past the outbox: nothing is taken from that any more once the link closes
      auto last = protocol::message_text("error", protocol::Error{"slow_down", "too many messages", flood_pause_ms});
      (void)co_await link_->write(std::move(last));
    }
    std::string why = flooding_ ? "slow_down" : "malformed";
    co_await link_->close(flooding_ ? link::Close::try_later : link::Close::protocol_error, std::move(why));
    break;
  }
  outbox_.close();
  tasks.cancel();
  co_await tasks.drained();
}

Awaitable<> AgentSession::write_out(std::shared_ptr<AgentSession> self) {
  for (;;) {
    auto text = co_await self->outbox_.receive();
    if (!text) co_return;
    auto sent = co_await self->link_->write(std::move(*text));
    if (sent) continue;
    self->broken_ = true;  // its end is on the way through run(): offered nothing in between
    self->abort();
    co_return;
  }
}

Awaitable<> AgentSession::beat(std::shared_ptr<AgentSession> self, std::chrono::milliseconds every) {
  std::minstd_rand dice(std::random_device{}());
  std::uniform_real_distribution<double> spread(0.8, 1.2);
  for (;;) {
    const auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(every * spread(dice));
    const bool go_on = co_await sleep_for(pause);
    if (!go_on) co_return;
    self->send(protocol::message_text("hb", protocol::ServiceHeartbeat{unix_now()}));
  }
}

bool AgentSession::send(std::string text) {
  if (!broken_ && outbox_.try_send(std::move(text))) return true;
  broken_ = true;
  abort();
  return false;
}

Awaitable<> AgentSession::close(link::Close code, std::string reason) {
  auto self = shared_from_this();
  co_await link_->close(code, std::move(reason));
}

bool AgentSession::bad(std::string code, std::string message, const std::string& re) {
  refusals_.count(security::message, {log::field("agent", agent.id)});
  say_error(std::move(code), std::move(message), re);
  if (++malformed_ < malformed_max) return true;
  refusals_.count(security::flood, {log::field("agent", agent.id)});
  return false;
}

void AgentSession::say_error(std::string code, std::string message, const std::string& re) {
  send(protocol::message_text("error", protocol::Error{std::move(code), std::move(message), std::nullopt}, re));
}

// ---- messages -----------------------------------------------------------------------------------------------
bool AgentSession::handle(const std::string& text) {
  suspect_ = false;  // whatever it says: it lives
  heard_ = BootClock::now();
  if (!pace_.take(heard_)) {
    refusals_.count(security::flood, {log::field("agent", agent.id)});
    flooding_ = true;
    return false;
  }
  auto envelope = protocol::decode_envelope(text);
  if (!envelope) {
    refusals_.count(security::message, {log::field("agent", agent.id)});
    return false;
  }
  const auto with = [&](auto result, auto fn) {
    if (!result) return bad("malformed", result.error().detail, envelope->id);  // the envelope was sound: we are still in step
    fn(*result);
    return true;
  };
  const auto& type = envelope->type;
  const auto& body = envelope->body;
  if (type == "hb") return with(protocol::decode<protocol::AgentHeartbeat>(body), [&](const auto& m) { on_heartbeat(m); });
  if (type == "accept") return with(protocol::decode<protocol::JobRef>(body), [&](const auto& m) { listener_.accepted(agent.id, m); });
  if (type == "progress") return with(protocol::decode<protocol::Progress>(body), [&](const auto& m) { listener_.progressed(agent.id, m); });
  if (type == "result") return with(protocol::decode<protocol::ResultMessage>(body), [&](const auto& m) { on_result(m, envelope->id); });
  if (type == "keys") return with(protocol::decode<protocol::AgentKeys>(body), [&](const auto& m) { on_keys(m); });
  if (type == "findings") return with(protocol::decode<protocol::AgentFindings>(body), [&](auto& m) { on_findings(std::move(m)); });
  if (type == "draining") {
    draining_ = true;
    return true;
  }
  if (type == "error") return with(protocol::decode<protocol::Error>(body), [&](const auto&) { refusals_.count(security::error, {log::field("agent", agent.id)}); });
  return bad("unsupported", "this service does not know that message", envelope->id);
}

void AgentSession::on_heartbeat(const protocol::AgentHeartbeat& hb) {
  const auto before = window_;
  if (hb.window > 0) window_ = std::min(hb.window, window_max_);
  int held = 0;
  for (const auto& [name, d] : domains_) held += d.held;
  unaccounted_ = std::clamp(hb.inflight - held, 0, window_max_);
  for (const auto& [name, readiness] : hb.ready) {
    auto* d = domain(name);
    if (!d) continue;  // a domain it is not enrolled in
    const bool flipped = d->readiness.ready != readiness.ready;
    const bool news = flipped || d->readiness.reason != readiness.reason;
    d->readiness = readiness;
    if (!news) continue;
    log::info("agent.readiness", log::field("agent", agent.id), log::field("domain", name), log::field("ready", readiness.ready), log::field("reason", printable(readiness.reason)));
    if (flipped && readiness.ready) listener_.agents_changed(name);
  }
  if (window_ <= before) return;
  for (const auto& [name, d] : domains_) listener_.agents_changed(name);  // there is room where there was none
}

void AgentSession::on_keys(const protocol::AgentKeys& keys) {
  for (const auto& [name, jws] : keys.statements) {
    auto* d = domain(name);
    if (!d) continue;
    auto statement = rosters_.accept_statement(name, agent, jws, unix_now());
    if (!statement) {
      // An agent that waits for its approval sends statements too: the roster decides, not this log line.
      refusals_.count(security::statement, {log::field("agent", agent.id), log::field("domain", name), log::field("why", statement.error().detail)});
      continue;
    }
    const bool news = !d->statement || d->statement->rsn != statement->rsn;
    d->statement = std::move(*statement);
    for (const auto& key : d->statement->ae) opens_with(key.kid);
    if (news) log::info("agent.active", log::field("agent", agent.id), log::field("domain", name), log::field("rsn", d->statement->rsn));
    listener_.agents_changed(name);
  }
}

void AgentSession::on_findings(protocol::AgentFindings told) {
  constexpr std::int64_t age_max_s = 86'400;
  findings_ = Findings{unix_now() - std::min(told.age_s, age_max_s), std::move(told.findings)};
}

// Results wait in the agent's journal: those of before its key changed may come after it, and over either link.
Result<crypto::PublicKey> AgentSession::result_key(const std::string& jws) const {
  auto named = crypto::parse_jws(jws, protocol::typ_result, crypto::CarryKey::no);
  if (!named) return named.error();
  for (const auto& other : {std::optional(agent.as), agent.next, agent.former})
    if (other && named->kid != as_.kid() && crypto::thumbprint(*other) == named->kid) return crypto::PublicKey::from_jwk(*other);
  return as_;
}

void AgentSession::on_result(const protocol::ResultMessage& message, const std::string& re) {
  const auto refuse = [&](const Fault& why) {
    refusals_.count(security::result, {log::field("agent", agent.id), log::field("why", why.detail)});
    say_error("result", why.detail, re);
  };
  auto key = result_key(message.jws);
  if (!key) return refuse(key.error());
  auto payload = crypto::verify(message.jws, protocol::typ_result, *key);
  if (!payload) return refuse(payload.error());
  auto result = protocol::decode<protocol::JobResult>(*payload);
  if (!result) return refuse(result.error());
  if (result->agent != agent.id) return refuse(fault(Fault::Kind::refused, "result.agent", "another agent's name"));
  listener_.answered(agent.id, *result, message.jws);
}

}  // namespace wb::service
