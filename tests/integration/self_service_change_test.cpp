// Changing one's own password, over HTTPS with an agent made of nothing but the contract.
#include "tests/support/person_who_signs_in.hpp"

namespace wb::test {
namespace {

using protocol::Code;
using protocol::Op;
namespace sspr = service::sspr;

TEST_F(APersonWhoSignsIn, WhoseAccountIsFrozenChangesNoPasswordThatMustBeChanged) {
  reset.register_app();
  begin("alice@corp.example");
  const auto as_stranger = offer();
  sspr::People people(reset.world.store().database());
  ASSERT_TRUE(people.freeze(reset.world.domain, alices_sub, unix_now()));
  EXPECT_EQ(try_password(as_stranger, Op::change, std::nullopt).text("code"), "wrong_step") << "who has proven nothing is not told";
  EXPECT_EQ(try_password(as_stranger, Op::authenticate, Code::failed, "must_change").text("code"), "sign_in_failed");
  EXPECT_EQ(try_password(offer(), Op::change, std::nullopt).text("code"), "frozen");
  ASSERT_TRUE(people.freeze(reset.world.domain, alices_sub, 0));
  EXPECT_EQ(try_password(offer(), Op::change, Code::applied).status, 200);
}

TEST_F(APersonWhoSignsIn, ChangesAPasswordThatMustBeChanged) {
  begin("alice@corp.example");
  const auto first = offer();
  EXPECT_FALSE(first.reply.body.as_object().contains("asked")) << "nobody has shown that it is their account";
  const auto expired = try_password(first, Op::authenticate, Code::failed, "must_change");
  EXPECT_EQ(expired.text("code"), "sign_in_failed");
  EXPECT_EQ(expired.body.at("directory").at("reason"), "must_change");
  EXPECT_EQ(call("GET", "me").status, 401) << "not before it is changed";
  const auto second = offer();
  ASSERT_TRUE(second.reply.body.as_object().contains("asked"));
  EXPECT_EQ(second.reply.body.at("asked").at("policy").at("min_length"), 12);
  const auto refused = try_password(second, Op::change, Code::rejected, "in_history");
  EXPECT_EQ(refused.text("code"), "password_refused");
  const auto changed = try_password(offer(), Op::change, Code::applied);
  EXPECT_EQ(changed.status, 200) << changed.text("code");
  const auto audit = reset.audit();
  EXPECT_EQ(std::count(audit.begin(), audit.end(), "password.change_self_service directory.applied"), 1) << testing::PrintToString(audit);
}

TEST_F(APersonWhoSignsIn, ChangesNothingBeforeThePasswordOfNowWasRight) {
  begin("alice@corp.example");
  EXPECT_EQ(try_password(offer(), Op::change, std::nullopt).text("code"), "wrong_step");
  begin("nobody@corp.example", "");
  EXPECT_EQ(try_password(offer(false), Op::change, std::nullopt).text("code"), "wrong_step");
}

}  // namespace
}  // namespace wb::test
