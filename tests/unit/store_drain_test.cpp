// Agents that get no new jobs, as the store remembers them.
#include <gtest/gtest.h>

#include "service/store.hpp"

namespace wb::service {
namespace {

class AnAgentsDraining : public testing::Test {
 protected:
  AnAgentsDraining() {
    std::string name = (std::filesystem::temp_directory_path() / "wb-drain-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    store_.emplace(Store::open(folder_ / "store.sqlite").value());
    for (const auto* domain : {"a.example", "b.example"})
      for (auto* agent : {&one_, &two_}) {
        const auto token = std::string(domain) + agent->kid;
        EXPECT_TRUE(store_->add_token(token, std::string(32, 'h'), domain, unix_now() + 60));
        EXPECT_EQ(store_->enroll(token, *agent, unix_now()).value(), Enrolled::yes);
      }
  }
  ~AnAgentsDraining() override { std::filesystem::remove_all(folder_); }
  void ready(std::set<Store::Taking> are) { EXPECT_TRUE(store_->put_ready(are, {})); }
  std::size_t audited(Activity activity) { return store_->audit().page({{}, activity, {}, {}}, 0, 10).value().rows.size(); }

  std::filesystem::path folder_;
  std::optional<Store> store_;
  AgentRow one_{"", {"x1", "y1"}, "k1", "host1"}, two_{"", {"x2", "y2"}, "k2", "host2"};
};

TEST_F(AnAgentsDraining, IsRememberedUntilItIsResumedAndAuditedOnceEach) {
  for (int again = 0; again < 2; ++again) EXPECT_TRUE(store_->drain(one_.id, false).value().known);
  EXPECT_EQ(store_->drained().value(), std::set{one_.id});
  EXPECT_TRUE(store_->members("a.example").value()[0].agent.drained);
  EXPECT_FALSE(store_->members("a.example").value()[1].agent.drained);
  EXPECT_TRUE(store_->agent_saying_hello("k1").value()->drained) << "a session knows it from its hello on";
  EXPECT_EQ(audited(Activity::agent_drained), 1u);
  for (int again = 0; again < 2; ++again) EXPECT_TRUE(store_->resume(one_.id).value());
  EXPECT_TRUE(store_->drained().value().empty());
  EXPECT_EQ(audited(Activity::agent_resumed), 1u);
  EXPECT_FALSE(store_->resume("nobody").value());
  EXPECT_FALSE(store_->drain("nobody", true).value().known);
}

TEST_F(AnAgentsDraining, IsRefusedWhereNobodyElseTakesJobsAndThatDomainIsNamed) {
  ready({{"a.example", one_.id}, {"a.example", two_.id}, {"b.example", one_.id}});
  EXPECT_EQ(store_->drain(one_.id, false).value().last_of, "b.example");
  EXPECT_TRUE(store_->drained().value().empty());
  EXPECT_EQ(audited(Activity::agent_drained), 0u);
  EXPECT_EQ(store_->drain(two_.id, false).value().last_of, "");
  EXPECT_EQ(store_->drain(one_.id, false).value().last_of, "a.example") << "the other one is drained: it does not count, ready as it may be";
  EXPECT_EQ(store_->drain(one_.id, true).value().last_of, "a.example");
  EXPECT_EQ(store_->drained().value().size(), 2u);
}

TEST_F(AnAgentsDraining, LooksAtWhoTakesJobsAsItWasToldLast) {
  ready({{"a.example", one_.id}, {"a.example", two_.id}});
  ASSERT_TRUE(store_->put_ready({}, {{"a.example", two_.id}}));
  EXPECT_EQ(store_->drain(one_.id, false).value().last_of, "a.example");
  EXPECT_EQ(store_->drain(two_.id, false).value().last_of, "") << "it takes none";
  ASSERT_TRUE(store_->nobody_ready());
  EXPECT_EQ(store_->drain(one_.id, false).value().last_of, "") << "nothing is lost where nobody takes jobs";
}

TEST_F(AnAgentsDraining, CountsNoRevokedOneAndDrainsNone) {
  ready({{"a.example", one_.id}, {"a.example", two_.id}});
  ASSERT_TRUE(store_->revoke(two_.id).value());
  EXPECT_EQ(store_->drain(one_.id, false).value().last_of, "a.example");
  EXPECT_FALSE(store_->drain(two_.id, true).value().known);
}

}  // namespace
}  // namespace wb::service
