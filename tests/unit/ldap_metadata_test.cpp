// replPropertyMetaData: versions and times of attributes, and the numbers they stand under.
#include "ldap/metadata.hpp"

#include <gtest/gtest.h>

#include <string>

namespace wb::ldap {
namespace {

constexpr std::uint64_t noon = 1'800'000'000;  // Unix

std::string little_endian(std::uint64_t value, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}
std::string entry(std::uint32_t attid, std::uint32_t version, std::uint64_t changed = noon) {
  return little_endian(attid, 4) + little_endian(version, 4) + little_endian(changed + 11'644'473'600, 8) + std::string(32, '\x55');
}
std::string metadata(std::uint32_t count, const std::string& entries) {
  return little_endian(1, 4) + little_endian(0, 4) + little_endian(count, 4) + little_endian(0, 4) + entries;
}

TEST(ReplicationMetadata, TellsVersionAndTimeOfAnAttribute) {
  const auto blob = metadata(3, entry(0, 1) + entry(attid_unicode_pwd, 0x01020304) + entry(attid_admin_display_name, 9, noon + 1));
  EXPECT_EQ(attribute_metadata(blob, attid_unicode_pwd)->version, 0x01020304U);
  EXPECT_EQ(attribute_metadata(blob, attid_unicode_pwd)->changed, noon);
  EXPECT_EQ(attribute_metadata(blob, attid_admin_display_name)->version, 9U);
  EXPECT_EQ(attribute_metadata(blob, attid_admin_display_name)->changed, noon + 1);
}

TEST(ReplicationMetadata, TellsAnAttributeThatWasNeverWritten) {
  for (const auto& blob : {metadata(0, ""), metadata(1, entry(attid_unicode_pwd, 1))}) {
    const auto never = attribute_metadata(blob, 0x12345);
    ASSERT_TRUE(never);
    EXPECT_EQ(never->version, 0U);
    EXPECT_EQ(never->changed, 0);
  }
}

TEST(ReplicationMetadata, DoesNotMakeATimeOfNonsense) {
  auto blob = metadata(1, entry(attid_unicode_pwd, 7));
  blob.replace(16 + 8, 8, std::string(8, '\x55'));
  EXPECT_EQ(attribute_metadata(blob, attid_unicode_pwd)->version, 7U);
  EXPECT_FALSE(attribute_metadata(blob, attid_unicode_pwd)->changed);
  blob.replace(16 + 8, 8, std::string(8, '\0'));
  EXPECT_FALSE(attribute_metadata(blob, attid_unicode_pwd)->changed);
}

TEST(ReplicationMetadata, IsNotBelievedWhenItIsCutOrLiesAboutItsLength) {
  const auto blob = metadata(2, entry(0, 1) + entry(attid_unicode_pwd, 7));
  for (std::size_t length = 0; length < blob.size(); ++length) EXPECT_FALSE(attribute_metadata(blob.substr(0, length), attid_unicode_pwd)) << length;
  EXPECT_FALSE(attribute_metadata(blob + "x", attid_unicode_pwd));
  EXPECT_FALSE(attribute_metadata(metadata(0xFFFFFFFF, entry(attid_unicode_pwd, 7)), attid_unicode_pwd));
  EXPECT_FALSE(attribute_metadata(metadata(0x05555556, entry(attid_unicode_pwd, 7)), attid_unicode_pwd)) << "count * 48 wraps around";
  auto other = blob;
  other[0] = 2;
  EXPECT_FALSE(attribute_metadata(other, attid_unicode_pwd)) << "another layout";
}

TEST(AnOid, HasANumberUnderTheWellKnownPrefixes) {
  EXPECT_EQ(attid_from_oid("1.2.840.113556.1.2.194"), attid_admin_display_name);
  EXPECT_EQ(attid_from_oid("1.2.840.113556.1.4.90"), attid_unicode_pwd);
  EXPECT_EQ(attid_from_oid("2.5.4.13"), 13U) << "description";
}

TEST(AnOid, OfAnotherPrefixIsNotGuessed) {
  for (const auto* oid : {"1.2.840.113556.1.8000.2554.1", "1.2.840.113556.1.2.", "1.2.840.113556.1.2.1.1", "1.2.840.113556.1.4.16384", "2.5.4.-1", "2.5.4", "", "1.2.840.113556.1.4.90x"})
    EXPECT_FALSE(attid_from_oid(oid)) << oid;
}

}  // namespace
}  // namespace wb::ldap
