// The language of a reset, over HTTPS: what the service says goes on in the one that the person chooses.
#include <gtest/gtest.h>

#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

TEST(AResetsLanguage, IsTheOneThatIsChosenInTheMiddleOfIt) {
  ResetWorld reset;
  Browser browser{reset};
  reset.settings([](auto& s) { s.methods = {service::sspr::Method::questions, service::sspr::Method::app_code}; });
  reset.register_app();
  browser.begin_as("alice@corp.example");
  const auto asked = browser.call("POST", "session/method?mkt=de", {{"method", "questions"}});
  const auto question = [](const HttpReply& reply) { return reply.body.at("session").at("questions").at(0).at("text").as_string(); };
  EXPECT_EQ(asked.body.at("session").at("language").as_string(), "de");
  const auto french = browser.call("GET", "session?mkt=fr");
  EXPECT_EQ(french.body.at("session").at("questions").at(0).at("id"), asked.body.at("session").at("questions").at(0).at("id"));
  EXPECT_NE(question(french), question(asked));
  browser.choose("app_code");
  EXPECT_EQ(browser.code("000000").text("detail"), "Ce n’est pas la bonne réponse.") << "it stays";
  for (const auto* none : {"", "xx", "%3Cscript%3E"}) EXPECT_EQ(browser.call("GET", std::string("session?mkt=") + none).body.at("session").at("language").as_string(), "fr") << none;
}

}  // namespace
}  // namespace wb::test
