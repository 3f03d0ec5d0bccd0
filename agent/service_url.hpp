// https://host[:port], nothing behind it: where the reset service is. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace wb::agent {

struct ServiceUrl {
  std::string host;  // a name, an IPv4 address, or an IPv6 address without its brackets
  unsigned short port = 443;
  std::string text;  // normalised: no slash at the end
};
// nullopt for anything else: another scheme, a user, a path, a query.
std::optional<ServiceUrl> parse_service_url(std::string_view text);

}  // namespace wb::agent
