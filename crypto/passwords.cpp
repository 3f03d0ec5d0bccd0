// The plaintext of a sealed password (docs/PROTOCOL.md section 4), read from Secret memory into Secrets. It has a JSON
// reader of its own, because any ordinary parser would leave the password behind on the ordinary heap.
#include <algorithm>
#include <optional>

#include "crypto/jwe.hpp"
#include "crypto/sealed_parts.hpp"
#include "protocol/codec.hpp"
#include "protocol/password.hpp"

namespace wb::crypto {
namespace {

// A cursor over the JSON text. Every function says false at the first thing RFC 8259 or the contract does not allow.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool take(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  bool at_end() {
    skip_space();
    return at_ == text_.size();
  }

  // A string, its escapes resolved, as UTF-8. What comes out is never longer than what stands there.
  std::optional<Secret> string() {
    if (!take('"')) return std::nullopt;
    auto out = Secret::of_size(text_.size() - at_ + 1);
    std::size_t used = 0;
    const bool whole = out.expose_mutable([&](std::span<char> room) {
      while (at_ < text_.size() && text_[at_] != '"')
        if (!character(room, used)) return false;
      return at_ < text_.size();
    });
    if (!whole) return std::nullopt;
    ++at_;
    out.truncate(used);
    return out;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }
  bool character(std::span<char> room, std::size_t& used) {
    const char c = text_[at_++];
    if (static_cast<unsigned char>(c) < 0x20) return false;
    if (c != '\\') {
      room[used++] = c;
      return true;
    }
    if (at_ >= text_.size()) return false;
    const char escape = text_[at_++];
    switch (escape) {
      case '"':
      case '\\':
      case '/': room[used++] = escape; return true;
      case 'b': room[used++] = '\b'; return true;
      case 'f': room[used++] = '\f'; return true;
      case 'n': room[used++] = '\n'; return true;
      case 'r': room[used++] = '\r'; return true;
      case 't': room[used++] = '\t'; return true;
      case 'u': return code_point(room, used);
      default: return false;
    }
  }
  // A lone surrogate is written as the three bytes UTF-8 forbids: the check of the whole password then calls it
  // not_unicode, which is what it is, and not a broken message.
  bool code_point(std::span<char> room, std::size_t& used) {
    auto first = hex4();
    if (!first) return false;
    std::uint32_t code = *first;
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const auto before = at_;
      at_ += 2;
      const auto second = hex4();
      if (!second) return false;
      if (*second >= 0xDC00 && *second < 0xE000) code = 0x10000 + ((code - 0xD800) << 10) + (*second - 0xDC00);
      else at_ = before;
    }
    const auto put = [&](std::uint32_t byte) { room[used++] = static_cast<char>(byte); };
    if (code < 0x80) {
      put(code);
      return true;
    }
    if (code < 0x800) {
      put(0xC0 | (code >> 6));
    } else if (code < 0x10000) {
      put(0xE0 | (code >> 12));
      put(0x80 | ((code >> 6) & 0x3F));
    } else {
      put(0xF0 | (code >> 18));
      put(0x80 | ((code >> 12) & 0x3F));
      put(0x80 | ((code >> 6) & 0x3F));
    }
    put(0x80 | (code & 0x3F));
    return true;
  }
  std::optional<std::uint32_t> hex4() {
    if (text_.size() - at_ < 4) return std::nullopt;
    std::uint32_t value = 0;
    for (const char c : text_.substr(at_, 4)) {
      value <<= 4;
      if (c >= '0' && c <= '9') value |= static_cast<std::uint32_t>(c - '0');
      else if (c >= 'a' && c <= 'f') value |= static_cast<std::uint32_t>(c - 'a' + 10);
      else if (c >= 'A' && c <= 'F') value |= static_cast<std::uint32_t>(c - 'A' + 10);
      else return std::nullopt;
    }
    at_ += 4;
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

struct Parts {
  std::optional<Secret> pw, old, pad;
};

bool read_object(Reader& reader, Parts& out) {
  if (!reader.take('{')) return false;
  do {
    const auto name = reader.string();
    if (!name || !reader.take(':')) return false;
    auto value = reader.string();
    auto* member = name->expose([&](std::string_view n) -> std::optional<Secret>* { return n == "pw" ? &out.pw : n == "old" ? &out.old
                                                                                        : n == "pad"                        ? &out.pad
                                                                                                                            : nullptr; });
    if (!value || !member || *member) return false;  // not a string, not known, or there twice
    *member = std::move(value);
  } while (reader.take(','));
  return reader.take('}') && reader.at_end() && out.pw && out.pad;
}

// Two passes of one shape: the first counts, the second writes.
template <class Put> void put_escaped(std::string_view text, Put put) {
  constexpr std::string_view hex = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      put('\\');
      put(c);
    } else if (byte < 0x20) {
      for (const char e : {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]}) put(e);
    } else put(c);
  }
}

}  // namespace

Result<SealedPasswords> read_passwords(const Secret& plaintext) {
  const auto malformed = [](std::string_view detail) { return fault(Fault::Kind::malformed, "jwe.passwords", std::string(detail)); };
  Parts parts;
  const bool read = plaintext.expose([&](std::string_view text) { Reader reader(text); return read_object(reader, parts); });
  if (!read || !parts.pad->expose([](std::string_view pad) { return protocol::utf16_units(pad); })) return malformed("json");
  for (const auto* password : {&parts.pw, &parts.old}) {
    if (!*password) continue;  // `old` is not always there
    const auto problem = (*password)->expose([](std::string_view text) { return protocol::check_password(text); });
    if (problem != protocol::PasswordProblem::none) return malformed(protocol::reason_of(problem));
  }
  return SealedPasswords{std::move(*parts.pw), std::move(parts.old)};
}

Secret make_plaintext(const Secret& pw, const Secret* old) {
  constexpr std::string_view head = R"({"pw":")", between = R"(","old":")", middle = R"(","pad":")", tail = R"("})";
  std::size_t size = head.size() + middle.size() + tail.size() + (old ? between.size() : 0);
  const auto count = [&size](std::string_view text) { put_escaped(text, [&size](char) { ++size; }); };
  pw.expose(count);
  if (old) old->expose(count);
  const auto pad = (pad_bytes - size % pad_bytes) % pad_bytes;
  auto out = Secret::of_size(size + pad);
  out.expose_mutable([&](std::span<char> room) {
    std::size_t used = 0;
    const auto put = [&](char c) { room[used++] = c; };
    const auto write = [&](std::string_view text) { std::for_each(text.begin(), text.end(), put); };
    const auto escaped = [&](std::string_view text) { put_escaped(text, put); };
    write(head);
    pw.expose(escaped);
    if (old) {
      write(between);
      old->expose(escaped);
    }
    write(middle);
    for (std::size_t i = 0; i < pad; ++i) put(' ');
    write(tail);
  });
  return out;
}

}  // namespace wb::crypto
