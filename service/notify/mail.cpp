#include "service/notify/mail.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>

#include "core/base64url.hpp"

namespace wb::service {
namespace {
constexpr std::string_view hex = "0123456789ABCDEF";

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// The longest beginning of at most `limit` bytes that does not cut a UTF-8 character.
std::size_t whole_characters(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text.size();
  while (limit > 1 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return limit;
}

std::string encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto size = whole_characters(text, 42);  // 56 characters of base64, 12 around them
    out += (out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + base64(text.substr(0, size)) + "?=";
    text.remove_prefix(size);
  }
  return out;
}

std::string without_controls(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return out;
}

std::string display_name(std::string_view name) {
  const auto clean = without_controls(name);
  if (!is_plain(clean) || clean.size() > 60) return encoded_words(clean);
  std::string quoted = "\"";
  for (const char c : clean) quoted += (c == '"' || c == '\\') ? std::string{'\\', c} : std::string{c};
  return quoted + '"';
}

std::string part(std::string_view type, std::string_view content) {
  return "Content-Type: " + std::string(type) + "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted_printable(content);
}

// Letters, digits and hyphens: what a language tag may have.
std::string language_tag(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 35))
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-') out += c;
  return out;
}

// One line's bytes: "=XX" for what is not printable, soft line ends so that none is longer than 76.
void append_line(std::string& out, std::string_view line) {
  std::size_t column = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    const auto byte = static_cast<unsigned char>(c);
    const bool last = at + 1 == line.size();
    const bool plain = ((c > ' ' && c <= '~') || (c == ' ' && !last)) && c != '=';
    const std::size_t width = plain ? 1 : 3;
    if (column + width > (last ? 76U : 75U)) {
      out += "=\r\n";
      column = 0;
    }
    if (plain) out += c;
    else out.append({'=', hex[byte >> 4], hex[byte & 15]});
    column += width;
  }
}
}  // namespace

std::string header_text(std::string_view text) {
  const auto clean = without_controls(text);
  const bool plain = is_plain(clean) && clean.size() <= 60 && clean.find("=?") == std::string::npos && !clean.starts_with(' ') && !clean.ends_with(' ');
  return plain ? clean : encoded_words(clean);
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    append_line(out, line);
    out += "\r\n";
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

std::string mail_date(UnixSeconds at) {
  using namespace std::chrono;
  static constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_seconds time{seconds(at)};
  const auto day = floor<std::chrono::days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d +0000", days[weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
      months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()), static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return text;
}

std::string message_of(const Letter& letter, const Sender& from, const EmailAddress& to, UnixSeconds now, std::string_view id) {
  const auto border = "wb-" + std::string(id);  // with "=_" before it never a line of a part: quoted-printable has no such thing
  std::string out = "Date: " + mail_date(now) + "\r\nFrom: ";
  out += from.name.empty() ? from.address.text() : display_name(from.name) + "\r\n <" + from.address.text() + '>';
  out += "\r\nTo: " + to.text() + "\r\nSubject: " + header_text(letter.subject);
  out += "\r\nMessage-ID: <" + std::string(id) + '@' + from.address.domain + ">\r\nMIME-Version: 1.0\r\n";
  out += "Auto-Submitted: auto-generated\r\n";  // RFC 3834 section 5: nobody's absence note answers
  out += "X-Auto-Response-Suppress: All\r\n";   // the same for Exchange, which does not read that
  if (const auto tag = language_tag(letter.language); !tag.empty()) out += "Content-Language: " + tag + "\r\n";
  if (letter.html.empty()) return out + part("text/plain", letter.text);
  out += "Content-Type: multipart/alternative; boundary=\"=_" + border + "\"\r\n\r\n";
  out += "--=_" + border + "\r\n" + part("text/plain", letter.text);
  out += "--=_" + border + "\r\n" + part("text/html", letter.html);
  return out + "--=_" + border + "--\r\n";
}

}  // namespace wb::service
