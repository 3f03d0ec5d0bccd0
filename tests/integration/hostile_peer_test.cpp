// Peers that mean ill, at the service's door and at the agent's: silent, slow, deaf, large, or very talkative ones; and
// ends of TLS that are not the service.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tests/support/agent_world.hpp"
#include "tests/support/service_world.hpp"

namespace wb::test {
namespace {

// ---- before the hello ---------------------------------------------------------------------------------------
class AStranger : public testing::Test {
 protected:
  static service::Settings impatient() {
    auto shape = ServiceWorld::quick();
    shape.hello_timeout = 300ms;
    return shape;
  }
  ServiceWorld world{impatient()};
  RawTls raw{world.port()};
  void SetUp() override { ASSERT_TRUE(raw.upgrade("wb.v1").starts_with("HTTP/1.1 101 ")); }
  void TearDown() override { EXPECT_EQ(https("GET", world.url() + "/healthz").status, 200) << "the service goes on"; }
  static std::string hello(const std::string& jws) { return protocol::message_text("hello", protocol::Hello{jws}); }
  static constexpr std::string_view refused = "the hello was refused";
};

TEST_F(AStranger, WhoSaysNothingIsSentAway) {
  const Stopwatch watch;
  EXPECT_NE(raw.rest().find("\"code\":\"hello\""), std::string::npos);
  EXPECT_GE(watch.ms(), 200);
  EXPECT_LT(watch.ms(), 5'000);
}

TEST_F(AStranger, WhoSaysAByteAtATimeHasNoMoreTime) {
  const Stopwatch watch;
  const auto frame = std::string("\x81\xfe\x0f\xff\0\0\0\0", 8) + std::string(4'095, 'x');
  std::thread slow([&] {
    for (std::size_t i = 0; i < frame.size() && !raw.error && watch.ms() < 5'000; ++i) {
      raw.send(frame.substr(i, 1));
      std::this_thread::sleep_for(20ms);
    }
  });
  slow.join();  // it was cut off, long before it had said all of it
  EXPECT_LT(watch.ms(), 4'000);
}

TEST_F(AStranger, WhoAnnouncesAMebibyteIsNotHeardOut) {
  raw.send(std::string("\x81\xff\0\0\0\0\0\x10\0\0\0\0\0\0", 14));
  const auto said = raw.rest();
  EXPECT_NE(said.find("\x03\xf1"), std::string::npos) << "close code 1009";
}

TEST_F(AStranger, WhoFloodsIsHeardOnce) {
  std::string flood;
  for (int i = 0; i < 20'000; ++i) flood += std::string("\x81\x82\0\0\0\0{}", 8);
  raw.send(flood);
  const auto said = raw.rest();
  EXPECT_EQ(said.find(refused), said.rfind(refused));
}

TEST_F(AStranger, WhoSendsCompressedFramesIsCutOff) {
  raw.send(std::string("\xc1\x82\0\0\0\0{}", 8));  // RSV1: permessage-deflate (RFC 7692), which was not agreed on
  EXPECT_NE(raw.rest().find("\x03\xea"), std::string::npos) << "close code 1002";
}

TEST_F(AStranger, MayCutAMessageAnywhere) {
  const auto text = hello(std::string(900, 'a'));
  const auto frame = std::string("\x81\xfe", 2) + static_cast<char>(text.size() >> 8) + static_cast<char>(text.size() & 0xff) + std::string(4, '\0') + text;
  for (std::size_t size = 0; size < frame.size(); size += 97) {
    RawTls cut(world.port());
    ASSERT_TRUE(cut.upgrade("wb.v1").starts_with("HTTP/1.1 101 "));
    cut.send(frame.substr(0, size));
  }  // its end cuts the connection
}

// ---- after it -----------------------------------------------------------------------------------------------
class AnAgentGoneBad : public testing::Test {
 protected:
  ServiceWorld world;
  std::unique_ptr<FakeAgent> agent = world.active_agent();
  void TearDown() override {
    agent->epoch += 1;
    EXPECT_EQ(agent->connect(), "welcome") << "and may come back";
  }
};

TEST_F(AnAgentGoneBad, WhoSaysWhatIsNoMessageSixteenTimesIsCutOff) {
  const std::string kinds[] = {protocol::encode_envelope({"dance", {}, std::nullopt, "{}"}), protocol::encode_envelope({"hb", {}, std::nullopt, "{\"window\":\"x\"}"}),
      protocol::encode_envelope({"result", {}, std::nullopt, "{}"}), protocol::encode_envelope({"keys", {}, std::nullopt, "{\"statements\":[]}"})};
  for (int i = 0; i < 15; ++i) agent->send(kinds[i % 4]);
  EXPECT_TRUE(agent->next("error"));
  EXPECT_FALSE(agent->gone(0ms));
  agent->send(kinds[0]);
  EXPECT_TRUE(agent->gone());
}

TEST_F(AnAgentGoneBad, WhoSaysAMebibyteIsCutOff) {
  agent->send(std::string(1 << 20, 'x'));
  EXPECT_TRUE(agent->gone());
}

TEST_F(AnAgentGoneBad, WhoAnswersForAnotherIsNotBelieved) {
  auto other = world.active_agent();
  const auto bearer = world.client();
  auto waiting = std::async(std::launch::async, [&] { return https("POST", world.url() + "/api/v1/probes", R"({"name":"alice"})", bearer); });
  auto got = agent->next_job(200ms);
  auto* asked = got ? agent.get() : other.get();
  auto* liar = got ? other.get() : agent.get();
  if (!got) got = other->next_job();
  ASSERT_TRUE(got);
  asked->accept(got->job);
  liar->answer(got->job, protocol::Code::failed, [](protocol::JobResult& r) { r.reason = "not_found"; });                        // signed by itself: not its job
  liar->answer(got->job, protocol::Code::failed, [&](protocol::JobResult& r) { r.reason = "not_found", r.agent = asked->id; });  // in another's name
  EXPECT_TRUE(liar->next("error"));
  asked->answer_probe(got->job);
  EXPECT_EQ(waiting.get().text("outcome"), "ok");
}

// ---- a service gone bad -------------------------------------------------------------------------------------
TEST(AServiceGoneBad, ThatSendsAMebibyteIsLeftAndDialledAgain) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    (void)co_await w.hellos.receive();
    w.post(std::string(1 << 20, 'x'));
    (void)co_await w.ends.receive();
    (void)co_await w.hellos.receive();
    EXPECT_EQ(w.agent->refusals().total(agent::security::oversized), 1U);
    (void)co_await w.until_ready(true);
  });
}

TEST(AServiceGoneBad, ThatSaysWhatIsNoMessageSixteenTimesIsLeftAndDialledAgain) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    (void)co_await w.hellos.receive();
    for (int i = 0; i < 16; ++i) w.post(protocol::encode_envelope({"dance", {}, std::nullopt, "{}"}));
    (void)co_await w.ends.receive();
    (void)co_await w.hellos.receive();
    EXPECT_EQ(w.agent->refusals().total(agent::security::type), 16U);
    (void)co_await w.until_ready(true);
  });
}

// Every one is answered, by name, and no more than the window is in anybody's hands.
TEST(AServiceGoneBad, ThatOffersMoreThanTheWindowIsToldBusyForTheRest) {
  AgentWorld world;  // a window of two
  const std::string bob = "6fd0a2c4-1111-2222-3333-000000000003";
  world.directory->add(bob, "bob");
  world.play([&bob](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](FakeDirectory::Shared& s) { s.hold_writes = true; });
    auto one = w.reset(), two = w.reset("New-Passw0rd-1", bob);
    w.post_job(one.job, one.sec);
    w.post_job(two.job, two.sec);
    constexpr int flood = 60;
    auto probe = w.maker.probe("alice");
    for (int i = 0; i < flood; ++i) {
      probe.jti = new_ulid();
      w.post_job(probe);
    }
    std::set<std::string> busy;  // a result that is acked late is said again
    std::size_t errors = 0;
    while (busy.size() + errors < flood) {
      auto receiving = w.inbox.receive();
      auto got = co_await std::move(receiving);
      if (!got) co_return;
      if (got->type == "error") {
        const auto error = protocol::decode<protocol::Error>(got->body).value();
        EXPECT_EQ(error.code, "busy");
        ++errors;
      }
      if (got->type != "result") continue;
      const auto jws = protocol::decode<protocol::ResultMessage>(got->body).value().jws;
      const auto r = protocol::decode<protocol::JobResult>(crypto::verify(jws, protocol::typ_result, w.keys.as.public_key()).value()).value();
      EXPECT_EQ(r.code, protocol::Code::busy);
      EXPECT_EQ(r.reason, "window");
      w.post("ack", protocol::JobRef{r.jti, r.fence});
      busy.insert(r.jti);
    }
    EXPECT_EQ(w.agent->refusals().total(agent::security::flood), errors);
    w.directory->set([](FakeDirectory::Shared& s) { s.hold_writes = false; });
    std::set<std::string> applied;
    while (applied.size() < 2) {
      auto coming = w.result();
      const auto r = co_await std::move(coming);
      if (busy.contains(r.jti)) continue;
      EXPECT_EQ(r.code, protocol::Code::applied);
      applied.insert(r.jti);
    }
    EXPECT_EQ(w.hellos.size(), 1U) << "the link stays";
  });
}

TEST(AServiceGoneBad, ThatReplaysAJobToARestartedAgentIsRefusedAndNothingIsWrittenAgain) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    EXPECT_EQ((co_await w.result()).code, protocol::Code::applied);
    auto stopping = w.stop_agent();
    co_await std::move(stopping);
    w.start_agent();
    (void)co_await w.until_ready(true);
    w.post_job(job, sec);
    const auto r = co_await w.result();
    EXPECT_EQ(r.code, protocol::Code::invalid);
    EXPECT_EQ(r.reason, "replay");
    EXPECT_EQ(w.directory->count(&FakeDirectory::Shared::writes), 1);
    EXPECT_EQ(w.agent->refusals().total(agent::security::job_replay), 1U);
  });
}

TEST(AServiceGoneBad, ThatReplaysAJobOfAnotherTenantAgentOrTimeIsRefusedByName) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto tenant = w.maker.probe("alice");
    tenant.aud = "demo2/" + w.maker.domain;
    w.post_job(tenant);
    EXPECT_EQ((co_await w.result()).reason, "audience");
    w.post_job(w.maker.probe("alice", unix_now() + 301));
    EXPECT_EQ((co_await w.result()).reason, "clock_skew");
    w.post_job(w.maker.probe("alice", unix_now() - 61));
    EXPECT_EQ((co_await w.result()).reason, "expired");
    auto theirs = w.maker.reset(alice, w.directory->accounts.at(alice).pre);  // sealed to another agent of the domain alone
    auto sec = JobMaker::seal(theirs, w.maker.binding_of(theirs), {crypto::PrivateKey::generate().value().public_key()});
    w.post_job(theirs, sec);
    EXPECT_EQ((co_await w.result()).reason, "decrypt");
    EXPECT_EQ(w.agent->refusals().total(agent::security::job_audience) + w.agent->refusals().total(agent::security::job_clock_skew) + w.agent->refusals().total(agent::security::job_expired) +
            w.agent->refusals().total(agent::security::job_decrypt),
        4U);
    EXPECT_EQ(w.directory->count(&FakeDirectory::Shared::writes), 0);
  });
}

// ---- TLS ----------------------------------------------------------------------------------------------------
TEST(AnEndOfTls, ThatIsNotTheServiceIsRefusedWithTheReason) {
  struct Case {
    const char* what;
    CertificateFlaw flaw;
    const char* names;
    bool trusted;  // the agent has this very authority in its file
    const char *said, *trouble;
  };
  const Case cases[] = {
      {"as it should be", CertificateFlaw::none, "IP:127.0.0.1", true, "", ""},
      {"expired", CertificateFlaw::expired, "IP:127.0.0.1", true, "expired", "tls_time"},
      {"not valid yet", CertificateFlaw::not_yet_valid, "IP:127.0.0.1", true, "not yet valid", "tls_time"},
      {"self-signed", CertificateFlaw::self_signed, "IP:127.0.0.1", true, "self-signed", "tls_issuer"},
      {"for another name", CertificateFlaw::none, "DNS:elsewhere.example,IP:127.0.0.2", true, "mismatch", "tls_name"},
      {"intercepted", CertificateFlaw::none, "IP:127.0.0.1", false, "Intercepting CA", "tls_issuer"},
  };
  for (const auto& c : cases) {
    std::string pattern = (std::filesystem::temp_directory_path() / "wb-tls-XXXXXX").string();
    const std::filesystem::path folder = ::mkdtemp(pattern.data());
    const auto made = make_certificates(folder, c.names, c.trusted ? "Writeback test CA" : "Intercepting CA", c.flaw);
    std::string said = "connected", trouble;
    {
      LinkWorld world;
      world.settings.certificate_file = made.cert, world.settings.key_file = made.key;
      world.start();
      auto settings = world.dialling();
      if (c.trusted) settings.trust.ca_file = made.ca;
      world.run([&](LinkWorld&) {
        return [](link::DialSettings s, std::string& out, std::string& word) -> Awaitable<> {
          auto got = co_await link::dial(std::move(s));
          out = got ? "" : got.error().detail;
          word = got ? "" : to_string(agent::trouble_of(got.error()));
        }(settings, said, trouble);
      });
    }
    if (*c.said == '\0') EXPECT_EQ(said, "") << c.what;
    else EXPECT_NE(said.find(c.said), std::string::npos) << c.what << ": " << said;
    EXPECT_EQ(trouble, c.trouble) << c.what << ": " << said;
    std::filesystem::remove_all(folder);
  }
}

}  // namespace
}  // namespace wb::test
