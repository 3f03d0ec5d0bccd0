// Banned words with the algorithm that Microsoft publishes for Entra Password Protection
// (learn.microsoft.com, "Eliminate bad passwords using Microsoft Entra Password Protection"). Pure.
//
//   1. Normalise password, words and names alike: lower case, then 0 to o, 1 to l, $ to s, @ to a.
//   2. A name of the person or the organisation (4 characters or more) anywhere in the password: refused.
//   3. A banned word in the password counts 1 point, whole or with one edit (a character changed, left out or put in);
//      every character that is left counts 1. Fewer than 5 points: refused.
//
// What the publication leaves open, we decide so: words are laid over the password so that it gets the fewest points, and
// a character put in counts as an edit only inside the word. (Were it one at the word's end, [blankf] would swallow the f
// that the published example counts: ContoS0Bl@nkf9! = [contoso][blank][f][9][!] = 5.)
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace wb::policy {

struct BannedToken {
  int line = 0;         // of the list: says which word without saying it
  bool edited = false;  // one edit away, not the word itself
};
struct BannedVerdict {
  bool refused = false;
  std::string_view name_of = {};  // refused for a name: whose ("account name"); then there is no score
  int score = 0;                  // points; 5 are needed
  std::vector<BannedToken> tokens = {};
};

struct Name {
  std::string_view what;  // "display name", "account name", "organisation": for the explanation
  std::string_view text;  // UTF-8; split where names are (blanks , . - _ #), and looked for as a whole, too
};

// The words of one list, indexed: a lookup costs the password's length, not the list's. About 200 bytes a word.
class BannedWords {
 public:
  static constexpr std::size_t shortest = 4, longest = 64;  // characters of a word, after normalising
  static constexpr std::size_t words_max = 1'000'000, bytes_max = 64 * 1024 * 1024;
  static constexpr int score_needed = 5;

  // One word a line; blanks around it, empty lines and lines starting with # don't count. Fault malformed
  // "banned.read" (detail: the line): not UTF-8. Fault exhausted: too much. Words that are too short or too long for the
  // algorithm are left out and counted: skipped(), first_skipped().
  static Result<BannedWords> parse(std::string_view utf8_list);
  BannedWords() = default;  // no words: names are still looked for

  // Call inside Secret::expose; at most the first 256 characters count. Leaves nothing of the password behind.
  BannedVerdict judge(std::string_view password_utf8, const std::vector<Name>& names) const;

  std::size_t size() const { return terms_.size(); }
  std::size_t skipped() const { return skipped_; }
  int first_skipped() const { return first_skipped_; }  // its line
  std::u32string_view word(std::size_t index) const { return std::u32string_view(pool_).substr(terms_[index].at, terms_[index].length); }

 private:
  struct Term {
    std::uint32_t at = 0;
    std::uint16_t length = 0;
    std::int32_t line = 0;
  };
  struct Slot {  // one per word and per word with one character left out
    std::uint32_t print = 0, term = 0;
  };
  friend class Overlay;
  void add(std::u32string_view term, int line);
  void index();
  template <class F> bool candidates(std::uint64_t hash, F accept) const;

  std::u32string pool_;
  std::vector<Term> terms_;
  std::vector<Slot> slots_;            // ordered by bucket
  std::vector<std::uint32_t> starts_;  // bucket -> its first slot; one more at the end
  int bucket_bits_ = 0;
  std::size_t least_ = 0, most_ = 0;  // lengths of words
  std::size_t skipped_ = 0;
  int first_skipped_ = 0;
};

// For the operator: "score 4, 5 are needed; words in lines 3, 9 (one edit)", "contains the account name". Lines, not
// words: what a person has tried stays out of the log.
std::string explanation(const BannedVerdict& verdict);

}  // namespace wb::policy
