#include "policy/dn.hpp"

#include <algorithm>
#include <array>

namespace wb::policy {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
std::string folded(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), ascii_lower);
  return text;
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  c = ascii_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The parser's place in the text; functions return false or nullopt where the grammar is broken.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  char next() const { return rest_.empty() ? '\0' : rest_.front(); }
  void blanks() {
    while (next() == ' ') rest_.remove_prefix(1);
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<std::string> type();
  std::optional<std::string> value();  // "=text", or "#bytes" where it is no text: neither can pass for the other

 private:
  std::optional<std::string> hex_value();
  std::optional<char> escaped();
  std::string_view rest_;
};

bool is_oid(std::string_view text) {
  char before = '.';
  for (const char c : text) {
    if (c == '.' ? before == '.' : !is_digit(c)) return false;
    before = c;
  }
  return before != '.';
}

std::optional<std::string> Scanner::type() {
  std::size_t length = 0;
  while (length < rest_.size() && (is_letter(rest_[length]) || is_digit(rest_[length]) || rest_[length] == '-' || rest_[length] == '.')) ++length;
  auto name = folded(std::string(rest_.substr(0, length)));
  rest_.remove_prefix(length);
  if (name.empty()) return std::nullopt;
  if (is_letter(name.front())) return name.find('.') == std::string::npos ? std::optional(name) : std::nullopt;
  if (!is_oid(name)) return std::nullopt;
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> usual = {{{"2.5.4.3", "cn"}, {"2.5.4.6", "c"}, {"2.5.4.7", "l"}, {"2.5.4.8", "st"}, {"2.5.4.10", "o"}, {"2.5.4.11", "ou"},
      {"0.9.2342.19200300.100.1.25", "dc"}}};
  for (const auto& [oid, short_name] : usual)
    if (name == oid) return std::string(short_name);
  return name;
}

std::optional<char> Scanner::escaped() {  // behind the backslash
  if (rest_.empty()) return std::nullopt;
  const char c = rest_.front();
  if (std::string_view(" \"#+,;<=>\\").find(c) != std::string_view::npos) {
    rest_.remove_prefix(1);
    return c;
  }
  if (rest_.size() < 2 || hex_digit(c) < 0 || hex_digit(rest_[1]) < 0) return std::nullopt;
  const auto byte = static_cast<char>(hex_digit(c) * 16 + hex_digit(rest_[1]));
  rest_.remove_prefix(2);
  return byte;
}

std::optional<std::string> Scanner::hex_value() {  // behind the #
  std::string bytes;
  while (rest_.size() >= 2 && hex_digit(rest_[0]) >= 0 && hex_digit(rest_[1]) >= 0) {
    bytes += static_cast<char>(hex_digit(rest_[0]) * 16 + hex_digit(rest_[1]));
    rest_.remove_prefix(2);
  }
  blanks();
  if (bytes.empty()) return std::nullopt;
  // BER of a string type with a short length is that string; anything else is compared as bytes.
  const bool string_type = std::string_view("\x04\x0c\x13\x14\x16").find(bytes[0]) != std::string_view::npos;
  if (string_type && bytes.size() >= 2 && static_cast<unsigned char>(bytes[1]) < 0x80 && static_cast<std::size_t>(bytes[1]) == bytes.size() - 2) return '=' + bytes.substr(2);
  return "#" + bytes;
}

std::optional<std::string> Scanner::value() {
  if (take('#')) return hex_value();
  std::string out = "=";
  std::size_t kept = 1;  // up to here nothing is a blank that may be stripped
  while (!rest_.empty() && rest_.front() != ',' && rest_.front() != '+') {
    const char c = rest_.front();
    if (c == '\0' || c == '"' || c == ';' || c == '<' || c == '>') return std::nullopt;
    rest_.remove_prefix(1);
    if (c == '\\') {
      const auto byte = escaped();
      if (!byte) return std::nullopt;
      out += *byte;
      kept = out.size();
      continue;
    }
    out += c;
    if (c != ' ') kept = out.size();
  }
  out.resize(kept);
  return out;
}

}  // namespace

std::optional<Dn> parse_dn(std::string_view text) {
  Scanner in(text);
  Dn dn;
  in.blanks();
  if (in.done()) return dn;
  while (true) {
    Rdn parts;
    do {
      in.blanks();
      const auto type = in.type();
      in.blanks();
      if (!type || !in.take('=')) return std::nullopt;
      in.blanks();
      const auto value = in.value();
      if (!value) return std::nullopt;
      parts.push_back(*type + folded(*value));
    } while (in.take('+'));
    std::sort(parts.begin(), parts.end());
    dn.push_back(std::move(parts));
    if (in.done()) return dn;
    if (!in.take(',')) return std::nullopt;
  }
}

bool is_below(const Dn& dn, const Dn& base) {
  return !base.empty() && base.size() <= dn.size() && std::equal(base.rbegin(), base.rend(), dn.rbegin());
}

bool is_sid(std::string_view text) {
  if (!(text.starts_with("S-1-") || text.starts_with("s-1-")) || text.size() > 184) return false;
  text.remove_prefix(4);
  int parts = 0;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '-' ? digits == 0 : !is_digit(c)) return false;
    digits = c == '-' ? 0 : digits + 1;
    if (c == '-') ++parts;
  }
  return digits > 0 && parts >= 1 && parts <= 15;
}

}  // namespace wb::policy
