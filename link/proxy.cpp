#include "link/proxy.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ostream>

namespace wb::link {
namespace {
namespace ip = boost::asio::ip;
using boost::system::error_code;

constexpr std::size_t rules_max = 256;

std::string plain(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.size() > 1 && host.back() == '.') host.remove_suffix(1);
  std::string out(host);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

bool in_network(const std::string& rule, const ip::address& address) {
  error_code ec;
  if (address.is_v4()) {
    const auto net = ip::make_network_v4(rule, ec);
    return !ec && ip::make_network_v4(address.to_v4(), net.prefix_length()).canonical() == net.canonical();
  }
  const auto net = ip::make_network_v6(rule, ec);
  return !ec && ip::make_network_v6(address.to_v6(), net.prefix_length()).canonical() == net.canonical();
}

Fault unusable(std::string why) { return fault(Fault::Kind::refused, "proxy.settings", std::move(why)); }

// http://[user[:password]@]host[:port][/]. The text may hold a password: no fault repeats it.
Result<Proxy> parse(std::string_view url, const ProxySettings& settings) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    if (plain(url.substr(0, scheme)) != "http") return unusable("only http:// proxies are spoken to (the link inside is TLS in any case)");
    url.remove_prefix(scheme + 3);
  }
  if (url.ends_with('/')) url.remove_suffix(1);
  Proxy proxy;
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    proxy.userinfo = url.substr(0, at);
    url.remove_prefix(at + 1);
  }
  const bool bracket = url.starts_with('[');
  const auto end = bracket ? url.find(']') : url.find(':');
  if (bracket && end == std::string_view::npos) return unusable("not http://host[:port]");
  proxy.host = bracket ? url.substr(1, end - 1) : url.substr(0, end);
  auto rest = end == std::string_view::npos ? std::string_view() : url.substr(end + (bracket ? 1 : 0));
  const bool odd = std::any_of(proxy.host.begin(), proxy.host.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '/' || c == '?' || c == '#' || c == '\\'; });
  if (proxy.host.empty() || proxy.host.size() > 253 || odd) return unusable("not http://host[:port]");
  if (!rest.empty()) {
    rest.remove_prefix(1);
    const auto [last, bad] = std::from_chars(rest.data(), rest.data() + rest.size(), proxy.port);
    if (bad != std::errc() || last != rest.data() + rest.size() || proxy.port == 0) return unusable("not a port behind its host");
  }
  proxy.sign_in = settings.sign_in;
  proxy.user = settings.user;
  proxy.password_file = settings.password_file;
  return proxy;
}

std::string_view first_of(const Environment& environment, std::initializer_list<const char*> names) {
  for (const auto* name : names)
    if (const char* value = environment(name); value && *value) return value;
  return {};
}
}  // namespace

std::string Proxy::name() const { return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port); }
void PrintTo(const Proxy& proxy, std::ostream* out) { *out << proxy.name(); }

bool covered(std::string_view rule, std::string_view host) {
  if (rule == "*") return true;
  const auto name = plain(host);
  error_code not_address;
  const auto address = ip::make_address(name, not_address);
  if (!not_address) {
    if (rule.find('/') != std::string_view::npos) return in_network(std::string(rule), address);
    error_code ec;
    const auto other = ip::make_address(plain(rule), ec);
    return !ec && other == address;
  }
  if (rule.starts_with('.')) rule.remove_prefix(1);
  const auto domain = plain(rule);
  if (domain.empty()) return false;
  return name == domain || (name.size() > domain.size() && name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.');
}

Result<std::optional<Proxy>> proxy_for(const ProxySettings& settings, std::string_view host, const Environment& environment) {
  using Use = ProxySettings::Use;
  const std::optional<Proxy> none;
  if (settings.use == Use::none) return none;
  for (const auto& rule : settings.no_proxy)
    if (covered(rule, host)) return none;
  std::string_view url = settings.url;
  if (settings.use == Use::environment) {
    url = first_of(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
    if (url.empty()) return none;
    auto rules = first_of(environment, {"no_proxy", "NO_PROXY"});
    for (std::size_t count = 0; !rules.empty() && count < rules_max; ++count) {
      const auto end = rules.find_first_of(", \t");
      const auto rule = rules.substr(0, end);
      if (!rule.empty() && covered(rule, host)) return none;
      rules = end == std::string_view::npos ? std::string_view() : rules.substr(end + 1);
    }
  }
  auto proxy = parse(url, settings);
  if (!proxy) return proxy.error();
  return std::optional(std::move(*proxy));
}

Result<std::optional<Proxy>> proxy_for(const ProxySettings& settings, std::string_view host) {
  return proxy_for(settings, host, [](const char* name) -> const char* { return std::getenv(name); });
}

}  // namespace wb::link
