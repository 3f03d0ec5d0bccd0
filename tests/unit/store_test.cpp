#include "service/store.hpp"

#include <gtest/gtest.h>

#include "core/ids.hpp"

namespace wb::service {
namespace {

constexpr UnixSeconds now = 1'900'000'000;
const std::string hash(32, 'h'), other_hash(32, 'x');

class AStore : public testing::Test {
 protected:
  std::filesystem::path folder_ = [] {
    std::string name = (std::filesystem::temp_directory_path() / "wb-store-XXXXXX").string();
    return std::filesystem::path(::mkdtemp(name.data()));
  }();
  Store store_ = Store::open(folder_ / "store.sqlite").value();
  ~AStore() override { std::filesystem::remove_all(folder_); }

  static AgentRow agent(const std::string& kid) { return {"", {"x" + kid, "y" + kid}, kid, "host"}; }
  ProbeRow probe(const std::string& sub, UnixSeconds made = now) {
    ProbeRow p{new_ulid(), "corp.example", sub, {"dc1", 3, "133", "mk"}, made, std::nullopt};
    EXPECT_TRUE(store_.add_probe(p));
    return p;
  }
  static JobRow job(const ProbeRow& p) {
    JobRow j;
    j.jti = new_ulid(), j.domain = p.domain, j.client = "c", j.probe = p.id, j.sub = p.sub, j.pre = p.pre, j.correlation_id = "cor";
    j.sealed = "{sealed}", j.sh = "sh", j.iat = now, j.exp = now + 120, j.created_ms = now * 1000, j.opts.must_change = true;
    return j;
  }
};

TEST_F(AStore, SpendsATokenOnce) {
  ASSERT_TRUE(store_.add_token("t", hash, "corp.example", now + 60));
  EXPECT_EQ(store_.token_domain("t", hash, now).value(), "corp.example");
  EXPECT_EQ(store_.token_domain("t", other_hash, now).value(), std::nullopt);
  EXPECT_EQ(store_.token_domain("t", hash, now + 60).value(), std::nullopt) << "out of date";
  auto a = agent("k1"), b = agent("k2");
  EXPECT_EQ(store_.enroll("t", a, now).value(), Enrolled::yes);
  EXPECT_EQ(store_.enroll("t", b, now).value(), Enrolled::token_used);
  EXPECT_EQ(store_.enroll("none", b, now).value(), Enrolled::token_unknown);
  EXPECT_EQ(store_.agent_by_key("k1").value()->id, a.id);
  EXPECT_EQ(store_.agent_by_key("k2").value(), std::nullopt);
}

TEST_F(AStore, KeepsAnAgentsIdInItsSecondDomain) {
  ASSERT_TRUE(store_.add_token("t1", hash, "corp.example", now + 60));
  ASSERT_TRUE(store_.add_token("t2", hash, "branch.example", now + 60));
  auto a = agent("k1"), again = agent("k1");
  ASSERT_EQ(store_.enroll("t1", a, now).value(), Enrolled::yes);
  ASSERT_EQ(store_.enroll("t2", again, now).value(), Enrolled::yes);
  EXPECT_EQ(a.id, again.id);
  EXPECT_EQ(store_.domains_of(a.id).value(), (std::vector<std::string>{"branch.example", "corp.example"}));
  EXPECT_EQ(store_.members("").value().size(), 2U);
  EXPECT_EQ(store_.members("corp.example").value().size(), 1U);
}

TEST_F(AStore, TakesOnlyNewerRostersOfTheSameRoot) {
  EXPECT_TRUE(store_.put_roster("d", {"r1", "dr", 1}).value());
  EXPECT_FALSE(store_.put_roster("d", {"r1b", "dr", 1}).value());
  EXPECT_FALSE(store_.put_roster("d", {"r2", "another", 2}).value());
  EXPECT_TRUE(store_.put_roster("d", {"r2", "dr", 2}).value());
  EXPECT_EQ(store_.roster("d").value()->jws, "r2");
}

TEST_F(AStore, KnowsAClientByItsSecretsHash) {
  ASSERT_TRUE(store_.add_client("c", hash, "corp.example"));
  EXPECT_EQ(store_.client("c", hash).value()->domain, "corp.example");
  EXPECT_FALSE(store_.client("c", other_hash).value());
  EXPECT_FALSE(store_.client("c", "").value());
}

TEST_F(AStore, GivesAJobBackAsItWas) {
  auto p = probe("sub-1");
  auto j = job(p);
  ASSERT_EQ(store_.submit(j, now).value(), Submitted::stored);
  ASSERT_TRUE(store_.offered(j.jti, 2, {{"A", 1, 1}, {"B", 2, 2}}));
  const auto all = store_.unfinished().value();
  ASSERT_EQ(all.size(), 1U);
  const auto& r = all[0];
  EXPECT_EQ(r.sealed, j.sealed);
  EXPECT_EQ(r.pre, j.pre);
  EXPECT_TRUE(r.opts.must_change);
  EXPECT_TRUE(r.opts.enforce_history);
  EXPECT_EQ(r.fence, 2);
  EXPECT_EQ(r.attempts, (std::vector<queue::Attempt>{{"A", 1, 1}, {"B", 2, 2}}));
}

TEST_F(AStore, TakesOneJobAProbeAndOneAnAccount) {
  auto p = probe("sub-1"), q = probe("sub-1"), r = probe("sub-2"), old = probe("sub-3", now - 301);
  auto first = job(p);
  EXPECT_EQ(store_.submit(first, now).value(), Submitted::stored);
  EXPECT_EQ(store_.submit(first, now).value(), Submitted::same_again);
  auto changed = first;
  changed.sh = "other";
  EXPECT_EQ(store_.submit(changed, now).value(), Submitted::jti_taken);
  EXPECT_EQ(store_.submit(job(p), now).value(), Submitted::probe_gone);
  EXPECT_EQ(store_.submit(job(old), now).value(), Submitted::probe_gone);
  auto second = job(q);
  EXPECT_EQ(store_.submit(second, now).value(), Submitted::account_busy);
  EXPECT_EQ(store_.submit(job(r), now).value(), Submitted::stored);
  auto stray = job(q);
  stray.domain = "other.example";
  EXPECT_EQ(store_.submit(stray, now).value(), Submitted::probe_unknown);
  first.outcome = "applied";
  EXPECT_TRUE(store_.finish(first).value());
  EXPECT_EQ(store_.submit(second, now).value(), Submitted::stored);
}

TEST_F(AStore, ErasesTheSealedPasswordWithTheEnd) {
  auto j = job(probe("sub-1"));
  ASSERT_EQ(store_.submit(j, now).value(), Submitted::stored);
  j.outcome = "applied_but", j.also = {"a", "b"}, j.retry_after = 7, j.duration_ms = 1.5, j.sealed = "still here";
  EXPECT_TRUE(store_.finish(j).value());
  EXPECT_FALSE(store_.finish(j).value()) << "final once";
  const auto r = store_.job(j.jti).value();
  EXPECT_EQ(r->sealed, std::nullopt);
  EXPECT_EQ(r->state, queue::JobState::final);
  EXPECT_EQ(r->also, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(r->retry_after, 7);
  EXPECT_DOUBLE_EQ(r->duration_ms, 1.5);
  EXPECT_TRUE(store_.unfinished().value().empty());
}

TEST_F(AStore, UpgradesOnlyWhatWasNotKnown) {
  auto j = job(probe("sub-1"));
  ASSERT_EQ(store_.submit(j, now).value(), Submitted::stored);
  j.outcome = "applied";
  EXPECT_FALSE(store_.upgrade(j).value()) << "not final yet";
  j.outcome = "expired";
  ASSERT_TRUE(store_.finish(j).value());
  j.outcome = "applied";
  EXPECT_TRUE(store_.upgrade(j).value());
  j.outcome = "unknown";
  EXPECT_FALSE(store_.upgrade(j).value());
  EXPECT_EQ(store_.job(j.jti).value()->outcome, "applied");
}

TEST_F(AStore, ForgetsWhatIsOldButNoOpenJob) {
  auto j = job(probe("sub-1"));
  auto done = job(probe("sub-2"));
  ASSERT_EQ(store_.submit(j, now).value(), Submitted::stored);
  ASSERT_EQ(store_.submit(done, now).value(), Submitted::stored);
  ASSERT_TRUE(store_.finish(done));
  ASSERT_TRUE(store_.prune(now + 31 * 86'400));
  EXPECT_TRUE(store_.job(j.jti).value());
  EXPECT_FALSE(store_.job(done.jti).value());
  EXPECT_FALSE(store_.probe(j.probe, j.domain).value());
}

}  // namespace
}  // namespace wb::service
