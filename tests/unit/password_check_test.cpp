#include "agent/password_check.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agent/apply.hpp"
#include "crypto/jwe.hpp"
#include "tests/support/fake_directory.hpp"
#include "tests/support/job_maker.hpp"

namespace wb::agent {
namespace {

namespace fs = std::filesystem;
using policy::Mode;
using protocol::Code;

protocol::PasswordPolicy policy_of(int min_length) {
  protocol::PasswordPolicy policy;
  policy.min_length = min_length, policy.complexity = true;
  return policy;
}

class PasswordRules : public testing::Test {
 protected:
  PasswordRules() {
    fs::create_directories(folder_);
    account_.sub = "6fd0a2c4-1111-2222-3333-000000000001", account_.sam = "ehagens", account_.upn = "erin@corp.example", account_.display_name = "Erin Hagens";
  }
  ~PasswordRules() override { fs::remove_all(folder_); }

  fs::path banned(const std::string& words) {
    std::ofstream(folder_ / "aside", std::ios::binary) << words;
    fs::rename(folder_ / "aside", folder_ / "banned.txt");
    return folder_ / "banned.txt";
  }
  // A file with the SHA-1 of "password" in it.
  fs::path breached() {
    std::ofstream out(folder_ / "breached.wbp", std::ios::binary);
    policy::BreachedLine line;
    EXPECT_TRUE(policy::read_breached_line("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8", line));
    policy::BreachedWriter writer(line.digest, 1, [&out](std::span<const std::byte> bytes) { return out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size())).good(); });
    EXPECT_TRUE(writer.add(std::span(line.bytes)));
    EXPECT_TRUE(writer.finish());
    return folder_ / "breached.wbp";
  }
  std::string said(PasswordCheck& check, std::string_view password) {
    const auto judged = check.judge({}, Secret::copy_of(password), account_, 1000);
    return judged.no ? judged.no->reason : "";
  }
  const fs::path folder_ = fs::temp_directory_path() / ("wb-check-" + std::to_string(::getpid()));
  ldap::Account account_;
};

TEST_F(PasswordRules, RefuseByTheirLists) {
  PasswordCheck check({.banned = Mode::enforce, .banned_file = banned("contoso\nblank\n"), .organisation = {"Contoso Ltd"}, .breached = Mode::enforce, .breached_file = breached()});
  ASSERT_TRUE(check.refresh());
  EXPECT_EQ(said(check, "Bl@nkblank12"), "banned");
  EXPECT_EQ(said(check, "C0nt0s0-97341-x"), "contains_name");
  EXPECT_EQ(said(check, "x-EHAGENS-97341"), "contains_name");
  EXPECT_EQ(said(check, "password"), "breached");
  EXPECT_EQ(said(check, "Zebra-2026-Umbrella"), "");
}

TEST_F(PasswordRules, InAuditModeLetEverythingPass) {
  PasswordCheck check({.directory = Mode::audit, .banned = Mode::audit, .banned_file = banned("blank\n"), .breached = Mode::audit, .breached_file = breached()});
  ASSERT_TRUE(check.refresh());
  check.remember(account_.sub, policy_of(20), 1000);
  for (const auto* password : {"blank", "password", "ehagens", "x"}) EXPECT_EQ(said(check, password), "") << password;
}

TEST_F(PasswordRules, ThatAreOffAreNotAsked) {
  PasswordCheck check({.directory = Mode::off, .banned_file = "/nowhere", .breached_file = "/nowhere"});
  ASSERT_TRUE(check.refresh());
  check.remember(account_.sub, policy_of(20), 1000);
  EXPECT_EQ(said(check, "x"), "");
}

TEST_F(PasswordRules, OfTheDirectoryAreJudgedWhereAProbeHasReadThem) {
  PasswordCheck check({});
  ASSERT_TRUE(check.refresh());
  EXPECT_EQ(said(check, "kurz"), "") << "not known: the directory decides";
  check.remember(account_.sub, policy_of(8), 1000);
  EXPECT_EQ(said(check, "kurz"), "too_short");
  EXPECT_EQ(said(check, "passwort"), "not_complex");
  EXPECT_EQ(said(check, "Erin-2026!"), "contains_name");
  EXPECT_EQ(said(check, "Zebra-2026!"), "");
  EXPECT_TRUE(check.judge({}, Secret::copy_of("kurz"), account_, 1000 + 601).no == std::nullopt) << "ten minutes later the rules may be others";
}

TEST_F(PasswordRules, WhoseListCannotBeReadRefuseEverything) {
  PasswordCheck check({.banned = Mode::audit, .banned_file = folder_ / "banned.txt"});
  EXPECT_EQ(said(check, "Zebra-2026!"), "rules_unavailable") << "nothing was read yet";
  const auto none = check.refresh();
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().detail.find("banned.txt"), std::string::npos);
  EXPECT_EQ(said(check, "Zebra-2026!"), "rules_unavailable");
  banned("blank\n");
  EXPECT_TRUE(check.refresh());
  EXPECT_EQ(said(check, "Zebra-2026!"), "");
  banned("bl\xff\n");
  EXPECT_FALSE(check.refresh()) << "a list that was fine and is not any more";
  EXPECT_EQ(said(check, "Zebra-2026!"), "rules_unavailable");
}

TEST_F(PasswordRules, AreReadAgainWhenTheirListChanges) {
  PasswordCheck check({.banned = Mode::enforce, .banned_file = banned("blank\n")});
  ASSERT_TRUE(check.refresh());
  EXPECT_EQ(said(check, "summer1"), "");
  banned("blank\nsummer\n");
  ASSERT_TRUE(check.refresh());
  EXPECT_EQ(said(check, "summer1"), "banned");
}

TEST_F(PasswordRules, DoNotTakeADamagedListForAnAnswer) {
  const auto file = breached();
  PasswordCheck check({.breached = Mode::enforce, .breached_file = file});
  ASSERT_TRUE(check.refresh());
  {
    std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(4096 + 8);
    out.put('!');
    out.seekp(8192 + 8);
    out.put('!');
  }
  EXPECT_EQ(said(check, "Zebra-2026!"), "rules_unavailable");
  fs::resize_file(file, 100);
  EXPECT_FALSE(check.refresh());
}

// ---- on the way to the directory ----------------------------------------------------------------------------
// Refuses without a reason.
struct Windows : test::FakeDirectory {
  using FakeDirectory::FakeDirectory;
  std::optional<ldap::WriteAnswer> says;
  Result<ldap::WriteAnswer> write_password(const ldap::WriteOrder& order, const Secret& password, const Secret* old = nullptr) override {
    if (!says) return FakeDirectory::write_password(order, password, old);
    says->after = s->accounts.at(order.sub);
    return *says;
  }
};

class AReset : public PasswordRules {
 protected:
  Ending reset(std::string_view password, PasswordCheck& check) { return carried(protocol::Op::reset, password, std::nullopt, check); }
  Ending change(std::string_view password, PasswordCheck& check) { return carried(protocol::Op::change, password, "the-old-one", check); }
  Ending carried(protocol::Op op, std::string_view password, std::optional<std::string_view> old, PasswordCheck& check) {
    auto& a = shared_->accounts.contains(account_.sub) ? shared_->accounts.at(account_.sub) : shared_->add(account_.sub, "ehagens");
    auto job = maker_.reset(account_.sub, a.pre);
    job.op = op;
    const auto sealed = test::JobMaker::seal(job, maker_.binding_of(job), {ae_.public_key()}, password, old);
    Windows directory(shared_);
    directory.says = says_;
    const std::atomic<bool> cancelled = false;
    policy::Guardrails rules;
    rules.allow_ous = {"OU=People,DC=corp,DC=example"};
    const Means means{directory, rules, check, ae_, sealed, cancelled, Limits{job.exp, std::chrono::minutes(1)}, BootClock::now(), 0, [] { return true; }, [] {}};
    return carry_out({job, Work::attempt, false, false, std::nullopt}, means);
  }
  Say said_of(Ending ending) { return std::get<Say>(ending.action); }
  test::JobMaker maker_;
  std::optional<ldap::WriteAnswer> says_;
  crypto::PrivateKey ae_ = crypto::PrivateKey::generate().value();
  std::shared_ptr<test::FakeDirectory::Shared> shared_ = std::make_shared<test::FakeDirectory::Shared>();
};

TEST_F(AReset, WithABannedPasswordNeverReachesTheDirectory) {
  PasswordCheck check({.banned = Mode::enforce, .banned_file = banned("blank\n")});
  ASSERT_TRUE(check.refresh());
  EXPECT_EQ(said_of(reset("blank123", check)), (Say{Code::rejected, "banned", {}}));
  EXPECT_EQ(shared_->writes, 0);
  EXPECT_EQ(said_of(reset("Zebra-2026-Umbrella", check)).code, Code::applied);
  EXPECT_EQ(shared_->writes, 1);
}

TEST_F(AReset, RefusedWithoutAReasonGetsTheOneThatThePolicyLeaves) {
  PasswordCheck check({});
  ASSERT_TRUE(check.refresh());
  says_ = ldap::WriteAnswer{ldap::Refusal::policy, "ldap 53, 0000052D, policy", {}, std::nullopt, true, 0};
  EXPECT_EQ(said_of(reset("passwort", check)).reason, "not_complex");
  EXPECT_EQ(said_of(reset("kurz", check)).reason, "too_short");
  EXPECT_EQ(said_of(reset("x-EHAGENS-97341", check)).reason, "contains_name");
  EXPECT_EQ(said_of(reset("Zebra-2026-Umbrella", check)).reason, "refused_by_filter") << "nothing else is left";
  shared_->policy.change_from = unix_now() + 3600;
  const auto young = reset("Zebra-2026-Umbrella", check);
  EXPECT_EQ(std::get<Say>(young.action).reason, "too_young");
  EXPECT_EQ(young.policy->change_from, shared_->policy.change_from) << "so that the person is told from when";
  says_->detail = "ldap 19";
  EXPECT_EQ(said_of(reset("kurz", check)).reason, "policy") << "another server's silence is not Windows'";
}

TEST_F(AReset, RefusedWithoutAReasonIsNotExplainedByWhatIsNotEnforcedOrNotKnown) {
  PasswordCheck check({.directory = Mode::off});
  ASSERT_TRUE(check.refresh());
  says_ = ldap::WriteAnswer{ldap::Refusal::policy, "ldap 53, 0000052D, policy", "0000052D: SvcErr", std::nullopt, false, 0};
  shared_->policy.change_from = unix_now() + 3600;
  EXPECT_EQ(said_of(reset("Zebra-2026-Umbrella", check)).reason, "refused_by_filter") << "without the policy hints age does not bind a reset";
  shared_->policy.complexity = false;
  EXPECT_EQ(said_of(reset("passwort", check)).reason, "refused_by_filter") << "complexity is not asked for";
  EXPECT_EQ(said_of(reset("kurz", check)).reason, "too_short") << "length is";
  shared_->policy.complexity = true;
  EXPECT_EQ(said_of(reset("pass phrase 1", check)).reason, "policy") << "a blank may count as a symbol or not: complexity is not excluded";
}

TEST_F(AReset, RefusedAsTooSimpleTellsHowManyKindsItHas) {
  PasswordCheck check({.directory = Mode::off});
  ASSERT_TRUE(check.refresh());
  says_ = ldap::WriteAnswer{ldap::Refusal::policy, "ldap 53, 0000052D, policy", "0000052D: SvcErr", std::nullopt, true, 0};
  const auto ending = reset("passwort1", check);
  EXPECT_EQ(ending.kinds, 2);
  EXPECT_EQ(ending.said, "0000052D: SvcErr") << "the directory's words, for the operator";
  says_ = ldap::WriteAnswer{ldap::Refusal::in_history, "ldap 53, 0000052D, in_history", {}, std::nullopt, true, 0};
  const auto used = reset("Zebra-2026-Umbrella", check);
  EXPECT_EQ(used.policy->history, 24) << "how many are remembered";
  EXPECT_FALSE(used.kinds);
}

TEST_F(AReset, ThatIsAChangeRefusedWithoutAReasonIsExplainedAsOne) {
  PasswordCheck check({.directory = Mode::off});
  ASSERT_TRUE(check.refresh());
  says_ = ldap::WriteAnswer{ldap::Refusal::policy, "ldap 19, 0000052D, policy", {}, std::nullopt, true, 0};
  EXPECT_EQ(said_of(change("kurz", check)).reason, "too_short");
  EXPECT_EQ(said_of(change("Zebra-2026-Umbrella", check)).reason, "refused_by_filter");
  shared_->policy.change_from = unix_now() + 3600;
  EXPECT_EQ(said_of(change("Zebra-2026-Umbrella", check)).reason, "too_young") << "a change is always bound by the minimum age";
}

TEST_F(AReset, OfADisabledAccountIsDenied) {
  PasswordCheck check({});
  ASSERT_TRUE(check.refresh());
  shared_->add(account_.sub, "ehagens").state.disabled = true;
  EXPECT_EQ(said_of(reset("Zebra-2026-Umbrella", check)), (Say{Code::denied, "disabled", {}}));
  shared_->accounts.at(account_.sub).state.disabled = false;
  shared_->accounts.at(account_.sub).user_account_control = 0x1000;
  EXPECT_EQ(said_of(reset("Zebra-2026-Umbrella", check)), (Say{Code::denied, "protected", {}})) << "a computer";
  EXPECT_EQ(shared_->writes, 0);
}

}  // namespace
}  // namespace wb::agent
