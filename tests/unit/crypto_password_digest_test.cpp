#include <gtest/gtest.h>

#include <string>

#include "crypto/password_digest.hpp"

namespace wb::crypto {
namespace {

std::string hex(const Result<Secret>& digest) {
  std::string out;
  if (!digest) return digest.error().detail;
  digest->expose([&out](std::string_view bytes) {
    for (const char c : bytes) {
      constexpr char digits[] = "0123456789abcdef";
      out += digits[static_cast<unsigned char>(c) >> 4U];
      out += digits[static_cast<unsigned char>(c) & 15U];
    }
  });
  return out;
}
std::string sha1(std::string_view text) { return hex(sha1_of(Secret::copy_of(text))); }
std::string ntlm(std::string_view text) { return hex(ntlm_of(Secret::copy_of(text))); }

TEST(TheSha1OfAPassword, IsThatOfItsUtf8) {
  EXPECT_EQ(sha1("password"), "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8");
  EXPECT_EQ(sha1("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(TheNtlmHashOfAPassword, IsTheMd4OfItsUtf16) {
  EXPECT_EQ(ntlm(""), "31d6cfe0d16ae931b73c59d7e0c089c0");
  EXPECT_EQ(ntlm("password"), "8846f7eaee8fb117ad06bdd830b7586c");
  EXPECT_EQ(ntlm("Password"), "a4f49c406510bdcab6824ee7c30fd852") << "MS-NLMP section 4.2.2.1.1";
  // Around the ends of blocks, and outside ASCII.
  EXPECT_EQ(ntlm(std::string(27, 'a')), "3f9798b4e3c435593074a9ef81662507");
  EXPECT_EQ(ntlm(std::string(28, 'a')), "7d4a56633580793aa26ad0259f60280b");
  EXPECT_EQ(ntlm(std::string(31, 'a')), "6b83795064c1a6903764bd5891d08a9e");
  EXPECT_EQ(ntlm(std::string(32, 'a')), "6bac3c9ce57d7af5f4c284c82171bfb7");
  EXPECT_EQ(ntlm(std::string(33, 'a')), "6321ea6ce9c54e0ddb40094207913fb6");
  EXPECT_EQ(ntlm(std::string(59, 'a')), "0c389e8ab5b244b353a1f2863a533217");
  EXPECT_EQ(ntlm(std::string(60, 'a')), "4371c9defb76906913f97000cdfa0edb");
  EXPECT_EQ(ntlm(std::string(64, 'a')), "f34bbe29984053cc83e112841f1d2178");
  EXPECT_EQ(ntlm(std::string(256, 'a')), "9118f6ce48955b5ca2be01329e7f959e");
  EXPECT_EQ(ntlm("Gr\xc3"
                 "\xbc"
                 "\xc3"
                 "\x9f"
                 "e-\xd0"
                 "\x9f"
                 "\xd0"
                 "\xb0"
                 "\xd1"
                 "\x80"
                 "\xd0"
                 "\xbe"
                 "\xd0"
                 "\xbb"
                 "\xd1"
                 "\x8c"
                 "-\xf0"
                 "\x9f"
                 "\x98"
                 "\x80"
                 ""),
      "8a1a26a50bdd5d8c0c6d08e41d1583ee");
}

TEST(ANtlmHash, OfWhatIsNotUtf8IsNotMade) { EXPECT_EQ(ntlm("a\xff"), "not UTF-8"); }

}  // namespace
}  // namespace wb::crypto
