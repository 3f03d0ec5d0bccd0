#include "service/asked_language.hpp"

#include "service/language.hpp"

namespace wb::service {

std::string language_of(const Catalogue& catalogue, const link::HttpRequest& request) {
  const auto mkt = request.query.find("mkt");
  return negotiated(mkt == request.query.end() ? std::string_view() : std::string_view(mkt->second), request.accept_language, catalogue.languages());
}

}  // namespace wb::service
