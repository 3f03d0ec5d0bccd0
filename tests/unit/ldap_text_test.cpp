#include <gtest/gtest.h>

#include <limits>

#include "ldap/dial.hpp"
#include "ldap/text.hpp"

namespace wb::ldap {
namespace {

using namespace std::string_literals;

std::optional<std::string> as_units(std::string_view text) {
  auto made = quoted_utf16(Secret::copy_of(text));
  if (!made) return std::nullopt;
  return made->expose([](std::string_view bytes) { return std::string(bytes); });
}

TEST(AFilterValue, CannotEndOrWidenTheFilter) {
  EXPECT_EQ(filter_escape("a*b(c)d\\e"s + '\0'), "a\\2ab\\28c\\29d\\5ce\\00");
  EXPECT_EQ(filter_escape("O'Neil, Müller & \"x\" #1"), "O'Neil, Müller & \"x\" #1");
  EXPECT_EQ(filter_escape("\n\x7f"), "\\0a\\7f");
}

// ---- a server's own words, for the operator -----------------------------------------------------------------
TEST(AServersWords, AreKeptPrintableAndCut) {
  const auto password = Secret::copy_of("Zebra-2026!");
  EXPECT_EQ(kept_text("0000052D: SvcErr: DSID-031A1261,\n\tproblem 5003\0"s, {&password, nullptr}), "0000052D: SvcErr: DSID-031A1261,??problem 5003?");
  EXPECT_EQ(kept_text(std::string(400, 'x'), {&password, nullptr}), std::string(300, 'x'));
  EXPECT_EQ(kept_text("no password was sent", {}), "no password was sent");
}

TEST(AServersWords, AreWithheldWhenAPasswordStandsInThem) {
  const auto password = Secret::copy_of("Zebra-2026!"), old = Secret::copy_of(
                                                            "Gr\xc3\xbc\xc3\x9f"
                                                            "e-1");
  const auto kept = [&](std::string_view words) { return kept_text(words, {&password, &old}); };
  const std::string withheld = "(withheld: a password stands in it)";
  EXPECT_EQ(kept("refused 'Zebra-2026!' as too common"), withheld);
  EXPECT_EQ(kept("refused ZEBRA-2026! as too common"), withheld) << "a filter may have folded it";
  EXPECT_EQ(kept("attribute value \"Z\0e\0b\0r\0a\0-\0"
                 "2\0"
                 "0\0"
                 "2\0"
                 "6\0!\0\"\0"s),
      withheld)
      << "as unicodePwd was sent";
  EXPECT_EQ(kept("refused Gr\xc3\xbc\xc3\x9f"
                 "e-1"),
      withheld)
      << "the old one, byte for byte, before it is made printable";
  EXPECT_EQ(kept(std::string(400, '.') + "Zebra-2026!"), withheld) << "also where it would be cut off";
  EXPECT_EQ(kept("refused: Zebra-20"), withheld) << "cut by the server";
  EXPECT_EQ(kept("no zebras, 2026"), "no zebras, 2026");
}

TEST(AServersWords, AreKeptWhereAnEmptyPasswordWouldStandAnywhere) {
  const Secret none;
  EXPECT_EQ(kept_text("words", {&none, nullptr}), "words");
}

TEST(AGuid, HasItsFirstThreeGroupsLittleEndian) {
  const auto bytes = "\x2c\x80\x0f\x42\x78\xef\x16\x4e\x85\x81\xb9\xca\x98\x7e\x46\xed"s;
  EXPECT_EQ(guid_text(bytes), "420f802c-ef78-4e16-8581-b9ca987e46ed");
  EXPECT_EQ(guid_bytes("420f802c-ef78-4e16-8581-b9ca987e46ed"), bytes);
  EXPECT_EQ(guid_bytes("420F802C-EF78-4E16-8581-B9CA987E46ED"), bytes);
  EXPECT_EQ(guid_dn("x"), "<GUID=x>");
}

TEST(AGuid, IsNothingElse) {
  for (const auto* text : {"", "alice", "420f802c-ef78-4e16-8581-b9ca987e46e", "420f802c-ef78-4e16-8581-b9ca987e46ed0", "420f802cef78-4e16-8581-b9ca987e46ed00",
           "420f802c-ef78-4e16-8581-b9ca987e46eg", "420f802c+ef78-4e16-8581-b9ca987e46ed", "{20f802c-ef78-4e16-8581-b9ca987e46ed}"}) {
    EXPECT_FALSE(guid_bytes(text)) << text;
  }
  EXPECT_FALSE(guid_text("123456789012345"));
  EXPECT_FALSE(guid_text("12345678901234567"));
}

TEST(ASid, IsReadFromItsBytes) {
  EXPECT_EQ(sid_text("\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x21\x02\x00\x00"s), "S-1-5-32-545");
  EXPECT_EQ(sid_text("\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"s), "S-1-1-0");
  EXPECT_EQ(sid_text("\x01\x01\x00\x00\x00\x00\x00\x05\xff\xff\xff\xff"s), "S-1-5-4294967295");
}

TEST(ASid, IsNothingThatIsCutOrOfAnotherRevision) {
  EXPECT_FALSE(sid_text(""));
  EXPECT_FALSE(sid_text("\x01\x00\x00\x00\x00\x00\x00\x05"s)) << "of no subauthority: the guardrails know no such name";
  EXPECT_FALSE(sid_text("\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x21\x02\x00"s));
  EXPECT_FALSE(sid_text("\x02\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"s));
  EXPECT_FALSE(sid_text("\x01\xff\x00\x00\x00\x00\x00\x05"s));
}

TEST(AnInteger, IsReadStrictly) {
  EXPECT_EQ(integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(integer("-1"), -1);
  for (const auto* text : {"", " 1", "1 ", "0x1", "1e3", "9223372036854775808", "+1"}) EXPECT_FALSE(integer(text)) << text;
}

TEST(AFiletime, CountsFrom1601) {
  EXPECT_EQ(unix_from_filetime(116'444'736'000'000'000), 0);
  EXPECT_EQ(unix_from_filetime(134'397'163'122'747'233), 1'795'242'712);
  EXPECT_EQ(filetime_from_unix(0), 116'444'736'000'000'000);
}

TEST(AnInterval, IsNegativeAndMayMeanNone) {
  EXPECT_EQ(seconds_from_interval(-864'000'000'000), 86'400);
  EXPECT_EQ(seconds_from_interval(0), 0);
  EXPECT_EQ(seconds_from_interval(std::numeric_limits<std::int64_t>::min()), 0);
}

TEST(APassword, IsQuotedAsUtf16LittleEndian) {
  EXPECT_EQ(as_units("a"), "\"\0a\0\"\0"s);
  EXPECT_EQ(as_units("é"), "\"\0\xe9\0\"\0"s);
  EXPECT_EQ(as_units("e\xcc\x81"), "\"\0e\0\x01\x03\"\0"s) << "never normalised";
  EXPECT_EQ(as_units("\xf0\x9f\x94\x91"), "\"\0\x3d\xd8\x11\xdd\"\0"s) << "a surrogate pair";
  EXPECT_EQ(as_units("\"\\"), "\"\0\"\0\\\0\"\0"s) << "quotes inside are not doubled";
  EXPECT_EQ(as_units("\xef\xbf\xbf"), "\"\0\xff\xff\"\0"s);
}

TEST(APassword, HasOneTo256Units) {
  EXPECT_FALSE(as_units(""));
  EXPECT_EQ(as_units(std::string(256, 'x'))->size(), 516U);
  EXPECT_FALSE(as_units(std::string(257, 'x')));
  std::string keys;
  for (int i = 0; i < 128; ++i) keys += "\xf0\x9f\x94\x91";
  EXPECT_EQ(as_units(keys)->size(), 516U);
  EXPECT_FALSE(as_units(keys + "x"));
}

TEST(APassword, IsWellFormedUnicodeWithoutNul) {
  for (const auto& text : {"a\0b"s, "\xed\xa0\xbd"s /* lone surrogate */, "\xc0\x80"s, "\xe0\x80\x80"s, "\xf0\x80\x80\x80"s, "\xf4\x90\x80\x80"s, "\xff"s,
           "\x80"s, "\xc3"s, "\xe2\x82"s, "\xf0\x9f\x94"s, "a\xc3("s, "\xed\xa0\xbd\xed\xb4\x91"s /* CESU-8 */}) {
    EXPECT_FALSE(as_units(text));
  }
}

TEST(ADirectoryUri, IsLdapsAndNothingElse) {
  const auto parse = [](std::string_view uri) { return parse_uri(uri, Encryption::ldaps); };
  EXPECT_EQ(parse("ldaps://DC1.corp.example")->uri, "ldaps://dc1.corp.example:636");
  EXPECT_EQ(parse("LDAPS://dc1:1636/")->port, 1636);
  EXPECT_EQ(parse("ldaps://[::1]:636")->host, "::1");
  for (const auto* uri : {"ldap://dc1", "ldapi://%2frun", "dc1", "", "ldaps://", "ldaps://:636", "ldaps://dc1:", "ldaps://dc1:0", "ldaps://dc1:65536", "ldaps://dc1:6a",
           "ldaps://dc1/dc=x", "ldaps://[::1", "ldaps://[::1]636", "ldaps://a b", "ldaps://user@dc1", "ldaps://dc1 ldap://dc2"}) {
    EXPECT_FALSE(parse(uri)) << uri;
  }
}

TEST(ADirectoryUri, IsLdapOnPort389WhereTheConnectionIsEncryptedAfterwards) {
  for (const auto encryption : {Encryption::starttls, Encryption::kerberos}) {
    EXPECT_EQ(parse_uri("ldap://DC1.corp.example", encryption)->uri, "ldap://dc1.corp.example:389");
    EXPECT_EQ(parse_uri("ldap://dc1:1389/", encryption)->port, 1389);
    EXPECT_NE(parse_uri("ldaps://dc1", encryption).error().detail.find("only ldap:// goes with encryption starttls or kerberos"), std::string::npos);
  }
}

TEST(AControllerFoundInDns, IsAskedOnThePortThatGoesWithTheEncryption) {
  EXPECT_EQ(endpoint_of("dc1.corp.example", Encryption::ldaps)->uri, "ldaps://dc1.corp.example:636");
  EXPECT_EQ(endpoint_of("dc1.corp.example", Encryption::starttls)->uri, "ldap://dc1.corp.example:389");
  EXPECT_EQ(endpoint_of("dc1.corp.example", Encryption::kerberos)->uri, "ldap://dc1.corp.example:389");
}

}  // namespace
}  // namespace wb::ldap
