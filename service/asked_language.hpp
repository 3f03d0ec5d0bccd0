// The language in which a request wants its answer.
#pragma once
#include <string>

#include "link/web_server.hpp"
#include "service/catalogue.hpp"

namespace wb::service {

// Of those that there are texts in: ?mkt=de, else Accept-Language, else English (service/language).
std::string language_of(const Catalogue& catalogue, const link::HttpRequest& request);

}  // namespace wb::service
