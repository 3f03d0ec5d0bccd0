// After a reset nothing of the password is left in this process. (Not under AddressSanitizer, which keeps freed memory
// as it was.) Run with: tests/support/ad/ad-lab run <program>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "core/ids.hpp"
#include "ldap/text.hpp"
#include "tests/integration/directory_world.hpp"

namespace wb::ldap {
namespace {

using namespace wb::test;
constexpr char mask = 0x5A;  // the needle itself must not be found
constexpr std::size_t window = 4 << 20;

// What to look for, masked.
std::string masked(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c ^ mask);
  return out;
}

std::size_t count_in(const char* data, std::size_t size, const std::string& needle) {
  std::size_t count = 0;
  for (std::size_t i = 0; i + needle.size() <= size; ++i) {
    std::size_t same = 0;
    while (same < needle.size() && static_cast<char>(data[i + same] ^ mask) == needle[same]) ++same;
    if (same == needle.size()) ++count;
  }
  return count;
}

// In all writable memory of this process but the window itself.
std::size_t copies_of(const std::string& needle) {
  auto* buffer = static_cast<char*>(::mmap(nullptr, window, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    std::string range, rights;
    fields >> range >> rights;
    if (rights.compare(0, 2, "rw") != 0) continue;
    const auto begin = std::stoull(range, nullptr, 16), end = std::stoull(range.substr(range.find('-') + 1), nullptr, 16);
    if (begin <= reinterpret_cast<std::uintptr_t>(buffer) && reinterpret_cast<std::uintptr_t>(buffer) < end) continue;
    for (auto at = begin; at < end; at += window - 4096) {  // windows overlap: a needle may lie across
      const auto got = ::pread(memory, buffer, std::min<std::size_t>(window, end - at), static_cast<off_t>(at));
      if (got > 0) count += count_in(buffer, static_cast<std::size_t>(got), needle);
    }
  }
  ::close(memory);
  ::munmap(buffer, window);
  return count;
}

// Letters nobody else has in memory, made inside a Secret.
Secret unguessable() {
  auto password = Secret::of_size(24);
  password.expose_mutable([](std::span<char> bytes) {
    auto random = random_bytes(bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>("Aa1-"[i % 4] + (i < 4 ? 0 : random[i] & 7));
    cleanse(random.data(), random.size());
  });
  return password;
}

TEST(AMemory, ShowsAPasswordToThisTestWhileItIsThere) {
  const auto password = unguessable();
  const auto needle = password.expose([](std::string_view text) { return masked(text); });
  EXPECT_EQ(copies_of(needle), 1U) << "or the next test proves nothing";
}

class AReset : public testing::TestWithParam<Encryption> {};
INSTANTIATE_TEST_SUITE_P(Over, AReset, testing::Values(Encryption::ldaps, Encryption::starttls, Encryption::kerberos),
    [](const auto& one) { return one.param == Encryption::ldaps ? "Ldaps" : one.param == Encryption::starttls ? "StartTls"
                                                                                                              : "Kerberos"; });

TEST_P(AReset, LeavesNothingOfThePasswordInMemory) {
  auto settings = lab_settings();
  settings.encryption = GetParam();
  if (GetParam() != Encryption::ldaps) settings.uris = {"ldap://dc1.corp.example"};
  settings.principal = env("AD_PRINCIPAL");
  settings.keytab_file = env("AD_KEYTAB");
  const auto directory = open_directory(settings);
  std::string narrow, wide;
  auto reset = [&, name = fresh_user()] {  // on a thread of its own, as in the agent: another heap
    const auto password = unguessable();
    narrow = password.expose([](std::string_view text) { return masked(text); });
    wide = quoted_utf16(password)->expose([](std::string_view text) { return masked(text.substr(2, text.size() - 4)); });
    const auto answer = directory->write_password(order_for(found(*directory, name)), password);
    ASSERT_TRUE(answer) << answer.error().detail;
    ASSERT_EQ(answer->refusal, Refusal::none) << answer->detail;
  };
  std::thread(reset).join();
  EXPECT_EQ(copies_of(narrow), 0U);
  EXPECT_EQ(copies_of(wide), 0U);
  reset();
  EXPECT_EQ(copies_of(narrow), 0U);
  EXPECT_EQ(copies_of(wide), 0U);
}

}  // namespace
}  // namespace wb::ldap
