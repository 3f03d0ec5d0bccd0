// What is shown of a name that nobody has.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "service/sspr/decoy.hpp"

namespace wb::test {
namespace {

namespace sspr = service::sspr;

TEST(ADecoy, IsOfANameAlwaysTheSameAndNothingThatARealOneCouldNotBe) {
  const auto key = Secret::copy_of("a key of thirty-two bytes or more");
  const UnixSeconds now = 1'795'000'000;
  std::set<char> variants;
  int marked = 0;
  for (int i = 0; i < 200; ++i) {
    const auto name = "n" + std::to_string(i) + "@corp.example";
    const auto sub = sspr::decoy_sub(key, "corp.example", name);
    const auto pre = sspr::decoy_pre(key, "corp.example", name, "dc1", now);
    EXPECT_EQ(sub, sspr::decoy_sub(key, "corp.example", name));
    EXPECT_EQ(pre, sspr::decoy_pre(key, "corp.example", name, "dc1", now + 60));
    EXPECT_EQ(sub.size(), 36U);
    EXPECT_EQ(sub[14], '4');
    variants.insert(sub[19]);
    const auto set = std::stoll(pre.pls) / 10'000'000 - 11'644'473'600;
    EXPECT_LT(set, now) << "in the past";
    EXPECT_GT(set, now - 92 * 86'400);
    EXPECT_EQ(pre.mk.value_or("wb1;01ARZ3NDEKTSV4RRFFQ69G5FAV;1;A").size(), 34U);
    marked += pre.mk ? 1 : 0;
  }
  EXPECT_EQ(variants, (std::set<char>{'8', '9', 'a', 'b'}));
  EXPECT_GT(marked, 50);
  EXPECT_LT(marked, 150);
}

}  // namespace
}  // namespace wb::test
