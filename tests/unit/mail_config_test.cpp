// The section `mail` of service.yaml.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/service_config.hpp"

namespace wb::config {
namespace {
namespace fs = std::filesystem;
using Security = link::SmtpSettings::Security;

class MailInAConfig : public testing::Test {
 protected:
  MailInAConfig() { fs::create_directories(folder_); }
  ~MailInAConfig() override { fs::remove_all(folder_); }

  std::variant<ServiceConfig, Problems> read(const std::string& mail) {
    std::ofstream(folder_ / "c.yaml", std::ios::binary) << "listen: {certificate_file: a.pem, key_file: b.key}\npublic_url: https://reset.example\n" + mail;
    return load_service_config(folder_ / "c.yaml");
  }
  ServiceConfig valid(const std::string& mail) {
    auto found = read("mail: {" + mail + "}\n");
    if (const auto* problems = std::get_if<Problems>(&found)) ADD_FAILURE() << mail << ": " << to_string(problems->front());
    return std::holds_alternative<ServiceConfig>(found) ? std::get<ServiceConfig>(found) : ServiceConfig();
  }
  std::string wrong(const std::string& mail) {
    const auto found = read("mail: {" + mail + "}\n");
    std::string out;
    if (const auto* problems = std::get_if<Problems>(&found))
      for (const auto& p : *problems) out += p.key + ": " + p.expected + '\n';
    return out;
  }
  fs::path folder_ = fs::temp_directory_path() / ("wb-mail-config-" + std::to_string(::getpid()));
  const std::string least_ = "host: smtp.example.com, sender_address: no-reply@example.com";
};

TEST_F(MailInAConfig, IsAbsentWithoutItsSection) {
  const auto found = read("");
  ASSERT_TRUE(std::holds_alternative<ServiceConfig>(found));
  EXPECT_FALSE(std::get<ServiceConfig>(found).mail);
}

TEST_F(MailInAConfig, NeedsARelayAndASender) {
  constexpr auto expected =
      "mail.host: a host name or an IP address, without brackets and port, but the key is missing\n"
      "mail.sender_address: a mail address, like no-reply@example.com, but the key is missing\n";
  EXPECT_EQ(wrong(""), expected);
  const auto c = valid(least_);
  ASSERT_TRUE(c.mail);
  link::SmtpSettings expected_relay;
  expected_relay.host = "smtp.example.com";
  EXPECT_EQ(*c.mail, expected_relay);
  EXPECT_EQ(c.mail_sender_address, "no-reply@example.com");
  EXPECT_EQ(c.mail_sender_name, "");
  EXPECT_EQ(c.mail_texts, "");
}

TEST_F(MailInAConfig, IsReadAsItStands) {
  const auto c = valid(
      "host: 192.0.2.7, port: 2525, security: tls, ca_file: relay.pem, user: reset, password_file: /run/relay, hello: reset.example.com, deadline_ms: 1000, "
      "sender_address: \"o'neil+x@example.com\", sender_name: Contoso Größe AG, texts: texts");
  ASSERT_TRUE(c.mail);
  link::SmtpSettings relay;
  relay.host = "192.0.2.7";
  relay.port = 2525;
  relay.security = Security::tls;
  relay.ca_file = folder_ / "relay.pem";
  relay.user = "reset";
  relay.password_file = "/run/relay";
  relay.hello = "reset.example.com";
  relay.deadline = std::chrono::seconds(1);
  EXPECT_EQ(*c.mail, relay);
  EXPECT_EQ(c.mail_sender_address, "o'neil+x@example.com");
  EXPECT_EQ(c.mail_sender_name, "Contoso Größe AG");
  EXPECT_EQ(c.mail_texts, folder_ / "texts");
}

TEST_F(MailInAConfig, HasThePortOfItsSecurity) {
  EXPECT_EQ(valid(least_ + ", security: starttls").mail->port, 587);
  EXPECT_EQ(valid(least_ + ", security: tls").mail->port, 465);
  EXPECT_EQ(valid("host: localhost, sender_address: a@b.example, security: none").mail->port, 25);
  EXPECT_EQ(valid("host: localhost, sender_address: a@b.example, security: none, port: 587").mail->port, 587);
}

TEST_F(MailInAConfig, GoesUnencryptedToThisMachineAlone) {
  const auto to = [](const std::string& host) { return "security: none, sender_address: a@b.example, host: '" + host + "'"; };
  for (const auto* host : {"localhost", "LocalHost", "127.0.0.1", "127.1.2.3", "::1"}) EXPECT_EQ(wrong(to(host)), "") << host;
  for (const auto* host : {"smtp.example.com", "192.0.2.1", "0.0.0.0", "::", "::2", "localhost.example.com", "127.0.0.1.example.com"})
    EXPECT_EQ(wrong(to(host)), "mail.security: starttls or tls: without encryption mail goes to this machine itself only (localhost, 127.0.0.1, ::1)\n") << host;
}

TEST_F(MailInAConfig, SignsInWithUserAndPasswordOrWithNeither) {
  EXPECT_EQ(wrong(least_ + ", user: reset"), "mail.user: a password_file beside it\n");
  EXPECT_EQ(wrong(least_ + ", password_file: pw"), "mail.password_file: a user beside it\n");
  EXPECT_EQ(wrong(least_ + ", user: reset, password: geheim"), "mail.user: a password_file beside it\nmail.password: a path in password_file: passwords never stand in this file\n");
}

TEST_F(MailInAConfig, TellsWhatIsWrong) {
  const auto starts = [&](const std::string& mail, const std::string& key) {
    const auto told = wrong(mail);
    EXPECT_TRUE(told.starts_with("mail." + key + ": ") && told.find('\n') == told.size() - 1) << mail << " -> " << told;
  };
  for (const auto* host : {"''", "'a b'", "'[::1]'", "'localhost:25'", "'user@localhost'", "'-a.example'", "[a, b]"}) starts("sender_address: a@b.example, host: " + std::string(host), "host");
  for (const auto* address : {"''", "nobody", "'@b.example'", "a@b", "'a@b.example, c@d.example'", "'a <a@b.example>'", "'a b@c.example'", "'\"a\"@b.example'", "a@b@c.example", "'a@[192.0.2.1]'", "'ä@b.example'", "\"a\\r\\nDATA@b.example\""})
    starts("host: smtp.example.com, sender_address: " + std::string(address), "sender_address");
  starts("host: smtp.example.com, sender_address: " + std::string(65, 'a') + "@b.example", "sender_address");
  for (const auto* more : {"port: 0", "port: 65536", "security: ssl", "ca_file: [a]", "deadline_ms: 999", "deadline_ms: 120001", "hello: 'a b'", "hello: \"a\\r\\nMAIL\"", "texts: [a]"})
    starts(least_ + ", " + more, std::string(more).substr(0, std::string(more).find(':')));
  starts(least_ + ", sender_name: \"a\\nBcc: b@c.example\"", "sender_name");
  starts(least_ + ", sender_name: " + std::string(101, 'a'), "sender_name");
  starts(least_ + ", user: \"a\\nb\"", "user");
  EXPECT_EQ(wrong(least_ + ", hosts: x"), "mail.hosts: a key of this section, perhaps host\n");
}

}  // namespace
}  // namespace wb::config
