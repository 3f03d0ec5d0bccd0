#include "service/sspr/brand.hpp"

#include <boost/algorithm/string/trim.hpp>

#include "core/ids.hpp"
#include "crypto/keys.hpp"

namespace wb::service::sspr {
namespace {

Result<std::optional<std::string>> domain_of_root(SelfService& self, std::string_view root) {
  auto domains = self.rules.domains();
  if (!domains) return domains.error();
  for (auto& domain : *domains)
    if (const auto* known = self.rosters.find(domain); known && known->dr == root) return std::optional(std::move(domain));
  return std::optional<std::string>();
}

Result<std::optional<std::string>> domain_meant(SelfService& self, const link::HttpRequest& request) {
  if (const auto root = request.query.find("root"); root != request.query.end()) return domain_of_root(self, root->second);
  if (const auto domain = request.query.find("domain"); domain != request.query.end()) return std::optional(domain_name(domain->second));
  return self.rules.domain_of({});
}

// If-None-Match: whether one of its tags is this one, weak or not, or it is "*" (RFC 9110 section 13.1.2).
bool has_it(std::string_view tags, std::string_view tag) {
  while (!tags.empty()) {
    const auto comma = tags.find(',');
    auto one = boost::algorithm::trim_copy(std::string(tags.substr(0, comma)));
    if (one.starts_with("W/")) one.erase(0, 2);
    if (one == tag || one == "*") return true;
    tags.remove_prefix(comma == std::string_view::npos ? tags.size() : comma + 1);
  }
  return false;
}

}  // namespace

json::object brand_of(const Settings& settings) {
  return {{"name", settings.brand_name}, {"text", settings.brand_text}, {"colour", settings.brand_colour}, {"logo", settings.brand_logo}, {"helpdesk", settings.helpdesk}};
}

Result<link::HttpResponse> first_look(SelfService& self, const link::HttpRequest& request) {
  auto domain = domain_meant(self, request);
  if (!domain) return domain.error();
  auto rules = *domain ? self.rules.current(**domain) : Result<SettingsVersion>(SettingsVersion());
  if (!rules) return rules.error();
  auto response = answer(200, brand_of(rules->settings));
  response.headers["Cache-Control"] = "public, max-age=300";  // an administrator sees a new colour soon enough
  const auto tag = "\"" + crypto::sha256_url(response.body) + "\"";
  response.headers["ETag"] = tag;
  if (has_it(request.if_none_match, tag)) response.status = 304, response.body.clear();
  return response;
}

}  // namespace wb::service::sspr
