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
  EXPECT_EQ(store_.token_trouble("t", hash, now + 60).value(), Enrolled::token_expired);
  EXPECT_EQ(store_.token_trouble("t", other_hash, now + 60).value(), Enrolled::token_unknown) << "only to whoever holds it";
  EXPECT_EQ(store_.token_trouble("none", hash, now).value(), Enrolled::token_unknown);
  auto a = agent("k1"), b = agent("k2");
  EXPECT_EQ(store_.enroll("t", a, now).value(), Enrolled::yes);
  EXPECT_EQ(store_.enroll("t", b, now).value(), Enrolled::token_used);
  EXPECT_EQ(store_.token_trouble("t", hash, now).value(), Enrolled::token_used);
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

// What a person spends on a job (service/sspr) is spent with it, or not at all.
TEST_F(AStore, TakesAJobWithWhatIsWrittenBesideItOrNeither) {
  const auto p = probe("alice");
  auto j = job(p);
  const auto beside = [&](bool works) {
    return store_.submit(j, now, [&]() -> Result<void> {
      if (auto done = store_.database().run("INSERT INTO suffixes(suffix, domain) VALUES('beside', 'd')"); !done) return done;
      if (!works) return fault(Fault::Kind::internal, "test", "no");
      return {};
    });
  };
  const auto written = [&] { return store_.database().query("SELECT 1 FROM suffixes").next().value(); };
  EXPECT_FALSE(beside(false));
  EXPECT_FALSE(store_.job(j.jti).value());
  EXPECT_FALSE(written());
  EXPECT_EQ(beside(true).value(), Submitted::stored);
  EXPECT_TRUE(written());
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

TEST_F(AStore, KeepsAJobInDoubtAndFreesItsAccount) {
  auto j = job(probe("sub-1"));
  ASSERT_EQ(store_.submit(j, now).value(), Submitted::stored);
  j.fence = 2, j.attempts = {{"A", 1, 1, true}, {"B", 2, 2}}, j.outcome = "in_doubt", j.text = "try it";
  ASSERT_TRUE(store_.tell(j));
  const auto all = store_.unfinished().value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].state, queue::JobState::resolving);
  EXPECT_EQ(all[0].sealed, std::nullopt);
  EXPECT_EQ(all[0].outcome, "in_doubt");
  EXPECT_EQ(all[0].text, "try it");
  EXPECT_EQ(all[0].attempts, j.attempts);
  auto next = job(probe("sub-1"));
  EXPECT_EQ(store_.submit(next, now).value(), Submitted::stored) << "on the same domain controller the swaps exclude each other";
  EXPECT_EQ(store_.submit(job(probe("sub-1")), now).value(), Submitted::account_busy);
  j.outcome = "failed", j.reason = "void";
  EXPECT_TRUE(store_.finish(j).value());
  EXPECT_EQ(store_.job(j.jti).value()->state, queue::JobState::final);
  EXPECT_EQ(store_.job(j.jti).value()->reason, "void");
}

TEST_F(AStore, RefusesAnAccountInDoubtElsewhere) {
  auto j = job(probe("sub-1"));
  ASSERT_EQ(store_.submit(j, now).value(), Submitted::stored);
  ASSERT_TRUE(store_.tell(j));
  auto elsewhere = probe("sub-1");
  auto other = job(elsewhere);
  other.pre.dc = "dc2";
  EXPECT_EQ(store_.submit(other, now).value(), Submitted::account_in_doubt);
  auto stranger = job(probe("sub-2"));
  stranger.pre.dc = "dc2";
  EXPECT_EQ(store_.submit(stranger, now).value(), Submitted::stored) << "another account";
  j.outcome = "applied";
  ASSERT_TRUE(store_.finish(j).value());
  EXPECT_EQ(store_.submit(other, now).value(), Submitted::stored);
}

TEST_F(AStore, HasEightJobsOfAnAccountInDoubtAndNoNinth) {
  for (int i = 0; i < resolving_max; ++i) {
    auto j = job(probe("sub-1"));
    ASSERT_EQ(store_.submit(j, now).value(), Submitted::stored) << i;
    ASSERT_TRUE(store_.tell(j));
  }
  EXPECT_EQ(store_.submit(job(probe("sub-1")), now).value(), Submitted::account_busy);
}

TEST_F(AStore, ReleasesOnlyWhatIsInDoubt) {
  auto j = job(probe("sub-1"));
  ASSERT_EQ(store_.submit(j, now).value(), Submitted::stored);
  EXPECT_FALSE(store_.release(j.jti).value()) << "still on its way";
  ASSERT_TRUE(store_.tell(j));
  EXPECT_TRUE(store_.released().value().empty());
  EXPECT_TRUE(store_.release(j.jti).value());
  EXPECT_EQ(store_.released().value(), std::vector<std::string>{j.jti});
  ASSERT_TRUE(store_.finish(j).value());
  EXPECT_TRUE(store_.released().value().empty());
  EXPECT_FALSE(store_.release(j.jti).value());
  EXPECT_FALSE(store_.release("none").value());
}

TEST_F(AStore, ListsJobsTheNewestFirst) {
  auto old = job(probe("sub-1")), done = job(probe("sub-2")), young = job(probe("sub-3"));
  old.created_ms -= 1'000, young.created_ms += 1'000;
  for (auto* j : {&old, &done, &young}) ASSERT_EQ(store_.submit(*j, now).value(), Submitted::stored);
  ASSERT_TRUE(store_.finish(done));
  const auto jtis = [&](std::string_view domain, bool open_only, int most) {
    std::vector<std::string> found;
    for (const auto& j : store_.jobs(domain, open_only, most).value()) found.push_back(j.jti);
    return found;
  };
  EXPECT_EQ(jtis("", false, 10), (std::vector<std::string>{young.jti, done.jti, old.jti}));
  EXPECT_EQ(jtis("corp.example", true, 10), (std::vector<std::string>{young.jti, old.jti}));
  EXPECT_EQ(jtis("", false, 1), (std::vector<std::string>{young.jti}));
  EXPECT_TRUE(jtis("other.example", false, 10).empty());
}

// A file of the first schema, with a job on its way.
TEST(AStoreOfTheFirstSchema, IsTakenOver) {
  std::string name = (std::filesystem::temp_directory_path() / "wb-store-XXXXXX").string();
  const std::filesystem::path folder(::mkdtemp(name.data()));
  {
    auto old = queue::Database::open(folder / "store.sqlite").value();
    ASSERT_TRUE(old.migrate({R"sql(
      CREATE TABLE agents(id TEXT PRIMARY KEY, kid TEXT NOT NULL UNIQUE, x TEXT NOT NULL, y TEXT NOT NULL, host TEXT NOT NULL, enrolled INTEGER NOT NULL) STRICT;
      CREATE TABLE members(domain TEXT NOT NULL, agent TEXT NOT NULL REFERENCES agents(id), PRIMARY KEY(domain, agent)) STRICT;
      CREATE TABLE clients(id TEXT PRIMARY KEY, hash BLOB NOT NULL, domain TEXT NOT NULL) STRICT;
      CREATE TABLE probes(id TEXT PRIMARY KEY, domain TEXT NOT NULL, sub TEXT NOT NULL, dc TEXT NOT NULL, ver INTEGER NOT NULL, pls TEXT NOT NULL, mk TEXT, made INTEGER NOT NULL, used_by TEXT) STRICT;
      CREATE TABLE jobs(
      jti TEXT PRIMARY KEY, domain TEXT NOT NULL, client TEXT NOT NULL, probe TEXT NOT NULL, sub TEXT NOT NULL, correlation_id TEXT NOT NULL,
      op TEXT NOT NULL, unlock INTEGER NOT NULL, must_change INTEGER NOT NULL, enforce_history INTEGER NOT NULL,
      dc_pinned TEXT NOT NULL, ver INTEGER NOT NULL, pls TEXT NOT NULL, mk TEXT, sealed TEXT, sh TEXT, iat INTEGER NOT NULL, exp INTEGER NOT NULL,
      created_ms INTEGER NOT NULL, final INTEGER NOT NULL DEFAULT 0, fence INTEGER NOT NULL DEFAULT 0, attempts TEXT NOT NULL DEFAULT '',
      outcome TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', text TEXT NOT NULL DEFAULT '', agent TEXT NOT NULL DEFAULT '', dc TEXT NOT NULL DEFAULT '',
      retry_after INTEGER, also TEXT NOT NULL DEFAULT '', duration_us INTEGER NOT NULL DEFAULT 0, result TEXT NOT NULL DEFAULT '',
      CHECK(final = 0 OR sealed IS NULL)) STRICT;
      CREATE UNIQUE INDEX one_job_per_account ON jobs(domain, sub) WHERE final = 0;
      INSERT INTO jobs(jti, domain, client, probe, sub, correlation_id, op, unlock, must_change, enforce_history, dc_pinned, ver, pls, sealed, iat, exp, created_ms, fence, attempts)
        VALUES('J', 'd', 'c', 'p', 's', 'x', 'reset', 0, 0, 1, 'dc1', 1, '1', '{}', 1, 2, 3, 1, 'A 1 1' || char(10));)sql"}));
  }
  auto store = Store::open(folder / "store.sqlite").value();
  const auto jobs = store.unfinished().value();
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].state, queue::JobState::ready);
  EXPECT_EQ(jobs[0].attempts, (std::vector<queue::Attempt>{{"A", 1, 1}}));
  EXPECT_TRUE(store.tell(jobs[0]));
  EXPECT_EQ(store.job("J").value()->state, queue::JobState::resolving);
  std::filesystem::remove_all(folder);
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

TEST_F(AStore, ExchangesAnAgentsKeyForItsNextOneAndRemembersTheFormer) {
  ASSERT_TRUE(store_.add_token("t1", hash, "corp.example", now + 60));
  ASSERT_TRUE(store_.add_token("t2", hash, "corp.example", now + 60));
  ASSERT_TRUE(store_.add_token("t3", hash, "corp.example", now + 60));
  auto a = agent("k1"), b = agent("k2"), thief = agent("k3");
  ASSERT_EQ(store_.enroll("t1", a, now).value(), Enrolled::yes);
  ASSERT_EQ(store_.enroll("t2", b, now).value(), Enrolled::yes);
  EXPECT_FALSE(store_.put_next_key(a.id, {"xk2", "yk2"}, "k2").value()) << "another agent's";
  EXPECT_FALSE(store_.put_next_key(a.id, {"xk1", "yk1"}, "k1").value()) << "its own of now";
  ASSERT_TRUE(store_.put_next_key(a.id, {"xk3", "yk3"}, "k3").value());
  EXPECT_TRUE(store_.put_next_key(a.id, {"xk3", "yk3"}, "k3").value()) << "said again";
  EXPECT_FALSE(store_.put_next_key(b.id, {"xk3", "yk3"}, "k3").value()) << "another agent's next";
  EXPECT_EQ(store_.enroll("t3", thief, now).value(), Enrolled::key_taken);
  EXPECT_FALSE(store_.agent_by_key("k3").value()) << "it signs hellos alone until it has succeeded";
  auto row = store_.agent_saying_hello("k3").value().value();
  EXPECT_EQ(row.id, a.id);
  EXPECT_EQ(row.kid, "k1");
  EXPECT_EQ(row.next->x, "xk3");
  EXPECT_FALSE(store_.succeed_key(row, "k9", now + 30));
  EXPECT_EQ(store_.past_of_members("corp.example").value().at(a.id).key_since, now);
  ASSERT_TRUE(store_.succeed_key(row, "k3", now + 30));
  const auto past = store_.past_of_members("corp.example").value();
  EXPECT_EQ(past.at(a.id).key_since, now + 30);
  EXPECT_EQ(past.at(a.id).enrolled, now);
  EXPECT_EQ(past.at(b.id).key_since, now) << "another agent's key is as old as it was";
  const auto after = store_.agent_by_key("k3").value().value();
  for (const auto& is : {row, after}) {
    EXPECT_EQ(is.id, a.id);
    EXPECT_EQ(is.kid, "k3");
    EXPECT_EQ(is.as.x, "xk3");
    EXPECT_EQ(is.former->x, "xk1");
    EXPECT_FALSE(is.next);
  }
  EXPECT_FALSE(store_.agent_saying_hello("k1").value()) << "the former one says hello no more";
  EXPECT_FALSE(store_.put_next_key(a.id, {"xk1", "yk1"}, "k1").value()) << "never back";
  ASSERT_TRUE(store_.revoke(a.id).value());
  EXPECT_FALSE(store_.put_next_key(a.id, {"xk4", "yk4"}, "k4").value());
}

}  // namespace
}  // namespace wb::service
