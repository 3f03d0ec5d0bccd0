// One process, two forests that know nothing of each other, both by Kerberos. Run with: ad-lab run --forest <program>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "tests/integration/directory_world.hpp"
#include "tests/integration/keytabs.hpp"

namespace wb::ldap {
namespace {

using namespace wb::test;

Settings first() {
  auto settings = lab_settings();
  settings.encryption = Encryption::kerberos;
  settings.uris = {"ldap://dc1.corp.example"};
  settings.principal = env("AD_PRINCIPAL");
  settings.keytab_file = env("AD_KEYTAB");
  return settings;
}

Settings second(const std::filesystem::path& keytab) {
  auto settings = first();
  settings.domain = env("AD2_DOMAIN");
  settings.uris = {"ldap://dc.other.example"};
  settings.ca_file = env("AD2_CA");
  settings.principal = "svc-wb@OTHER.EXAMPLE";
  settings.keytab_file = keytab;
  write_keytab(keytab, settings.principal, env("AD2_SVC_PW"), "svc-wb");
  return settings;
}

TEST(TwoForests, HaveTicketsOfTheirOwnInOneProcess) {
  const auto keytab = std::filesystem::temp_directory_path() / ("wb-other-" + std::to_string(::getpid()));
  const auto here = open_directory(first()), there = open_directory(second(keytab));
  const auto resets = [](Directory& directory, const std::string& domain) {
    for (int i = 0; i < 5; ++i) {
      const auto account = found(directory, "alice");
      EXPECT_EQ(account.upn, "alice@" + domain);
      const auto answer = directory.write_password(order_for(account), secret(domain + "-Passw0rd-" + std::to_string(i)));
      ASSERT_TRUE(answer) << answer.error().where << ": " << answer.error().detail;
      EXPECT_EQ(answer->refusal, Refusal::none) << answer->detail;
    }
  };
  std::thread other([&] { resets(*there, "other.example"); });
  resets(*here, "corp.example");
  other.join();
  std::filesystem::remove(keytab);
}

}  // namespace
}  // namespace wb::ldap
