#include "crypto/mac.hpp"

#include <gtest/gtest.h>

namespace wb::crypto {
namespace {

// RFC 4231 sections 4.3, 4.7 and 4.8: a short key, and ones longer than a block.
TEST(AMac, IsThatOfTheRfc) {
  EXPECT_EQ(hex(hmac_sha256(Secret::copy_of("Jefe"), "what do ya want for nothing?")), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmac_sha256(Secret::copy_of(std::string(131, '\xaa')), "Test Using Larger Than Block-Size Key - Hash Key First")), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Bytes, AreTheSameOrNot) {
  EXPECT_TRUE(same_bytes("", ""));
  EXPECT_TRUE(same_bytes("ab", "ab"));
  EXPECT_FALSE(same_bytes("ab", "ac"));
  EXPECT_FALSE(same_bytes("ab", "abc"));
}

}  // namespace
}  // namespace wb::crypto
