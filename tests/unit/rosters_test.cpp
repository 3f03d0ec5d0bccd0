// From one roster to the next: who is shown, who goes on, who is out; with a clock of our own.
#include "service/rosters.hpp"

#include <gtest/gtest.h>

#include "core/ids.hpp"
#include "crypto/jws.hpp"
#include "protocol/codec.hpp"

namespace wb::service {
namespace {

constexpr UnixSeconds start = 1'900'000'000;
const std::string corp = "corp.example";

struct Party {
  crypto::PrivateKey as = crypto::PrivateKey::generate().value(), ae = crypto::PrivateKey::generate().value();
  AgentRow row;
};

class ARosterThatChanges : public testing::Test {
 protected:
  std::filesystem::path folder_ = [] {
    std::string name = (std::filesystem::temp_directory_path() / "wb-rosters-XXXXXX").string();
    return std::filesystem::path(::mkdtemp(name.data()));
  }();
  Store store_ = Store::open(folder_ / "store.sqlite").value();
  Rosters rosters_{store_, "demo"};
  crypto::PrivateKey dr_ = crypto::PrivateKey::generate().value();
  Party a_ = party(), b_ = party();
  UnixSeconds now_ = start;
  std::int64_t rsn_ = 0;
  ~ARosterThatChanges() override { std::filesystem::remove_all(folder_); }

  Party party() {
    Party p;
    const auto token = new_ulid();
    EXPECT_TRUE(store_.add_token(token, std::string(32, 'h'), corp, start + 60));
    p.row = AgentRow{"", p.as.public_key().jwk(), p.as.kid(), "host"};
    EXPECT_EQ(store_.enroll(token, p.row, start).value(), Enrolled::yes);
    return p;
  }
  void roster(std::vector<const Party*> of, std::int64_t life = 86'400) {
    protocol::Roster roster{"demo", corp, ++rsn_, now_, now_ + life, {}};
    for (const auto* p : of) roster.agents.push_back({p->row.id, p->as.public_key().jwk()});
    const auto done = rosters_.accept(corp, crypto::sign(dr_, protocol::typ_roster, protocol::encode(roster), crypto::CarryKey::yes).value(), {}, now_);
    EXPECT_TRUE(done) << done.error().detail;
  }
  void state(const Party& p) {
    const protocol::Statement said{"demo", corp, p.row.id, rsn_, {{p.ae.kid(), p.ae.public_key().jwk()}}, now_, now_ + 3'600};
    const auto done = rosters_.accept_statement(corp, p.row, crypto::sign(p.as, protocol::typ_statement, protocol::encode(said)).value(), now_);
    EXPECT_TRUE(done) << done.error().detail;
  }
  std::int64_t shown() { return rosters_.shown(corp, now_)->roster.rsn; }
  std::size_t statements() { return rosters_.statements(corp, now_).value().size(); }
  void begin() {
    roster({&a_, &b_});
    state(a_);
    state(b_);
    ASSERT_EQ(shown(), 1);
    ASSERT_EQ(statements(), 2U);
  }
};

TEST_F(ARosterThatChanges, IsShownOnceEveryAgentHasStatedItsKeysAgain) {
  begin();
  roster({&a_, &b_});
  EXPECT_EQ(shown(), 1);
  EXPECT_EQ(statements(), 2U);
  EXPECT_TRUE(rosters_.counts(corp, 1, now_));
  state(a_);
  EXPECT_EQ(shown(), 1) << "never the new number with half of the agents";
  EXPECT_EQ(statements(), 2U);
  state(b_);
  EXPECT_EQ(shown(), 2);
  EXPECT_EQ(statements(), 2U);
  EXPECT_FALSE(rosters_.counts(corp, 1, now_));
  EXPECT_TRUE(rosters_.counts(corp, 2, now_));
}

TEST_F(ARosterThatChanges, WaitsForASilentAgentForAFewSecondsOnly) {
  begin();
  roster({&a_, &b_});
  state(a_);
  now_ += Rosters::restate_s - 1;
  EXPECT_EQ(shown(), 1);
  now_ += 1;
  EXPECT_EQ(shown(), 2);
  EXPECT_EQ(statements(), 1U);
  EXPECT_FALSE(rosters_.counts(corp, 1, now_));
}

TEST_F(ARosterThatChanges, LeavesOutAtOnceWhoIsNotInIt) {
  begin();
  roster({&a_});
  EXPECT_EQ(shown(), 1);
  EXPECT_EQ(statements(), 1U) << "nobody seals to it any more";
  EXPECT_FALSE(rosters_.stands(corp, b_.row, now_));
  EXPECT_TRUE(rosters_.takes(corp, 1, {a_.ae.kid()}, now_));
  EXPECT_FALSE(rosters_.takes(corp, 1, {a_.ae.kid(), b_.ae.kid()}, now_)) << "what was sealed to it is sealed anew";
  state(a_);
  EXPECT_EQ(shown(), 2);
}

TEST_F(ARosterThatChanges, LeavesOutAtOnceWhomTheOperatorRevokes) {
  begin();
  roster({&a_, &b_});
  state(a_);
  ASSERT_TRUE(store_.revoke(b_.row.id).value());
  rosters_.drop_statements(b_.row.id);
  EXPECT_EQ(shown(), 2) << "nobody else is waited for";
  EXPECT_EQ(statements(), 1U);
  EXPECT_FALSE(rosters_.takes(corp, 1, {b_.ae.kid()}, now_));
}

TEST_F(ARosterThatChanges, TakesWhatWasSealedUnderTheOneBeforeWhileItMayBeOnItsWay) {
  begin();
  roster({&a_, &b_});
  state(a_);
  state(b_);
  now_ += protocol::seal_seconds_max - 1;
  EXPECT_TRUE(rosters_.takes(corp, 1, {a_.ae.kid()}, now_));
  EXPECT_FALSE(rosters_.takes(corp, 0, {a_.ae.kid()}, now_));
  EXPECT_FALSE(rosters_.takes(corp, 3, {a_.ae.kid()}, now_));
  now_ += 1;
  EXPECT_FALSE(rosters_.takes(corp, 1, {a_.ae.kid()}, now_));
}

TEST_F(ARosterThatChanges, TwiceInARowKeepsTheAgentsThatHadNoTimeToState) {
  begin();
  roster({&a_, &b_});
  roster({&a_, &b_});
  EXPECT_EQ(shown(), 1);
  EXPECT_EQ(statements(), 2U);
  state(a_);
  state(b_);
  EXPECT_EQ(shown(), 3);
}

TEST_F(ARosterThatChanges, ShowsNothingThatHasEnded) {
  roster({&a_}, 2);
  state(a_);
  roster({&a_});
  now_ += 2;
  EXPECT_EQ(shown(), 2);
}

TEST_F(ARosterThatChanges, CountsTheNextKeyOfAnAgentThatHasShownIt) {
  begin();
  const auto before = a_.as;
  a_.as = crypto::PrivateKey::generate().value();
  roster({&a_, &b_});
  EXPECT_FALSE(rosters_.stands(corp, a_.row, now_)) << "a key nobody has shown";
  a_.row.next = a_.as.public_key().jwk();
  EXPECT_TRUE(rosters_.stands(corp, a_.row, now_));
  EXPECT_EQ(statements(), 2U);
  state(a_);
  state(b_);
  EXPECT_EQ(shown(), 2);
}

}  // namespace
}  // namespace wb::service
