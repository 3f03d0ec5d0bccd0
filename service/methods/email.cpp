#include "service/methods/email.hpp"

#include <algorithm>

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

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first, last - first + 1);
}
}  // namespace

std::optional<EmailAddress> read_email(std::string_view text) {
  text = trimmed(text);
  const auto at = text.find('@');
  if (at == std::string_view::npos || text.size() > address_bytes_max) return std::nullopt;
  EmailAddress address{std::string(text.substr(0, at)), domain_name(text.substr(at + 1))};
  if (!is_dot_string(address.local) || address.domain.empty() || !is_public_name(address.domain)) return std::nullopt;
  return address;
}

bool is_inside(const EmailAddress& address, const std::vector<std::string>& own_domains) {
  return std::any_of(own_domains.begin(), own_domains.end(), [&address](const std::string& own) {
    auto name = lowered(own);
    if (name.starts_with('.')) name.erase(0, 1);
    if (name.ends_with('.')) name.pop_back();
    return !name.empty() && (address.domain == name || address.domain.ends_with('.' + name));
  });
}

std::string masked(const EmailAddress& address) {
  const auto top = address.domain.substr(address.domain.rfind('.') + 1);
  return address.local.substr(0, 1) + "…@" + address.domain.substr(0, 1) + "…" + top;
}

std::string limit_key(const EmailAddress& address) { return lowered(address.text()); }

}  // namespace wb::service
