// What a stranger learns of a name by asking in several ways, over HTTPS with an agent made of nothing but the contract: whether anybody
// has it is not among it.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "service/sspr/people.hpp"
#include "service/sspr/settings_store.hpp"
#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

using protocol::Code;
using service::sspr::Method;
constexpr const char* password = "Canary-4c1d-Passw0rd!";
const std::vector<std::string> spellings{"nobody", "CORP\\nobody", "corp.example\\Nobody", " nobody ", "nobody@corp.example", "NOBODY@Corp.Example", "nobody@example.com"};

class AStranger : public testing::Test {
 protected:
  AStranger() { EXPECT_TRUE(service::sspr::SettingsStore(reset.world.store().database()).route("example.com", reset.world.domain)); }
  ResetWorld reset;

  // The agent says of every name that it is asked for that nobody has it, or that `sub` has that of the first. What it was asked for.
  std::vector<std::string> look(const std::string& sub = {}) {
    std::vector<std::string> asked;
    for (int at = 0; at < 2; ++at) {  // the domain has two suffixes
      const auto probe = reset.agent->next_job();
      EXPECT_TRUE(probe && probe->job.op == protocol::Op::probe && probe->job.name);
      if (!probe) return asked;
      asked.push_back(probe->job.name.value_or(""));
      if (at == 0 && !sub.empty()) Browser(reset).answer_probe(probe->job, sub);
      else reset.agent->answer(probe->job, Code::failed, [](protocol::JobResult& r) { r.reason = "not_found"; });
    }
    return asked;
  }
  std::vector<std::string> begin_reset(Browser& browser, const std::string& name, const std::string& sub = {}) {
    EXPECT_EQ(browser.begin(name).status, 201) << name;
    return look(sub);
  }
  std::vector<std::string> begin_sign_in(Browser& browser, const std::string& name, const std::string& sub = {}) {
    const auto begun = browser.call("POST", "sign-ins", {{"name", name}, {"captcha", browser.solved_captcha("sign_in")}});
    EXPECT_EQ(begun.status, 201) << name << begun.text("code");
    browser.token = begun.text("token");
    return look(sub);
  }
  // Of a name that nobody has: the agent is not asked again.
  ServiceWorld::Probed offer(Browser& browser) {
    const auto reply = browser.call("POST", "sign-in/seal");
    EXPECT_EQ(reply.status, 200) << reply.text("code");
    const auto& pre = reply.body.at("pre").as_object();
    return {reply.text("probe"),
        {std::string(pre.at("dc").as_string()), pre.at("ver").as_int64(), std::string(pre.at("pls").as_string()), pre.at("mk").is_null() ? std::nullopt : std::optional(std::string(pre.at("mk").as_string()))},
        reply.text("sub")};
  }
  std::string try_password(Browser& browser) {
    const auto offered = offer(browser);
    auto binding = reset.world.binding(offered);
    binding.op = protocol::Op::authenticate;
    return browser.call("POST", "sign-in/password", {{"probe", offered.id}, {"sealed", reset.world.seal({reset.agent.get()}, binding, password)}}).text("code");
  }
  // That somebody, or nobody, has the name, typed in a way of theirs; and an authenticator's code that is wrong.
  std::string try_code(const std::string& name, const std::string& sub = {}) {
    Browser browser{reset};
    begin_reset(browser, name, sub);
    browser.choose("app_code");
    return browser.code("000000").text("code");
  }
};

TEST_F(AStranger, WhoSignsInIsOfferedTheSameForEachSpellingOfANameThatNobodyHas) {
  std::set<std::string> subs;
  std::set<std::pair<std::string, std::int64_t>> states;
  for (const auto& name : spellings) {
    Browser browser{reset};
    begin_sign_in(browser, name);
    const auto offered = offer(browser);
    subs.insert(offered.sub), states.insert({offered.pre.pls, offered.pre.ver});
  }
  EXPECT_EQ(subs.size(), 1U) << "as of an account, which is one under all of its names";
  EXPECT_EQ(states.size(), 1U);
}

TEST_F(AStranger, WhoseTriesAreCountedIsBlockedByThemUnderEachSpellingOfTheName) {
  for (int at = 0; at < 5; ++at) {
    Browser browser{reset};
    begin_sign_in(browser, spellings[static_cast<std::size_t>(at)]);
    EXPECT_EQ(try_password(browser), "sign_in_failed");
  }
  Browser another{reset};
  begin_sign_in(another, spellings.back());
  EXPECT_EQ(try_password(another), "blocked");
}

TEST_F(AStranger, WhoseTriesAreCountedInAResetIsBlockedByThemUnderEachSpelling) {
  for (int at = 0; at < 5; ++at) EXPECT_EQ(try_code(spellings[static_cast<std::size_t>(at)]), "wrong_answer");
  EXPECT_EQ(try_code(spellings.back()), "blocked");
  EXPECT_EQ(try_code("somebody-else"), "wrong_answer");
}

TEST_F(AStranger, IsAskedTheSameQuestionsUnderEachSpellingOfAName) {
  reset.settings([](auto& s) { s.methods = {Method::questions, Method::app_code}, s.questions_to_register = s.questions_to_ask = 3; });
  std::set<std::set<std::string>> asked;
  for (const auto& name : spellings) {
    Browser browser{reset};
    begin_reset(browser, name);
    const auto reply = browser.choose("questions");
    ASSERT_EQ(reply.status, 200) << reply.text("code");
    std::set<std::string> ids;
    for (const auto& question : reply.body.at("session").at("questions").as_array()) ids.insert(std::string(question.at("id").as_string()));
    asked.insert(ids);
  }
  EXPECT_EQ(asked.size(), 1U) << "though in another order";
}

TEST_F(AStranger, FindsAnAccountUnderNoOtherNamesThanNobodys) {
  for (const auto& name : {"alice", "CORP\\alice", "alice@corp.example"}) {
    Browser browser{reset};
    EXPECT_EQ(begin_reset(browser, name, alices_sub), (std::vector<std::string>{"alice@corp.example", "alice@example.com"})) << name;
  }
  Browser browser{reset};
  EXPECT_EQ(begin_reset(browser, "alice@example.com", alices_sub), (std::vector<std::string>{"alice@example.com", "alice@corp.example"})) << "what was typed goes first";
}

// An agent takes a bare objectGUID for the account itself. A sign-in hands one out: it may not tell whether it was made up.
TEST_F(AStranger, WhoTypesAnObjectGuidTypesANameThatNobodyHas) {
  reset.register_app();
  for (const auto& name : {alices_sub, "CORP\\" + alices_sub, " " + alices_sub}) {
    Browser one{reset}, other{reset};
    const std::vector<std::string> wanted{alices_sub + "@corp.example", alices_sub + "@example.com"};
    EXPECT_EQ(begin_sign_in(one, name), wanted) << "the agent is never asked for the bare one";
    EXPECT_EQ(begin_reset(other, name), wanted);
    EXPECT_NE(offer(one).sub, alices_sub);
  }
}

TEST_F(AStranger, LearnsNothingOfAnAccountsTriesByItsObjectGuid) {
  reset.register_app();
  for (int at = 0; at < 5; ++at) EXPECT_EQ(try_code("alice", alices_sub), "wrong_answer");
  EXPECT_EQ(try_code("alice", alices_sub), "blocked");
  EXPECT_EQ(try_code(alices_sub), "wrong_answer");
}

// ---- what stands behind a name ------------------------------------------------------------------------------
constexpr const char* staff = "CN=Staff,DC=corp,DC=example";

// Whoever a name may belong to, as the agent answers for it and as the store has it.
struct Behind {
  std::string what;
  std::function<void(ResetWorld&, const std::string& sub)> prepare;
  Browser::Edit say;  // of an account that is in scope
};
Browser::Edit no(Code code, const std::string& reason) {
  return [=](protocol::JobResult& r) { r.code = code, r.reason = reason, r.sub.reset(), r.probe.reset(); };
}
void register_all(ResetWorld& reset, const std::string& sub) {
  reset.register_app(sub), reset.register_email("somebody@private.example", sub), reset.register_answers(sub);
}
const std::vector<Behind> all_behind{{"nobody", {}, no(Code::failed, "not_found")},
    {"several people", {}, no(Code::failed, "ambiguous")},
    {"an account that the agent's guardrails keep", {}, no(Code::denied, "protected")},
    {"an account that the agent does not serve", {}, no(Code::denied, "out_of_scope")},
    {"somebody in scope who has registered nothing", {}, {}},
    {"somebody out of scope who has registered nothing", {}, [](protocol::JobResult& r) { r.probe->groups.clear(); }},
    {"somebody out of scope who has registered all", register_all, [](protocol::JobResult& r) { r.probe->groups.clear(); }},
    {"somebody whom the directory has an address of", {}, [](protocol::JobResult& r) { r.probe->contacts["mail"] = {"somebody@home.example"}; }},
    {"an account that is disabled and locked", register_all, [](protocol::JobResult& r) { r.probe->state.disabled = r.probe->state.locked = true; }},
    {"an administrator", register_all, [](protocol::JobResult& r) { r.probe->groups.push_back("CN=Admins,DC=corp,DC=example"); }},
    {"somebody who has said that it was not them",
        [](ResetWorld& reset, const std::string& sub) {
          register_all(reset, sub);
          EXPECT_TRUE(service::sspr::People(reset.world.store().database()).freeze(reset.world.domain, sub, unix_now()));
        },
        {}},
    {"somebody whose password was changed a moment ago", register_all, [](protocol::JobResult& r) { r.probe->policy.change_from = unix_now() + 3'600; }}};

class ANamesAnswers : public testing::Test {
 protected:
  ResetWorld reset{[](auto& s) {
    s.scope = service::sspr::Scope::selected, s.groups = {staff}, s.administrator_groups = {"CN=Admins,DC=corp,DC=example"};
    s.methods = {Method::app_code, Method::email, Method::questions}, s.questions_alone = true;
  }};

  // An answer's bytes, head and all, without what is another in each session: ids, times, and which questions these are (of those that there are).
  static std::string bytes_of(const HttpReply& reply) {
    static const std::regex date("[Dd]ate: [^\r]*\r\n"), token("\"token\":\"wbs1\\.[0-9A-Z]{26}\\.[-_0-9A-Za-z]{43}\""), id("\"id\":\"[0-9A-Z]{26}\""), time("\"(expires|code_until|resend_from)\":[0-9]{10}");
    static const std::regex question("\\{\"id\":\"[a-z_0-9]+\",\"text\":\"[^\"]{10,}\"\\}"), length("[Cc]ontent-[Ll]ength: [0-9]+");
    const bool asks = reply.raw.find("\"questions\"") != std::string::npos;
    auto head = std::regex_replace(reply.headers, date, "");
    if (asks) head = std::regex_replace(head, length, "");  // as long as the questions are
    auto body = std::regex_replace(std::regex_replace(reply.raw, token, "<token>"), id, "<id>");
    return head + std::regex_replace(std::regex_replace(body, time, "<$1>"), question, "<question>");
  }
  // All that a stranger can get of a name until a method is passed.
  std::vector<std::string> answers(const Behind& behind, const std::string& name, const std::string& sub) {
    Browser browser{reset};
    std::vector<std::string> out{bytes_of(browser.begin_as(name, sub, [&](protocol::JobResult& r) {
      r.probe->groups = {staff};
      if (behind.say) behind.say(r);
    }))};
    const auto add = [&](const HttpReply& reply) { out.push_back(bytes_of(reply)); };
    add(browser.get());
    for (const auto* method : {"email", "app_code"}) {
      add(browser.choose(method));
      add(browser.code("000000"));
    }
    const auto asked = browser.choose("questions");
    add(asked), add(browser.answers(asked, "wrong ")), add(browser.choose("questions"));
    add(browser.choose("pass"));
    add(browser.pick("reset"));
    add(browser.get());
    return out;
  }
};

TEST_F(ANamesAnswers, AreTheSameBytesWhateverStandsBehindItUntilAMethodIsPassed) {
  const auto sub = [](std::size_t at) { return "6f1c2f0e-8a57-4d0f-9a1b-0000000000" + std::to_string(10 + at); };
  const auto name = [](std::size_t at) { return "person" + std::to_string(10 + at) + "@corp.example"; };
  reset.register_app(sub(99 - 10)), reset.register_email("p@private.example", sub(99 - 10)), reset.register_answers(sub(99 - 10));
  const auto known = answers({}, name(99 - 10), sub(99 - 10));
  ASSERT_NE(known.front().find("201"), std::string::npos) << known.front();
  EXPECT_NE(known[6].find("<question>,<question>,<question>]"), std::string::npos) << known[6];
  for (std::size_t at = 0; at < all_behind.size(); ++at) {
    const auto& behind = all_behind[at];
    if (behind.prepare) behind.prepare(reset, sub(at));
    const auto got = answers(behind, name(at), sub(at));
    ASSERT_EQ(got.size(), known.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], known[i]) << behind.what << ", answer " << i;
  }
}

}  // namespace
}  // namespace wb::test
