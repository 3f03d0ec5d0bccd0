// What an organisation's own administrators do over HTTPS with their sign-in, and what nobody does with theirs.
#include <gtest/gtest.h>

#include "service/sspr/signed_in.hpp"
#include "service/sspr/tickets.hpp"
#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

using service::Scope;
namespace sspr = service::sspr;
const std::string bobs_sub = "7a1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d4e", admins = "CN=Admins,DC=corp,DC=example";

class AnAdministratorWhoHasSignedIn : public testing::Test {
 protected:
  ResetWorld reset{[](auto& s) { s.administrator_groups = {admins}; }};
  sspr::People people{reset.world.store().database()};
  std::string token = signed_in(2);

  AnAdministratorWhoHasSignedIn() {
    known(alices_sub, {admins});
    reset.register_app(bobs_sub);
  }
  void known(const std::string& sub, const std::vector<std::string>& groups) {
    sspr::Person person;
    person.domain = reset.world.domain, person.sub = sub, person.name = "alice@corp.example", person.groups = groups, person.seen = unix_now();
    ASSERT_TRUE(people.saw(person));
  }
  // The credential of a sign-in that has come so far.
  std::string signed_in(int level, bool administrator = true, const std::string& domain = "corp.example", UnixSeconds life = 600) {
    sspr::SignedIn state;
    state.name = "alice@corp.example", state.language = "en", state.seen = state.exists = true, state.proven = level > 0;
    state.sub = alices_sub, state.administrator = administrator, state.level = level;
    sspr::Ticket ticket;
    ticket.domain = domain, ticket.sub = alices_sub, ticket.expires = unix_now() + life, ticket.state = sspr::to_json(state);
    return sspr::Tickets(reset.world.store().database()).add(ticket).value().value();
  }
  HttpReply ask(const std::string& method, const std::string& path, const std::string& body = {}, const std::vector<std::string>& headers = {}) {
    return https(method, reset.world.url() + "/api/v1/" + path, body, token, headers);
  }
  std::string why_not(const std::string& method, const std::string& path) {
    const auto reply = ask(method, path, method == "GET" || method == "DELETE" ? std::string() : "{}");
    return std::to_string(reply.status) + " " + reply.text("code");
  }
  std::string first_method(const std::string& sub) { return people.methods(reset.world.domain, sub).value().front().id; }
  // The newest row of the audit with this activity.
  json::object row(const std::string& activity) {
    json::object found;
    for (const auto& row : reset.world.store().audit().page({}, 0, 1'000).value().rows) {
      auto said = protocol::parse_json(row.row, 12).value().as_object();
      if (said.at("activity").as_string() == activity) found = std::move(said);
    }
    return found;
  }
};
// One of each interface.
const std::vector<std::string> interfaces{"settings", "letters/verification_code/en", "people", "audit"};

TEST_F(AnAdministratorWhoHasSignedIn, ReadsAndSavesTheSettingsInTheirOwnName) {
  const auto now = ask("GET", "settings");
  ASSERT_EQ(now.status, 200) << now.text("code");
  auto changed = now.body.at("settings").as_object();
  changed["brand_name"] = "Corp";
  const auto dry = ask("PUT", "settings?dry_run=1", json::serialize(changed));
  EXPECT_EQ(dry.body.at("saved"), false);
  const auto saved = ask("PUT", "settings", json::serialize(changed), {"If-Match: \"1\""});
  ASSERT_EQ(saved.status, 200) << saved.text("code");
  EXPECT_EQ(saved.text("actor"), "administrator:" + alices_sub);
  EXPECT_EQ(row("sspr.policy_changed").at("actor"), json::value("administrator:" + alices_sub));
  EXPECT_EQ(ask("POST", "settings/restore", R"({"version":1})").status, 200);
}

TEST_F(AnAdministratorWhoHasSignedIn, HelpsPeopleAndReadsTheAudit) {
  const auto path = "people/" + bobs_sub;
  EXPECT_EQ(ask("GET", path).status, 200);
  EXPECT_EQ(ask("POST", path + "/unblock").status, 200);
  EXPECT_GT(ask("POST", path + "/freeze").body.at("frozen").as_int64(), 0);
  EXPECT_EQ(ask("POST", path + "/thaw").body.at("frozen"), 0);
  EXPECT_EQ(ask("DELETE", path + "/methods/" + first_method(bobs_sub)).status, 200);
  for (const std::string activity : {"account.unblocked", "account.frozen", "account.thawed", "security_info.deleted"}) {
    EXPECT_EQ(row(activity).at("actor"), json::value("administrator:" + alices_sub)) << activity;
    EXPECT_EQ(row(activity).at("target"), json::value(bobs_sub)) << activity;
  }
  EXPECT_EQ(ask("GET", "audit?limit=5").status, 200);
}

TEST_F(AnAdministratorWhoHasSignedIn, IsNamedWhatIsMissing) {
  for (const auto& path : interfaces) {
    token = signed_in(1);
    EXPECT_EQ(why_not("GET", path), "403 second_proof_needed");
    token = signed_in(2, false);  // who was none when they signed in
    EXPECT_EQ(why_not("GET", path), "403 administrator_needed");
    token = signed_in(0);
    EXPECT_EQ(why_not("GET", path), "401 unauthorized") << "whose password was not right yet is nobody";
  }
}

TEST_F(AnAdministratorWhoHasSignedIn, IsOutAtOnceWithoutTheGroupOrFrozen) {
  ASSERT_TRUE(people.freeze(reset.world.domain, alices_sub, unix_now()));
  for (const auto& path : interfaces) EXPECT_EQ(why_not("GET", path), "403 frozen");
  EXPECT_EQ(why_not("POST", "people/" + alices_sub + "/thaw"), "403 frozen");
  ASSERT_TRUE(people.freeze(reset.world.domain, alices_sub, 0));
  known(alices_sub, {"CN=Staff,DC=corp,DC=example"});
  for (const auto& path : interfaces) EXPECT_EQ(why_not("GET", path), "403 administrator_needed");
  known(alices_sub, {admins});
  EXPECT_EQ(ask("GET", "settings").status, 200);
  reset.settings([](auto& s) { s.administrator_groups.clear(); });
  for (const auto& path : interfaces) EXPECT_EQ(why_not("GET", path), "403 administrator_needed");
}

TEST_F(AnAdministratorWhoHasSignedIn, ChangesNothingOfTheirOwnAccountAsAHelpdesk) {
  reset.register_app();
  known(alices_sub, {admins});
  std::string shouted = alices_sub;
  for (char& c : shouted) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const auto& own : {alices_sub, shouted}) {
    for (const std::string what : {"/unblock", "/freeze", "/thaw", "/methods", "/pass", "/reset-link", "/temporary-password/seal", "/temporary-password"}) EXPECT_EQ(why_not("POST", "people/" + own + what), "403 own_account") << what;
    EXPECT_EQ(why_not("DELETE", "people/" + own + "/methods/" + first_method(alices_sub)), "403 own_account");
  }
  EXPECT_EQ(ask("GET", "people/" + alices_sub).body.at("methods").as_array().size(), 1u);
}

TEST_F(AnAdministratorWhoHasSignedIn, SeesTheirOwnDomainAlone) {
  const std::string other = "other.example";
  sspr::Person carol;
  carol.domain = other, carol.sub = "11111111-8a57-4d0f-9a1b-0c6f3a2b1d4e", carol.name = "carol@other.example", carol.seen = unix_now();
  ASSERT_TRUE(people.saw(carol));
  EXPECT_EQ(ask("GET", "people/" + carol.sub).status, 404);
  EXPECT_EQ(ask("POST", "people/" + carol.sub + "/freeze").status, 404);
  token = signed_in(2, true, other);  // an administrator of one domain is none of another
  EXPECT_EQ(why_not("GET", "settings"), "403 administrator_needed");
}

TEST_F(AnAdministratorWhoHasSignedIn, HasNoScopeButTheThree) {
  EXPECT_EQ(ask("GET", "keys").status, 401);
  EXPECT_EQ(ask("GET", "registration?sub=" + bobs_sub).status, 401);
  EXPECT_EQ(ask("POST", "probes", R"({"name":"alice"})").status, 401);
}

TEST_F(AnAdministratorWhoHasSignedIn, IsNobodyOnceTheSignInIsOver) {
  const auto good = token;
  for (const auto& bad : {signed_in(2, true, "corp.example", -1), good.substr(0, good.size() - 1) + (good.back() == 'A' ? "B" : "A"), std::string("wbp1."), std::string("wbp1.x.y"), std::string("wbp1.") + std::string(3'000, 'A')}) {
    token = bad;
    for (const auto& path : interfaces) EXPECT_EQ(why_not("GET", path), "401 unauthorized") << bad.substr(0, 40);
  }
  token = good;
  EXPECT_EQ(ask("DELETE", "me/sign-in").status, 200);
  EXPECT_EQ(why_not("GET", "settings"), "401 unauthorized");
}

// A page of somebody else's can make a browser send cookies, and no header Authorization: that needs a preflight, which is not answered.
TEST_F(AnAdministratorWhoHasSignedIn, CantBeMadeToChangeAnythingByAForeignPage) {
  const auto good = token;
  token.clear();
  const std::string freeze = "people/" + bobs_sub + "/freeze";
  for (const auto& header : {"Cookie: wbp1=" + good, "Cookie: Authorization=Bearer " + good, "Cookie: token=" + good, "Authorization: Basic " + good, "X-Authorization: Bearer " + good})
    EXPECT_EQ(ask("POST", freeze, {}, {header, "Origin: https://evil.example", "Content-Type: text/plain"}).status, 401) << header.substr(0, 20);
  EXPECT_EQ(ask("POST", freeze + "?access_token=" + good).status, 401);
  EXPECT_EQ(ask("POST", freeze, json::serialize(json::object{{"authorization", good}})).status, 401);
  const auto preflight = ask("OPTIONS", freeze, {}, {"Origin: https://evil.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization"});
  EXPECT_EQ(preflight.status, 405);
  EXPECT_EQ(preflight.headers.find("Access-Control-Allow"), std::string::npos) << preflight.headers;
  EXPECT_FALSE(people.frozen(reset.world.domain, bobs_sub).value());
  token = good;
  const auto foreign = ask("GET", "settings", {}, {"Origin: https://evil.example"});
  EXPECT_EQ(foreign.status, 200);
  EXPECT_EQ(foreign.headers.find("Access-Control-Allow"), std::string::npos) << foreign.headers;
  EXPECT_EQ(foreign.headers.find("Set-Cookie"), std::string::npos) << foreign.headers;
}

TEST_F(AnAdministratorWhoHasSignedIn, IsAnsweredTheSameAgainUnderTheirOwnKeyAlone) {
  const auto keyed = [&] { return ask("POST", "people/" + bobs_sub + "/unblock", {}, {"Idempotency-Key: \"one\""}); };
  EXPECT_EQ(keyed().headers.find("Idempotency-Replayed"), std::string::npos);
  EXPECT_NE(keyed().headers.find("Idempotency-Replayed"), std::string::npos);
  token = reset.world.client("corp.example", {Scope::helpdesk});
  EXPECT_EQ(keyed().headers.find("Idempotency-Replayed"), std::string::npos) << "a client's keys are its own";
}

}  // namespace
}  // namespace wb::test
