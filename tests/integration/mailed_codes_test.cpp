// Codes by mail that strangers ask for in somebody's name, over HTTPS.
#include <gtest/gtest.h>

#include "service/device_token.hpp"
#include "service/unblock.hpp"
#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

class ACodeByMail : public testing::Test {
 protected:
  static service::Settings two_a_day() {
    auto shape = ResetWorld::quick();
    shape.limit = +[](service::LimitKind kind) {
      auto limit = service::limit_of(kind);
      if (kind == service::LimitKind::destination_day) limit.most = 2;
      return limit;
    };
    return shape;
  }
  ResetWorld reset{{}, two_a_day()};

  // What is said to whoever asks for one; `device`: what their browser shows.
  std::string ask(const std::string& device = {}, const std::string& sub = alices_sub) {
    Browser browser{reset};
    browser.cookie = device;
    browser.begin_as("alice@corp.example", sub);
    const auto reply = browser.choose("email");
    return reply.status == 200 ? "sent" : reply.text("code");
  }
  std::string known_device() {
    const auto key = crypto::Vault::open(reset.world.config.state_dir).value().derived(service::device_key_label);
    return service::issue_device_token(key, service::limits_account(reset.world.domain, alices_sub), unix_now() - 10);
  }
};

TEST_F(ACodeByMail, GoesToAnOwnersKnownDeviceHoweverManyStrangersHaveAskedFor) {
  reset.register_email("alice@private.example");
  const auto device = known_device();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask(), "sent");
  EXPECT_EQ(ask(), "too_many_codes");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask(device), "sent");
  EXPECT_EQ(ask(device), "too_many_codes") << "a known device has its limit too";
}

TEST_F(ACodeByMail, IsSentAgainOnceAHelpdeskHasUnblockedTheAccount) {
  reset.register_email("alice@private.example");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask(), "sent");
  EXPECT_EQ(ask(), "too_many_codes");
  const auto helpdesk = reset.world.client(reset.world.domain, {service::Scope::helpdesk});
  EXPECT_EQ(https("POST", reset.world.url() + "/api/v1/people/" + alices_sub + "/unblock", "", helpdesk).status, 200);
  EXPECT_EQ(ask(), "sent");
}

TEST_F(ACodeByMail, IsPromisedAsOftenForANameThatNobodyHas) {
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask({}, ""), "sent");
  EXPECT_EQ(ask({}, ""), "too_many_codes");
}

}  // namespace
}  // namespace wb::test
