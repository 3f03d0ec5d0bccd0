// The sections `log` of both configurations and `audit` of agent.yaml.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/agent_config.hpp"
#include "config/service_config.hpp"

namespace wb::config {
namespace {
namespace fs = std::filesystem;

class ALogInAConfig : public testing::Test {
 protected:
  ALogInAConfig() { fs::create_directories(folder_); }
  ~ALogInAConfig() override { fs::remove_all(folder_); }
  fs::path put(const std::string& text) const {
    std::ofstream(folder_ / "c.yaml", std::ios::binary) << text;
    return folder_ / "c.yaml";
  }
  auto agent(const std::string& text) const {
    return load_agent_config(put(text + "\nservice: {url: https://reset.example}\ndomains:\n  - domain: corp.example\n    directory: {uris: [ldaps://dc1], bind_dn: svc@corp.example, bind_password_file: p}\n    guardrails: {allow_ous: ['OU=x,DC=y']}\n"));
  }
  auto service(const std::string& text) const { return load_service_config(put(text + "\nlisten: {certificate_file: a.pem, key_file: b.key}\npublic_url: https://reset.example\n")); }
  template <class T> static std::string problems(const std::variant<T, Problems>& found) {
    std::string out;
    if (const auto* all = std::get_if<Problems>(&found))
      for (const auto& p : *all) out += p.key + ": " + p.expected + '\n';
    return out;
  }
  fs::path folder_ = fs::temp_directory_path() / ("wb-log-config-" + std::to_string(::getpid()));
};

TEST_F(ALogInAConfig, GoesToStandardErrorAsTextUnlessItSaysOtherwise) {
  EXPECT_EQ(std::get<AgentConfig>(agent("")).log_to, log::Destination());
  EXPECT_EQ(std::get<ServiceConfig>(service("")).log_to, log::Destination());
  EXPECT_TRUE(std::get<AgentConfig>(agent("")).audit.file.empty());
}

TEST_F(ALogInAConfig, IsTheSameForBothPrograms) {
  const std::string text = "log: {format: json, to: file, file: log/x, file_bytes_max: 65536, files_kept: 1}";
  const log::Destination expected{log::Format::json, log::To::file, {folder_ / "log/x", 65'536, 1}, {}};
  EXPECT_EQ(std::get<AgentConfig>(agent(text)).log_to, expected);
  EXPECT_EQ(std::get<ServiceConfig>(service(text)).log_to, expected);
  EXPECT_EQ(std::get<ServiceConfig>(service("log: {to: syslog, syslog_socket: /run/s}")).log_to, (log::Destination{log::Format::text, log::To::syslog, {}, "/run/s"}));
  EXPECT_EQ(std::get<AgentConfig>(agent("audit: {file: a.jsonl}")).audit, (KeptFile{folder_ / "a.jsonl", 10'485'760, 10}));
}

TEST_F(ALogInAConfig, IsRefusedWhereItCantBeMeant) {
  const auto both = [this](const std::string& text) {
    const auto told = problems(agent(text));
    EXPECT_EQ(problems(service(text)), told);
    return told;
  };
  EXPECT_EQ(both("log: {to: file}"), "log.to: a file beside it\n");
  EXPECT_EQ(both("log: {to: syslog, file: x}"), "log.file: it with to: file only\n");
  EXPECT_EQ(both("log: {to: journal, syslog_socket: x}"), "log.syslog_socket: it with to: syslog only\n");
  EXPECT_EQ(both("log: {to: stdout}"), "log.to: stderr, journal, syslog or file\n");
  EXPECT_EQ(both("log: {format: xml}"), "log.format: text or json\n");
  EXPECT_EQ(both("log: {file_bytes_max: 1}"), "log.file_bytes_max: a whole number from 65536 to 1000000000\n");
  EXPECT_EQ(problems(agent("audit: {files_kept: 0}")), "audit.files_kept: a whole number from 1 to 1000\n");
}

}  // namespace
}  // namespace wb::config
