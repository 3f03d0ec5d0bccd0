#include "agent/job_check.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/job_maker.hpp"

namespace wb::agent {
namespace {
using namespace std::chrono_literals;
using protocol::Job;
using protocol::Op;

const std::string alice = "6fd0a2c4-1111-2222-3333-000000000001";
const protocol::Pre pre{"dc1.corp.example", 3, "133000000000000000", std::nullopt};
constexpr UnixSeconds now = 1'800'000'000;

const test::JobMaker& maker() {
  static const test::JobMaker made;
  return made;
}
const crypto::PrivateKey& agent_key() {
  static const auto key = crypto::PrivateKey::generate().value();
  return key;
}
Trust trust() { return {maker().tenant, maker().issuer, {{maker().sk.kid(), {maker().sk.public_key(), now + 86'400}}}}; }
Moment moment(std::int64_t offset = 0) { return {now, offset}; }

// "" when believed, else the reason.
std::string reason(const std::string& jws, const Moment& at = moment()) {
  const auto checked = believe(jws, trust(), at);
  const auto* no = std::get_if<Invalid>(&checked);
  return no ? std::string(no->reason) : "";
}
std::string reason_with(const std::function<void(Job&)>& change) {
  auto job = maker().reset(alice, pre, now);
  job.sh = crypto::sha256_url("x");
  change(job);
  return reason(maker().signed_job(job));
}

TEST(AJobAsItShouldBe, IsBelieved) {
  EXPECT_EQ(reason(maker().signed_job(maker().probe("alice", now))), "");
  EXPECT_EQ(reason_with([](Job&) {}), "");
}

TEST(AJobSignedByAnotherKey, IsInvalidForItsSignatureAndStillAnswerable) {
  const auto stranger = crypto::PrivateKey::generate().value();
  const auto job = maker().probe("alice", now);
  const auto checked = believe(test::JobMaker::sign(stranger, protocol::typ_job, job), trust(), moment());
  const auto& no = std::get<Invalid>(checked);
  EXPECT_EQ(no.reason, "signature");
  ASSERT_TRUE(no.ref);
  EXPECT_EQ(no.ref->jti, job.jti);
}

TEST(AJobWithAFlippedBit, IsInvalidForItsSignature) {
  auto jws = maker().signed_job(maker().probe("alice", now));
  auto& c = jws[jws.rfind('.') + 5];
  c = c == 'A' ? 'B' : 'A';
  EXPECT_EQ(reason(jws), "signature");
}

TEST(AnObjectThatIsNoJob, IsMalformedAndNamesNobody) {
  for (const auto& text : {std::string(), std::string("x.y.z"), test::JobMaker::sign(maker().sk, protocol::typ_result, maker().probe("alice", now))}) {
    const auto checked = believe(text, trust(), moment());
    EXPECT_EQ(std::get<Invalid>(checked).reason, "malformed");
    EXPECT_FALSE(std::get<Invalid>(checked).ref);
  }
}

TEST(AJobOfAnotherVersion, SaysVersion) {
  auto text = protocol::encode(maker().probe("alice", now));
  text.replace(text.find("\"v\":1"), 5, "\"v\":2");
  EXPECT_EQ(reason(crypto::sign(maker().sk, protocol::typ_job, text).value()), "version");
}

TEST(AJobForSomebodyElse, IsInvalidForItsAudience) {
  EXPECT_EQ(reason_with([](Job& j) { j.aud = "demo"; }), "audience");
  EXPECT_EQ(reason_with([](Job& j) { j.aud = "demo/"; }), "audience");
  EXPECT_EQ(reason_with([](Job& j) { j.aud = "other/corp.example"; }), "audience");
  EXPECT_EQ(reason_with([](Job& j) { j.aud = "demo2/corp.example"; }), "audience");
  EXPECT_EQ(reason_with([](Job& j) { j.iss = "https://elsewhere"; }), "audience");
}

TEST(AJobPastItsTime, IsExpired) {
  EXPECT_EQ(reason_with([](Job& j) { j.exp = now; }), "expired");
  EXPECT_EQ(reason_with([](Job& j) { j.exp = now + 1; }), "");
}

TEST(ClocksTooFarApart, TakeNoJobs) {
  const auto jws = maker().signed_job(maker().probe("alice", now));
  EXPECT_EQ(reason(jws, moment(300)), "");
  EXPECT_EQ(reason(jws, moment(301)), "clock_skew");
  EXPECT_EQ(reason(jws, moment(-301)), "clock_skew");
  EXPECT_EQ(reason_with([](Job& j) { j.iat = now + 301, j.exp = now + 400; }), "clock_skew");
}

TEST(AJobWhoseMembersDontFitItsOperation, IsMalformed) {
  const std::function<void(Job&)> changes[] = {
      [](Job& j) { j.sub = "alice"; },
      [](Job& j) { j.sub = ""; },
      [](Job& j) { j.pre.reset(); },
      [](Job& j) { j.sh.reset(); },
      [](Job& j) { j.jti = "x"; },
      [](Job& j) { j.fence = 0; },
      [](Job& j) { j.att = 0; },
      [](Job& j) { j.op = Op::probe; },
      [](Job& j) { j.sub[0] = 'F'; },
  };
  int i = 0;
  for (const auto& change : changes) EXPECT_EQ(reason_with(change), "malformed") << i++;
}

TEST(AResolve, HasNoSealedPasswordAndLivesShortly) {
  const auto good = maker().resolve(maker().reset(alice, pre, now), 5, now);
  const auto reason_of = [](const Job& job) { return reason(maker().signed_job(job), moment()); };
  EXPECT_EQ(reason_of(good), "");
  const std::function<void(Job&)> changes[] = {
      [](Job& j) { j.sh = "x"; },
      [](Job& j) { j.pre.reset(); },
      [](Job& j) { j.sub = ""; },
      [](Job& j) { j.exp = j.iat + 121; },
  };
  int i = 0;
  for (const auto& change : changes) {
    auto job = good;
    change(job);
    EXPECT_EQ(reason_of(job), "malformed") << i++;
  }
  const Believed believed{good, "corp.example"};
  EXPECT_FALSE(check_binding(believed, std::nullopt, std::nullopt, 0ms, 1000ms, moment()));
  EXPECT_EQ(check_binding(believed, "a sealed password", std::nullopt, 0ms, 1000ms, moment())->reason, "binding");
}

TEST(AChangeAndASignIn, AreBelievedAsAResetIs) {
  const std::function<void(Job&)> bad[] = {
      [](Job& j) { j.sub = "alice"; },
      [](Job& j) { j.pre.reset(); },
      [](Job& j) { j.sh.reset(); },
      [](Job& j) { j.opts.must_change = true; },
      [](Job& j) { j.opts.unlock = true; },
  };
  for (const auto op : {Op::change, Op::authenticate}) {
    EXPECT_EQ(reason_with([&](Job& j) { j.op = op; }), "");
    int i = 0;
    for (const auto& change : bad)
      EXPECT_EQ(reason_with([&](Job& j) { j.op = op, change(j); }), "malformed") << i++;
  }
}

// ---- the sealed password ------------------------------------------------------------------------------------
struct Sealed {
  Job job = maker().reset(alice, pre, now);
  protocol::SealBinding binding = maker().binding_of(job);
  std::string sec;
  std::string check(const Seen& seen = std::nullopt, std::chrono::milliseconds age = 0ms) {
    if (sec.empty()) sec = test::JobMaker::seal(job, binding, {agent_key().public_key()});
    const auto no = check_binding({job, maker().domain}, sec, seen, age, 5s, moment());
    return no ? std::string(no->reason) : "";
  }
};

TEST(ASealedPassword, IsTakenWhenEveryMemberIsTheJobs) { EXPECT_EQ(Sealed().check(), ""); }

TEST(ASealedPassword, IsRefusedWhenAnyMemberDiffers) {
  using B = protocol::SealBinding;
  const std::pair<const char*, std::function<void(B&)>> changes[] = {
      {"jti", [](B& b) { b.jti = new_ulid(); }},
      {"ten", [](B& b) { b.ten = "demo2"; }},
      {"dom", [](B& b) { b.dom = "corp2.example"; }},
      {"sub", [](B& b) { b.sub[0] = '0'; }},
      {"op", [](B& b) { b.op = Op::unlock; }},
      {"exp", [](B& b) { b.exp -= 1; }},
      {"pre.dc", [](B& b) { b.pre.dc = "dc2.corp.example"; }},
      {"pre.ver", [](B& b) { b.pre.ver += 1; }},
      {"pre.pls", [](B& b) { b.pre.pls = "1"; }},
      {"pre.mk", [](B& b) { b.pre.mk = "x"; }},
  };
  for (const auto& [what, change] : changes) {
    Sealed s;
    change(s.binding);
    EXPECT_EQ(s.check(), "binding") << what;
  }
}

TEST(ASealedPassword, ForOneOperationServesNoOther) {
  const auto ops = {Op::reset, Op::change, Op::authenticate};
  for (const auto job : ops)
    for (const auto seal : ops) {
      Sealed s;
      s.job.op = job, s.binding.op = seal;
      EXPECT_EQ(s.check(), job == seal ? "" : "binding") << protocol::to_string(job) << protocol::to_string(seal);
    }
}

TEST(ASealedPassword, ThatLivesTooLongIsMalformed) {
  Sealed s;
  s.binding.iat = s.binding.exp - protocol::seal_seconds_max - 1;
  EXPECT_EQ(s.check(), "malformed");
}

TEST(ASealedPassword, IsRefusedWhenItIsNotTheOneTheServiceHashed) {
  Sealed s;
  EXPECT_EQ(s.check(), "");
  s.job.sh = crypto::sha256_url("another");
  EXPECT_EQ(s.check(), "binding");
}

TEST(ASealedPassword, ThatIsMissingOrOneTooManyIsRefused) {
  Sealed s;
  EXPECT_EQ(s.check(), "");
  const auto reset = check_binding({s.job, maker().domain}, std::nullopt, std::nullopt, 0ms, 5s, moment());
  EXPECT_EQ(reset->reason, "binding");
  const auto probe = check_binding({maker().probe("alice", now), maker().domain}, s.sec, std::nullopt, 0ms, 5s, moment());
  EXPECT_EQ(probe->reason, "binding");
}

TEST(ASealedPassword, ThatIsNoJweIsMalformed) {
  Sealed s;
  s.sec = "{}";
  s.job.sh = crypto::sha256_url(s.sec);
  EXPECT_EQ(s.check(), "malformed");
}

TEST(AJobSeenBefore, IsAReplayUnlessItsFenceIsHigher) {
  Sealed s;
  s.job.fence = 5;
  EXPECT_EQ(s.check(4), "");
  EXPECT_EQ(s.check(5), "replay");
  EXPECT_EQ(s.check(6), "replay");
}

TEST(AJobThatLayTooLong, IsExpired) {
  EXPECT_EQ(Sealed().check(std::nullopt, 5s), "");
  EXPECT_EQ(Sealed().check(std::nullopt, 5001ms), "expired");
}

TEST(AReplayThatIsAlsoExpired, SaysExpiredFirstAsTheContractOrders) { EXPECT_EQ(Sealed().check(9, 6s), "expired"); }

TEST(AJob, IsNotBelievedAfterItsServiceKeysEnd) {
  auto known = trust();
  auto& key = known.service_keys.at(maker().sk.kid());
  const auto verdict = [&] { return std::holds_alternative<Believed>(believe(maker().signed_job(maker().probe("alice", now)), known, moment())); };
  key.exp = now - 59;
  EXPECT_TRUE(verdict()) << "60 s of skew, as when the key came";
  key.exp = now - 60;
  EXPECT_FALSE(verdict());
}

}  // namespace
}  // namespace wb::agent
