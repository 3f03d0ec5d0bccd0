// Tokens, answers, identity, pins and the command line: everything of enrolment that needs no network.
#include "agent/enroll.hpp"

#include <gtest/gtest.h>

#include "agent/command_line.hpp"
#include "agent/identity.hpp"
#include "agent/service_url.hpp"
#include "agent/trust_state.hpp"
#include "platform/private_files.hpp"
#include "tests/support/job_maker.hpp"

namespace wb::agent {
namespace {
const std::string print43(43, 'A');

TEST(AToken, IsReadWithBlanksAroundIt) {
  const auto token = parse_token(" wbe1.id.secret." + print43 + "\n");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->id, "id");
  EXPECT_EQ(token->secret, "secret");
  EXPECT_EQ(token->sr, print43);
}

TEST(AToken, IsRefusedWhenAnythingIsWrongWithIt) {
  for (const auto& text : {std::string(), std::string("wbe1.a.b"), "wbe2.a.b." + print43, "wbe1..b." + print43, "wbe1.a.." + print43, "wbe1.a.b." + print43 + ".c", "wbe1.a.b." + print43 + "A"})
    EXPECT_FALSE(parse_token(text)) << text;
}

TEST(AnEnrolmentAnswer, IsReadAndItsNamesAreChecked) {
  const auto jwk = R"({"kty":"EC","crv":"P-256","x":")" + print43 + R"(","y":")" + print43 + R"("})";
  const auto answer = [&](const std::string& agent, const std::string& domain, const std::string& dr) {
    return read_enroll_answer(R"({"agent":")" + agent + R"(","tenant":"demo","domain":")" + domain + R"(","sr":)" + jwk + R"(,"sk":["x"],"dr":)" + dr + "}");
  };
  ASSERT_TRUE(answer("A1", "corp.example", "null"));
  EXPECT_FALSE(answer("A1", "corp.example", "null")->dr);
  EXPECT_EQ(answer("A1", "corp.example", "\"" + print43 + "\"")->dr, print43);
  EXPECT_FALSE(answer("", "corp.example", "null"));
  EXPECT_FALSE(answer("a b", "corp.example", "null"));
  EXPECT_FALSE(answer("A1", "../corp", "null")) << "the domain becomes part of a file's name";
  EXPECT_FALSE(answer("A1", "CORP.example", "null"));
  EXPECT_FALSE(answer("A1", "corp.example", "\"short\""));
  EXPECT_FALSE(read_enroll_answer("[]"));
}

TEST(AnAgentList, IsReadWithAndWithoutARoster) {
  const auto jwk = R"({"kty":"EC","crv":"P-256","x":")" + print43 + R"(","y":")" + print43 + R"("})";
  const auto list = read_agent_list(R"({"agents":[{"id":"A1","host":"h","as":)" + jwk + R"(,"state":"pending"}],"roster":null})");
  ASSERT_TRUE(list) << list.error().detail;
  EXPECT_EQ(list->agents.at(0).id, "A1");
  EXPECT_FALSE(list->roster);
  EXPECT_FALSE(read_agent_list(R"({"agents":[{"id":"A1"}],"roster":null})"));
}

TEST(TheIssuer, IsTakenFromAnEndorsementOfThePinnedRootOnly) {
  const test::JobMaker m, stranger;
  EXPECT_EQ(issuer_of({stranger.endorsement(stranger.sk), m.endorsement(m.sk)}, m.sr.kid(), unix_now()).value(), m.issuer);
  EXPECT_FALSE(issuer_of({stranger.endorsement(stranger.sk)}, m.sr.kid(), unix_now()));
}

TEST(ARosterThatGrows, CountsUpAndKeepsEverybodyOnce) {
  const protocol::RosterAgent a{"A", {print43, print43}};
  auto first = roster_with({"demo", "corp.example", 0, 0, 0, {}}, a, 1'000).value();
  EXPECT_EQ(first.rsn, 1);
  EXPECT_EQ(first.exp - first.iat, 30 * 86'400);
  const auto renewed = roster_with(first, a, 2'000).value();
  EXPECT_EQ(renewed.agents.size(), 1U) << "it stands there already: renewed, not doubled";
  EXPECT_EQ(renewed.rsn, 2);
  EXPECT_GT(renewed.exp, first.exp);
  EXPECT_FALSE(roster_with(first, {"A", {}}, 1'000)) << "the same name with another key";
  for (int i = 0; i < 31; ++i) first = roster_with(first, {"B" + std::to_string(i), {}}, 1'000).value();
  EXPECT_FALSE(roster_with(first, {"C", {}}, 1'000)) << "32 recipients at most";
}

TEST(AnIdentity, ComesBackAsItWasWritten) {
  const Identity was{"A1", "demo", "https://x", "https://y", print43, {{"corp.example", {print43, 7}}, {"b.example", {}}}};
  const auto is = decode_identity(encode_identity(was)).value();
  EXPECT_EQ(is.agent, "A1");
  EXPECT_EQ(is.issuer, "https://y");
  EXPECT_EQ(is.domains.at("corp.example").dr, print43);
  EXPECT_EQ(is.domains.at("corp.example").rsn, 7);
  EXPECT_EQ(is.domains.at("b.example").dr, "");
  EXPECT_FALSE(decode_identity("{}"));
  EXPECT_FALSE(decode_identity("not json"));
}

TEST(AFurtherEnrolment, AddsItsDomainAndKeepsEveryPin) {
  Identity known{"A1", "demo", "https://reset", "https://old", "root", {{"corp.example", {"dr", 7}}}};
  ASSERT_TRUE(join(known, {"A1", "demo", "https://reset", "https://new", "root", {{"other.example", {}}}}));
  EXPECT_EQ(known.domains.size(), 2U);
  EXPECT_EQ(known.domains.at("corp.example").dr, "dr");
  EXPECT_EQ(known.domains.at("corp.example").rsn, 7);
  EXPECT_EQ(known.domains.at("other.example").dr, "");
  EXPECT_EQ(known.issuer, "https://new");
}

TEST(AFurtherEnrolment, IsRefusedWhereTheServiceIsNotTheSameOrTheDomainNotNew) {
  const Identity known{"A1", "demo", "https://reset", "https://reset", "root", {{"corp.example", {"dr", 7}}}};
  const auto why = [&](const std::string& agent, const std::string& tenant, const std::string& root, const std::string& domain) {
    auto mine = known;
    const auto joined = join(mine, {agent, tenant, "https://reset", "https://reset", root, {{domain, {}}}});
    EXPECT_EQ(encode_identity(mine), encode_identity(known)) << "nothing was taken over";
    return joined ? std::string("taken") : joined.error().where + ": " + joined.error().detail;
  };
  EXPECT_EQ(why("A2", "demo", "root", "other.example").find("enroll: the service gave this agent another name"), 0U);
  EXPECT_EQ(why("A1", "else", "root", "other.example").find("enroll: the service gave this agent another name"), 0U);
  EXPECT_EQ(why("A1", "demo", "else", "other.example").find("enroll.sr: "), 0U);
  EXPECT_EQ(why("A1", "demo", "root", "corp.example"), "enroll: already enrolled in corp.example");
}

TEST(AnAgentOfSixteenDomains, IsReadAndTakesNoMore) {
  char name[] = "/tmp/wb-enroll-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  Identity identity{"A1", "demo", "https://127.0.0.1:1", "https://reset", "root", {}};
  for (std::size_t i = 0; i < domains_max; ++i) identity.domains.emplace("d" + std::to_string(i) + ".example", DomainPin{});
  ASSERT_TRUE(save_identity(folder, identity));
  EXPECT_EQ(load_identity(folder).value().domains.size(), domains_max);
  ASSERT_TRUE(platform::write_private_file(folder / "token", "wbe1.id.secret." + print43));
  config::AgentConfig config;
  config.state_dir = folder;
  std::ostringstream out;
  const auto more = enroll(config, "https://127.0.0.1:1", folder / "token", out);  // where nobody is asked
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().detail, "an agent serves at most 16 domains") << "and the token is not spent";
  std::filesystem::remove_all(folder);
}

TEST(AServiceUrl, IsHttpsAHostAndMaybeAPort) {
  EXPECT_EQ(parse_service_url("https://reset.example")->port, 443);
  EXPECT_EQ(parse_service_url("https://reset.example:8443/")->port, 8443);
  EXPECT_EQ(parse_service_url("https://reset.example:8443/")->text, "https://reset.example:8443");
  EXPECT_EQ(parse_service_url("https://[::1]:8443")->host, "::1");
  for (const auto* bad : {"http://x", "https://", "https://x:0", "https://x:99999", "https://x:", "https://x/path", "https://u@x", "https://[::1", "x", "https://[::1]x"})
    EXPECT_FALSE(parse_service_url(bad)) << bad;
}

// ---- whom the agent believes --------------------------------------------------------------------------------
struct Believer {
  test::JobMaker m;
  crypto::PrivateKey as = crypto::PrivateKey::generate().value();
  protocol::RosterAgent us{"A1", as.public_key().jwk()}, them{"A2", crypto::PrivateKey::generate().value().public_key().jwk()};
  UnixSeconds now = unix_now();
  TrustState trust{Identity{"A1", m.tenant, m.issuer, m.issuer, m.sr.kid(), {{m.domain, {}}}}, as.public_key()};
  std::size_t refused(std::vector<std::string> sk, std::map<std::string, std::string> rosters) { return trust.take({std::move(sk), std::move(rosters)}, now).size(); }
};

TEST(AnAgentWithoutAPinnedRoot, PinsTheFirstRosterThatHasItInIt) {
  Believer b;
  EXPECT_EQ(b.refused({}, {{b.m.domain, b.m.roster(1, {b.them})}}), 0U);
  EXPECT_FALSE(b.trust.unsaved()) << "a roster without us pins nothing";
  EXPECT_FALSE(b.trust.stands(b.m.domain, b.now));
  EXPECT_EQ(b.refused({}, {{b.m.domain, b.m.roster(2, {b.them, b.us})}}), 0U);
  EXPECT_TRUE(b.trust.unsaved());
  EXPECT_EQ(b.trust.identity().domains.at(b.m.domain).dr, b.m.dr.kid());
  EXPECT_TRUE(b.trust.stands(b.m.domain, b.now));
}

TEST(AnAgentWithAPinnedRoot, RefusesAnotherOne) {
  Believer b;
  b.refused({}, {{b.m.domain, b.m.roster(1, {b.us})}});
  const auto stranger = crypto::PrivateKey::generate().value();
  EXPECT_EQ(b.refused({}, {{b.m.domain, b.m.roster_by(stranger, 9, {b.us})}}), 1U);
  EXPECT_EQ(b.trust.identity().domains.at(b.m.domain).dr, b.m.dr.kid());
}

TEST(AnAgentWithAPinnedRoot, RefusesAnOlderRoster) {
  Believer b;
  b.refused({}, {{b.m.domain, b.m.roster(5, {b.us})}});
  EXPECT_EQ(b.refused({}, {{b.m.domain, b.m.roster(4, {b.us, b.them})}}), 1U);
  EXPECT_EQ(b.trust.identity().domains.at(b.m.domain).rsn, 5);
}

TEST(AnAgentTakenOutOfTheRoster, NoLongerStandsAndStatesNothing) {
  Believer b;
  const auto ae = crypto::PrivateKey::generate().value();
  const Keys keys{b.as, ae};
  b.refused({}, {{b.m.domain, b.m.roster(1, {b.us})}});
  const auto jws = b.trust.statements(keys, b.now).statements.at(b.m.domain);
  const auto statement = protocol::decode<protocol::Statement>(crypto::verify(jws, protocol::typ_statement, b.as.public_key()).value()).value();
  EXPECT_EQ(statement.rsn, 1);
  EXPECT_EQ(statement.ae.at(0).kid, ae.kid());
  b.refused({}, {{b.m.domain, b.m.roster(2, {b.them})}});
  EXPECT_FALSE(b.trust.stands(b.m.domain, b.now));
  EXPECT_TRUE(b.trust.statements(keys, b.now).statements.empty());
}

// ---- the next signing key -----------------------------------------------------------------------------------
struct BelieverWithNext : Believer {
  crypto::PrivateKey next = crypto::PrivateKey::generate().value();
  protocol::RosterAgent us_next{"A1", next.public_key().jwk()};
  Keys keys{as, crypto::PrivateKey::generate().value(), {}, next};
  BelieverWithNext() { trust.our_keys(as.public_key(), next.public_key()); }
  std::string signer(const std::string& domain) {
    const auto statements = trust.statements(keys, now).statements;
    return statements.contains(domain) ? crypto::parse_jws(statements.at(domain), protocol::typ_statement, crypto::CarryKey::no).value().kid : "nobody";
  }
};

TEST(ANextSigningKey, StatesWhereARosterNamesItAndIsInForceFromThen) {
  BelieverWithNext b;
  b.refused({}, {{b.m.domain, b.m.roster(1, {b.us})}});
  EXPECT_EQ(b.signer(b.m.domain), b.as.kid());
  EXPECT_FALSE(b.trust.next_in_force(b.now));
  b.refused({}, {{b.m.domain, b.m.roster(2, {b.us_next})}});
  EXPECT_EQ(b.signer(b.m.domain), b.next.kid());
  EXPECT_TRUE(b.trust.next_in_force(b.now));
  EXPECT_TRUE(b.trust.stands(b.m.domain, b.now));
}

TEST(ANextSigningKey, WaitsForEveryDomainWhoseRosterNamesThePresentOne) {
  BelieverWithNext b;
  b.trust.adopt({{"other.example", {}}});
  auto other = b.m;
  other.domain = "other.example";
  b.refused({}, {{b.m.domain, b.m.roster(2, {b.us_next})}, {other.domain, other.roster(1, {b.us})}});
  EXPECT_FALSE(b.trust.next_in_force(b.now));
  EXPECT_EQ(b.signer(b.m.domain), b.next.kid()) << "each domain is stated by the key that its own roster names";
  EXPECT_EQ(b.signer(other.domain), b.as.kid());
  b.refused({}, {{other.domain, other.roster(2, {b.us_next})}});
  EXPECT_TRUE(b.trust.next_in_force(b.now));
}

TEST(ANextSigningKey, DoesNotWaitForADomainThatHasNotApprovedItOrWhoseRosterHasEnded) {
  BelieverWithNext b;
  b.trust.adopt({{"other.example", {}}});
  auto other = b.m;
  other.domain = "other.example";
  b.refused({}, {{other.domain, other.roster(1, {b.us}, b.now - 86'300)}});
  b.refused({}, {{b.m.domain, b.m.roster(2, {b.us_next})}});
  EXPECT_FALSE(b.trust.next_in_force(b.now));
  EXPECT_TRUE(b.trust.next_in_force(b.now + 100));
}

TEST(ARosterThatNamesUsWithAKeyNobodyMade, IsNamedAndStatesNothing) {
  BelieverWithNext b;
  const auto stranger = crypto::PrivateKey::generate().value();
  b.refused({}, {{b.m.domain, b.m.roster(1, {b.us})}});
  EXPECT_EQ(b.refused({b.m.endorsement(b.m.sk)}, {{b.m.domain, b.m.roster(2, {{"A1", stranger.public_key().jwk()}})}}), 0U) << "the root has signed it";
  EXPECT_EQ(b.trust.why_not(b.m.domain, b.now), "foreign_key");
  EXPECT_FALSE(b.trust.next_in_force(b.now));
  EXPECT_EQ(b.signer(b.m.domain), "nobody");
  b.refused({b.m.endorsement(b.m.sk)}, {{b.m.domain, b.m.roster(3, {b.us})}});
  EXPECT_EQ(b.trust.why_not(b.m.domain, b.now), "") << "mended by the next roster";
}

TEST(ARoster, TakesAnAgentsNextKeyInPlaceOfTheOneItHas) {
  const auto key = [] { return crypto::PrivateKey::generate().value().public_key().jwk(); };
  const protocol::RosterAgent a{"A", key()}, b{"B", key()}, a_next{"A", key()};
  const auto before = roster_with(roster_with({"demo", "corp.example", 0, 0, 0, {}}, a, 1'000).value(), b, 1'000).value();
  const auto after = roster_with_key(before, a_next, 2'000).value();
  ASSERT_EQ(after.agents.size(), 2U);
  EXPECT_EQ(after.agents[0].as, a_next.as);
  EXPECT_EQ(after.agents[1].as, b.as);
  EXPECT_EQ(after.rsn, before.rsn + 1);
}

struct StateDir {
  std::filesystem::path folder = [] {
    char name[] = "/tmp/wb-keys-XXXXXX";
    return std::filesystem::path(::mkdtemp(name));
  }();
  ~StateDir() { std::filesystem::remove_all(folder); }
};

TEST(ANextSigningKey, IsMadeOnceAndSucceedsByOneRename) {
  const StateDir dir;
  const auto first = load_or_make_keys(dir.folder).value();
  EXPECT_FALSE(first.next);
  const auto next = make_next_as(dir.folder).value();
  EXPECT_EQ(make_next_as(dir.folder)->kid(), next.kid()) << "an attempt that was cut off goes on with the same";
  EXPECT_FALSE(make_next_as(dir.folder, "file:/nowhere")) << "not two";
  EXPECT_EQ(std::filesystem::status(dir.folder / "as-next.pem").permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(load_keys(dir.folder)->next->kid(), next.kid());
  EXPECT_EQ(load_keys(dir.folder)->as.kid(), first.as.kid()) << "in force until rosters say otherwise";
  ASSERT_TRUE(promote_next_as(dir.folder));
  EXPECT_EQ(load_keys(dir.folder)->as.kid(), next.kid());
  EXPECT_FALSE(load_keys(dir.folder)->next);
  EXPECT_TRUE(promote_next_as(dir.folder)) << "killed after the rename: nothing is left to do";
  EXPECT_EQ(load_keys(dir.folder)->as.kid(), next.kid());
}

TEST(AListOfAgents, MayShowANextKeyAndNothingElseInItsPlace) {
  const std::string jwk = R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
  const auto list = [&](const std::string& next) { return read_agent_list(R"({"agents":[{"id":"A","host":"h","state":"active","as":)" + jwk + next + R"(}],"roster":null})"); };
  EXPECT_FALSE(list("")->agents[0].next);
  EXPECT_TRUE(list(R"(,"next":)" + jwk)->agents[0].next);
  for (const auto* bad : {R"(,"next":null)", R"(,"next":"x")", R"(,"next":{})", R"(,"next":[])"}) EXPECT_FALSE(list(bad)) << bad;
}

// ---- what time ends -----------------------------------------------------------------------------------------
TEST(ALongLink, BelievesNeitherRosterNorServiceKeysAfterTheirEnd) {
  Believer b;
  b.refused({b.m.endorsement(b.m.sk)}, {{b.m.domain, b.m.roster(1, {b.us}, b.now + 200)}});
  EXPECT_EQ(b.trust.why_not(b.m.domain, b.now), "");
  EXPECT_EQ(b.trust.service_keys_end(), b.now + 86'400);
  EXPECT_EQ(b.trust.roster_ends(b.m.domain), b.now + 86'600);
  EXPECT_EQ(b.trust.why_not(b.m.domain, b.now + 86'459), "") << "with the skew that is allowed";
  EXPECT_EQ(b.trust.why_not(b.m.domain, b.now + 86'460), "service_keys_expired");
  EXPECT_EQ(b.trust.why_not(b.m.domain, b.now + 86'600), "roster_expired");
  b.now += 86'400;
  b.refused({b.m.endorsement(b.m.sk, b.now)}, {{b.m.domain, b.m.roster(2, {b.us}, b.now)}});
  EXPECT_EQ(b.trust.why_not(b.m.domain, b.now + 200), "") << "the next ones came in time";
}

TEST(ServiceKeys, AreBelievedWhenThePinnedRootEndorsedThem) {
  Believer b;
  const test::JobMaker stranger;
  EXPECT_EQ(b.refused({b.m.endorsement(b.m.sk), stranger.endorsement(stranger.sk)}, {}), 1U);
  EXPECT_EQ(b.trust.trust()->service_keys.size(), 1U);
  EXPECT_TRUE(b.trust.trust()->service_keys.contains(b.m.sk.kid()));
}

TEST(AnAgentWithAPinnedRoot, FollowsTheOneThatItsRootNamesAndNoOther) {
  Believer b;
  const auto next = crypto::PrivateKey::generate().value(), stranger = crypto::PrivateKey::generate().value();
  const auto link = [&](const crypto::PrivateKey& from, const crypto::PrivateKey& to) {
    return test::JobMaker::sign(from, protocol::typ_root, protocol::Succession{b.m.tenant, b.m.domain, to.public_key().jwk(), b.now}, crypto::CarryKey::yes);
  };
  const auto take = [&](const std::string& roster, std::vector<std::string> roots) { return b.trust.take({{}, {{b.m.domain, roster}}, {{b.m.domain, std::move(roots)}}}, b.now).size(); };
  ASSERT_EQ(take(b.m.roster(5, {b.us}), {}), 0U);
  EXPECT_EQ(take(b.m.roster_by(next, 6, {b.us}), {}), 1U) << "silently: never";
  EXPECT_EQ(take(b.m.roster_by(next, 6, {b.us}), {link(stranger, next)}), 1U);
  EXPECT_EQ(take(b.m.roster_by(next, 4, {b.us}), {link(b.m.dr, next)}), 1U) << "an older roster stays one";
  EXPECT_EQ(b.trust.identity().domains.at(b.m.domain).dr, b.m.dr.kid());
  EXPECT_EQ(take(b.m.roster_by(next, 6, {b.us}), {link(b.m.dr, next)}), 0U);
  EXPECT_EQ(b.trust.identity().domains.at(b.m.domain).dr, next.kid());
  EXPECT_EQ(take(b.m.roster(7, {b.us}), {link(b.m.dr, next)}), 1U) << "the former root is one no more";
}

TEST(ARosterThatShrinks, KeepsTheOthersAndNeverNobody) {
  const protocol::Roster two{"demo", "corp.example", 4, 1, 2, {{"A", {}}, {"B", {}}}};
  const auto one = roster_without(two, "A", 1'000).value();
  EXPECT_EQ(one.rsn, 5);
  EXPECT_EQ(one.agents.size(), 1U);
  EXPECT_FALSE(roster_without(two, "C", 1'000));
  EXPECT_FALSE(roster_without(one, "B", 1'000));
}

// ---- the command line ---------------------------------------------------------------------------------------
Command command(std::vector<std::string> words) { return std::get<Command>(read_command(words)); }
bool wrong(std::vector<std::string> words) { return std::holds_alternative<UsageError>(read_command(words)); }

TEST(TheCommandLine, RunsByDefault) {
  EXPECT_EQ(command({}).verb, Verb::run);
  EXPECT_EQ(command({}).config, "/etc/writeback-agent/agent.yaml");
  EXPECT_EQ(command({"--config", "x"}).config, "x");
  EXPECT_EQ(command({"run", "--config=x"}).config, "x");
}

TEST(TheCommandLine, ReadsEveryVerb) {
  const auto e = command({"enroll", "--service", "https://x", "--token-file", "t"});
  EXPECT_EQ(e.verb, Verb::enroll);
  EXPECT_EQ(e.service, "https://x");
  EXPECT_EQ(e.token_file, "t");
  EXPECT_EQ(command({"domain", "init", "--domain", "CORP.example"}).domain, "corp.example");
  const auto a = command({"approve", "A1", "--fingerprint", "F"});
  EXPECT_EQ(a.agent, "A1");
  EXPECT_EQ(a.fingerprint, "F");
  EXPECT_EQ(command({"check-config", "file"}).config, "file");
  EXPECT_TRUE(command({"enroll", "--again", "--service", "https://x", "--token-file", "t"}).has("again"));
  EXPECT_EQ(command({"approve", "A2", "--fingerprint", "F", "--instead-of", "A1", "--root", "r"}).instead_of, "A1");
  EXPECT_EQ(command({"revoke", "A1"}).agent, "A1");
  EXPECT_EQ(command({"keys", "export-root", "out", "--passphrase-file", "p", "--remove"}).file, "out");
  EXPECT_TRUE(command({"keys", "rotate", "--discard"}).has("discard"));
  EXPECT_EQ(command({"keys", "pin-root", print43}).fingerprint, print43);
  for (const auto& print : {"-" + print43.substr(1), "--" + print43.substr(2)}) EXPECT_EQ(command({"keys", "pin-root", print}).fingerprint, print);
  EXPECT_TRUE(wrong({"keys", "pin-root", "--" + print43})) << "too long for one";
  for (const auto& words : std::vector<std::vector<std::string>>{{"revoke"}, {"keys", "export-root", "out"}, {"keys", "export-root", "--passphrase-file", "p"}, {"keys", "pin-root", "short"}, {"keys"}})
    EXPECT_TRUE(wrong(words)) << words.back();
  EXPECT_EQ(command({"version"}).verb, Verb::version);
}

TEST(TheCommandLine, RefusesWhatItDoesNotKnowOrMisses) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"fly"}, {"domain"}, {"domain", "destroy"}, {"enroll"}, {"enroll", "--service", "x"}, {"approve", "A1"}, {"approve", "--fingerprint", "F"},
           {"run", "x"}, {"run", "--domain", "d"}, {"--config"}, {"check-config", "a", "b"}, {"domain", "init", "--domain", "a b"}, {"run", "-x"}})
    EXPECT_TRUE(wrong(words)) << words[0];
}

TEST(TheCommandLine, HelpsWithEveryVerb) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"--help"}, {"run", "--help"}, {"enroll", "--help"}, {"domain", "init", "-h"}, {"approve", "--help"}, {"check-config", "--help"}, {"version", "--help"}})
    EXPECT_TRUE(std::holds_alternative<Help>(read_command(words))) << words[0];
}

}  // namespace
}  // namespace wb::agent
