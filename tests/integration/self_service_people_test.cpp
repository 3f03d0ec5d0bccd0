// Signing in with the directory's password and one's own methods, over HTTPS. Changing it: self_service_change_test.
#include "tests/support/person_who_signs_in.hpp"

namespace wb::test {
namespace {

using protocol::Code;
using protocol::Op;
namespace sspr = service::sspr;

TEST_F(APersonWhoSignsIn, IsTriedAtTheDirectoryOnceAndThenKnown) {
  EXPECT_EQ(call("GET", "me").status, 401);
  sign_in();
  const auto me = call("GET", "me");
  ASSERT_EQ(me.status, 200) << me.text("code");
  EXPECT_EQ(me.text("name"), "alice@corp.example");
  EXPECT_EQ(me.body.at("registration").at("missing"), 1);
  EXPECT_EQ(call("DELETE", "me/sign-in").status, 200);
  EXPECT_EQ(call("GET", "me").status, 401);
}

// Who has stolen a password signs in before its owner ever did: what they register then has to be told to the owner.
TEST_F(APersonWhoSignsIn, IsKeptFromTheFirstTimeOnWithTheAddressAndTheLanguageThatTheDirectoryHas) {
  sign_in([](protocol::JobResult& r) { r.probe->contacts = {{"mail", {"alice@corp.example"}}}, r.probe->language = "de-AT"; });
  const auto person = sspr::People(reset.world.store().database()).find(reset.world.domain, alices_sub).value();
  ASSERT_TRUE(person);
  EXPECT_EQ(person->mail, "alice@corp.example");
  EXPECT_EQ(person->language, "de-AT");
  EXPECT_EQ(person->display_name, "Alice");
}

TEST_F(APersonWhoSignsIn, IsNobodyBeforeThePasswordWasRight) {
  begin("alice@corp.example");
  EXPECT_EQ(call("GET", "me").status, 401);
  EXPECT_EQ(try_password(offer(), Op::authenticate, Code::rejected, "old_password_wrong").text("code"), "sign_in_failed");
  EXPECT_EQ(call("GET", "me").status, 401);
}

TEST_F(APersonWhoSignsIn, CantBeToldFromANameThatNobodyHas) {
  begin("alice@corp.example");
  const auto known = try_password(offer(), Op::authenticate, Code::rejected, "old_password_wrong");
  const auto denied = try_password(offer(), Op::authenticate, Code::denied, "protected");
  const auto locked = try_password(offer(), Op::authenticate, Code::failed, "locked");
  begin("nobody@corp.example", "");
  const auto first = offer(false), second = offer(false);
  EXPECT_EQ(first.probed.sub, second.probed.sub) << "of a name always the same";
  EXPECT_EQ(first.probed.pre, second.probed.pre);
  const auto unknown = try_password(second, Op::authenticate, std::nullopt);
  for (const auto* other : {&denied, &locked, &unknown}) EXPECT_EQ(std::to_string(other->status) + json::serialize(other->body), std::to_string(known.status) + json::serialize(known.body));
}

TEST_F(APersonWhoSignsIn, CantBeToldFromNobodyByWhatIsSealedForSomethingElse) {
  const auto misbound = [&](bool known) {
    auto one = offer(known);
    one.probed.sub = "00000000-0000-4000-8000-000000000000";
    return try_password(one, Op::authenticate, std::nullopt);
  };
  begin("alice@corp.example");
  const auto known = misbound(true);
  begin("nobody@corp.example", "");
  const auto unknown = misbound(false);
  EXPECT_EQ(known.text("code"), "conflict");
  EXPECT_EQ(json::serialize(known.body), json::serialize(unknown.body));
}

TEST_F(APersonWhoSignsIn, IsNotTakenForNobodyWhereNoAgentCouldLook) {
  Browser browser{reset};
  const auto begun = call("POST", "sspr/sign-ins", {{"name", "alice@corp.example"}, {"captcha", browser.solved_captcha("sign_in")}});
  token = begun.text("token");
  auto asking = std::async(std::launch::async, [&] { return call("POST", "sspr/sign-in/seal"); });
  for (int i = 0; i < 2; ++i) {  // the look ahead, and that of the request
    const auto probe = reset.agent->next_job();
    ASSERT_TRUE(probe);
    reset.agent->answer(probe->job, Code::failed, [](protocol::JobResult& r) { r.reason = "dc_unavailable"; });
  }
  EXPECT_EQ(asking.get().text("code"), "unreachable");
}

TEST_F(APersonWhoSignsIn, IsStoppedByTheLimitsBeforeTheDirectoryIsAsked) {
  begin("alice@corp.example");
  for (int i = 0; i < 5; ++i) try_password(offer(), Op::authenticate, Code::rejected, "old_password_wrong");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(try_password(offer(), Op::authenticate, std::nullopt).text("code"), "blocked");
  EXPECT_EQ(rows("sspr.blocked blocked.account"), 1) << "it is written down, and who goes on fills nothing";
}

TEST_F(APersonWhoSignsIn, TriesFiveCodesOfANewAppInAnHourAndTheLimitIsWrittenDownOnce) {
  sign_in();
  ASSERT_EQ(call("POST", "me/app").status, 200);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(call("POST", "me/proof", {{"code", "000000"}}).text("code"), "wrong_answer");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(call("POST", "me/proof", {{"code", "000000"}}).text("code"), "too_many_codes");
  EXPECT_EQ(rows("security_info.registered failed.wrong_answer"), 5);
  EXPECT_EQ(rows("sspr.blocked blocked.app"), 1);
}

TEST_F(APersonWhoSignsIn, RegistersAnAppThatHasShownThatItWorks) {
  sign_in();
  const auto shown = call("POST", "me/app");
  ASSERT_EQ(shown.status, 200) << shown.text("code");
  EXPECT_TRUE(shown.text("uri").starts_with("otpauth://totp/"));
  EXPECT_EQ(call("POST", "me/proof", {{"code", "000000"}}).text("code"), "wrong_answer");
  EXPECT_EQ(rows("security_info.registered failed.wrong_answer"), 1);
  EXPECT_TRUE(methods().empty());
  const auto key = key_of(shown);
  const auto code = app_code(key), next = app_code(key, 1);
  const auto done = call("POST", "me/proof", {{"code", code}});
  ASSERT_EQ(done.status, 200) << done.text("code");
  EXPECT_EQ(done.body.at("registration").at("missing"), 0);
  ASSERT_EQ(methods().size(), 1U);
  EXPECT_EQ(rows("sspr.registered "), 1) << "with it everything is there";
  EXPECT_EQ(call("POST", "me/proof", {{"code", code}}).text("code"), "nothing_to_prove");

  Browser browser{reset};  // and may reset with it, but not with the code that was used
  browser.begin_as("alice@corp.example");
  browser.choose("app_code");
  EXPECT_EQ(browser.code(code).text("code"), "wrong_answer");
  EXPECT_EQ(browser.code(next).status, 200);
}

TEST_F(APersonWhoSignsIn, CantRegisterAMailboxOfTheOrganisation) {
  sign_in();
  for (const std::string inside : {"alice@corp.example", "alice@mail.corp.example"}) EXPECT_EQ(call("POST", "me/email", {{"address", inside}}).text("code"), "email_inside");
  EXPECT_EQ(call("POST", "me/email", {{"address", "alice"}}).text("code"), "email");
  EXPECT_EQ(call("POST", "me/email", {{"address", "alice@home.example"}}).text("code"), "not_sent") << "no mail leaves here";
}

TEST_F(APersonWhoSignsIn, RegistersAnswersAndReplacesThem) {
  reset.settings([](auto& s) { s.methods = {sspr::Method::questions, sspr::Method::app_code}; });
  sign_in();
  const auto me = call("GET", "me");
  const auto given = [&](const std::string& prefix, int count) {
    json::array list;
    const auto& questions = me.body.at("registration").at("questions").as_array();
    for (int at = 0; at < count; ++at) list.push_back(json::object{{"question", questions[static_cast<std::size_t>(at)].at("id")}, {"answer", prefix + std::to_string(at)}});
    return call("POST", "me/questions", {{"answers", list}});
  };
  EXPECT_EQ(given("answer", 4).text("code"), "answers_count");
  const auto refused = given("a", 5);
  EXPECT_EQ(refused.text("code"), "answers_too_short");
  EXPECT_EQ(refused.body.at("at"), 0);
  EXPECT_EQ(given("answer", 5).status, 200);
  EXPECT_EQ(given("other", 5).status, 200);
  EXPECT_EQ(methods().size(), 1U);
  EXPECT_EQ(rows("security_info.registered "), 1);
  EXPECT_EQ(rows("security_info.changed "), 1);
}

TEST_F(APersonWhoSignsIn, IsAskedForAnswersAgainWhenTooFewOfTheQuestionsAreLeft) {
  const std::vector<std::string> texts{"Which ship was your first?", "Which harbour was your first?"};
  reset.settings([&](auto& s) { s.methods = {sspr::Method::questions}, s.questions_alone = true, s.questions_to_register = 3, s.custom_questions = texts; });
  reset.register_answers(alices_sub, {service::own_question_id(texts[0]), "first_pet", "first_car"});
  sign_in();
  EXPECT_EQ(call("GET", "me").body.at("registration").at("missing"), 0);
  for (const auto& edit : std::vector<ResetWorld::Edit>{[&](auto& s) { s.custom_questions = {texts[1]}; }, [&](auto& s) { s.custom_questions = texts, s.questions_to_register = s.questions_to_ask = 4; }}) {
    reset.settings(edit);
    EXPECT_EQ(call("GET", "me").body.at("registration").at("missing"), 1);
  }
}

TEST_F(APersonWhoSignsIn, RemovesTheirOwnMethodsAndNobodyElses) {
  reset.register_app();
  const std::string bob = "7a1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d4e";
  reset.register_app(bob);
  const auto bobs = sspr::People(reset.world.store().database()).methods(reset.world.domain, bob).value();
  sign_in();
  EXPECT_EQ(call("DELETE", "me/methods/" + bobs.front().id).status, 404);
  EXPECT_EQ(call("DELETE", "me/methods/" + methods().front().id).status, 200);
  EXPECT_TRUE(methods().empty());
  EXPECT_EQ(sspr::People(reset.world.store().database()).methods(reset.world.domain, bob).value().size(), 1U);
}

TEST_F(APersonWhoSignsIn, AsAnAdministratorProvesAMethodBeforeOthersAreAdded) {
  reset.settings([](auto& s) { s.administrator_groups = {"CN=Helpdesk"}; });
  const auto key = reset.register_app();
  sign_in([](protocol::JobResult& r) { r.probe->groups = {"CN=Helpdesk"}; });
  EXPECT_EQ(call("POST", "me/app").text("code"), "second_method_needed");
  EXPECT_EQ(call("DELETE", "me/methods/" + methods().front().id).text("code"), "second_method_needed");
  EXPECT_EQ(call("POST", "me/second", {{"code", "000000"}}).text("code"), "wrong_answer");
  EXPECT_EQ(device, "") << "the password alone gives nobody new tries";
  EXPECT_EQ(call("POST", "me/second", {{"code", app_code(key)}}).status, 200);
  EXPECT_NE(device, "");
  EXPECT_EQ(call("POST", "me/app").status, 200);
}

TEST_F(APersonWhoSignsIn, OnADeviceOfTheirsIsNotKeptOutByStrangersWhoTry) {
  sign_in();
  const auto own = std::exchange(device, "");
  ASSERT_NE(own, "");
  begin("alice@corp.example");
  for (int i = 0; i < 5; ++i) try_password(offer(), Op::authenticate, Code::rejected, "old_password_wrong");
  EXPECT_EQ(try_password(offer(), Op::authenticate, std::nullopt).text("code"), "blocked") << "a stranger";
  EXPECT_EQ(device, "");
  device = own;
  sign_in();
}

TEST_F(APersonWhoSignsIn, IsAStrangerOnADeviceOfBeforeTheyWereFrozen) {
  sign_in();
  const auto own = device;
  sspr::People people(reset.world.store().database());
  ASSERT_TRUE(people.freeze(reset.world.domain, alices_sub, unix_now() + 1));
  begin("alice@corp.example");
  for (int i = 0; i < 5; ++i) try_password(offer(), Op::authenticate, Code::rejected, "old_password_wrong");
  device = "";
  begin("alice@corp.example");
  EXPECT_EQ(try_password(offer(), Op::authenticate, std::nullopt).text("code"), "blocked") << "the tries of before were strangers'";
}

TEST_F(APersonWhoSignsIn, AsAnAdministratorOpensTheSettingsAfterTheSecondProof) {
  reset.settings([](auto& s) { s.administrator_groups = {"CN=Helpdesk"}; });
  sign_in([](protocol::JobResult& r) { r.probe->groups = {"CN=Other", "cn=helpdesk"}; });  // for the first time: nobody has seen them before
  EXPECT_EQ(call("GET", "settings").text("code"), "second_proof_needed");
  const auto key = key_of(call("POST", "me/app"));
  ASSERT_EQ(call("POST", "me/proof", {{"code", app_code(key)}}).status, 200);
  EXPECT_EQ(call("GET", "settings").text("code"), "second_proof_needed") << "to register one is not to prove it";
  EXPECT_EQ(call("POST", "me/second", {{"code", "000000"}}).text("code"), "wrong_answer");
  EXPECT_EQ(rows("user.signed_in failed.wrong_answer"), 1);
  ASSERT_EQ(call("POST", "me/second", {{"code", app_code(key, 1)}}).status, 200);
  EXPECT_EQ(rows("user.signed_in succeeded"), 2) << "the password, and the proof";
  const auto settings = call("GET", "settings");
  EXPECT_EQ(settings.status, 200) << settings.text("code");
}

TEST_F(APersonWhoSignsIn, WhoIsNoAdministratorOpensNoSettings) {
  const auto key = reset.register_app();
  sign_in();
  ASSERT_EQ(call("POST", "me/second", {{"code", app_code(key)}}).status, 200);
  EXPECT_EQ(call("GET", "settings").text("code"), "administrator_needed");
}

TEST_F(APersonWhoSignsIn, ProvesThemselvesByMailOnlyWhereNoAppIs) {
  reset.settings([](auto& s) { s.administrator_groups = {"CN=Helpdesk"}, s.methods = {sspr::Method::email, sspr::Method::app_code}; });
  reset.register_email("alice@home.example");
  sign_in([](protocol::JobResult& r) { r.probe->groups = {"CN=Helpdesk"}; });
  EXPECT_EQ(call("POST", "me/second/code").text("code"), "not_found") << "the address was never proven";
  const auto asked = [&] { return call("GET", "me").text("second"); };  // "": null
  EXPECT_EQ(asked(), "");
  ASSERT_TRUE(sspr::People(reset.world.store().database()).prove(methods().front().id, unix_now()));
  EXPECT_EQ(asked(), "email");
  EXPECT_EQ(call("POST", "me/app").text("code"), "second_method_needed");
  EXPECT_EQ(call("POST", "me/second/code").text("code"), "not_sent") << "no mail leaves here";
  EXPECT_EQ(call("POST", "me/second", {{"code", "00000000"}}).text("code"), "wrong_answer");
  reset.register_app();
  EXPECT_EQ(asked(), "app_code");
  EXPECT_EQ(call("POST", "me/second/code").text("code"), "second_by_app");
  reset.settings([](auto& s) { s.methods = {sspr::Method::email}; });
  EXPECT_EQ(call("POST", "me/second/code").text("code"), "not_sent") << "the app may not be used any more";
  EXPECT_EQ(asked(), "email");
  ASSERT_TRUE(sspr::People(reset.world.store().database()).freeze(reset.world.domain, alices_sub, unix_now()));
  EXPECT_EQ(call("POST", "me/second/code").text("code"), "frozen");
}

TEST_F(APersonWhoSignsIn, AsAnAdministratorWithQuestionsAloneIsNotShutOut) {
  reset.settings([](auto& s) { s.administrator_groups = {"CN=Helpdesk"}; });
  reset.register_answers();
  sign_in([](protocol::JobResult& r) { r.probe->groups = {"CN=Helpdesk"}; });
  EXPECT_TRUE(call("GET", "me").body.at("second").is_null());
  EXPECT_EQ(call("POST", "me/app").status, 200) << "answers are no second proof";
}

TEST_F(APersonWhoSignsIn, AsAnAdministratorRegistersTheAppFirst) {
  reset.settings([](auto& s) { s.administrator_groups = {"CN=Helpdesk"}; });
  sign_in([](protocol::JobResult& r) { r.probe->groups = {"CN=Helpdesk"}; });
  EXPECT_EQ(call("POST", "me/email", {{"address", "alice@home.example"}}).text("code"), "app_first");
  EXPECT_EQ(call("POST", "me/app").status, 200);
}

TEST_F(APersonWhoSignsIn, WhoseAccountIsFrozenMayLookAndChangeNothing) {
  sign_in();
  EXPECT_TRUE(sspr::People(reset.world.store().database()).freeze(reset.world.domain, alices_sub, unix_now()));
  EXPECT_EQ(call("GET", "me").body.at("frozen"), true);
  EXPECT_EQ(call("POST", "me/app").text("code"), "frozen");
  EXPECT_EQ(call("POST", "me/confirm").text("code"), "frozen");
  for (int i = 0; i < 2; ++i) {
    const auto refused = try_password(offer(), Op::change, std::nullopt);
    EXPECT_EQ(std::to_string(refused.status) + refused.text("code"), "403frozen");
  }
  EXPECT_EQ(rows("password.change_self_service failed.frozen"), 1) << "it is written down, and who goes on fills nothing";
}

TEST_F(APersonWhoSignsIn, IsNotToldThatAPasswordIsWrongWhereNobodyCouldSay) {
  begin("alice@corp.example");
  const auto busy = try_password(offer(), Op::authenticate, Code::reprobe);
  EXPECT_EQ(std::to_string(busy.status) + busy.text("code"), "503try_again");
}

TEST_F(APersonWhoSignsIn, SealsToWhatWasOfferedLastAndOnce) {
  begin("alice@corp.example");
  const auto old = offer();
  offer();
  EXPECT_EQ(try_password(old, Op::authenticate, std::nullopt).status, 410);
}

}  // namespace
}  // namespace wb::test
