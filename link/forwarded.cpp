#include "link/forwarded.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <optional>

#include "core/ids.hpp"
#include "link/proxy.hpp"

namespace wb::link {
namespace {
namespace ip = boost::asio::ip;
constexpr int entries_max = 64;
using Named = std::optional<std::string>;  // an address in canonical text; nullopt: none can be told

bool digits(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}
bool alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool obfuscated(std::string_view text) {  // RFC 7239 section 6.3
  return text.size() > 1 && text.front() == '_' && std::all_of(text.begin() + 1, text.end(), [](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}
bool token(char c) { return alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos; }  // RFC 9110 section 5.6.2
bool blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

Named address(std::string_view text, bool six) {
  boost::system::error_code ec;
  // Asio would read up to a NUL, and take a zone (fe80::1%eth0), which means something on one machine only.
  if (text.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) return std::nullopt;
  const auto made = ip::make_address(std::string(text), ec);
  if (ec || made.is_v6() != six) return std::nullopt;
  if (six && made.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, made.to_v6()).to_string();
  return made.to_string();
}

// 192.0.2.7, 192.0.2.7:80, [2001:db8::7], [2001:db8::7]:80; the port may be a name in Forwarded, and IPv6 stand without
// brackets in X-Forwarded-For.
Named node(std::string_view text, bool rfc7239) {
  std::string_view port;
  const bool bracket = text.starts_with('[');
  const auto end = bracket ? text.find(']') : text.find(':');
  if (bracket && end == std::string_view::npos) return std::nullopt;
  if (!bracket && end != std::string_view::npos && text.find(':', end + 1) != std::string_view::npos) return rfc7239 ? std::nullopt : address(text, true);
  if (end != std::string_view::npos) port = text.substr(end + (bracket ? 1 : 0));
  if (!port.empty() && (port.front() != ':' || !(digits(port.substr(1)) || (rfc7239 && obfuscated(port.substr(1)))))) return std::nullopt;
  return bracket ? address(text.substr(1, end - 1), true) : address(text.substr(0, end), false);
}

// Goes from proxy to proxy, the nearest first.
class Walk {
 public:
  explicit Walk(const std::vector<std::string>& trusted) : trusted_(trusted) {}
  bool ends_at(const Named& hop) {
    if (!hop || ++hops_ > entries_max) return true;
    if (std::any_of(trusted_.begin(), trusted_.end(), [&](const auto& rule) { return covered(rule, *hop); })) return false;
    found_ = hop;
    return true;
  }
  const Named& found() const { return found_; }

 private:
  const std::vector<std::string>& trusted_;
  int hops_ = 0;
  Named found_;
};

Named by_x_forwarded_for(std::string_view list, const std::vector<std::string>& trusted) {
  Walk walk(trusted);
  for (bool more = true; more;) {
    const auto comma = list.rfind(',');
    more = comma != std::string_view::npos;
    if (walk.ends_at(node(trimmed(more ? list.substr(comma + 1) : list), false))) break;
    if (more) list = list.substr(0, comma);
  }
  return walk.found();
}

// One pair of RFC 7239 section 4, and what follows it. False: malformed.
bool take_pair(std::string_view& text, std::string& name, std::string& value) {
  const auto equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos || !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(equals), token)) return false;
  name = lowered(text.substr(0, equals));
  text.remove_prefix(equals + 1);
  value.clear();
  if (!text.starts_with('"')) {
    for (; !text.empty() && token(text.front()); text.remove_prefix(1)) value += text.front();
    return !value.empty();
  }
  for (text.remove_prefix(1); !text.empty() && text.front() != '"'; text.remove_prefix(1)) {
    if (text.front() == '\\') text.remove_prefix(1);
    if (text.empty()) return false;
    value += text.front();
  }
  if (text.empty()) return false;
  text.remove_prefix(1);
  return true;
}

// From the left, since commas may stand in quotes: what a proxy says of `host` is what a stranger said. Malformed
// anywhere: nothing of it is believed, because where an element begins is then a matter of opinion.
Named by_forwarded(std::string_view list, const std::vector<std::string>& trusted) {
  std::vector<Named> hops(1);
  bool said = false;
  std::string name, value;
  for (list = trimmed(list);;) {
    if (!take_pair(list, name, value)) return std::nullopt;
    if (name == "for" && said) return std::nullopt;  // at most once in an element
    if (name == "for") said = true, hops.back() = node(value, true);
    list = trimmed(list);
    if (list.empty()) break;
    const char separator = list.front();
    if (separator != ',' && separator != ';') return std::nullopt;
    if (separator == ',') hops.emplace_back(), said = false;
    list = trimmed(list.substr(1));
  }
  Walk walk(trusted);
  for (auto hop = hops.rbegin(); hop != hops.rend() && !walk.ends_at(*hop);) ++hop;
  return walk.found();
}
}  // namespace

std::string client_address(const std::string& peer, std::string_view x_forwarded_for, std::string_view forwarded, const std::vector<std::string>& trusted) {
  if (std::none_of(trusted.begin(), trusted.end(), [&](const auto& rule) { return covered(rule, peer); })) return peer;
  if (x_forwarded_for.empty() && forwarded.empty()) return peer;
  if (x_forwarded_for.empty()) return by_forwarded(forwarded, trusted).value_or(peer);
  const auto named = by_x_forwarded_for(x_forwarded_for, trusted);
  // A proxy that writes one of them passes the other on as a stranger sent it; which one it writes is not known here.
  if (!forwarded.empty() && named != by_forwarded(forwarded, trusted)) return peer;
  return named.value_or(peer);
}

}  // namespace wb::link
