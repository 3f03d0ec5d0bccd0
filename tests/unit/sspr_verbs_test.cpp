// What an operator does about self-service from the command line.
#include "service/methods/sealed_methods.hpp"
#include "service/sspr/preview.hpp"
#include "service/sspr/settings_store.hpp"
#include "tests/support/self_service_operator.hpp"

namespace wb::service {
namespace {

// ---- pages --------------------------------------------------------------------------------------------------
TEST_F(AnOperatorOfSelfService, SeesTheSumsOfThePagesThatWouldBeServed) {
  std::ofstream(folder / "service.yaml", std::ios::app) << "portal_dir: portal\n";
  EXPECT_EQ(does({"version", "--assets"}), exit_failed);
  EXPECT_TRUE(complained("portal_dir") && out.empty()) << out << err;
  fs::create_directories(folder / "portal/assets");
  EXPECT_EQ(does({"version", "--assets"}), exit_failed) << "a folder without index.html is a mistake";
  std::ofstream(folder / "portal/index.html") << "<!doctype html>";
  EXPECT_EQ(does({"version", "--assets"}), exit_done) << err;
  EXPECT_EQ(out, "fe26c59e91ac8de694b2531dc3bdc1b7faf471d3d7e4e00870af60f5f22897cb  index.html\n");
  EXPECT_EQ(does({"version", "--assets=all"}), exit_usage);
  EXPECT_EQ(does({"version", "--assets", "all"}), exit_usage);
  EXPECT_EQ(does({"version"}), exit_done);
  EXPECT_TRUE(out.starts_with("reset-service ")) << out;
  EXPECT_EQ(does({"version", "--assets"}, "no-such.yaml"), exit_config);
  EXPECT_EQ(does({"version"}, "no-such.yaml"), exit_done) << "that needs no configuration";
}

// ---- settings -----------------------------------------------------------------------------------------------
TEST_F(AnOperatorOfSelfService, ChangesSettingsInWordsAndSeesOldAndNewValue) {
  EXPECT_EQ(of_corp({"settings", "set", "scope=all", "methods=app_code,email", "methods_required=2", "brand_name=Corp & Co", "write_back=true"}), exit_done) << err;
  EXPECT_TRUE(said("scope: \"none\" -> \"all\"\n") && said("methods_required: 1 -> 2\n") && said("brand_name: \"\" -> \"Corp & Co\"") && said("saved: version 1")) << out;
  EXPECT_FALSE(said("write_back")) << "what stays is not told";
  EXPECT_EQ(of_corp({"settings", "set", "groups+=" + staff, "scope=selected", "brand_name=\"X\"", "helpdesk="}), exit_done) << err;
  auto kept = store();
  const auto now = sspr::SettingsStore(kept.database()).current(corp).value();
  EXPECT_EQ(now.version, 2);
  EXPECT_EQ(now.settings.groups, std::vector{staff}) << "a group's name holds commas";
  EXPECT_EQ(now.settings.brand_name, "X");
  EXPECT_TRUE(now.actor.starts_with("cli"));
  EXPECT_EQ(of_corp({"settings", "set", "brand_name=X"}), exit_done);
  EXPECT_TRUE(said("nothing to change")) << out;
  EXPECT_EQ(of_corp({"settings", "set", "groups-=cn=staff,ou=groups,dc=corp,dc=example", "scope=all", "methods=[\"email\"]", "methods_required=1"}), exit_done) << err;
  EXPECT_TRUE(said("groups: [\"" + staff + "\"] -> []")) << out;
}

TEST_F(AnOperatorOfSelfService, IsToldWhichMemberIsWrongAndNothingIsSaved) {
  struct Row {
    std::vector<std::string> words;
    std::string names;
  };
  const std::vector<Row> rows = {
      {{"scope=some"}, "scope"},
      {{"scop=all"}, "scop: no such member: expected one of scope"},
      {{"methods_required=two"}, "methods_required"},
      {{"methods_required=3"}, "expected 1 to 2"},
      {{"methods=fax"}, "methods"},
      {{"write_back=yes"}, "write_back"},
      {{"nothing"}, "MEMBER=VALUE"},
      {{"=all"}, "MEMBER=VALUE"},
      {{"scope=all", "scope=none"}, "scope: set twice"},
      {{"scope+=all"}, "scope: is no list"},
      {{"groups+="}, "groups: expected an item"},
      {{"groups-=" + staff}, "groups: does not hold that"},
      {{"methods+=email"}, "methods: holds that already"},
      {{"scope=selected"}, "groups"},
      {{"brand_name=\xff"}, "UTF-8"},
      {{"reconfirm_days=99999999999999999999"}, "reconfirm_days"},
  };
  for (const auto& row : rows) {
    auto words = row.words;
    words.insert(words.begin(), {"settings", "set"});
    EXPECT_EQ(of_corp(words), exit_usage) << row.names;
    EXPECT_TRUE(complained(row.names)) << row.names << " in: " << err;
  }
  auto kept = store();
  EXPECT_EQ(sspr::SettingsStore(kept.database()).current(corp).value().version, 0);
}

TEST_F(AnOperatorOfSelfService, TakesSettingsOutAndPutsThemInAndGoesBack) {
  EXPECT_EQ(of_corp({"settings", "show"}), exit_done);
  EXPECT_TRUE(said("nobody has decided anything") && said("scope") && said("\"none\"")) << out;
  ASSERT_EQ(of_corp({"settings", "set", "scope=all"}), exit_done);
  ASSERT_EQ(of_corp({"settings", "show", "--json"}), exit_done);
  std::ofstream(folder / "doc.json") << out;
  ASSERT_EQ(of_corp({"settings", "set", "scope=none", "reconfirm_days=7"}), exit_done);
  EXPECT_EQ(of_corp({"settings", "import", (folder / "doc.json").string()}), exit_done) << err;
  EXPECT_TRUE(said("reconfirm_days: 7 -> 180") && said("version 3")) << out;
  EXPECT_EQ(of_corp({"settings", "restore", "2"}), exit_done) << err;
  EXPECT_TRUE(said("scope: \"all\" -> \"none\"") && said("version 4")) << out;
  EXPECT_EQ(of_corp({"settings", "history"}), exit_done);
  EXPECT_LT(out.find("version 4"), out.find("version 1")) << out;
  EXPECT_TRUE(said("scope: \"none\" -> \"all\"")) << "the first, against the defaults: " << out;
  EXPECT_EQ(of_corp({"settings", "import", (folder / "doc.json").string(), "--if-version", "3"}), exit_failed) << "somebody was faster";
  EXPECT_TRUE(complained("version 4 is the newest")) << err;
  EXPECT_EQ(of_corp({"settings", "import", (folder / "doc.json").string(), "--if-version", "4", "--dry-run"}), exit_done) << err;
  for (const char* number : {"0", "-1", "two", "2x", "99999999999999999999"}) EXPECT_EQ(of_corp({"settings", "restore", number}), exit_usage) << number;
  EXPECT_EQ(of_corp({"settings", "restore", "9"}), exit_failed) << "it could be meant, and there is none";
  EXPECT_EQ(of_corp({"settings", "import", (folder / "missing").string()}), exit_failed);
  std::ofstream(folder / "half.json") << R"({"scope":"all"})";
  EXPECT_EQ(of_corp({"settings", "import", (folder / "half.json").string()}), exit_failed);
  EXPECT_TRUE(complained("methods")) << err;
  std::ofstream(folder / "big.json") << std::string(100'000, ' ');
  EXPECT_EQ(of_corp({"settings", "import", (folder / "big.json").string()}), exit_failed);
}

TEST_F(AnOperatorOfSelfService, SeesWhoWouldLoseAccessBeforeAnythingIsSaved) {
  ASSERT_EQ(of_corp({"settings", "set", "scope=all"}), exit_done);
  person(alice, "alice@corp.example", {staff}, {sspr::Method::app_code, sspr::Method::email});
  person(bob, "bob@corp.example", {}, {sspr::Method::email});
  person("7c1f0f4a-0000-4000-8000-000000000003", "seen@corp.example", {staff}, {});
  person("7c1f0f4a-0000-4000-8000-000000000004", "frozen@corp.example", {staff}, {sspr::Method::email});
  ASSERT_EQ(of_corp({"people", "freeze", "7C1F0F4A-0000-4000-8000-000000000004"}), exit_done) << err;
  EXPECT_EQ(of_corp({"settings", "set", "methods_required=2", "--dry-run"}), exit_done) << err;
  EXPECT_TRUE(said("Of 3 registered people in corp.example, 2 can reset their password now and 1 could afterwards")) << out;
  EXPECT_TRUE(said("lose access: 1\n  " + bob + "  bob@corp.example  would be not_registered, last looked at 3 days ago")) << out;
  EXPECT_TRUE(said("gain access: 0\n") && said("never registered") && said("1 are frozen") && said("between 3 days and 3 days ago")) << out;
  EXPECT_FALSE(said("alice@") || said("seen@")) << out;
  EXPECT_EQ(of_corp({"settings", "set", "scope=selected", "groups+=" + staff, "--dry-run"}), exit_done) << err;
  EXPECT_TRUE(said("bob@corp.example  would be not_enabled")) << out;
  auto kept = store();
  EXPECT_EQ(sspr::SettingsStore(kept.database()).current(corp).value().version, 1) << "nothing was saved";
  sspr::Settings closed;
  sspr::People people(kept.database());
  const auto gain = sspr::preview(people, corp, closed, sspr::SettingsStore(kept.database()).current(corp).value().settings, 1).value();
  EXPECT_EQ(gain.gaining, 2);
  EXPECT_EQ(gain.gains.size(), 1U) << "as many as asked for";
  EXPECT_EQ(gain.gains[0].reason, sspr::Reason::not_enabled);
}

TEST_F(AnOperatorOfSelfService, SeesWhoHasAnsweredFewerQuestionsThanWouldBeAsked) {
  ASSERT_EQ(of_corp({"settings", "set", "scope=all", "methods=questions", "questions_alone=true"}), exit_done) << err;
  person(alice, "alice@corp.example", {staff}, {sspr::Method::questions});
  EXPECT_EQ(of_corp({"settings", "set", "questions_to_ask=3", "questions_to_register=3", "--dry-run"}), exit_done) << err;
  EXPECT_TRUE(said("lose access: 0\n")) << out;
  EXPECT_EQ(of_corp({"settings", "set", "questions_to_ask=4", "--dry-run"}), exit_done) << err;
  EXPECT_TRUE(said("lose access: 1\n  " + alice + "  alice@corp.example  would be not_registered")) << out;
}

TEST_F(AnOperatorOfSelfService, RoutesNamesToDomains) {
  EXPECT_EQ(does({"routes", "list"}), exit_done);
  EXPECT_TRUE(said("no suffix"));
  EXPECT_EQ(of_corp({"routes", "add", "Example.COM"}), exit_done);
  EXPECT_TRUE(said("example.com -> corp.example\n") && said("no agent serves corp.example yet")) << out;
  EXPECT_EQ(of_corp({"routes", "add", "@example.com"}), exit_usage);
  EXPECT_EQ(does({"routes", "list"}), exit_done);
  EXPECT_EQ(out, "example.com -> corp.example\n");
  EXPECT_EQ(does({"routes", "remove", "other.com"}), exit_failed);
  EXPECT_EQ(does({"routes", "remove", "EXAMPLE.com"}), exit_done);
  EXPECT_EQ(does({"routes", "remove", "example.com"}), exit_failed) << "it is gone";
  std::vector<std::string> rows;
  auto kept = store();
  for (const auto& row : kept.audit().page({}, 0, 100).value().rows) rows.push_back(row.row);
  ASSERT_EQ(rows.size(), 2U) << "what was refused changed nothing";
  for (const auto& row : rows) EXPECT_TRUE(row.find("sspr.policy_changed") != std::string::npos && row.find("\"setting\":\"route\"") != std::string::npos && row.find("\"target\":\"example.com\"") != std::string::npos) << row;
}

// ---- people -------------------------------------------------------------------------------------------------
TEST_F(AnOperatorOfSelfService, SeesPeopleAndTheirMethodsAndNeverASecret) {
  person(alice, "alice@corp.example", {staff}, {sspr::Method::app_code, sspr::Method::email});
  person(bob, "bob\x1b[2J@corp.example", {}, {});
  EXPECT_EQ(of_corp({"people", "list"}), exit_done);
  EXPECT_TRUE(said(alice + "  registered") && (said("app_code,email") || said("email,app_code")) && said(bob + "  seen") && !said("\x1b")) << out;
  EXPECT_EQ(of_corp({"people", "list", "--after", alice}), exit_done);
  EXPECT_TRUE(!said(alice) && said(bob)) << out;
  for (const auto& word : {alice, std::string("ALICE@corp.example")}) {
    EXPECT_EQ(of_corp({"people", "show", word}), exit_done) << err;
    for (const char* part : {"alice@corp.example", "Älice", "a...@e...com", "app_code", "never used", "frozen       no"}) EXPECT_TRUE(said(part)) << part << "\n"
                                                                                                                                                  << out;
    EXPECT_FALSE(said("wv1.") || said(secret)) << out;
  }
  EXPECT_EQ(of_corp({"people", "show", "nobody@corp.example"}), exit_failed);
  EXPECT_EQ(does({"people", "show", alice, "--domain", "other.example"}), exit_failed) << "a domain is a border";
  EXPECT_EQ(of_corp({"people", "list", "--after", "bob"}), exit_usage);
}

TEST_F(AnOperatorOfSelfService, FreezesThawsAndTakesAMethodAway) {
  person(alice, "alice@corp.example", {staff}, {sspr::Method::app_code, sspr::Method::email});
  EXPECT_EQ(of_corp({"people", "freeze", alice}), exit_done);
  EXPECT_EQ(of_corp({"people", "freeze", alice}), exit_done);
  EXPECT_TRUE(said("frozen already")) << out;
  EXPECT_EQ(of_corp({"people", "show", alice}), exit_done);
  EXPECT_TRUE(said("frozen       since 20")) << out;
  EXPECT_EQ(of_corp({"people", "thaw", alice}), exit_done);
  EXPECT_EQ(of_corp({"people", "show", alice}), exit_done);
  EXPECT_TRUE(said("frozen       no")) << out;
  EXPECT_EQ(of_corp({"people", "freeze", bob}), exit_failed) << "nobody";
  const auto id = methods(alice)[0].id;
  EXPECT_EQ(of_corp({"people", "remove-method", bob, id}), exit_failed) << "somebody else's";
  EXPECT_EQ(of_corp({"people", "remove-method", alice, id}), exit_done);
  EXPECT_EQ(of_corp({"people", "remove-method", alice, id}), exit_failed);
  EXPECT_EQ(methods(alice).size(), 1U);
  auto kept = store();
  for (const auto activity : {Activity::account_frozen, Activity::account_thawed, Activity::security_info_deleted}) {
    const auto rows = kept.audit().page({corp, activity, {}, {}}, 0, 10).value().rows;
    ASSERT_EQ(rows.size(), 1U) << to_string(activity);
    EXPECT_NE(rows[0].row.find("\"actor\":\"operator"), std::string::npos) << rows[0].row;
  }
}

TEST_F(AnOperatorOfSelfService, RegistersAnAddressForSomebody) {
  person(alice, "alice@corp.example", {staff}, {});
  EXPECT_EQ(of_corp({"people", "add-email", "alice@corp.example", "Alice@home.example"}), exit_done) << err;
  EXPECT_TRUE(said("registered: ") && !said("home.example")) << out;
  ASSERT_EQ(methods(alice).size(), 1U);
  EXPECT_EQ(methods(alice)[0].kind, sspr::Method::email);
  EXPECT_EQ(methods(alice)[0].proven, 0);
  EXPECT_EQ(opened(), 1) << "sealed for this person";
  auto rows = store().audit().page({}, 0, 100).value().rows;
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_TRUE(rows[0].row.find("security_info.registered") != std::string::npos && rows[0].row.find("\"actor\":\"operator\"") != std::string::npos) << rows[0].row;
  EXPECT_EQ(rows[0].row.find("home.example"), std::string::npos);
  EXPECT_EQ(of_corp({"people", "add-email", alice, "alice@HOME.example"}), exit_failed);
  EXPECT_TRUE(complained("has registered this address")) << err;
  EXPECT_EQ(of_corp({"people", "add-email", alice, "alice@mail.corp.example"}), exit_failed);
  EXPECT_TRUE(complained("belongs to corp.example")) << err;
  EXPECT_EQ(of_corp({"people", "add-email", alice, "alice"}), exit_usage);
  EXPECT_EQ(of_corp({"people", "add-email", bob, "bob@home.example"}), exit_failed) << "nobody";
  EXPECT_EQ(does({"people", "add-email", alice, "alice@other.example", "--domain", "other.example"}), exit_failed) << "a domain is a border";
  person(bob, "alice@corp.example", {}, {});
  EXPECT_EQ(of_corp({"people", "add-email", "alice@corp.example", "alice@second.example"}), exit_failed);
  EXPECT_TRUE(complained("several accounts")) << err;
  EXPECT_EQ(methods(alice).size(), 1U);
  EXPECT_TRUE(methods(bob).empty());
}

TEST_F(AnOperatorOfSelfService, HandsOutAllThatIsKeptOfAPersonAndErasesIt) {
  person(alice, "alice@corp.example", {staff}, {sspr::Method::app_code});
  person(bob, "bob@corp.example", {}, {sspr::Method::email});
  const auto done = job(alice, true), open = job(alice, false), other = job(bob, true);
  EXPECT_EQ(of_corp({"people", "export", alice}), exit_done);
  for (const auto& part : {std::string("alice@corp.example"), std::string("Älice"), staff, done, open, std::string("kept sealed, not shown"), std::string("dc1.corp.example")}) EXPECT_TRUE(said(part)) << part;
  EXPECT_FALSE(said("wv1.") || said(secret) || said("{sealed}") || said(other) || said("bob@")) << out;
  EXPECT_EQ(of_corp({"people", "erase", alice}), exit_usage) << "not without being asked for";
  EXPECT_EQ(methods(alice).size(), 1U);
  EXPECT_EQ(of_corp({"people", "erase", alice, "--yes"}), exit_done) << err;
  EXPECT_TRUE(said("1 methods") && said("1 jobs, 1 probes") && said("1 jobs have no end yet")) << out;
  EXPECT_EQ(of_corp({"people", "show", alice}), exit_failed);
  {
    auto kept = store();
    EXPECT_FALSE(kept.job(done).value());
    EXPECT_TRUE(kept.job(open).value() && kept.job(other).value());
    auto row = *kept.job(open).value();
    row.outcome = "denied";
    ASSERT_TRUE(kept.finish(row).value());
  }
  EXPECT_EQ(of_corp({"people", "erase", alice, "--yes"}), exit_done);
  EXPECT_EQ(of_corp({"people", "erase", alice, "--yes"}), exit_failed) << "nothing is left";
  EXPECT_EQ(of_corp({"people", "export", alice}), exit_done) << "the audit stays";
  EXPECT_TRUE(said("\"methods\":[]") && said("person.exported") && said("person.erased") && said("\"activity\":\"job.settled\"")) << out;
  EXPECT_FALSE(said("alice@corp.example") || said("Älice") || said(bob)) << out;
  EXPECT_EQ(does({"people", "export", alice, "--domain", "other.example"}), exit_failed) << "a domain is a border";
  EXPECT_EQ(methods(bob).size(), 1U);
}

TEST_F(AnOperatorOfSelfService, HandsOutTheAddressesOfAPersonAndNoKeyOrAnswer) {
  person(alice, "alice@corp.example", {}, {sspr::Method::app_code, sspr::Method::questions, sspr::Method::email});  // the last one's seal holds no address
  {
    auto kept = store();
    const auto method = sspr::sealed_email(crypto::Vault::open(config.state_dir).value(), corp, alice, *read_email("alice@home.example"), unix_now()).value();
    ASSERT_TRUE(sspr::People(kept.database()).add(corp, alice, method).value());
  }
  EXPECT_EQ(of_corp({"people", "export", alice}), exit_done) << err;
  EXPECT_TRUE(said("\"address\":\"alice@home.example\"") && said("kept sealed, not shown") && said("can't be opened")) << out;
  EXPECT_FALSE(said("wv1.") || said(secret)) << out;
}

TEST_F(AnOperatorOfSelfService, OrdersInvitationsThatTheRunningServiceWrites) {
  person(alice, "alice@corp.example", {}, {});
  person(bob, "bob@corp.example", {}, {sspr::Method::app_code});
  EXPECT_EQ(of_corp({"settings", "set", "scope=all"}), exit_done) << err;
  EXPECT_EQ(of_corp({"people", "invite"}), exit_usage);
  EXPECT_EQ(of_corp({"people", "invite", alice, "--missing"}), exit_usage);
  EXPECT_EQ(of_corp({"people", "invite", "alice@corp.example"}), exit_failed) << "people are named by their id";
  EXPECT_EQ(of_corp({"people", "invite", "--missing"}), exit_done) << err;
  EXPECT_TRUE(said("ordered: 1 letters")) << out;
  EXPECT_EQ(of_corp({"people", "invite", alice}), exit_failed);
  EXPECT_TRUE(complained("ordered already")) << err;
  EXPECT_EQ(of_corp({"people", "invite", bob}), exit_failed);
  EXPECT_TRUE(complained("needs no invitation")) << err;
  EXPECT_EQ(of_corp({"people", "export", alice}), exit_done);
  EXPECT_TRUE(said("\"ordered\":true")) << out;
}

// Whoever adds a table about people: `people export` and `people erase` are to know it.
TEST_F(AnOperatorOfSelfService, KnowsEveryTableThatNamesAPerson) {
  auto kept = store();
  std::vector<std::string> tables;
  auto q = kept.database().query("SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON c.name='sub' WHERE m.type='table' ORDER BY m.name");
  while (q.next().value()) tables.push_back(q.text(0));
  EXPECT_EQ(tables, (std::vector<std::string>{"invited", "jobs", "people", "person_methods", "probes", "sspr_sessions", "tickets"}));
}

// ---- the vault ----------------------------------------------------------------------------------------------
TEST_F(AnOperatorOfSelfService, GivesTheVaultANewKeyUnderARunningService) {
  auto kept = store();
  const auto running = crypto::Vault::open(config.state_dir).value();
  {
    const auto relaxed = kept.database().unsynced();
    for (int i = 0; i < 250; ++i) register_one(kept, running, "7c1f0f4a-0000-4000-8000-000000000" + std::to_string(100 + i), "p", {}, {sspr::Method::app_code});
  }
  EXPECT_EQ(does({"vault", "rotate"}), exit_done) << err;
  EXPECT_TRUE(said("key 2: 250 methods sealed anew")) << out;
  const auto row = kept.audit().page({}, 0, 100).value().rows.back().row;
  EXPECT_TRUE(row.find("keys.rotated") != std::string::npos && row.find("\"target\":\"vault-2\"") != std::string::npos && row.find("\"counters\":250") != std::string::npos) << row;
  EXPECT_EQ(opened(), 250);
  const auto sub = "7c1f0f4a-0000-4000-8000-000000000100";
  const auto m = methods(sub)[0];
  EXPECT_TRUE(m.sealed.starts_with("wv1.2."));
  EXPECT_TRUE(running.open_sealed(m.sealed, sspr::context(corp, sub, m))) << "a service that started before the new key";
  EXPECT_EQ(does({"vault", "list"}), exit_done);
  EXPECT_TRUE(said("vault-1.key  0 methods\n") && said("vault-2.key  250 methods, seals")) << out;
}

TEST_F(AnOperatorOfSelfService, EndsARotationThatWasInterrupted) {
  person(alice, "a", {}, {sspr::Method::app_code});
  ASSERT_TRUE(crypto::Vault::open(config.state_dir).value().rotate());  // killed after the new key
  EXPECT_EQ(does({"vault", "rotate"}), exit_done);
  EXPECT_TRUE(said("key 2: 1 methods") && said("Run it again")) << out;
  EXPECT_FALSE(fs::exists(config.state_dir / "vault-3.key"));
  EXPECT_EQ(does({"vault", "rotate"}), exit_done);
  EXPECT_TRUE(said("key 3: 1 methods")) << out;
}

TEST_F(AnOperatorOfSelfService, IsToldWhichMethodsNoKeyOpens) {
  person(alice, "a", {}, {sspr::Method::app_code, sspr::Method::email});
  {
    auto kept = store();
    ASSERT_TRUE(sspr::People(kept.database()).reseal(methods(alice)[0].id, "wv1.1.AAAA"));
  }
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(does({"vault", "rotate"}), exit_failed);
    EXPECT_TRUE(complained(methods(alice)[0].id) && complained("remove-method")) << err;
  }
  EXPECT_EQ(opened(), 1) << "the other one was not kept waiting";
  ASSERT_EQ(of_corp({"people", "remove-method", alice, methods(alice)[0].id}), exit_done);
  EXPECT_EQ(does({"vault", "rotate"}), exit_done);
  fs::remove(config.state_dir / "vault-3.key");
  EXPECT_EQ(does({"vault", "list"}), exit_failed);
  EXPECT_TRUE(complained("sealed under key 3")) << err;
}

// ---- words --------------------------------------------------------------------------------------------------
TEST_F(AnOperatorOfSelfService, IsToldWhatIsMissingOrTooMuch) {
  struct Row {
    std::vector<std::string> words;
    std::string says;
  };
  const std::vector<Row> rows = {
      {{}, "a verb is missing"},
      {{"settings"}, "no such verb"},
      {{"settings", "drop", "--domain", corp}, "no such verb"},
      {{"settings", "show"}, "--domain is missing"},
      {{"settings", "show", "--domain", "no domain"}, "not a DNS domain name"},
      {{"settings", "show", "--domain"}, "needs a value"},
      {{"settings", "show", "--domain", corp, "more"}, "unexpected: more"},
      {{"settings", "show", "--domain?", corp}, "unknown option"},
      {{"settings", "set", "--domain", corp}, "settings set MEMBER=VALUE"},
      {{"settings", "set", "scope=all", "--domain", corp, "--all"}, "--all goes with --dry-run"},
      {{"settings", "import", "--domain", corp}, "settings import FILE"},
      {{"settings", "restore", "--domain", corp}, "settings restore VERSION"},
      {{"settings", "history", "1", "--domain", corp}, "unexpected: 1"},
      {{"routes", "add", "--domain", corp}, "routes add SUFFIX"},
      {{"routes", "add", "example.com"}, "--domain is missing"},
      {{"routes", "remove"}, "routes remove SUFFIX"},
      {{"people", "show", "--domain", corp}, "people show NAME|GUID"},
      {{"people", "freeze", "alice", "--domain", corp}, "expected an account's id"},
      {{"people", "thaw", "7c1f0f4a-0000-4000-8000-00000000000g", "--domain", corp}, "expected an account's id"},
      {{"people", "erase", "--yes", "--domain", corp}, "people erase GUID"},
      {{"people", "export", alice}, "--domain is missing"},
      {{"people", "remove-method", alice, "--domain", corp}, "people remove-method GUID METHOD-ID"},
      {{"vault", "rotate", "now"}, "unexpected: now"},
      {{"backup"}, "backup DIR"},
      {{"restore", "--replace"}, "restore DIR"},
      {{"restore", "a", "--replace=yes"}, "unknown option"},
  };
  for (const auto& row : rows) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(command_line(row.words), exit_usage) << row.says;
    err = testing::internal::GetCapturedStderr();
    EXPECT_NE(err.substr(0, err.find('\n')).find(row.says), std::string::npos) << row.says << " in: " << err.substr(0, 200);
  }
}

}  // namespace
}  // namespace wb::service
