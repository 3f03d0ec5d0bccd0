#include "tests/support/agent_world.hpp"

namespace wb::test {

AgentWorld::AgentWorld() {
  char name[] = "/tmp/wb-agent-XXXXXX";
  folder = ::mkdtemp(name);
  directory->add(alice, "alice");
  directory->add(boss, "boss").admin_count = true;
  roster = {us()};
  on_link = [this](std::unique_ptr<link::Link> link) { return serve(this, std::move(link)); };
  start();
  maker.issuer = "https://127.0.0.1:" + std::to_string(server->bound_port());
  EXPECT_TRUE(keys.as.save(folder / "as.pem"));
  EXPECT_TRUE(keys.ae.save(folder / "ae.pem"));
  EXPECT_TRUE(agent::save_identity(folder, {"A1", maker.tenant, maker.issuer, maker.issuer, maker.sr.kid(), {{maker.domain, {}}}}));
  config.service_url = maker.issuer, config.trust.ca_file = test_certificates().ca, config.state_dir = folder, config.window = 2;
  config.domains.resize(1);
  config.domains[0].directory.domain = maker.domain;
  config.domains[0].directory.connections = 4;
  config.domains[0].directory.marker_attribute = "adminDisplayName";
  config.domains[0].guardrails.allow_ous = {"OU=People,DC=corp,DC=example"};
  config.domains[0].volume = {.account_per_minute = 1000, .account_per_hour = 1000};
  timings.backoff = {1ms, 20ms, std::chrono::seconds(60)};
  timings.check = 10ms;
  timings.session.repeat = 200ms;
  timings.flush = 200ms;
}

AgentWorld::~AgentWorld() {
  agent.reset();
  std::filesystem::remove_all(folder);
}

protocol::RosterAgent AgentWorld::us() const { return {"A1", keys.as.public_key().jwk()}; }

void AgentWorld::start_agent() {
  passed_over.reset();
  auto started = agent::Agent::start(io, config, timings, [this](const ldap::Settings&) { return std::make_unique<FakeDirectory>(directory); });
  ASSERT_TRUE(started) << started.error().detail;
  agent = std::move(*started);
  auto running = agent->run();
  asio::co_spawn(io, std::move(running), [this](std::exception_ptr) { (void)stops.try_send(true); });
}

Awaitable<> AgentWorld::stop_agent() {
  agent->stop();
  auto stopped = stops.receive();
  (void)co_await std::move(stopped);
  agent.reset();
}

void AgentWorld::play(const std::function<Awaitable<>(AgentWorld&)>& body) {
  auto all = [](AgentWorld& world, const std::function<Awaitable<>(AgentWorld&)>& part) -> Awaitable<> {
    world.start_agent();
    auto up = world.until_ready(true);
    co_await std::move(up);
    auto playing = part(world);
    co_await std::move(playing);
    if (world.agent) {
      auto stopping = world.stop_agent();
      co_await std::move(stopping);
    }
  };
  run([&](LinkWorld&) { return all(*this, body); });
}

Awaitable<> AgentWorld::serve(AgentWorld* w, std::unique_ptr<link::Link> accepted) {
  const std::shared_ptr<link::Link> link = std::move(accepted);
  const protocol::Challenge challenge{"nonce-" + new_ulid(), w->maker.issuer, unix_now() + w->clock_ahead, {1}, w->cb};
  auto greeting = link->write(protocol::message_text("challenge", challenge));
  (void)co_await std::move(greeting);
  auto reading = link->read();
  auto text = co_await std::move(reading);
  if (!text) {
    (void)w->ends.try_send(true);
    co_return;
  }
  auto hello = protocol::decode<protocol::Hello>(protocol::decode_envelope(*text).value().body).value();
  const bool by_next = w->next_key && crypto::verify(hello.jws, protocol::typ_hello, w->next_key->public_key());
  if (!(by_next ? w->takes_next : w->takes_present)) {
    auto refusing = link->write(protocol::message_text("error", protocol::Error{"unknown_agent", "no", std::nullopt}));
    (void)co_await std::move(refusing);
    (void)w->ends.try_send(true);
    co_return;
  }
  auto claims = protocol::decode<protocol::HelloClaims>(crypto::verify(hello.jws, protocol::typ_hello, by_next ? w->next_key->public_key() : w->keys.as.public_key()).value()).value();
  w->last_by_next = by_next;
  EXPECT_EQ(claims.nonce, challenge.nonce);
  EXPECT_EQ(claims.gateway, challenge.gateway);
  EXPECT_EQ(claims.cb, w->cb == "exporter" ? base64url(link->channel_binding()) : "");
  w->peer = link;
  protocol::Welcome welcome;
  w->sessions.push_back(new_ulid());
  welcome.session = w->sessions.back(), welcome.now = unix_now() + w->clock_ahead, welcome.lease_ms = 300, welcome.caps = w->service_caps;
  w->post(protocol::message_text("welcome", welcome));
  w->post(w->keys_text());
  (void)w->hellos.try_send(claims);
  for (;;) {
    auto more = link->read();
    auto got = co_await std::move(more);
    if (!got) break;
    auto envelope = protocol::decode_envelope(*got).value();
    ++w->heard[envelope.type];
    (void)w->inbox.try_send(std::move(envelope));
  }
  if (w->peer == link) w->peer.reset();
  (void)w->ends.try_send(true);
}

std::string AgentWorld::keys_text(std::int64_t rsn) const {
  return protocol::message_text("keys", protocol::ServiceKeys{{maker.endorsement(maker.sk, unix_now() + clock_ahead)}, {{maker.domain, maker.roster(rsn, roster, unix_now() + clock_ahead)}}});
}

void AgentWorld::post(std::string text) {
  auto send = [](std::shared_ptr<link::Link> link, std::string out) -> Awaitable<> {
    auto writing = link->write(std::move(out));
    (void)co_await std::move(writing);
  };
  ASSERT_TRUE(peer);
  auto sending = send(peer, std::move(text));
  asio::co_spawn(io, std::move(sending), [](std::exception_ptr) {});
}

void AgentWorld::post_job(const protocol::Job& job, std::optional<std::string> sec, int ttl_ms) { post("job", maker.message(job, std::move(sec), ttl_ms)); }

Awaitable<protocol::Envelope> AgentWorld::next(std::string type) {
  for (;;) {
    auto receiving = inbox.receive();
    auto got = co_await std::move(receiving);
    if (!got) co_return protocol::Envelope{};
    if (got->type == type) co_return *got;
    if (got->type == "hb") passed_over = *got;
  }
}

Awaitable<protocol::JobResult> AgentWorld::result(bool ack) {
  auto coming = next("result");
  auto envelope = co_await std::move(coming);
  auto jws = protocol::decode<protocol::ResultMessage>(envelope.body).value().jws;
  auto r = protocol::decode<protocol::JobResult>(crypto::verify(jws, protocol::typ_result, keys.as.public_key()).value()).value();
  if (ack) post("ack", protocol::JobRef{r.jti, r.fence});
  co_return r;
}

Awaitable<std::string> AgentWorld::error_code() {
  auto coming = next("error");
  auto envelope = co_await std::move(coming);
  co_return protocol::decode<protocol::Error>(envelope.body).value().code;
}

Awaitable<std::string> AgentWorld::until_ready(bool ready) {
  for (;;) {
    auto envelope = std::exchange(passed_over, std::nullopt);
    if (!envelope) {
      auto coming = next("hb");
      envelope = co_await std::move(coming);
    }
    const auto hb = protocol::decode<protocol::AgentHeartbeat>(envelope->body).value();
    const auto& r = hb.ready.at(maker.domain);
    if (r.ready == ready) co_return r.reason;
  }
}

AgentWorld::Reset AgentWorld::reset(std::string_view password, const std::string& sub) {
  auto job = maker.reset(sub, directory->accounts.at(sub).pre);
  auto sec = JobMaker::seal(job, maker.binding_of(job), {keys.ae.public_key()}, password);
  return {job, sec};
}

AgentWorld::Reset AgentWorld::own(protocol::Op op, std::string_view password, std::optional<std::string_view> old) {
  auto job = maker.reset(alice, directory->accounts.at(alice).pre);
  job.op = op;
  auto sec = JobMaker::seal(job, maker.binding_of(job), {keys.ae.public_key()}, password, old);
  return {job, sec};
}

}  // namespace wb::test
