#include "service/methods/email.hpp"

#include <idn2.h>

#include <algorithm>
#include <memory>

#include "core/ids.hpp"

namespace wb::service {
namespace {
bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_dot_string(std::string_view text) {
  if (text.empty() || text.size() > 64 || text.front() == '.' || text.back() == '.' || text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_letter_or_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos; });
}

// `domain`: letters, digits, hyphens and single dots (domain_name has seen to it).
bool is_public_name(std::string_view domain) {
  std::size_t labels = 0;
  std::string_view last;
  for (bool more = true; more; ++labels) {
    const auto dot = domain.find('.');
    last = domain.substr(0, dot);
    if (last.empty() || last.size() > 63 || last.front() == '-' || last.back() == '-') return false;
    more = dot != std::string_view::npos;
    if (more) domain.remove_prefix(dot + 1);
  }
  return labels >= 2 && last.find_first_not_of("0123456789") != std::string_view::npos;  // 192.0.2.1 is no name
}

struct FreeText {
  void operator()(char* text) const { idn2_free(text); }
};
using IdnText = std::unique_ptr<char, FreeText>;

// The name as it travels, or empty. ASCII is what domain_name makes of it: names with xn-- that nobody could have typed otherwise stay as they are.
std::string travelling(std::string_view domain) {
  if (std::all_of(domain.begin(), domain.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return domain_name(domain);
  char* made = nullptr;  // a NUL would end the name early: domain_name has no say about what comes behind it
  const bool fits = domain.find('\0') == std::string_view::npos && idn2_to_ascii_8z(std::string(domain).c_str(), &made, IDN2_NONTRANSITIONAL) == IDN2_OK;
  const IdnText owner(made);
  return fits ? domain_name(made) : std::string();
}

// The first letter of a name as its owner writes it, in UTF-8.
std::string first_letter(const std::string& domain) {
  char* made = nullptr;
  const bool known = idn2_to_unicode_8z8z(domain.c_str(), &made, IDN2_NONTRANSITIONAL) == IDN2_OK;
  const IdnText owner(made);
  const std::string_view shown = known ? std::string_view(made) : std::string_view(domain);
  std::size_t end = 1;
  while (end < shown.size() && (static_cast<unsigned char>(shown[end]) & 0xC0) == 0x80) ++end;
  return std::string(shown.substr(0, end));
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first, last - first + 1);
}
}  // namespace

std::optional<EmailAddress> read_email(std::string_view text) {
  text = trimmed(text);
  const auto at = text.find('@');
  if (at == std::string_view::npos || text.size() > address_bytes_max) return std::nullopt;
  EmailAddress address{std::string(text.substr(0, at)), travelling(text.substr(at + 1))};
  if (!is_dot_string(address.local) || address.domain.empty() || !is_public_name(address.domain)) return std::nullopt;
  return address;
}

bool is_inside(const EmailAddress& address, const std::vector<std::string>& own_domains) {
  return std::any_of(own_domains.begin(), own_domains.end(), [&address](const std::string& own) {
    std::string_view plain = own;
    if (plain.starts_with('.')) plain.remove_prefix(1);
    if (plain.ends_with('.')) plain.remove_suffix(1);
    const auto name = travelling(plain);
    return !name.empty() && (address.domain == name || address.domain.ends_with('.' + name));
  });
}

std::string masked(const EmailAddress& address) {
  const auto top = address.domain.substr(address.domain.rfind('.') + 1);
  return address.local.substr(0, 1) + "…@" + first_letter(address.domain) + "…" + top;
}

std::string limit_key(const EmailAddress& address) { return lowered(address.text()); }

}  // namespace wb::service
