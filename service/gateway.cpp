#include "service/gateway.hpp"

#include "service/security_events.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "protocol/codec.hpp"

namespace wb::service {
namespace {

bool in(const std::vector<std::string>& names, const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); }

Fault hello_refused(std::string code) { return fault(Fault::Kind::refused, "agent.hello", std::move(code)); }

Awaitable<> part(std::shared_ptr<AgentSession> session, link::Close code, std::string reason) {
  co_await session->close(code, std::move(reason));
}

Awaitable<> turn_away(std::unique_ptr<link::Link> link, Fault why, std::chrono::milliseconds pause) {
  // Which check failed helps whoever holds the key, and nobody else: the nonce is spent.
  protocol::Error body{why.kind == Fault::Kind::refused ? why.detail : "hello", "the hello was refused", std::nullopt};
  if (body.code == "slow_down" || body.code == "duplicate") body.retry_after_ms = static_cast<int>(pause.count());
  auto text = protocol::message_text("error", body);
  const auto code = body.code == "duplicate" || body.code == "slow_down" ? link::Close::try_later : link::Close::policy;
  (void)co_await link->write(std::move(text));
  co_await link->close(code, body.code);
}

}  // namespace

// ---- links --------------------------------------------------------------------------------------------------
std::optional<Fault> Gateway::admit(const Greeted& greeted) {
  // After the signature, not before: a pause for a name that was not proven would let anybody lock an agent out.
  const auto now = BootClock::now();
  auto& last = last_hello_[greeted.agent.id];
  const bool too_soon = last != BootClock::time_point{} && now - last < settings_.hello_pause;
  last = now;
  if (too_soon) return hello_refused("slow_down");
  if (closing_ || sessions_.size() >= settings_.sessions_max) return hello_refused("slow_down");
  auto live = sessions_.find(greeted.agent.id);
  if (live == sessions_.end()) return std::nullopt;
  if (greeted.hello.epoch <= live->second->epoch) {
    // The older link may be dead without our knowing: a word on it lets TCP_USER_TIMEOUT find out.
    live->second->send(protocol::message_text("hb", protocol::ServiceHeartbeat{unix_now()}));
    if (cloned(greeted.agent.id, *live->second)) log::error("agent.cloned", log::field("agent", greeted.agent.id), log::field("epoch", greeted.hello.epoch), log::field("live_epoch", live->second->epoch));
    return hello_refused("duplicate");
  }
  return std::nullopt;
}

// An agent that lost its link says nothing on it any more: one that goes on talking there, after it was seen to dial anew,
// is another copy of the same identity.
bool Gateway::cloned(const std::string& agent, const AgentSession& live) {
  const auto [seen, first] = duplicates_.try_emplace(agent, BootClock::now());
  const bool both_live = !first && live.heard() > seen->second;
  seen->second = BootClock::now();
  return both_live;
}

// Nobody has proven anything yet: as many as this may be under way, each for hello_timeout at most.
Awaitable<Result<Greeted>> Gateway::hear(link::Link& link) {
  if (greeting_ >= settings_.greetings_max) co_return hello_refused("slow_down");
  struct OneMore {
    std::size_t& count;
    explicit OneMore(std::size_t& c) : count(c) { ++count; }
    OneMore(const OneMore&) = delete;
    OneMore& operator=(const OneMore&) = delete;
    ~OneMore() { --count; }
  } const counted(greeting_);
  auto greeting = greet(link, store_, settings_);
  co_return co_await std::move(greeting);
}

Awaitable<> Gateway::serve(std::unique_ptr<link::Link> link) {
  auto greeting = hear(*link);
  auto greeted = co_await std::move(greeting);
  auto enrolled = greeted ? store_.domains_of(greeted->agent.id) : Result<std::vector<std::string>>(greeted.error());
  std::optional<Fault> no;
  if (!enrolled) no = enrolled.error();
  if (!no) no = admit(*greeted);
  if (!no && greeted->by_next) no = succeed_key(*greeted, *enrolled);
  auto key = greeted ? crypto::PublicKey::from_jwk(greeted->agent.as) : Result<crypto::PublicKey>(greeted.error());
  if (!no && !key) no = key.error();
  if (no) {
    refusals_.count(hello_event(no->kind == Fault::Kind::refused ? no->detail : std::string()), {log::field("peer", link->peer()), log::field("kind", to_string(no->kind))});
    auto away = turn_away(std::move(link), *no, settings_.hello_pause);
    co_await std::move(away);
    co_return;
  }
  std::erase_if(*enrolled, [&](const auto& domain) { return !in(greeted->hello.domains, domain); });
  auto session = std::make_shared<AgentSession>(executor_, std::move(link), std::move(*greeted), std::move(*key), std::move(*enrolled), rosters_, refusals_, *listener_, settings_);
  const auto& agent = session->agent.id;
  if (auto old = sessions_.find(agent); old != sessions_.end()) {
    if (session->from == old->second->id) session->take_over(*old->second);  // the agent closes that link when it is done with it
    else replace(agent, *old->second);
  }
  sessions_[agent] = session;
  duplicates_.erase(agent);
  log::info("agent.connected", log::field("agent", agent), log::field("session", session->id), log::field("domains", session->domains().size()), log::field("epoch", session->epoch));
  const protocol::Welcome welcome{session->id, 1, static_cast<int>(settings_.heartbeat.count()), static_cast<int>(settings_.jobs.lease.count()), session->window(), unix_now(), {std::string(protocol::cap_findings)}, "reset-service/" WB_VERSION};
  session->send(protocol::message_text("welcome", welcome));
  session->send(keys_text(*session));
  auto running = session->run(settings_.heartbeat);
  co_await std::move(running);
  log::info("agent.disconnected", log::field("agent", agent), log::field("session", session->id));
  auto mine = sessions_.find(agent);
  if (mine == sessions_.end() || mine->second != session) co_return;  // replaced meanwhile
  sessions_.erase(mine);
  listener_->link_lost(agent);
}

// The key that a roster names is the agent's from its first hello with it; the one before it says no more.
std::optional<Fault> Gateway::succeed_key(Greeted& greeted, const std::vector<std::string>& enrolled) {
  auto& agent = greeted.agent;
  const auto now = unix_now();
  if (std::none_of(enrolled.begin(), enrolled.end(), [&](const auto& domain) { return rosters_.names(domain, agent.id, *agent.next, now); })) return hello_refused("unknown_agent");
  const auto kid = crypto::thumbprint(*agent.next);
  if (auto done = store_.succeed_key(agent, kid, now); !done) return done.error();
  log::info("agent.key_changed", log::field("agent", agent.id), log::field("fingerprint", kid));
  return std::nullopt;
}

void Gateway::take_next_key(const std::string& agent, const protocol::Jwk& key) {
  if (auto found = sessions_.find(agent); found != sessions_.end()) found->second->agent.next = key;
}

// A newer start of the same agent: what the former life held is anybody's.
void Gateway::replace(const std::string& agent, AgentSession& old) {
  log::warn("agent.replaced", log::field("agent", agent));
  old.abort();
  sessions_.erase(agent);
  listener_->link_lost(agent);
}

std::string Gateway::keys_text(const AgentSession& session) const {
  protocol::ServiceKeys keys{keys_.endorsements(unix_now()), {}};
  for (const auto& [domain, state] : session.domains())
    if (const auto* known = rosters_.find(domain)) {
      keys.rosters.emplace(domain, known->jws);
      if (!known->roots.empty()) keys.roots.emplace(domain, known->roots);
    }
  return protocol::message_text("keys", keys);
}

void Gateway::tell_roster(const std::string& domain) {
  const auto now = unix_now();
  std::vector<std::string> out;
  // send() may cut a link but never ends a session at once: the map does not change under us.
  for (auto& [agent, session] : sessions_) {
    const auto* state = session->domain(domain);
    if (!state) continue;
    if (state->statement && !rosters_.stands(domain, session->agent, now)) out.push_back(agent);
    else session->send(keys_text(*session));
  }
  for (const auto& agent : out) cut_off(agent, "roster");
}

void Gateway::take_revoked() {
  auto ids = store_.revoked();
  if (!ids) return log::fault("store.failed", ids.error());
  for (const auto& agent : *ids) {
    if (!revoked_.insert(agent).second) continue;
    rosters_.drop_statements(agent);
    cut_off(agent, "operator");
  }
}

void Gateway::take_drained() {
  auto ids = store_.drained();
  if (!ids) return log::fault("store.failed", ids.error());
  std::set<std::string> again;  // domains in which somebody takes jobs again
  for (auto& [agent, session] : sessions_) {
    const bool drained = ids->contains(agent);
    if (session->agent.drained == drained) continue;
    session->agent.drained = drained;
    if (drained) log::info("agent.drained", log::field("agent", agent));
    else log::info("agent.resumed", log::field("agent", agent));
    if (!drained)
      for (const auto& [domain, state] : session->domains()) again.insert(domain);
  }
  for (const auto& domain : again) listener_->agents_changed(domain);
}

void Gateway::tell_ready() {
  const auto now = unix_now();
  std::set<Store::Taking> taking, new_ones, gone;
  for (const auto& [agent, session] : sessions_)
    for (const auto& [domain, state] : session->domains())
      if (session->ready(domain, now)) taking.insert({domain, agent});
  std::set_difference(taking.begin(), taking.end(), taking_.begin(), taking_.end(), std::inserter(new_ones, new_ones.end()));
  std::set_difference(taking_.begin(), taking_.end(), taking.begin(), taking.end(), std::inserter(gone, gone.end()));
  if (new_ones.empty() && gone.empty()) return;
  if (auto put = store_.put_ready(new_ones, gone); !put) return log::fault("store.failed", put.error());
  taking_ = std::move(taking);
}

void Gateway::cut_off(const std::string& agent, std::string_view why) {
  const auto found = sessions_.find(agent);
  if (found == sessions_.end()) return;
  log::warn("agent.revoked", log::field("agent", agent), log::field("why", why));
  found->second->abort();  // nothing it says is heard any more
  sessions_.erase(found);
  listener_->link_lost(agent);
}

void Gateway::tell_keys() {
  for (auto& [agent, session] : sessions_) session->send(keys_text(*session));
}

Awaitable<> Gateway::goodbye() {
  closing_ = true;
  for (auto& [agent, session] : sessions_) goodbyes_.start("agent.goodbye", part(session, link::Close::going_away, "going away"));
  auto gone = goodbyes_.drained();
  co_await std::move(gone);
}

// ---- choosing -----------------------------------------------------------------------------------------------
// A quarter of the window is for probes: writes that stand still before a directory never make a probe wait.
static int places(const AgentSession& session, bool reading) {
  return reading ? session.window() : session.window() - session.window() / 4;
}

Gateway::Choice Gateway::choose(const Wanted& wanted) const {
  const auto now = unix_now();
  Choice choice;
  std::tuple<bool, bool, double> best;  // suspect, avoided, load: less is better
  for (const auto& [agent, session] : sessions_) {
    if (!session->ready(wanted.domain, now)) continue;
    if (!wanted.capability.empty() && !session->can(wanted.capability)) continue;
    const auto opens = [&](const std::string& kid) { return session->opens(kid); };
    if (!wanted.recipients.empty() && std::none_of(wanted.recipients.begin(), wanted.recipients.end(), opens)) continue;
    choice.any_ready = true;
    const auto held = session->domain(wanted.domain)->held;
    if (held >= places(*session, wanted.reading) || in(wanted.except, agent)) continue;
    const std::tuple load(session->suspected(), in(wanted.avoid, agent), session->load(*session->domain(wanted.domain)));
    if (choice.agent && best <= load) continue;
    choice.agent = agent;
    best = load;
  }
  return choice;
}

bool Gateway::has_room(const std::string& domain, bool reading) const {
  const auto now = unix_now();
  return std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& s) { return s.second->ready(domain, now) && s.second->domain(domain)->held < places(*s.second, reading); });
}

int Gateway::connected_agents(const std::string& domain) const {
  return static_cast<int>(std::count_if(sessions_.begin(), sessions_.end(), [&](const auto& s) { return s.second->domain(domain) != nullptr; }));
}

int Gateway::ready_agents(const std::string& domain) const {
  const auto now = unix_now();
  return static_cast<int>(std::count_if(sessions_.begin(), sessions_.end(), [&](const auto& s) { return s.second->ready(domain, now); }));
}

bool Gateway::history_enforced(const std::string& domain) const {
  const auto now = unix_now();
  return std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& s) { return s.second->ready(domain, now) && s.second->domain(domain)->readiness.hints; });
}

void Gateway::hold(const std::string& agent, const std::string& domain, int change) {
  auto found = sessions_.find(agent);
  auto* d = found == sessions_.end() ? nullptr : found->second->domain(domain);
  if (d) d->held = std::max(0, d->held + change);
}

const AgentSession* Gateway::session(const std::string& agent) const {
  const auto found = sessions_.find(agent);
  return found == sessions_.end() ? nullptr : found->second.get();
}

std::string Gateway::some_dc(const std::string& domain) const {
  const auto now = unix_now();
  const auto one = std::find_if(sessions_.begin(), sessions_.end(), [&](const auto& s) { return s.second->ready(domain, now); });
  return one == sessions_.end() ? std::string() : one->second->domain(domain)->readiness.dc;
}

bool Gateway::can(const std::string& agent, const std::string& capability) const {
  const auto found = sessions_.find(agent);
  return found != sessions_.end() && found->second->can(capability);
}

void Gateway::suspect(const std::string& agent) {
  if (auto found = sessions_.find(agent); found != sessions_.end()) found->second->suspect();
}

bool Gateway::send(const std::string& agent, std::string text) {
  auto found = sessions_.find(agent);
  return found != sessions_.end() && found->second->send(std::move(text));
}

}  // namespace wb::service
