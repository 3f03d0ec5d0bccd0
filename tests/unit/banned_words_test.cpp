#include "policy/banned_words.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/clock.hpp"

namespace wb::policy {
namespace {

BannedWords list(std::string_view words) {
  auto made = BannedWords::parse(words);
  EXPECT_TRUE(made) << made.error().detail;
  return std::move(*made);
}
BannedVerdict judged(std::string_view words, std::string_view password, const std::vector<Name>& names = {}) { return list(words).judge(password, names); }
bool refused(std::string_view words, std::string_view password, const std::vector<Name>& names = {}) { return judged(words, password, names).refused; }

// The examples that Microsoft publishes.
TEST(ThePublishedExamples, ComeOutAsPublished) {
  const auto weak = judged("contoso\nblank\n", "C0ntos0Blank12");
  EXPECT_TRUE(weak.refused);
  EXPECT_EQ(weak.score, 4) << "[contoso] + [blank] + [1] + [2]";
  EXPECT_EQ(explanation(weak), "score 4, 5 are needed; words in lines 1, 2");
  const auto strong = judged("contoso\nblank\n", "ContoS0Bl@nkf9!");
  EXPECT_FALSE(strong.refused);
  EXPECT_EQ(strong.score, 5) << "[contoso] + [blank] + [f] + [9] + [!]";
  for (const auto* password : {"abcdeg", "abcdefg", "abcde", "abcdef"}) EXPECT_TRUE(refused("abcdef", password)) << password;
  EXPECT_TRUE(refused("blank", "Bl@nK"));
  const auto name = judged("", "p0LL23fb", {{"display name", "Poll"}});
  EXPECT_TRUE(name.refused);
  EXPECT_EQ(explanation(name), "contains the display name");
}

TEST(ABannedWord, CountsOnePointWithOneEdit) {
  for (const auto* password : {"blank", "blanc", "xlank", "blxnk", "blnk", "blaank", "blxank"}) {
    EXPECT_EQ(judged("blank", std::string(password) + "#7").score, 3) << password;
    EXPECT_EQ(judged("blank", "#7" + std::string(password)).score, 3) << password;
  }
  EXPECT_EQ(judged("blank", "blan").score, 1);
  EXPECT_EQ(judged("blank", "lank").score, 1);
  EXPECT_EQ(judged("blank", "blan#7").score, 2) << "[blan#] [7]: what follows stands for the letter that is missing";
  EXPECT_EQ(explanation(judged("\n\nblank", "blxnk")), "score 1, 5 are needed; word in line 3 (one edit)");
}

TEST(ABannedWord, IsNotFoundWithTwoEdits) {
  EXPECT_EQ(judged("blankets", "blxxkets").score, 8);
  EXPECT_EQ(judged("blankets", "bankest").score, 7);
  EXPECT_EQ(judged("blankets", "blanketsxy").score, 3) << "what stands around it are characters that are left";
  EXPECT_EQ(judged("blankets", "xyblankets").score, 3);
}

TEST(ALongPassword, WithABannedWordInItIsStrongAllTheSame) {
  EXPECT_FALSE(refused("contoso",
      "contoso-Gr\xc3\xbc\xc3\x9f"
      "e-7"));
  EXPECT_TRUE(refused("contoso\nsummer", "ContosoSummer1!"));
  EXPECT_TRUE(refused("contoso", "contosocontosocontosocontoso")) << "four points, however long";
}

TEST(Normalising, FoldsCaseAndThePublishedSubstitutionsOfListPasswordAndNames) {
  EXPECT_TRUE(refused("P@$$W0RD", "pa$sword1"));
  EXPECT_TRUE(refused("hell0", "HELLO"));
  EXPECT_TRUE(refused("m1ll", "MILL")) << "1 stands for l, and i is one edit away";
  EXPECT_TRUE(refused(
      "\xc3\x9c"
      "bung",
      "\xc3\xbc"
      "BUNG!"))
      << "letters outside ASCII, too";
  EXPECT_TRUE(refused("\xd0\x9f\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c",
      "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c"
      "1"));
}

TEST(ANameInThePassword, RefusesItWhateverElseIsThere) {
  const std::vector<Name> names = {{"account name", "ahagens"}, {"display name", "Erin M. Hagens-Poll"}, {"organisation", "Contoso Ltd"}};
  EXPECT_EQ(judged("", "long-and-strong-HAGENS-1", names).name_of, "display name");
  EXPECT_EQ(judged("", "x$Er1n", names).name_of, "") << "1 is l, not i";
  EXPECT_EQ(judged("", "xERINx97341", names).name_of, "display name");
  EXPECT_EQ(judged("", "my-p0ll-97341", names).name_of, "display name");
  EXPECT_EQ(judged("", "ahagens-97341x", names).name_of, "account name");
  EXPECT_EQ(judged("", "C0nt0s0-97341x", names).name_of, "organisation");
  EXPECT_FALSE(refused("", "Ltd-97341x", names)) << "names of less than four characters don't count";
  EXPECT_FALSE(refused("", "nothing of it 97341", names));
  EXPECT_FALSE(refused("", "abc")) << "without a list there is no score";
}

TEST(AList, SkipsWhatTheAlgorithmCannotUseAndSaysSo) {
  const auto words = list("\xEF\xBB\xBF# comment\r\n  contoso  \r\n\r\nabc\nContoso\n" + std::string(65, 'x') + "\nblank");
  EXPECT_EQ(words.size(), 2U) << "contoso and blank; Contoso is contoso";
  EXPECT_EQ(words.skipped(), 2U);
  EXPECT_EQ(words.first_skipped(), 4);
  EXPECT_EQ(words.word(0), U"contoso");
}

TEST(AList, ThatIsNotUtf8IsRefusedWithItsLine) {
  const auto made = BannedWords::parse("contoso\nna\xefve\n");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().detail, "line 2 is not UTF-8");
}

TEST(AnyPassword, IsJudgedWithoutFallingOver) {
  const auto words = list("contoso\nblank\n" + std::string(64, 'a'));
  EXPECT_EQ(words.judge("", {}).score, 0);
  EXPECT_EQ(words.judge(std::string(256, 'a'), {}).score, 4);
  EXPECT_EQ(words.judge(std::string(1000, 'x'), {}).score, 256) << "the first 256 count";
  EXPECT_EQ(words.judge("\xf0\x9f\x98\x80\xf0\x9f\x98\x80", {}).score, 2);
  EXPECT_EQ(words.judge("bad\xff", {}).score, 3);
}

// ---- against the definition, without any index --------------------------------------------------------------
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto swap = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, swap});
    }
  }
  return row.back();
}
int slow_score(const std::vector<std::string>& words, const std::string& pw) {
  std::vector<int> points(pw.size() + 1, 0);
  for (std::size_t to = 1; to <= pw.size(); ++to) {
    points[to] = points[to - 1] + 1;
    for (std::size_t from = 0; from < to; ++from)
      for (const auto& word : words) {
        const auto part = pw.substr(from, to - from);
        const bool at_its_end = part.size() == word.size() + 1 && (part.substr(1) == word || part.substr(0, word.size()) == word);
        if (!at_its_end && edits(part, word) <= 1) points[to] = std::min(points[to], points[from] + 1);
      }
  }
  return points[pw.size()];
}

TEST(TheIndex, FindsWhatTheDefinitionFinds) {
  std::mt19937 random(7);
  const auto text = [&](std::size_t least, std::size_t most) {
    std::string out(least + random() % (most - least + 1), ' ');
    for (auto& c : out) c = static_cast<char>('a' + random() % 3);
    return out;
  };
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> words;
    std::string file;
    for (int i = 0; i < 4; ++i) file += words.emplace_back(text(4, 8)) + "\n";
    const auto words_indexed = list(file);
    for (int i = 0; i < 10; ++i) {
      const auto password = text(1, 22);
      EXPECT_EQ(words_indexed.judge(password, {}).score, slow_score(words, password)) << password << " against\n"
                                                                                      << file;
    }
  }
}

}  // namespace
}  // namespace wb::policy
