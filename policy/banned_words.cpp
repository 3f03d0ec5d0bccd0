#include "policy/banned_words.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>

#include "core/secret.hpp"
#include "policy/characters.hpp"
#include "protocol/codec.hpp"

namespace wb::policy {
namespace {

char32_t normal(char32_t c) {
  switch (c) {
    case '0': return 'o';
    case '1': return 'l';
    case '$': return 's';
    case '@': return 'a';
    default: return lower(c);
  }
}

std::u32string normalised(std::string_view utf8, std::size_t most) {
  auto out = decoded(utf8, most);
  for (auto& c : out) c = normal(c);
  return out;
}

// hash(s) = sum of (s[k] + 1) * base^(length-1-k): that of a part, and of a part with one character left out, follows
// from the prefixes' in constant time.
constexpr std::uint64_t base = 0x9E37'79B9'7F4A'7C15;
std::uint64_t hash_of(std::u32string_view s) {
  std::uint64_t h = 0;
  for (const auto c : s) h = h * base + c + 1;
  return h;
}
std::uint64_t mixed(std::uint64_t h) {  // splitmix64's finaliser: the high bits choose the bucket
  h = (h ^ (h >> 30U)) * 0xBF58'476D'1CE4'E5B9;
  h = (h ^ (h >> 27U)) * 0x94D0'49BB'1331'11EB;
  return h ^ (h >> 31U);
}

enum class Match { none,
  exact,
  edited };

// Is `part` of a password the word, or one edit away? A character put in counts inside the word only.
Match match(std::u32string_view part, std::u32string_view word) {
  if (part.size() == word.size()) {
    int wrong = 0;
    for (std::size_t i = 0; i < word.size() && wrong < 2; ++i) wrong += part[i] != word[i] ? 1 : 0;
    return wrong == 0 ? Match::exact : wrong == 1 ? Match::edited
                                                  : Match::none;
  }
  const auto longer = part.size() > word.size() ? part : word, shorter = part.size() > word.size() ? word : part;
  if (longer.size() != shorter.size() + 1) return Match::none;
  if (part.size() > word.size() && (part.substr(1) == word || part.substr(0, word.size()) == word)) return Match::none;
  std::size_t same = 0;
  while (same < shorter.size() && longer[same] == shorter[same]) ++same;
  return longer.substr(same + 1) == shorter.substr(same) ? Match::edited : Match::none;
}

std::string_view trimmed(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

// ---- the list -----------------------------------------------------------------------------------------------
Result<BannedWords> BannedWords::parse(std::string_view text) {
  if (text.size() > bytes_max) return fault(Fault::Kind::exhausted, "banned.read", "more than " + std::to_string(bytes_max) + " bytes");
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // Windows' editors begin UTF-8 files with it
  BannedWords out;
  std::unordered_set<std::u32string> seen;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.starts_with('#')) continue;
    if (!protocol::utf16_units(line)) return fault(Fault::Kind::malformed, "banned.read", "line " + std::to_string(number) + " is not UTF-8");
    auto word = normalised(line, longest + 1);
    if (word.size() < shortest || word.size() > longest) {
      if (out.skipped_++ == 0) out.first_skipped_ = number;
      continue;
    }
    if (!seen.insert(word).second) continue;
    if (out.terms_.size() == words_max) return fault(Fault::Kind::exhausted, "banned.read", "more than " + std::to_string(words_max) + " words");
    out.add(word, number);
  }
  out.index();
  return out;
}

void BannedWords::add(std::u32string_view word, int line) {
  least_ = terms_.empty() ? word.size() : std::min(least_, word.size());
  most_ = std::max(most_, word.size());
  terms_.push_back({static_cast<std::uint32_t>(pool_.size()), static_cast<std::uint16_t>(word.size()), line});
  pool_ += word;
}

void BannedWords::index() {
  struct Keyed {
    std::uint64_t key;
    std::uint32_t term;
    bool operator<(const Keyed& o) const { return key != o.key ? key < o.key : term < o.term; }
  };
  std::vector<Keyed> all;
  all.reserve(pool_.size() + terms_.size());
  std::u32string rest;
  for (std::uint32_t i = 0; i < terms_.size(); ++i) {
    const auto whole = word(i);
    all.push_back({mixed(hash_of(whole)), i});
    for (std::size_t k = 0; k < whole.size(); ++k) {
      if (k > 0 && whole[k] == whole[k - 1]) continue;  // leaves the same as the one before
      rest.assign(whole.substr(0, k)).append(whole.substr(k + 1));
      all.push_back({mixed(hash_of(rest)), i});
    }
  }
  std::sort(all.begin(), all.end());
  bucket_bits_ = 1;
  while ((std::size_t{1} << bucket_bits_) < all.size()) ++bucket_bits_;
  starts_.assign((std::size_t{1} << bucket_bits_) + 1, 0);
  slots_.reserve(all.size());
  for (const auto& one : all) {
    ++starts_[(one.key >> (64 - bucket_bits_)) + 1];
    slots_.push_back({static_cast<std::uint32_t>(one.key), one.term});
  }
  for (std::size_t b = 1; b < starts_.size(); ++b) starts_[b] += starts_[b - 1];
}

template <class F> bool BannedWords::candidates(std::uint64_t hash, F accept) const {
  const auto key = mixed(hash);
  const auto bucket = key >> (64 - bucket_bits_);
  for (auto i = starts_[bucket]; i < starts_[bucket + 1]; ++i)
    if (slots_[i].print == static_cast<std::uint32_t>(key) && accept(slots_[i].term)) return true;
  return false;
}

// ---- one password -------------------------------------------------------------------------------------------
// The words laid over it so that it gets the fewest points. Everything that follows from the password is in here, and
// cleansed.
class Overlay {
 public:
  Overlay(const BannedWords& list, std::u32string_view password) : list_(list), pw_(password) {}
  ~Overlay() {
    cleanse(prefix_.data(), sizeof prefix_);
    cleanse(points_.data(), sizeof points_);
  }
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;
  BannedVerdict run();

 private:
  struct Found {
    Match match = Match::none;
    std::uint32_t term = 0;
  };
  struct Points {
    int score = 0;
    std::size_t from = 0;  // where the last piece begins
    std::optional<BannedToken> token;
  };
  std::uint64_t hash(std::size_t from, std::size_t to) const { return prefix_[to] - prefix_[from] * power_[to - from]; }
  Found word_at(std::size_t from, std::size_t to) const;

  const BannedWords& list_;
  std::u32string_view pw_;
  std::array<std::uint64_t, PasswordPoints::most + 1> prefix_{}, power_{};
  std::array<Points, PasswordPoints::most + 1> points_{};
};

Overlay::Found Overlay::word_at(std::size_t from, std::size_t to) const {
  const auto part = pw_.substr(from, to - from);
  Found found;
  const auto accept = [&](std::uint32_t term) {
    const auto how = match(part, list_.word(term));
    if (how != Match::none && found.match != Match::exact) found = {how, term};
    return found.match == Match::exact;
  };
  if (list_.candidates(hash(from, to), accept) || found.match != Match::none) return found;
  for (auto out = from; out < to && found.match == Match::none; ++out) {
    const auto without = hash(from, out) * power_[to - out - 1] + hash(out + 1, to);
    list_.candidates(without, accept);
  }
  return found;
}

BannedVerdict Overlay::run() {
  power_[0] = 1;
  for (std::size_t i = 0; i < pw_.size(); ++i) {
    prefix_[i + 1] = prefix_[i] * base + pw_[i] + 1;
    power_[i + 1] = power_[i] * base;
  }
  for (std::size_t to = 1; to <= pw_.size(); ++to) {
    points_[to] = {points_[to - 1].score + 1, to - 1, std::nullopt};
    for (std::size_t length = std::min(list_.most_ + 1, to); list_.size() > 0 && length + 1 >= list_.least_ && length > 1; --length) {
      const auto from = to - length;
      // Equal points: the word itself rather than an edited one, which only the explanation sees.
      const bool may_help = points_[from].score + 1 < points_[to].score || (points_[from].score + 1 == points_[to].score && points_[to].token && points_[to].token->edited);
      if (!may_help) continue;
      const auto found = word_at(from, to);
      if (found.match == Match::none || (points_[from].score + 1 == points_[to].score && found.match == Match::edited)) continue;
      points_[to] = {points_[from].score + 1, from, BannedToken{list_.terms_[found.term].line, found.match == Match::edited}};
    }
  }
  BannedVerdict verdict;
  verdict.score = points_[pw_.size()].score;
  verdict.refused = list_.size() > 0 && verdict.score < BannedWords::score_needed;
  for (auto at = pw_.size(); at > 0; at = points_[at].from)
    if (points_[at].token) verdict.tokens.push_back(*points_[at].token);
  std::reverse(verdict.tokens.begin(), verdict.tokens.end());
  return verdict;
}

namespace {

bool holds_name(std::u32string_view password, std::string_view text) {
  const auto whole = normalised(text, 256);
  constexpr std::u32string_view between = U" ,.-_#\t";
  const auto inside = [&](std::u32string_view part) { return part.size() >= BannedWords::shortest && password.find(part) != std::u32string_view::npos; };
  std::u32string_view rest = whole;
  while (!rest.empty()) {
    const auto end = rest.find_first_of(between);
    if (inside(rest.substr(0, end))) return true;
    rest.remove_prefix(end == std::u32string_view::npos ? rest.size() : end + 1);
  }
  return inside(whole);
}

}  // namespace

BannedVerdict BannedWords::judge(std::string_view password_utf8, const std::vector<Name>& names) const {
  PasswordPoints password(password_utf8);
  password.each(normal);
  for (const auto& name : names)
    if (holds_name(password.view(), name.text)) return {.refused = true, .name_of = name.what};
  return Overlay(*this, password.view()).run();
}

std::string explanation(const BannedVerdict& verdict) {
  if (!verdict.name_of.empty()) return "contains the " + std::string(verdict.name_of);
  std::string out = "score " + std::to_string(verdict.score) + ", " + std::to_string(BannedWords::score_needed) + " are needed";
  if (verdict.tokens.empty()) return out;
  out += verdict.tokens.size() == 1 ? "; word in line" : "; words in lines";
  std::string_view comma = " ";
  for (const auto& token : verdict.tokens) {
    out.append(comma).append(std::to_string(token.line)).append(token.edited ? " (one edit)" : "");
    comma = ", ";
  }
  return out;
}

}  // namespace wb::policy
