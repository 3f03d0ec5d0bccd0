#include <gtest/gtest.h>

#include <concepts>
#include <set>
#include <sstream>

#include "core/backoff.hpp"
#include "core/base64url.hpp"
#include "core/file_privacy.hpp"
#include "core/ids.hpp"
#include "core/log.hpp"
#include "core/secret.hpp"

namespace wb {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
template <class T>
concept Loggable = requires(const T& value) { log::field("name", value); };
static_assert(!Printable<Secret>, "a Secret must not have operator<<");
static_assert(!Loggable<Secret>, "a Secret must not be loggable");
static_assert(!std::copyable<Secret> && std::movable<Secret>);

TEST(ASecret, IsRedactedInAFailingTest) {
  EXPECT_EQ(testing::PrintToString(Secret::copy_of("hunter2")), "Secret(redacted)");
}

TEST(ASecret, ComparesByContent) {
  EXPECT_EQ(Secret::copy_of("same"), Secret::copy_of("same"));
  EXPECT_FALSE(Secret::copy_of("same") == Secret::copy_of("Same"));
  EXPECT_FALSE(Secret::copy_of("same") == Secret::copy_of("same "));
  EXPECT_EQ(Secret(), Secret::copy_of(""));
}

TEST(ASecret, MovesWithoutLeavingAnythingBehind) {
  auto first = Secret::copy_of("pass");
  auto second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT: what is left is what is asked
  EXPECT_EQ(second.expose([](std::string_view v) { return std::string(v); }), "pass");
}

TEST(ASecret, KeepsOnlyItsBeginningWhenTruncated) {
  auto secret = Secret::copy_of("abcdef");
  secret.truncate(3);
  EXPECT_EQ(secret, Secret::copy_of("abc"));
}

TEST(Base64url, MatchesTheVectorsOfRfc4648WithoutPadding) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(base64url(plain), text);
    EXPECT_EQ(from_base64url(text), plain);
  }
}

TEST(Base64, MatchesTheVectorsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "+/8="}};
  for (const auto& [plain, text] : vectors) EXPECT_EQ(base64(plain), text);
}

TEST(Base64url, RefusesEveryOtherSpelling) {
  for (const auto* text : {"Zg==", "Zh", "Zm9=", "Z", "Zm 9v", "Zm+v", "Zm/v", "Zm9v\n"}) EXPECT_FALSE(from_base64url(text)) << text;
}

TEST(Ulids, AreWellFormedDistinctAndSorted) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto id = new_ulid();
    EXPECT_TRUE(is_ulid(id)) << id;
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000U);
  for (const auto* text : {"", "01ARZ3NDEKTSV4RRFFQ69G5FA", "81ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAU", "01arz3ndektsv4rrffq69g5fav"}) EXPECT_FALSE(is_ulid(text)) << text;
}

TEST(DomainNames, AreLowerCasedOrRefused) {
  EXPECT_EQ(domain_name("Corp.Example"), "corp.example");
  for (const auto* text : {"", ".a", "a.", "a..b", "a b", "a/b", "ä.example", "a\nb"}) EXPECT_EQ(domain_name(text), "") << text;
}

TEST(ALogField, CarriesNoControlCharacters) {
  EXPECT_EQ(log::field("x", "a\nb\x1b[31m\xc3\xa9").value, "a?b?[31m??");
  EXPECT_EQ(log::field("x", std::string(500, 'a')).value.size(), 200U);
}

TEST(AFileWithASecret, IsKeptFromOthersByItsOwnerAndMode) {
  constexpr std::uint32_t us = 1'000, other = 1'001, root = 0;
  for (const auto group : {RootsGroup::may_read, RootsGroup::may_not}) {
    for (const std::uint32_t mode : {0600U, 0400U, 0700U}) {
      EXPECT_EQ(file_privacy(us, mode, us, group), FilePrivacy::kept);
      EXPECT_EQ(file_privacy(root, mode, us, group), FilePrivacy::kept);
      EXPECT_EQ(file_privacy(other, mode, us, group), FilePrivacy::foreign);
      EXPECT_EQ(file_privacy(us, mode, root, group), FilePrivacy::foreign);
    }
    for (const std::uint32_t mode : {0640U, 0620U, 0610U, 0604U, 0602U, 0601U, 0666U}) {
      EXPECT_EQ(file_privacy(us, mode, us, group), FilePrivacy::open) << std::oct << mode;
      EXPECT_EQ(file_privacy(root, mode, root, group), FilePrivacy::open) << std::oct << mode;
    }
  }
}
TEST(AFileWithASecret, MayBeGivenByRootToOurGroupWhereThatIsAllowed) {
  EXPECT_EQ(file_privacy(0, 0440, 1'000, RootsGroup::may_read), FilePrivacy::kept);
  EXPECT_EQ(file_privacy(0, 0640, 1'000, RootsGroup::may_read), FilePrivacy::kept);
  EXPECT_EQ(file_privacy(0, 0440, 1'000, RootsGroup::may_not), FilePrivacy::open);
  for (const std::uint32_t mode : {0444U, 0460U, 0450U, 0441U}) EXPECT_EQ(file_privacy(0, mode, 1'000, RootsGroup::may_read), FilePrivacy::open) << std::oct << mode;
  EXPECT_EQ(file_privacy(1'000, 0440, 1'000, RootsGroup::may_read), FilePrivacy::open) << "our own is given by nobody";
}

TEST(Backoff, IsFullJitterUnderADoublingCeiling) {
  using std::chrono::milliseconds;
  Backoff backoff;
  EXPECT_EQ(backoff.next(0.5), milliseconds(250));
  EXPECT_EQ(backoff.next(0.5), milliseconds(500));
  EXPECT_EQ(backoff.next(0.0), milliseconds(0));
  for (int i = 0; i < 40; ++i) (void)backoff.next(0.5);
  EXPECT_EQ(backoff.next(0.5), milliseconds(30'000)) << "never over the cap";
}

TEST(Backoff, StartsAnewOnlyAfterAStableConnection) {
  Backoff backoff;
  for (int i = 0; i < 5; ++i) (void)backoff.next(0.5);
  backoff.lived(std::chrono::seconds(59));
  EXPECT_EQ(backoff.tries(), 5U);
  backoff.lived(std::chrono::seconds(60));
  EXPECT_EQ(backoff.tries(), 0U);
}

}  // namespace
}  // namespace wb
