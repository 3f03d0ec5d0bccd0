// How an organisation looks to its people: {name, colour, logo, helpdesk}, each empty where nothing was chosen. Nothing else of its settings.
#pragma once
#include "service/sspr/self_service.hpp"

namespace wb::service::sspr {

// `logo` as it is kept: a data: URL, or a link that our own pages don't follow.
json::object brand_of(const Settings& settings);

// For a first screen, which knows nobody's name yet: of ?root= (the fingerprint in a link's #dr=), else ?domain=, else of the only domain that
// there is. Of anything unknown the look of nobody, in the same shape: 200, and kept by browsers for a while; then 304 (If-None-Match)
// as long as it is the same.
Result<link::HttpResponse> first_look(SelfService& self, const link::HttpRequest& request);

}  // namespace wb::service::sspr
