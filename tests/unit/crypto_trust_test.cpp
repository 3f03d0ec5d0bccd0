#include "tests/support/crypto_world.hpp"

namespace wb::crypto {
namespace {
using protocol::Endorsement, protocol::Roster, protocol::Statement;
constexpr UnixSeconds now = test_now, hour = 3600, day = 24 * hour;

// A domain of two agents under one root. The makers take what shall be different from a good object.
class Trust : public testing::Test {
 protected:
  PrivateKey root = new_key(), as1 = new_key(), as2 = new_key(), ae1 = new_key(), sk = new_key();

  Roster good_roster() const { return {"default", "corp.example", 5, now - 60, now + day, {{"agent-1", as1.public_key().jwk()}, {"agent-2", as2.public_key().jwk()}}}; }
  Statement good_statement() const { return {"default", "corp.example", "agent-1", 5, {{ae1.kid(), ae1.public_key().jwk()}}, now - 60, now + hour}; }
  Endorsement good_endorsement() const { return {"https://reset.example", sk.public_key().jwk(), now - 60, now - 60, now + 30 * day}; }

  template <class F> Result<Roster> roster(F change, std::int64_t least = 0) const {
    auto made = good_roster();
    change(made);
    return check_roster(sign(root, protocol::typ_roster, protocol::encode(made), CarryKey::yes).value(), root.kid(), "default", "corp.example", least, now);
  }
  template <class F> Result<Statement> statement(F change, const PrivateKey* key = nullptr) const {
    auto made = good_statement();
    change(made);
    return check_statement(sign(key ? *key : as1, protocol::typ_statement, protocol::encode(made)).value(), good_roster(), now);
  }
  template <class F> Result<Endorsed> endorsement(F change) const {
    auto made = good_endorsement();
    change(made);
    return check_endorsement(sign(root, protocol::typ_endorse, protocol::encode(made), CarryKey::yes).value(), root.kid(), "https://reset.example", now);
  }
  // What was refused, in the words of the fault; empty when it was not.
  template <class T> static std::string said(const Result<T>& result) { return result.has_error() ? result.error().detail : ""; }
};
class ARoster : public Trust {};
class AStatement : public Trust {};
class AnEndorsement : public Trust {};

TEST_F(ARoster, OfOurRootIsBelieved) {
  const auto good = roster([](Roster&) {}, 5);
  ASSERT_TRUE(good.has_value()) << said(good);
  EXPECT_EQ(protocol::encode(*good), protocol::encode(good_roster()));
}
TEST_F(ARoster, OfAForeignRootIsRefused) {
  const auto foreign = sign(new_key(), protocol::typ_roster, protocol::encode(good_roster()), CarryKey::yes).value();
  EXPECT_EQ(fault_of(check_roster(foreign, root.kid(), "default", "corp.example", 0, now)).kind, Fault::Kind::refused);
}
TEST_F(ARoster, OlderThanOneSeenBeforeIsRefused) {
  EXPECT_EQ(said(roster([](Roster&) {}, 6)), "older than one seen before");
  EXPECT_EQ(said(roster([](Roster&) {}, 5)), "");
}
TEST_F(ARoster, ForSomebodyElseIsRefused) {
  EXPECT_EQ(said(roster([](Roster& r) { r.ten = "other"; })), "another tenant");
  EXPECT_EQ(said(roster([](Roster& r) { r.dom = "other.example"; })), "another domain");
}
TEST_F(ARoster, OutsideItsTimeIsRefused) {
  EXPECT_EQ(said(roster([](Roster& r) { r.exp = now; })), "expired");
  EXPECT_EQ(said(roster([](Roster& r) { r.exp = now + 1; })), "");
  EXPECT_EQ(said(roster([](Roster& r) { r.iat = now + 301; })), "from the future");
  EXPECT_EQ(said(roster([](Roster& r) { r.exp = r.iat + 30 * day; })), "");
  EXPECT_EQ(said(roster([](Roster& r) { r.exp = r.iat + 30 * day + 1; })), "lives too long");
}
TEST_F(ARoster, WithTheWrongAgentsIsRefused) {
  EXPECT_EQ(said(roster([](Roster& r) { r.agents.clear(); })), "expected 1 to 32 agents");
  EXPECT_EQ(said(roster([](Roster& r) { r.agents[1].id = r.agents[0].id; })), "an agent stands in it twice");
  EXPECT_EQ(said(roster([](Roster& r) { r.agents[1].as = r.agents[0].as; })), "an agent stands in it twice");
  EXPECT_EQ(said(roster([](Roster& r) { r.agents[1].as.y = r.agents[0].as.y; })), "an agent's key is not on P-256");
  EXPECT_NE(said(roster([](Roster& r) { r.agents.resize(33, r.agents[0]); })), "");
}

TEST_F(AStatement, OfARosteredAgentIsBelieved) {
  const auto good = statement([](Statement&) {});
  ASSERT_TRUE(good.has_value()) << said(good);
  EXPECT_EQ(good->ae.at(0).kid, ae1.kid());
}
TEST_F(AStatement, OfAnAgentNobodyApprovedIsRefused) {
  const auto stranger = new_key();
  EXPECT_EQ(said(statement([](Statement&) {}, &stranger)), "its agent is not in the roster");
}
TEST_F(AStatement, InTheNameOfAnotherAgentIsRefused) {
  EXPECT_EQ(said(statement([](Statement& s) { s.agent = "agent-2"; })), "speaks for another agent");
  EXPECT_EQ(said(statement([](Statement&) {}, &as2)), "speaks for another agent");
}
TEST_F(AStatement, WithABrokenSignatureIsRefused) {
  auto text = sign(as1, protocol::typ_statement, protocol::encode(good_statement())).value();
  const auto last = text.rfind('.');
  text[last + 1] = text[last + 1] == 'A' ? 'B' : 'A';
  EXPECT_EQ(said(check_statement(text, good_roster(), now)), "signature");
}
TEST_F(AStatement, MadeForAnotherRosterOrDomainIsRefused) {
  EXPECT_EQ(said(statement([](Statement& s) { s.rsn = 4; })), "made for another roster");
  EXPECT_EQ(said(statement([](Statement& s) { s.rsn = 6; })), "made for another roster");
  EXPECT_EQ(said(statement([](Statement& s) { s.dom = "other.example"; })), "another tenant or domain");
  EXPECT_EQ(said(statement([](Statement& s) { s.ten = "other"; })), "another tenant or domain");
}
TEST_F(AStatement, OutsideItsTimeIsRefused) {
  EXPECT_EQ(said(statement([](Statement& s) { s.exp = now; })), "expired");
  EXPECT_EQ(said(statement([](Statement& s) { s.exp = s.iat + day; })), "");
  EXPECT_EQ(said(statement([](Statement& s) { s.exp = s.iat + day + 1; })), "lives too long");
  EXPECT_EQ(said(statement([](Statement& s) { s.iat = now + 301; })), "from the future");
}
TEST_F(AStatement, WithAKeyThatIsNotWhatItIsCalledIsRefused) {
  const auto other = new_key();
  EXPECT_EQ(said(statement([&](Statement& s) { s.ae[0].jwk = other.public_key().jwk(); })), "a kid is not its key's, or twice");
  EXPECT_EQ(said(statement([](Statement& s) { s.ae.push_back(s.ae[0]); })), "a kid is not its key's, or twice");
  EXPECT_EQ(said(statement([](Statement& s) { s.ae[0].jwk.y = s.ae[0].jwk.x; s.ae[0].kid = thumbprint(s.ae[0].jwk); })), "an encryption key is not on P-256");
  EXPECT_EQ(said(statement([](Statement& s) { s.ae.clear(); })), "no encryption key");
}

TEST_F(AnEndorsement, OfTheServicesRootGivesTheSigningKey) {
  const auto good = endorsement([](Endorsement&) {});
  ASSERT_TRUE(good.has_value()) << said(good);
  EXPECT_EQ(good->kid(), sk.kid());
}
TEST_F(AnEndorsement, OfAForeignRootOrForAnotherIssuerIsRefused) {
  EXPECT_EQ(said(endorsement([](Endorsement& e) { e.iss = "https://evil.example"; })), "another issuer");
  const auto foreign = sign(new_key(), protocol::typ_endorse, protocol::encode(good_endorsement()), CarryKey::yes).value();
  EXPECT_EQ(fault_of(check_endorsement(foreign, root.kid(), "https://reset.example", now)).kind, Fault::Kind::refused);
}
TEST_F(AnEndorsement, OutsideItsTimeIsRefusedButForAMinuteOfSkew) {
  EXPECT_EQ(said(endorsement([](Endorsement& e) { e.nbf = now + 60; })), "");
  EXPECT_EQ(said(endorsement([](Endorsement& e) { e.nbf = now + 61; })), "not valid yet");
  EXPECT_EQ(said(endorsement([](Endorsement& e) { e.exp = now - 59; })), "");
  EXPECT_EQ(said(endorsement([](Endorsement& e) { e.exp = now - 60; })), "expired");
}
TEST_F(AnEndorsement, OfAKeyThatIsNoneIsRefused) {
  EXPECT_EQ(said(endorsement([](Endorsement& e) { e.sk.y = e.sk.x; })), "not a point on P-256");
}

}  // namespace
}  // namespace wb::crypto
