// What `writeback-agent check` says of this machine's files besides secrets and keys: who may change the configuration, lists, audit.
#include "agent/check/host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace wb::agent {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

struct AMachine : testing::Test {
  AMachine() {
    char name[] = "/tmp/wb-host-XXXXXX";
    folder = ::mkdtemp(name);
    config.state_dir = folder;
    config.domains.resize(1);
    config.domains[0].directory.domain = "corp.example";
    config.domains[0].directory.bind_password_file = folder / "password";
    write("password", "Svc-Passw0rd-1!\n");
  }
  ~AMachine() override { fs::remove_all(folder); }
  fs::path write(const char* name, const std::string& content, unsigned mode = 0600) {
    std::ofstream(folder / name) << content;
    fs::permissions(folder / name, static_cast<fs::perms>(mode));
    return folder / name;
  }
  // Without the bind password's line, which is the last.
  std::vector<std::string> files() {
    Report report;
    check_files(config, report);
    text = report.text();
    std::vector<std::string> out;
    for (const auto& line : report.lines()) out.push_back(std::string(to_string(line.result)) + " " + line.code);
    EXPECT_EQ(out.back(), "pass config");
    out.pop_back();
    return out;
  }
  std::string config_with(unsigned file_mode, unsigned folder_mode) {
    std::ifstream example(std::string(WB_SOURCE_DIR) + "/config/agent.example.yaml");
    std::stringstream yaml;
    yaml << example.rdbuf();
    const auto file = write("agent.yaml", yaml.str(), file_mode);
    fs::permissions(folder, static_cast<fs::perms>(folder_mode));
    Report report;
    EXPECT_TRUE(check_config(file, report));
    text = report.text();
    const auto& worst = *std::max_element(report.lines().begin(), report.lines().end(), [](const auto& a, const auto& b) { return a.result < b.result; });
    return std::string(to_string(worst.result)) + " " + worst.code;
  }
  fs::path folder;
  config::AgentConfig config;
  std::string text;
};

TEST_F(AMachine, IsToldOfAConfigurationThatOthersMayChange) {
  EXPECT_EQ(config_with(0640, 0755), "pass config");
  for (const auto& [file, where] : {std::pair{0660U, 0755U}, std::pair{0646U, 0755U}}) {
    EXPECT_EQ(config_with(file, where), "fail config.writable") << std::oct << file;
    EXPECT_THAT(text, HasSubstr("chmod go-w " + (folder / "agent.yaml").string() + "\n"));
  }
  EXPECT_EQ(config_with(0644, 0777), "fail config.writable") << "another file can be put in its place";
  EXPECT_THAT(text, HasSubstr("chmod go-w " + folder.string() + "\n"));
  EXPECT_EQ(config_with(0644, 01777), "pass config") << "as /tmp: nobody replaces another one's file";
}

TEST_F(AMachine, IsToldOfAConfigurationOfAThirdUsers) {
  constexpr uid_t third = 12'345;
  if (::geteuid() != 0) return;  // only root gives a file away; CI is root
  ASSERT_EQ(::chown(folder.c_str(), third, static_cast<gid_t>(-1)), 0);
  EXPECT_EQ(config_with(0640, 0755), "warn config.writable");
  EXPECT_THAT(text, HasSubstr("chown root " + folder.string() + "\n"));
}

TEST_F(AMachine, IsToldOfPasswordListsThatItsDomainsCannotUse) {
  auto& rules = config.domains[0].password_rules;
  rules.banned = policy::Mode::enforce, rules.banned_file = folder / "banned.txt";
  rules.breached = policy::Mode::audit, rules.breached_file = folder / "breached.wbp";
  EXPECT_THAT(files(), ElementsAre("fail config.list", "fail config.list"));
  EXPECT_THAT(text, HasSubstr("writeback-passwords verify FILE"));
  write("banned.txt", "contoso\nspring\n");
  write("breached.wbp", "no such file\n");
  EXPECT_THAT(files(), ElementsAre("pass config", "fail config.list"));
  EXPECT_THAT(text, HasSubstr("2 words"));
  rules.banned = rules.breached = policy::Mode::off;
  EXPECT_THAT(files(), ElementsAre()) << "what is off is not read";
}

TEST_F(AMachine, IsToldOfBreachedPasswordsOfLongAgo) {
  Report report;
  const auto file = folder / "breached.wbp";
  judge_list({file, std::string("12 hashes"), true}, std::chrono::hours(365 * 24), report);
  judge_list({file, std::string("12 hashes"), true}, std::chrono::hours(365 * 24 + 1), report);
  judge_list({file, std::string("12 words"), false}, std::chrono::hours(9'000 * 24), report);
  std::vector<std::string> said;
  for (const auto& line : report.lines()) said.push_back(std::string(to_string(line.result)) + " " + line.code);
  EXPECT_THAT(said, ElementsAre("pass config", "warn config.list_old", "pass config"));
}

TEST_F(AMachine, IsToldOfAnAuditFileThatCannotBeWritten) {
  config.audit.file = folder / "audit" / "agent.jsonl";
  EXPECT_THAT(files(), ElementsAre("fail state.audit"));
  EXPECT_THAT(text, HasSubstr("No such file"));
  fs::create_directory(folder / "audit");
  EXPECT_THAT(files(), ElementsAre("pass state"));
  EXPECT_FALSE(fs::exists(config.audit.file)) << "a check makes nothing";
  fs::create_directory(config.audit.file);
  EXPECT_THAT(files(), ElementsAre("fail state.audit"));
}

TEST_F(AMachine, HasTheDisksOfItsAuditAndItsLogLookedAt) {
  config.audit.file = folder / "audit" / "agent.jsonl";
  config.log_to.file.file = folder / "log" / "agent.log";
  fs::create_directory(folder / "audit"), fs::create_directory(folder / "log");
  Report report;
  check_space(config, report);
  std::vector<std::string> folders;
  for (const auto& line : report.lines()) folders.push_back(line.subject);
  EXPECT_THAT(folders, ElementsAre(folder.string(), (folder / "audit").string(), (folder / "log").string()));
}

}  // namespace
}  // namespace wb::agent
