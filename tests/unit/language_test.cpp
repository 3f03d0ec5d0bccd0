#include "service/language.hpp"

#include <gtest/gtest.h>

namespace wb::service {
namespace {

const std::vector<std::string> available = {"de", "en", "pt-br", "zh-hant"};

TEST(ALanguage, IsTheHeaviestThatWeHave) {
  const std::pair<const char*, const char*> cases[] = {
      {"de", "de"},
      {"DE", "de"},
      {"fr, de;q=0.5, en;q=0.4", "de"},
      {"en;q=0.4, de;q=0.5", "de"},
      {"en;q=0.5, de;q=0.5", "en"},    // as heavy: the first
      {"de-AT-1996, en;q=0.9", "de"},  // RFC 4647 section 3.4
      {"pt, en;q=0.9", "pt-br"},
      {"zh-Hant-TW", "zh-hant"},
      {"da, en-gb;q=0.8, en;q=0.7", "en"},  // the example of RFC 9110
      {"de;q=0, en;q=0.1", "en"},
      {"de;q=0, *", "en"},
      {"de-AT;q=0", "en"},
      {"*;q=0.1, de;q=0.05", "en"},
      {"fr, *;q=0.1", "en"},
      {"fr", "en"},
      {"", "en"},
      {" de ; q=1.000 , en", "de"},
      {"de;Q=0.9", "de"},
  };
  for (const auto& [header, language] : cases) EXPECT_EQ(negotiated("", header, available), language) << header;
}

TEST(ALanguage, AskedForInTheAddressGoesFirst) {
  EXPECT_EQ(negotiated("de-de", "en", available), "de");
  EXPECT_EQ(negotiated("xx", "de", available), "de");
  EXPECT_EQ(negotiated("../de", "en", available), "en");
}

TEST(ALanguage, ThatWasRefusedIsNotTheFallbackOfEverything) {
  EXPECT_EQ(negotiated("", "en;q=0, *", available), "de");
  EXPECT_EQ(negotiated("", "en;q=0", available), "en") << "something has to be said";
}

TEST(AMalformedHeader, CountsForNothing) {
  for (const auto* header : {"de;q=2", "de;q=0.1234", "de;q=x", "de;q=", "de;x=1", "de;q=1.001", "de_AT", "d3", "de--at", "-de", "de-", "abcdefghi", ";q=1", ",,,", "\xff"}) EXPECT_EQ(negotiated("", header, available), "en") << header;
  EXPECT_EQ(negotiated("", "!!, de", available), "de") << "its neighbours do";
  EXPECT_EQ(negotiated("", "de" + std::string(1023, ' '), available), "en") << "over 1,024 bytes";
  std::string many;
  for (int i = 0; i < 32; ++i) many += "fr,";
  EXPECT_EQ(negotiated("", many + "de", available), "en") << "over 32 ranges";
}

TEST(ALanguageOfRegions, IsFoundWhereThereIsOneForAll) {
  const std::vector<std::string> whole = {"ar", "en", "pt", "zh"};
  for (const auto* tag : {"zh", "zh-CN", "zh-Hans-CN", "zh-TW"}) EXPECT_EQ(negotiated(tag, "", whole), "zh") << tag;
  for (const auto* tag : {"pt-BR,pt;q=0.9,en;q=0.8", "pt-PT"}) EXPECT_EQ(negotiated("", tag, whole), "pt") << tag;
  EXPECT_EQ(negotiated("", "ar-EG, en;q=0.5", whole), "ar");
}

TEST(ALanguage, GoesFromRightToLeftByItselfOrByItsScript) {
  for (const auto* tag : {"ar", "AR-eg", "he", "fa-IR", "ur", "az-Arab", "pa-Arab-PK"}) EXPECT_TRUE(is_right_to_left(tag)) << tag;
  for (const auto* tag : {"en", "de-AT", "zh", "arn", "ar-Latn", "", "-", "az-", "en-arab1"}) EXPECT_FALSE(is_right_to_left(tag)) << tag;
}

TEST(ALanguageTag, HasLettersFirstAndGroupsOfEight) {
  for (const auto* tag : {"de", "de-AT", "zh-Hant-TW", "sl-rozaj-biske-1994", "es-419"}) EXPECT_TRUE(is_language_tag(tag)) << tag;
  for (const auto* tag : {"", "-", "1", "419-es", "de_AT", "de-abcdefghi", "de/..", "a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s"}) EXPECT_FALSE(is_language_tag(tag)) << tag;
}

}  // namespace
}  // namespace wb::service
