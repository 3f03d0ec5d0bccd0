// What the store writes into the audit by itself, with what it writes down.
#include <gtest/gtest.h>

#include "core/ids.hpp"
#include "protocol/json.hpp"
#include "service/store.hpp"
#include "service/unblock.hpp"

namespace wb::service {
namespace {

namespace json = protocol::json;
constexpr UnixSeconds now = 1'900'000'000;
const std::string hash(32, 'h');

class AStoresAudit : public testing::Test {
 protected:
  std::filesystem::path folder_ = [] {
    std::string name = (std::filesystem::temp_directory_path() / "wb-store-XXXXXX").string();
    return std::filesystem::path(::mkdtemp(name.data()));
  }();
  Store store_ = Store::open(folder_ / "store.sqlite", "acme").value();
  ~AStoresAudit() override { std::filesystem::remove_all(folder_); }

  std::vector<json::value> rows() {
    std::vector<json::value> out;
    for (const auto& row : store_.audit().page({}, 0, 100).value().rows) out.push_back(protocol::parse_json(row.row).value());
    EXPECT_FALSE(store_.audit().verify(std::nullopt).value().broken);
    return out;
  }
  std::vector<std::string> activities() {
    std::vector<std::string> out;
    for (const auto& row : rows()) out.emplace_back(row.at("activity").as_string());
    return out;
  }
  JobRow job(const std::string& sub = "sub-1") {
    const ProbeRow p{new_ulid(), "corp.example", sub, {"dc1", 3, "133", "mk"}, now, std::nullopt};
    EXPECT_TRUE(store_.add_probe(p));
    JobRow j;
    j.jti = new_ulid(), j.domain = p.domain, j.client = "c", j.probe = p.id, j.sub = sub, j.pre = p.pre, j.correlation_id = "cor";
    j.sealed = "{sealed-password}", j.sh = "sh", j.iat = now, j.exp = now + 120, j.created_ms = now * 1000;
    return j;
  }
};

TEST_F(AStoresAudit, TellsAJobFromItsRequestToItsEnd) {
  auto j = job();
  ASSERT_EQ(store_.submit(j, now).value(), Submitted::stored);
  ASSERT_EQ(store_.submit(j, now).value(), Submitted::same_again) << "nothing new, nothing to say";
  j.outcome = "rejected", j.reason = "in_history", j.agent = "AGENT", j.dc = "dc2", j.attempts = {{"AGENT", 1, 1}}, j.duration_ms = 12.7, j.retry_after = 5;
  ASSERT_TRUE(store_.finish(j).value());
  ASSERT_FALSE(store_.finish(j).value());
  const auto all = rows();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].at("activity"), "job.submitted");
  EXPECT_EQ(all[0].at("dc"), "dc1") << "the pinned one";
  const auto& end = all[1];
  EXPECT_EQ(end.at("activity"), "job.settled");
  EXPECT_EQ(end.at("tenant"), "acme");
  EXPECT_EQ(end.at("domain"), "corp.example");
  EXPECT_EQ(end.at("actor"), "client:c");
  EXPECT_EQ(end.at("target"), "sub-1");
  EXPECT_EQ(end.at("correlation_id"), "cor");
  EXPECT_EQ(end.at("agent"), "AGENT");
  EXPECT_EQ(end.at("dc"), "dc2");
  EXPECT_EQ(end.at("status"), "failure");
  EXPECT_EQ(end.at("reason"), "directory.rejected");
  EXPECT_EQ(end.at("details"), json::value(json::object{{"attempts", 1}, {"cause", "in_history"}, {"duration_ms", 12}, {"jti", j.jti}, {"op", "reset"}, {"retry_after", 5}}));
}

TEST_F(AStoresAudit, TellsASignInAndWhatCameLate) {
  auto j = job();
  j.op = protocol::Op::authenticate;
  ASSERT_EQ(store_.submit(j, now).value(), Submitted::stored);
  j.outcome = "ok";
  ASSERT_TRUE(store_.finish(j).value());
  EXPECT_EQ(rows()[1].at("status"), "success");
  EXPECT_EQ(rows()[1].at("reason"), "succeeded");
  auto k = job("sub-2");
  ASSERT_EQ(store_.submit(k, now).value(), Submitted::stored);
  k.outcome = "in_doubt";
  ASSERT_TRUE(store_.tell(k));
  ASSERT_TRUE(store_.release(k.jti).value());
  k.outcome = "unknown", k.reason = "released";
  ASSERT_TRUE(store_.finish(k).value());
  k.outcome = "applied";
  ASSERT_TRUE(store_.upgrade(k).value());
  EXPECT_EQ(activities(), (std::vector<std::string>{"job.submitted", "job.settled", "job.submitted", "job.in_doubt", "job.released", "job.settled", "job.upgraded"}));
  EXPECT_EQ(rows()[4].at("actor"), "operator");
}

TEST_F(AStoresAudit, TellsWhoMayDoWhat) {
  ASSERT_TRUE(store_.add_token("t", hash, "corp.example", now + 60));
  AgentRow agent{"", {"x", "y"}, "kid", "host"};
  ASSERT_EQ(store_.enroll("t", agent, now, "192.0.2.7").value(), Enrolled::yes);
  ASSERT_TRUE(store_.put_roster("corp.example", {"jws", "dr", 3}).value());
  ASSERT_FALSE(store_.put_roster("corp.example", {"jws", "dr", 3}).value());
  ASSERT_TRUE(store_.add_client("c", hash, "corp.example", {Scope::audit, Scope::writeback}));
  ASSERT_TRUE(store_.revoke(agent.id).value());
  ASSERT_FALSE(store_.revoke("nobody").value());
  ASSERT_TRUE(store_.forget_root("corp.example").value());
  ASSERT_FALSE(store_.forget_root("corp.example").value());
  EXPECT_EQ(activities(), (std::vector<std::string>{"token.created", "agent.enrolled", "roster.changed", "client.created", "agent.revoked", "root.forgotten"}));
  const auto all = rows();
  EXPECT_EQ(all[1].at("address"), "192.0.2.7");
  EXPECT_EQ(all[1].at("target").as_string(), agent.id);
  EXPECT_EQ(all[2].at("actor"), "domain_root:dr");
  EXPECT_EQ(all[3].at("details").at("scopes"), "audit writeback");
}

TEST_F(AStoresAudit, SaysNothingOfWhatIsSecret) {
  auto j = job();
  ASSERT_EQ(store_.submit(j, now).value(), Submitted::stored);
  j.outcome = "applied", j.result = "jws", j.text = "text";
  ASSERT_TRUE(store_.finish(j).value());
  ASSERT_TRUE(store_.add_client("c", hash, "corp.example"));
  for (const auto& row : store_.audit().page({}, 0, 100).value().rows)
    for (const auto* secret : {"sealed-password", "hhhh", "133", "jws"}) EXPECT_EQ(row.row.find(secret), std::string::npos) << row.row;
}

TEST_F(AStoresAudit, TellsThatAHelpdeskLiftedLimits) {
  Limits limits(store_.database(), Secret::copy_of(std::string(32, 'l')));
  const auto account = limits_account("corp.example", "SUB-1");
  ASSERT_FALSE(limits.take(answer_claims(account, "email", std::nullopt), now * 1'000).value());
  EXPECT_EQ(unblock(store_, limits, "corp.example", "sub-1", {ActorKind::operator_}, now * 1'000).value(), 2);
  const auto all = rows();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].at("activity"), "account.unblocked");
  EXPECT_EQ(all[0].at("details").at("counters").as_int64(), 2);
}

TEST_F(AStoresAudit, KnowsWhatAPersonDidAndWhatWasDoneToThem) {
  const auto put = [&](const std::string& domain, const Actor& actor, const std::string& target) {
    AuditEntry entry;
    entry.domain = domain, entry.actor = actor, entry.target = target;
    EXPECT_TRUE(store_.audit().record(entry, now * 1'000));
  };
  put("corp.example", {ActorKind::user, "sub-1"}, "sub-1"), put("corp.example", {ActorKind::administrator, "sub-1"}, "sub-2"), put("corp.example", {ActorKind::operator_}, "sub-1");
  put("corp.example", {ActorKind::user, "sub-2"}, "sub-2"), put("corp.example", {ActorKind::client, "sub-1"}, "sub-2"), put("other.example", {ActorKind::user, "sub-1"}, "sub-1");
  AuditFilter filter;
  filter.domain = "corp.example", filter.person = "sub-1";
  const auto first = store_.audit().page(filter, 0, 2).value();
  ASSERT_EQ(first.rows.size(), 2U);
  EXPECT_EQ(first.rows[0].seq, 1);
  EXPECT_EQ(first.rows[1].seq, 2);
  const auto rest = store_.audit().page(filter, first.next, 2).value();
  ASSERT_EQ(rest.rows.size(), 1U) << "a client whose name is an account's id is somebody else, as is another domain's account";
  EXPECT_EQ(rest.rows[0].seq, 3);
}

TEST_F(AStoresAudit, FindsOneWayWithoutLookingAtAllOthers) {
  for (const auto* index : {"audit_by_correlation", "audit_by_target"}) {
    auto q = store_.database().query("SELECT count(*) FROM sqlite_schema WHERE name=?", index);
    ASSERT_TRUE(q.next().value());
    EXPECT_EQ(q.number(0), 1) << index;
  }
}

TEST_F(AStoresAudit, IsOneChainForAllWhoWriteIt) {
  auto other = Store::open(folder_ / "store.sqlite", "acme").value();  // the command line, beside the service
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE((i % 2 == 0 ? store_ : other).add_client(std::to_string(i), hash, "corp.example"));
  }
  EXPECT_EQ(rows().size(), 5U);
}

TEST_F(AStoresAudit, StaysWhenTheStoreForgetsWhatIsOld) {
  Limits limits(store_.database(), Secret::copy_of(std::string(32, 'l')));
  ASSERT_FALSE(limits.take({{LimitKind::gate, "k", "a"}}, now * 1'000).value());
  ASSERT_TRUE(store_.add_client("c", hash, "corp.example"));
  ASSERT_TRUE(store_.prune(now + 31 * 86'400));
  EXPECT_EQ(activities(), std::vector<std::string>{"client.created"});
  EXPECT_EQ(limits.unblock("a").value(), 0) << "the counter is gone";
}

TEST(Scopes, AreReadStrictly) {
  EXPECT_EQ(scopes_from("audit"), Scopes{Scope::audit});
  EXPECT_EQ(scopes_from("audit,writeback"), (Scopes{Scope::writeback, Scope::audit}));
  EXPECT_EQ(scopes_from(text_of(Scopes{Scope::writeback, Scope::audit})), (Scopes{Scope::writeback, Scope::audit}));
  for (const auto* bad : {"", ",", "audit,,writeback", "Audit", "all", "audit;writeback"}) EXPECT_FALSE(scopes_from(bad)) << bad;
}

}  // namespace
}  // namespace wb::service
