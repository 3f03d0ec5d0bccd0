// Which proxy a host is reached through. Pure, but for the environment that is read where the settings say so.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "link/settings.hpp"

namespace wb::link {

struct Proxy {
  std::string host;  // name or address, without brackets
  unsigned short port = 3128;
  ProxySettings::SignIn sign_in = ProxySettings::SignIn::none;
  std::string user;
  std::filesystem::path password_file;
  std::string userinfo;  // user:password, percent-encoded, where the environment's URL has one: a secret, never printed

  std::string name() const;  // host:port, for people
};
void PrintTo(const Proxy& proxy, std::ostream* out);  // for GoogleTest: without secrets

using Environment = std::function<const char*(const char* name)>;

// nullopt: straight. Fault refused "proxy.settings": a URL that is none, or a kind of proxy that is not spoken here
// (https://, socks5://: the link's own TLS needs the plain socket).
Result<std::optional<Proxy>> proxy_for(const ProxySettings& settings, std::string_view host, const Environment& environment);
Result<std::optional<Proxy>> proxy_for(const ProxySettings& settings, std::string_view host);

// Whether a rule of NO_PROXY covers the host, as libcurl 7.86 and later read them: "*", a name with all below it, a leading dot or none,
// an address, a network in CIDR form. Letter case, brackets and a dot at the end do not count; a rule with a port covers nothing.
bool covered(std::string_view rule, std::string_view host);

}  // namespace wb::link
