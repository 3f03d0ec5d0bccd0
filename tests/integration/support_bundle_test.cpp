// What a support bundle holds, and above all what it does not.
#include "agent/support_bundle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "agent/bundle_log.hpp"
#include "agent/identity.hpp"
#include "agent/keys.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

struct ABundle : testing::Test {
  ABundle() {
    char name[] = "/tmp/wb-bundle-XXXXXX";
    folder = ::mkdtemp(name);
    write("svc.password", "Svc-Passw0rd-1!\n");
    write("proxy.password", "Proxy-Passw0rd-2!\n");
    fs::create_directory(folder / "state");
    fs::permissions(folder / "state", fs::perms::owner_all);
    EXPECT_TRUE(save_identity(folder / "state", {"A1", "demo", "https://127.0.0.1:1", "https://127.0.0.1:1", "thumb", {{"corp.example", {}}}}));
    EXPECT_TRUE(load_or_make_keys(folder / "state"));
    const auto in = [this](const char* file) { return (folder / file).string(); };
    write("agent.yaml",
        "service:\n  url: https://127.0.0.1:1\n  proxy:\n    use: http://127.0.0.1:1\n    sign_in: basic\n    user: tom\n    password_file: " + in("proxy.password") + "\nstate_dir: " + in("state") +
            "\ndomains:\n  - domain: corp.example\n    directory:\n      uris: [ldaps://127.0.0.1:1]\n      bind_dn: svc@corp.example\n      bind_password_file: " + in("svc.password") +
            "\n    guardrails:\n      allow_ous: ['OU=People,DC=corp,DC=example']\n");
  }
  ~ABundle() override { fs::remove_all(folder); }
  void write(const std::string& file, const std::string& text) {
    std::ofstream(folder / file) << text;
    fs::permissions(folder / file, fs::perms::owner_read | fs::perms::owner_write);
  }
  std::string bundle(const std::string& log = "") { return support_bundle({folder / "agent.yaml", log.empty() ? fs::path() : folder / log, "writeback-agent", folder / "journalctl"}); }
  // A journalctl that keeps what it was asked and says `text`.
  void journalctl(const std::string& text, const std::string& then = "") {
    write("said", text);
    write("journalctl", "#!/bin/sh\necho \"$@\" > " + (folder / "asked").string() + "\n" + (text.empty() ? "" : "cat " + (folder / "said").string() + "\n") + then);
    fs::permissions(folder / "journalctl", fs::perms::owner_all);
  }
  fs::path folder;
};

TEST_F(ABundle, HasTheConfigurationTheStateAndTheDoctorsReport) {
  const auto value = protocol::parse_json(bundle(), 12).value();
  ASSERT_FALSE(value.at("config").as_object().contains("problems")) << protocol::json::serialize(value.at("config"));
  EXPECT_EQ(value.at("config").at("domains").at(0).at("secret_file").as_string(), (folder / "svc.password").string());
  EXPECT_EQ(value.at("check").at("result").as_string(), "fail");
  EXPECT_EQ(value.at("status").at("error").as_string(), "unreachable") << "no agent runs";
  EXPECT_GE(value.at("state_files").as_array().size(), 3U);
}

TEST_F(ABundle, HoldsNoneOfTheSecretsThatLieOnTheMachine) {
  write("log", "2026-11-27T02:16:19.914+00:00 info agent.started agent=A1\nSvc-Passw0rd-1!\n");
  const auto text = bundle("log");
  int looked_for = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (!entry.is_regular_file() || (entry.path().extension() != ".pem" && entry.path().extension() != ".password")) continue;
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) {
      if (line.size() < 8 || line.starts_with("-----")) continue;
      EXPECT_THAT(text, Not(HasSubstr(line))) << "a line of " << name;
      ++looked_for;
    }
  }
  EXPECT_GE(looked_for, 5) << "two passwords and the lines of two keys";
  EXPECT_THAT(text, HasSubstr("agent.started"));
}

TEST_F(ABundle, TakesLinesOfOurLogAlone) {
  for (const auto* good : {"2026-11-27T02:16:19.914+00:00 info agent.started agent=A1", "2026-11-27T02:16:19.914+00:00 warning link.down",
           R"({"time":"2026-11-27T02:16:19.914+00:00","level":"warn","event":"link.down","event_id":1018})"}) EXPECT_TRUE(is_log_line(good)) << good;
  for (const auto* bad : {"", "Svc-Passw0rd-1!", "2026-11-27T02:16:19.914+00:00 secret agent.started", "2026-11-27 info agent.started", "2026-11-27T02:16:19.914+00:00 info password", "2026-11-27T02:16:19.914+00:00 info my.password x",
           "x 2026-11-27T02:16:19.914+00:00 info agent.started", R"({"time":"2026","level":"warn","event":"my.password"})", R"({"event":"link.down"})"}) EXPECT_FALSE(is_log_line(bad)) << bad;
  EXPECT_FALSE(is_log_line("2026-11-27T02:16:19.914+00:00 info agent.started " + std::string(5'000, 'x')));
  std::string many;
  for (int i = 0; i < 600; ++i) many += "2026-11-27T02:16:19.914+00:00 info job.settled number=" + std::to_string(i) + "\n";
  write("log", "something else\n" + many);
  const auto value = protocol::parse_json(bundle("log"), 12).value();
  EXPECT_EQ(value.at("log").at("lines").as_array().size(), 500U);
  EXPECT_EQ(value.at("log").at("not_taken").as_int64(), 1);
  EXPECT_THAT(std::string(value.at("log").at("lines").as_array().back().as_string()), HasSubstr("number=599"));
}

TEST_F(ABundle, TakesOfTheUnitsJournalOurRecordsAndWhatSystemdSaidOfIt) {
  journalctl(R"({"__REALTIME_TIMESTAMP":"1795176000123456","MESSAGE":"2026-11-20T12:00:00.123+00:00 info agent.started agent=A1","_PID":"77"}
{"__REALTIME_TIMESTAMP":"1795176001000000","MESSAGE":"link.down reason=dns","_PID":"77"}
{"__REALTIME_TIMESTAMP":"1795176002000000","MESSAGE":"Svc-Passw0rd-1! of a library","_PID":"77"}
{"__REALTIME_TIMESTAMP":"1795176003000000","MESSAGE":[1,2,3],"_PID":"77"}
{"__REALTIME_TIMESTAMP":"1795176004000000","MESSAGE":"writeback-agent.service: Main process exited, code=killed, status=9/KILL","_PID":"1"}
no json
)");
  const auto text = bundle();
  EXPECT_THAT(text, Not(HasSubstr("Svc-Passw0rd-1!")));
  const auto journal = protocol::parse_json(text, 12).value().at("journal");
  EXPECT_EQ(protocol::json::serialize(journal),
      R"({"unit":"writeback-agent","lines":[{"at":1795176000,"message":"2026-11-20T12:00:00.123+00:00 info agent.started agent=A1"},{"at":1795176001,"message":"link.down reason=dns"},)"
      R"({"at":1795176004,"message":"writeback-agent.service: Main process exited, code=killed, status=9/KILL"}],"not_taken":3})");
  std::ifstream in(folder / "asked");
  std::string asked;
  std::getline(in, asked);
  EXPECT_THAT(asked, HasSubstr("--unit=writeback-agent --lines=500 "));
}

TEST_F(ABundle, SaysWhyItHasNoJournal) {
  const auto why = [this] { return std::string(protocol::parse_json(bundle(), 12).value().at("journal").at("error").as_string()); };
  EXPECT_THAT(why(), HasSubstr("program.start: "));
  journalctl("", "exit 1\n");
  EXPECT_EQ(why(), "program.run: exit code 1");
  journalctl("", "while echo too much; do :; done\n");
  EXPECT_EQ(why(), "program.run: it said more than 4194304 bytes");
  for (const auto* unit : {"", "a b", "a;b", "a/b"}) EXPECT_FALSE(is_unit(unit)) << unit;
  EXPECT_TRUE(is_unit("writeback-agent@emea.service"));
}

TEST_F(ABundle, OfABrokenConfigurationNamesItsProblemsAndNotWhatStandsThere) {
  write("agent.yaml", "service:\n  url: https://x\npassword: Svc-Passw0rd-1!\n");
  const auto text = bundle();
  EXPECT_THAT(text, HasSubstr("agent.yaml:3:"));
  EXPECT_THAT(text, Not(HasSubstr("Svc-Passw0rd-1!")));
}

TEST_F(ABundle, IsANewFileOfOurOwn) {
  const auto file = folder / "bundle.json";
  ASSERT_TRUE(write_support_bundle({folder / "agent.yaml", {}, "writeback-agent", folder / "journalctl"}, file));
  struct stat is {};
  ASSERT_EQ(::stat(file.c_str(), &is), 0);
  EXPECT_EQ(is.st_mode & 0777, 0600U);
  const auto again = write_support_bundle({folder / "agent.yaml", {}, "writeback-agent", folder / "journalctl"}, file);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().where, "bundle.file");
}

}  // namespace
}  // namespace wb::agent
