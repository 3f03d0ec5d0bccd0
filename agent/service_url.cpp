#include "agent/service_url.hpp"

#include <charconv>

namespace wb::agent {

std::optional<ServiceUrl> parse_service_url(std::string_view text) {
  constexpr std::string_view scheme = "https://";
  if (!text.starts_with(scheme)) return std::nullopt;
  auto rest = text.substr(scheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  ServiceUrl url;
  url.text = std::string(scheme) + std::string(rest);
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    url.host = rest.substr(1, end - 1);
    if (url.host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string::npos) return std::nullopt;
    rest.remove_prefix(end + 1);
  } else {
    const auto colon = rest.find(':');
    url.host = rest.substr(0, colon);
    if (url.host.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._") != std::string::npos) return std::nullopt;
    rest.remove_prefix(std::min(colon, rest.size()));
  }
  if (url.host.empty() || url.host.size() > 253) return std::nullopt;
  if (rest.empty()) return url;
  rest.remove_prefix(1);  // the colon
  const auto [end, bad] = std::from_chars(rest.data(), rest.data() + rest.size(), url.port);
  if (bad != std::errc() || end != rest.data() + rest.size() || url.port == 0) return std::nullopt;
  return url;
}

}  // namespace wb::agent
