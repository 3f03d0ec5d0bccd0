#include "config/shapes.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <algorithm>
#include <charconv>

#include "policy/dn.hpp"

namespace wb::config::shape {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::optional<int> number(std::string_view text, int least, int most) {
  int found = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), found);
  if (problem != std::errc() || end != text.data() + text.size() || found < least || found > most) return std::nullopt;
  return found;
}

bool is_address(std::string_view text) {
  boost::system::error_code no;
  boost::asio::ip::make_address(std::string(text), no);
  return !no;
}

bool is_dns_name(std::string_view text) {  // RFC 1123 section 2.1
  if (text.empty() || text.size() > 253) return false;
  while (true) {
    const auto label = text.substr(0, text.find('.'));
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; })) return false;
    if (label.size() == text.size()) return true;
    text.remove_prefix(label.size() + 1);
  }
}

// scheme://host[:port] and nothing more; the host a DNS name, an IPv4 address or an IPv6 one in brackets.
bool is_origin(std::string_view text, std::string_view scheme) {
  if (!text.starts_with(scheme)) return false;
  text.remove_prefix(scheme.size());
  const bool bracket = text.starts_with('[');
  const auto host_end = bracket ? text.find(']') : text.find(':');
  if (bracket && host_end == std::string_view::npos) return false;
  const auto host = bracket ? text.substr(1, host_end - 1) : text.substr(0, host_end);
  auto rest = host_end == std::string_view::npos ? std::string_view() : text.substr(host_end + (bracket ? 1 : 0));
  if (bracket ? host.find(':') == std::string_view::npos || !is_address(host) : !is_dns_name(host)) return false;
  if (rest.empty()) return true;
  return rest.starts_with(':') && is_digit(rest.substr(1).empty() ? 'x' : rest[1]) && number(rest.substr(1), 1, 65'535).has_value();
}

bool is_descriptor(std::string_view text) {  // RFC 4512 section 1.4: keystring
  if (text.empty() || text.size() > 64 || is_digit(text.front()) || text.front() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_dn(std::string_view text) { return !text.empty() && policy::parse_dn(text).has_value(); }

bool is_upn(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 256) return false;
  const auto name = text.substr(0, at);
  return std::none_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '@'; }) && is_dns_name(text.substr(at + 1));
}

bool is_path(std::string_view text) {
  return text.size() < 4096 && std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

std::optional<std::string> as_text(const Value& value) {
  if (value.kind == Value::Kind::null) return std::string();
  if (value.kind == Value::Kind::scalar) return value.text;
  return std::nullopt;
}

}  // namespace

Shape<int> whole(int least, int most) {
  return {"a whole number from " + std::to_string(least) + " to " + std::to_string(most), [least, most](const Value& value) -> std::optional<int> {
            if (value.kind != Value::Kind::scalar || !value.plain) return std::nullopt;
            return number(value.text, least, most);
          }};
}

Shape<std::chrono::milliseconds> milliseconds(int least, int most) {
  auto count = whole(least, most);
  return {count.expected, [read = std::move(count.read)](const Value& value) -> std::optional<std::chrono::milliseconds> {
            const auto found = read(value);
            return found ? std::optional(std::chrono::milliseconds(*found)) : std::nullopt;
          }};
}

Shape<log::Level> log_level() {
  using log::Level;
  return one_of<Level>("debug, info, warn or error", {{"debug", Level::debug}, {"info", Level::info}, {"warn", Level::warn}, {"error", Level::error}});
}

Shape<bool> yes_or_no() {
  return {"true or false", [](const Value& value) -> std::optional<bool> {
            if (value.kind != Value::Kind::scalar || !value.plain || (value.text != "true" && value.text != "false")) return std::nullopt;
            return value.text == "true";
          }};
}

Shape<std::string> text(std::string expected, std::function<bool(std::string_view)> right) {
  return {std::move(expected), [right = std::move(right)](const Value& value) {
            auto found = as_text(value);
            if (found && !right(*found)) found.reset();
            return found;
          }};
}

Shape<std::filesystem::path> path(std::filesystem::path folder, bool may_be_empty) {
  return {"a path (a relative one starts at this file's folder)", [folder = std::move(folder), may_be_empty](const Value& value) -> std::optional<std::filesystem::path> {
            const auto found = as_text(value);
            if (!found || !is_path(*found) || (found->empty() && !may_be_empty)) return std::nullopt;
            if (found->empty()) return std::filesystem::path();
            return (folder / *found).lexically_normal();
          }};
}

Shape<std::string> https_origin() {
  return text("https://host[:port] without a path", [](std::string_view t) { return is_origin(t, "https://"); });
}

Shape<std::string> proxy() {
  return text("none, environment, or http://host[:port] (user and password have keys of their own)",
      [](std::string_view t) { return t == "none" || t == "environment" || is_origin(t, "http://"); });
}

Shape<std::string> no_proxy_rule() {
  return text("a host, a domain, an address or a network, as NO_PROXY has them", [](std::string_view t) {
    return !t.empty() && t.size() <= 253 && std::all_of(t.begin(), t.end(), [](char c) { return is_alnum(c) || std::string_view("-_.:[]/*").find(c) != std::string_view::npos; });
  });
}

Shape<std::string> ldap_uri(std::string_view scheme) {
  const bool ldaps = scheme == "ldaps://";
  return text(ldaps ? "ldaps://host[:port] (passwords go over an encrypted connection only; ldap:// is for encryption starttls or kerberos)"
                    : "ldap://host[:port] (with this encryption the connection begins in the clear and is encrypted before anything is said)",
      [scheme](std::string_view t) { return is_origin(t, scheme); });
}

Shape<std::string> domain_name() {
  auto made = text("a DNS domain name, like corp.example", is_dns_name);
  made.read = [read = std::move(made.read)](const Value& value) {
    auto found = read(value);
    if (found) std::transform(found->begin(), found->end(), found->begin(), lower);
    return found;
  };
  return made;
}

Shape<std::string> distinguished_name() { return text("a DN (RFC 4514), like OU=People,DC=corp,DC=example", is_dn); }

Shape<std::string> distinguished_name_or_empty() {
  return text("a DN (RFC 4514), like DC=corp,DC=example, or nothing", [](std::string_view t) { return t.empty() || is_dn(t); });
}

Shape<std::string> principal() {
  return text("a DN (RFC 4514) or a name like svc-writeback@corp.example", [](std::string_view t) { return is_dn(t) || is_upn(t); });
}

Shape<std::string> kerberos_principal(std::string domain) {
  std::string realm = domain;
  std::transform(realm.begin(), realm.end(), realm.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return {"the sAMAccountName of an account of this domain, or name@REALM with the domain's own realm", [realm](const Value& value) -> std::optional<std::string> {
            const auto found = as_text(value);
            if (!found) return std::nullopt;
            const auto name = found->substr(0, found->find('@'));
            constexpr std::string_view forbidden = "\"/\\[]:;|=,+*?<>";  // MS-SAMR 3.1.1.6
            const bool right = !name.empty() && name.size() <= 256 && name.find_first_of(forbidden) == std::string::npos &&
                std::none_of(name.begin(), name.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; });
            if (!right || (found->size() > name.size() && found->substr(name.size() + 1) != realm)) return std::nullopt;
            return name + "@" + realm;
          }};
}

Shape<std::string> group() {
  return text("a group's DN (RFC 4514) or SID (S-1-5-...)", [](std::string_view t) { return is_dn(t) || policy::is_sid(t); });
}

Shape<std::string> account() {
  return text("an account's DN (RFC 4514) or SID (S-1-5-...)", [](std::string_view t) { return is_dn(t) || policy::is_sid(t); });
}

Shape<std::string> attribute_or_empty() {
  return text("the name of an LDAP attribute, or nothing", [](std::string_view t) { return t.empty() || is_descriptor(t); });
}

Shape<std::string> tenant() {
  return text("1 to 64 letters, digits, - and _", [](std::string_view t) {
    return !t.empty() && t.size() <= 64 && std::all_of(t.begin(), t.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
  });
}

Shape<std::string> ip_address() { return text("an IP address, like 0.0.0.0 or ::", is_address); }

Shape<std::string> address_or_network() {
  return text("an IP address, or a network like 10.1.0.0/16 (of /8 or less, IPv6 of /16 or less, and nothing behind the prefix)", [](std::string_view t) {
    if (t.find('/') == std::string_view::npos) return is_address(t);
    boost::system::error_code no;
    const auto four = boost::asio::ip::make_network_v4(std::string(t), no);
    if (!no) return four.prefix_length() >= 8 && four == four.canonical();
    const auto six = boost::asio::ip::make_network_v6(std::string(t), no);
    return !no && six.prefix_length() >= 16 && six == six.canonical();
  });
}

Shape<std::string> loopback_end() {
  return text("an address of this machine itself with a port, like 127.0.0.1:9911 or [::1]:9911, or nothing", [](std::string_view t) {
    if (t.empty()) return true;
    const auto colon = t.rfind(':');
    if (colon == std::string_view::npos || !number(t.substr(colon + 1), 1, 65535)) return false;
    const auto host = t.substr(0, colon);
    return host == "[::1]" || (host.starts_with("127.") && is_address(host));
  });
}

Shape<std::string> host() {
  return text("a host name or an IP address, without brackets and port", [](std::string_view t) { return is_dns_name(t) || is_address(t); });
}

bool is_this_machine(std::string_view host) {
  std::string name(host);
  std::transform(name.begin(), name.end(), name.begin(), lower);
  boost::system::error_code no;
  const auto address = boost::asio::ip::make_address(name == "localhost" ? "127.0.0.1" : name, no);
  return !no && address.is_loopback();
}

Shape<std::string> host_name_or_empty() {
  return text("a host name, or nothing", [](std::string_view t) { return t.empty() || is_dns_name(t); });
}

Shape<std::string> mail_address() {
  return text("a mail address, like no-reply@example.com", [](std::string_view t) {
    const auto at = t.find('@');
    if (at == std::string_view::npos || at == 0 || at > 64 || t.size() > 254) return false;
    const auto domain = t.substr(at + 1);
    if (!is_dns_name(domain) || domain.find('.') == std::string_view::npos) return false;
    return std::all_of(t.begin(), t.begin() + static_cast<std::ptrdiff_t>(at), [](char c) { return c > ' ' && c < '\x7f' && std::string_view("<>()[]\\,;:\"").find(c) == std::string_view::npos; });
  });
}

Shape<std::string> shown_name() {
  return text("a name in one line, of at most 100 bytes", [](std::string_view t) {
    return t.size() <= 100 && std::none_of(t.begin(), t.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  });
}

}  // namespace wb::config::shape
