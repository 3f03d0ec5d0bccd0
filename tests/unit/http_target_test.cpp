#include "link/http_target.hpp"

#include <gtest/gtest.h>

namespace wb::link {
namespace {
using Query = std::map<std::string, std::string>;

TEST(ARequestTarget, IsTakenApartAndDecoded) {
  const auto target = parse_target("/api/v1/jobs/01J%41?wait_ms=30&name=a+b%26c&flag&=x");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/api/v1/jobs/01JA");
  EXPECT_EQ(target->query, (Query{{"wait_ms", "30"}, {"name", "a b&c"}, {"flag", ""}, {"", "x"}}));
}

TEST(ARequestTarget, MayHaveAnEmptyQuery) {
  for (const auto* text : {"/", "/?", "/?&&"}) {
    const auto target = parse_target(text);
    ASSERT_TRUE(target) << text;
    EXPECT_EQ(target->path, "/");
    EXPECT_TRUE(target->query.empty());
  }
}

TEST(ARequestTarget, KeepsAPlusInThePath) { EXPECT_EQ(parse_target("/a+b")->path, "/a+b"); }

TEST(AnAmbiguousRequestTarget, IsRefused) {
  for (const auto* text : {"", "*", "a", "http://h/", "/%", "/%4", "/%zz", "/a%2Fb", "/a%00b", "/a%0ab", "/a%7f", "/?a=%", "/?a=1&a=1", "/?a=%00"}) {
    EXPECT_FALSE(parse_target(text)) << text;
  }
}

}  // namespace
}  // namespace wb::link
