// The spellings of one sign-in name.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "service/sspr/spelling.hpp"

namespace wb::test {
namespace {

namespace sspr = service::sspr;
using Names = std::vector<std::string>;

sspr::Spelling of(std::string_view typed, const Names& suffixes = {"corp.example", "example.com"}) { return sspr::spelling_of(typed, "corp.example", suffixes); }

TEST(ASpelling, OfOneNameIsTheSameToTheDirectoryAndToUsHoweverItIsTyped) {
  const auto plain = of("x");
  EXPECT_EQ(plain.key, "x@corp.example");
  EXPECT_EQ(plain.asked, (Names{"x@corp.example", "x@example.com"}));
  for (const auto* typed : {"X", "CORP\\x", "corp.example\\X", "\\x", "  x ", "x\t", "x@corp.example", "x@CORP.Example", "CORP\\x@corp.example", "A\\B\\x", "\xef\xbd\x98" /* a full-width x */, "x\xe2\x80\x8b" /* and one that is not seen */}) EXPECT_EQ(of(typed), plain) << typed;
}

TEST(ASpelling, UnderAnotherSuffixOfTheDomainAsksForWhatWasTypedFirstAndForAsMuch) {
  const auto other = of("X@Example.com");
  EXPECT_EQ(other.key, of("x").key);
  EXPECT_EQ(other.asked, (Names{"x@example.com", "x@corp.example"}));
}

TEST(ASpelling, UnderASuffixThatTheDomainDoesNotKnowIsANameOfItsOwn) {
  EXPECT_EQ(of("x@mail.example.com"), (sspr::Spelling{"x@mail.example.com", {"x@mail.example.com"}}));
  EXPECT_NE(of("x").key, of("y").key);
}

// An agent takes a bare objectGUID for the account itself: a sign-in page has no use for that, and a stranger has.
TEST(ASpelling, OfAnObjectGuidIsNeverABareOne) {
  const std::string guid = "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d4e";
  for (const auto& typed : {guid, "CORP\\" + guid, " " + guid, guid + "@corp.example"}) {
    const auto spelling = of(typed);
    EXPECT_EQ(spelling.asked, (Names{guid + "@corp.example", guid + "@example.com"})) << typed;
    EXPECT_EQ(spelling.key, guid + "@corp.example") << "and the limits do not take it for the account";
  }
}

TEST(ASpelling, AsksNoMoreThanItMay) {
  Names many;
  for (int at = 0; at < 50; ++at) many.push_back("s" + std::to_string(at) + ".example");
  EXPECT_EQ(of("x", many).asked.size(), sspr::suffixes_asked_max + 1);
  EXPECT_EQ(of("x@s49.example", many).asked, (Names{"x@s49.example"})) << "past those it is a name of its own";
  EXPECT_TRUE(of(std::string(250, 'x')).asked.empty()) << "longer than any name";
  EXPECT_EQ(of("").asked.front(), "@corp.example");
}

}  // namespace
}  // namespace wb::test
