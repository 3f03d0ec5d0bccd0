#include "ldap/password_modify.hpp"

#include <gtest/gtest.h>

#include <string>

#include "ldap/password_policy.hpp"

namespace wb::ldap {
namespace {

std::string bytes(const Secret& value) {
  return value.expose([](std::string_view text) { return std::string(text); });
}

// As ldappasswd encodes it (OpenLDAP 2.5).
TEST(APasswordModifyRequest, IsEncodedAsTheRfcSays) {
  const auto neu = Secret::copy_of("new"), old = Secret::copy_of("old!");
  EXPECT_EQ(bytes(password_modify_value("uid=a", neu, nullptr)), std::string("\x30\x0c\x80\x05uid=a\x82\x03new"));
  EXPECT_EQ(bytes(password_modify_value("uid=a", neu, &old)), std::string("\x30\x12\x80\x05uid=a\x81\x04old!\x82\x03new"));
}

TEST(APasswordModifyRequest, TakesLengthsOfMoreThanOneOctet) {
  const auto of = [](std::size_t dn) {
    const auto value = bytes(password_modify_value(std::string(dn, 'x'), Secret::copy_of("p"), nullptr));
    return value;
  };
  EXPECT_EQ(of(127).substr(0, 6), std::string("\x30\x81\x84\x80\x7fx"));
  EXPECT_EQ(of(128).substr(0, 7), std::string("\x30\x81\x86\x80\x81\x80x"));
  EXPECT_EQ(of(300).substr(0, 9), std::string("\x30\x82\x01\x33\x80\x82\x01\x2cx", 9));
  EXPECT_EQ(of(300).size(), 4U + 4 + 300 + 3);
}

TEST(APasswordModifyAnswer, OfUnwillingnessIsOfTheOldPasswordWhereThereWasOne) {
  const auto change = diagnose_password_modify(53, std::nullopt, WriteKind::change);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->refusal, Refusal::old_password_wrong);
  EXPECT_EQ(diagnose_password_modify(53, std::nullopt, WriteKind::reset)->refusal, Refusal::directory_error);
  EXPECT_EQ(diagnose_password_modify(19, 6, WriteKind::change)->refusal, Refusal::too_short);
  EXPECT_FALSE(diagnose_password_modify(51, std::nullopt, WriteKind::reset)) << "busy";
}

}  // namespace
}  // namespace wb::ldap
