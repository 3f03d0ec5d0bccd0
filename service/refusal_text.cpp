#include "service/refusal_text.hpp"

#include <boost/json/serialize.hpp>

#include "protocol/json.hpp"

namespace wb::service {

namespace json = protocol::json;

bool asked_at_a_page(const link::HttpRequest& request) { return request.path.starts_with("/api/v1/") && !request.path.starts_with("/api/v1/agents") && !request.authorization.starts_with("Bearer wbc1."); }

void tell_in(const Catalogue& catalogue, std::string_view language, link::HttpResponse& response) {
  if (response.content_type != "application/problem+json" || response.headers.contains("Content-Language")) return;
  auto parsed = protocol::parse_json(response.body);
  if (!parsed || !parsed->is_object()) return;
  auto& body = parsed->get_object();
  const auto* code = body.if_contains("code");
  auto* error = body.if_contains("error");
  if (!code || !code->is_string() || !error || !error->is_object()) return;
  const auto key = "refused." + std::string(code->get_string());
  if (!catalogue.has("en", key)) return;
  const auto text = catalogue.text(language, key);
  error->get_object()["message"] = text;  // first: a member that is set may move the others
  body["detail"] = text;
  response.body = json::serialize(body);
  response.headers["Content-Language"] = std::string(language);
}

}  // namespace wb::service
