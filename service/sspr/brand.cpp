#include "service/sspr/brand.hpp"

#include "core/ids.hpp"

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

}  // namespace

json::object brand_of(const Settings& settings) {
  return {{"name", settings.brand_name}, {"colour", settings.brand_colour}, {"logo", settings.brand_logo}, {"helpdesk", settings.helpdesk}};
}

Result<link::HttpResponse> first_look(SelfService& self, const link::HttpRequest& request) {
  auto domain = domain_meant(self, request);
  if (!domain) return domain.error();
  auto rules = *domain ? self.rules.current(**domain) : Result<SettingsVersion>(SettingsVersion());
  if (!rules) return rules.error();
  auto response = answer(200, brand_of(rules->settings));
  response.headers["Cache-Control"] = "public, max-age=300";  // an administrator sees a new colour soon enough
  return response;
}

}  // namespace wb::service::sspr
