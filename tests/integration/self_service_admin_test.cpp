// What clients with the scopes of an organisation's administrators do over HTTPS: settings, people, registration.
#include <gtest/gtest.h>

#include "service/sspr/settings_store.hpp"
#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

using service::Scope;
namespace sspr = service::sspr;

class AClientForAdministrators : public testing::Test {
 protected:
  ResetWorld reset;
  std::string admin = reset.world.client("corp.example", {Scope::settings, Scope::helpdesk, Scope::registration});
  std::string stranger = reset.world.client("other.example", {Scope::settings, Scope::helpdesk, Scope::registration});

  HttpReply ask(const std::string& method, const std::string& path, const std::string& body = {}, const std::string& bearer = {}, const std::vector<std::string>& headers = {}) {
    return https(method, reset.world.url() + "/api/v1/" + path, body, bearer.empty() ? admin : bearer, headers);
  }
  HttpReply post(const std::string& path, const json::object& body = {}, const std::string& bearer = {}) { return ask("POST", path, json::serialize(body), bearer); }
  // The settings as they are, with one member changed.
  std::string document(std::string_view member = {}, json::value value = {}) {
    auto settings = ask("GET", "settings").body.at("settings").as_object();
    if (!member.empty()) settings[member] = std::move(value);
    return json::serialize(settings);
  }
  HttpReply put(const std::string& text, const std::string& tag, const std::string& query = {}) {
    return ask("PUT", "settings" + query, text, admin, tag.empty() ? std::vector<std::string>() : std::vector{"If-Match: " + tag});
  }
  // Rows of the audit with this activity, the oldest first.
  std::vector<json::object> rows(const std::string& activity) {
    std::vector<json::object> out;
    for (const auto& row : reset.world.store().audit().page({}, 0, 1'000).value().rows) {
      auto said = protocol::parse_json(row.row, 12).value().as_object();
      if (said.at("activity").as_string() == activity) out.push_back(std::move(said));
    }
    return out;
  }
  std::string admin_id() const { return admin.substr(5, 26); }
};

TEST_F(AClientForAdministrators, ReadsAndReplacesTheSettings) {
  const auto before = ask("GET", "settings");
  ASSERT_EQ(before.status, 200);
  EXPECT_EQ(before.body.at("version"), 1);
  EXPECT_EQ(before.body.at("settings").at("scope"), "all");
  EXPECT_NE(before.headers.find("\"1\""), std::string::npos) << before.headers;
  const auto after = put(document("write_back", false), "\"1\"");
  ASSERT_EQ(after.status, 200) << after.text("detail");
  EXPECT_EQ(after.body.at("version"), 2);
  EXPECT_EQ(after.text("actor"), "client:" + admin_id());
  EXPECT_EQ(ask("GET", "settings").body.at("settings").at("write_back"), false);
  const auto changed = rows("sspr.policy_changed");
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].at("actor"), json::value("client:" + admin_id()));
  EXPECT_EQ(changed[0].at("details"), (json::object{{"new_value", "false"}, {"old_value", "true"}, {"setting", "write_back"}, {"version", 2}}));
  EXPECT_EQ(rows("writeback.disabled").size(), 1u);
}

TEST_F(AClientForAdministrators, SavesNothingWhenSomebodyWasFaster) {
  const auto mine = document("brand_name", "Mine");
  ASSERT_EQ(put(document("brand_name", "Theirs"), "\"1\"").status, 200);
  for (const std::string tag : {"\"1\"", "W/\"2\"", "2", "*"}) {
    const auto late = put(mine, tag);
    EXPECT_EQ(late.status, 412) << tag;
    EXPECT_EQ(late.text("code"), "precondition_failed");
  }
  const auto blind = put(mine, "");
  EXPECT_EQ(blind.status, 428);
  EXPECT_EQ(blind.text("code"), "precondition_required");
  EXPECT_EQ(ask("GET", "settings").body.at("settings").at("brand_name"), "Theirs");
}

TEST_F(AClientForAdministrators, LosesNothingByAnInvalidDocument) {
  const auto wrong = put(document("methods_required", 7), "\"1\"");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(wrong.text("code"), "invalid_settings");
  EXPECT_NE(wrong.text("detail").find("methods_required"), std::string::npos) << wrong.text("detail");
  for (const auto& text : {document("scoop", "all"), std::string("{}"), std::string("["), std::string(), std::string(40'000, ' ')}) EXPECT_EQ(put(text, "\"1\"").text("code"), "invalid_settings") << text;
  EXPECT_EQ(ask("GET", "settings").body.at("version"), 1);
  EXPECT_TRUE(rows("sspr.policy_changed").empty());
}

TEST_F(AClientForAdministrators, SeesWhoWouldLoseAccessBeforeAnythingIsSaved) {
  reset.register_app();
  const auto seen = put(document("scope", "none"), "", "?dry_run=1");
  ASSERT_EQ(seen.status, 200) << seen.text("detail");
  EXPECT_EQ(seen.body.at("saved"), false);
  EXPECT_EQ(seen.body.at("losing"), 1);
  EXPECT_EQ(seen.body.at("loses").at(0).at("sub"), json::value(alices_sub));
  EXPECT_EQ(seen.body.at("loses").at(0).at("reason"), "not_enabled");
  EXPECT_EQ(ask("GET", "settings").body.at("version"), 1);
  EXPECT_EQ(put(document(), "", "?dry_run=yes").status, 400);
}

TEST_F(AClientForAdministrators, GoesBackToAnEarlierVersion) {
  ASSERT_EQ(put(document("brand_name", "New"), "\"1\"").status, 200);
  const auto back = post("settings/restore", {{"version", 1}});
  ASSERT_EQ(back.status, 200) << back.text("detail");
  EXPECT_EQ(back.body.at("version"), 3);
  const auto history = ask("GET", "settings/history?limit=2").body.at("versions").as_array();
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].at("settings").at("brand_name"), "");
  EXPECT_EQ(history[1].at("settings").at("brand_name"), "New");
  EXPECT_EQ(post("settings/restore", {{"version", 9}}).status, 404);
  EXPECT_EQ(post("settings/restore", {{"version", "1"}}).status, 400);
  EXPECT_EQ(ask("GET", "settings/history?limit=0").status, 400);
}

TEST_F(AClientForAdministrators, NeedsTheScopeAndSeesItsOwnDomainAlone) {
  const auto other = reset.world.client("corp.example", {Scope::writeback, Scope::audit});
  for (const std::string path : {"settings", "settings/history"}) EXPECT_EQ(ask("GET", path, {}, other).status, 403) << path;
  const auto theirs = ask("GET", "settings", {}, stranger);
  EXPECT_EQ(theirs.body.at("version"), 0) << "nobody has decided anything in their domain";
  EXPECT_EQ(ask("PUT", "settings", document(), stranger, {"If-Match: \"1\""}).status, 412);
  EXPECT_EQ(post("settings/restore", {{"version", 1}}, stranger).status, 404);
}

TEST_F(AClientForAdministrators, LooksPeopleUpAndHelpsThem) {
  reset.register_app();
  const auto list = ask("GET", "people?limit=1");
  ASSERT_EQ(list.status, 200) << list.text("detail");
  EXPECT_EQ(list.body.at("people").at(0).at("registered"), (json::array{"app_code"}));
  EXPECT_TRUE(list.body.at("next").is_null());
  EXPECT_EQ(ask("GET", "people?name=ALICE@corp.example").body.at("people").as_array().size(), 1u);
  EXPECT_EQ(ask("GET", "people?limit=0").status, 400);
  const auto path = "people/" + alices_sub;
  const auto one = ask("GET", path);
  ASSERT_EQ(one.status, 200) << one.text("detail");
  EXPECT_TRUE(one.body.at("blocked_until").is_null());
  EXPECT_TRUE(one.body.at("barrier").is_null());
  EXPECT_EQ(post(path + "/unblock").status, 200);
  EXPECT_GT(post(path + "/freeze").body.at("frozen").as_int64(), 0);
  EXPECT_GT(ask("GET", path).body.at("frozen").as_int64(), 0);
  EXPECT_EQ(post(path + "/thaw").body.at("frozen"), 0);
  const std::string id(one.body.at("methods").at(0).at("id").as_string());
  EXPECT_EQ(ask("DELETE", path + "/methods/" + id).status, 200);
  EXPECT_EQ(ask("DELETE", path + "/methods/" + id).status, 404) << "it is gone";
  EXPECT_TRUE(ask("GET", path).body.at("methods").as_array().empty());
  for (const std::string activity : {"account.unblocked", "account.frozen", "account.thawed", "security_info.deleted"}) {
    const auto said = rows(activity);
    ASSERT_EQ(said.size(), 1u) << activity;
    EXPECT_EQ(said[0].at("actor"), json::value("client:" + admin_id()));
    EXPECT_EQ(said[0].at("target"), json::value(alices_sub));
  }
}

TEST_F(AClientForAdministrators, RegistersAnAddressForAPersonThatAResetGoesBy) {
  reset.settings([](auto& s) { s.methods = {sspr::Method::email}; });
  reset.register_app();
  const auto path = "people/" + alices_sub + "/methods";
  const auto added = post(path, {{"kind", "email"}, {"address", "alice@home.example"}});
  ASSERT_EQ(added.status, 201) << added.text("code");
  EXPECT_EQ(added.text("kind"), "email");
  EXPECT_EQ(added.body.at("proven"), 0);
  EXPECT_EQ(added.text("label").find("home"), std::string::npos) << "masked";
  EXPECT_TRUE(ask("GET", "people/" + alices_sub).body.at("barrier").is_null()) << "it counts";
  const auto said = rows("security_info.registered");
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].at("actor"), json::value("client:" + admin_id()));
  EXPECT_EQ(said[0].at("target"), json::value(alices_sub));
  EXPECT_EQ(said[0].at("details"), (json::object{{"method", "email"}}));
}

TEST_F(AClientForAdministrators, IsRefusedByNameAnAddressThatIsNone) {
  reset.settings([](auto& s) { s.methods = {sspr::Method::email, sspr::Method::app_code}, s.own_mail_domains = {"corp.test"}, s.administrator_groups = {"CN=Admins"}; });
  EXPECT_TRUE(sspr::SettingsStore(reset.world.store().database()).route("corp.net", "corp.example"));
  reset.register_app();
  sspr::People people(reset.world.store().database());
  const auto path = "people/" + alices_sub + "/methods";
  const auto why = [&](const std::string& address) {
    const auto reply = post(path, {{"kind", "email"}, {"address", address}});
    return std::to_string(reply.status) + " " + reply.text("code");
  };
  for (const std::string inside : {"alice@corp.example", "alice@mail.corp.example", "alice@corp.test", "alice@CORP.net"}) EXPECT_EQ(why(inside), "422 address_inside") << inside;
  for (const std::string none : {"", "alice", "a@b", "alice@home.example\r\nBcc: all@corp.example", "\"a b\"@home.example"}) EXPECT_EQ(why(none), "422 address_malformed") << none;
  EXPECT_EQ(why(std::string(300, 'a') + "@home.example"), "400 malformed_request");
  for (const auto& body : {json::object{{"kind", "app_code"}, {"address", "a@home.example"}}, json::object{{"kind", "email"}}, json::object{{"kind", "email"}, {"address", "a@home.example"}, {"proven", 1}}, json::object{}})
    EXPECT_EQ(post(path, body).status, 400) << json::serialize(body);
  EXPECT_EQ(post("people/nobody/methods", {{"kind", "email"}, {"address", "a@home.example"}}).status, 404);
  EXPECT_EQ(post(path, {{"kind", "email"}, {"address", "a@home.example"}}, stranger).status, 404);
  EXPECT_EQ(people.methods("corp.example", alices_sub).value().size(), 1u) << "nothing was added";

  EXPECT_EQ(why("alice@home.example"), "201 ");
  EXPECT_EQ(why("ALICE@Home.Example"), "409 address_known");
  for (const std::string more : {"a@home.example", "b@home.example", "c@home.example"}) EXPECT_EQ(why(more), "201 ");
  EXPECT_EQ(why("d@home.example"), "409 too_many_methods");
  reset.settings([](auto& s) { s.methods = {sspr::Method::app_code}; });
  EXPECT_EQ(why("e@home.example"), "403 method_not_allowed");
  ASSERT_TRUE(people.freeze("corp.example", alices_sub, unix_now()));
  EXPECT_EQ(why("e@home.example"), "403 person_is_frozen");
  auto alice = people.find("corp.example", alices_sub).value().value();
  alice.groups = {"CN=Admins"};
  ASSERT_TRUE(people.saw(alice));
  EXPECT_EQ(why("e@home.example"), "403 person_is_administrator");
}

TEST_F(AClientForAdministrators, IsToldWhoMustRegisterStill) {
  const auto nobody = ask("GET", "registration?name=new@corp.example");
  ASSERT_EQ(nobody.status, 200) << nobody.text("detail");
  EXPECT_EQ(nobody.body.at("required"), true);
  EXPECT_EQ(nobody.body.at("missing"), 1);
  reset.register_app();
  const auto alice = ask("GET", "registration?sub=" + alices_sub);
  EXPECT_EQ(alice.body.at("required"), false);
  EXPECT_EQ(alice.body.at("missing"), 0);
  EXPECT_EQ(alice.body.at("reconfirm"), false);
  EXPECT_EQ(alice.body.at("registered"), (json::array{"app_code"}));
  EXPECT_EQ(ask("GET", "registration").status, 400);
  EXPECT_EQ(ask("GET", "registration?name=a&sub=b").status, 400);
}

TEST_F(AClientForAdministrators, ReachesNobodyOfAnotherDomain) {
  reset.register_app();
  const auto id = sspr::People(reset.world.store().database()).methods("corp.example", alices_sub).value().front().id;
  const auto path = "people/" + alices_sub;
  EXPECT_TRUE(ask("GET", "people", {}, stranger).body.at("people").as_array().empty());
  EXPECT_EQ(ask("GET", path, {}, stranger).status, 404);
  for (const std::string what : {"/unblock", "/freeze", "/thaw"}) EXPECT_EQ(post(path + what, {}, stranger).status, 404) << what;
  EXPECT_EQ(ask("DELETE", path + "/methods/" + id, {}, stranger).status, 404);
  EXPECT_TRUE(ask("GET", "registration?sub=" + alices_sub, {}, stranger).body.at("registered").as_array().empty());
  const auto left = ask("GET", path);
  EXPECT_EQ(left.body.at("frozen"), 0);
  EXPECT_EQ(left.body.at("methods").as_array().size(), 1u);
  const auto settings_only = reset.world.client("corp.example", {Scope::settings});
  for (const std::string other : {"people", "registration?name=a"}) EXPECT_EQ(ask("GET", other, {}, settings_only).status, 403) << other;
}

}  // namespace
}  // namespace wb::test
