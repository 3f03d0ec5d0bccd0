#include "service/router.hpp"

#include <iterator>

#include "service/security_events.hpp"

namespace wb::service {
namespace {
constexpr std::size_t place_bytes_max = 128;

// The next part of a path, taken off it.
std::string_view take_part(std::string_view& path) {
  const auto end = path.find('/');
  const auto part = path.substr(0, end);
  path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
  return part;
}
}  // namespace

std::optional<std::vector<std::string>> fits(std::string_view pattern, std::string_view path) {
  std::vector<std::string> places;
  if (std::count(pattern.begin(), pattern.end(), '/') != std::count(path.begin(), path.end(), '/')) return std::nullopt;
  while (!pattern.empty()) {
    const auto wanted = take_part(pattern), got = take_part(path);
    if (!wanted.starts_with('{')) {
      if (wanted != got) return std::nullopt;
      continue;
    }
    if (got.empty() || got.size() > place_bytes_max) return std::nullopt;
    places.emplace_back(got);
  }
  if (!path.empty()) return std::nullopt;
  return places;
}

std::optional<std::string> bearer_text(const link::HttpRequest& request) {
  constexpr std::string_view scheme = "Bearer ";
  if (!request.authorization.starts_with(scheme)) return std::nullopt;
  return request.authorization.substr(scheme.size());
}

std::optional<Credential> bearer(const link::HttpRequest& request, std::string_view kind) {
  const auto text = bearer_text(request);
  return text ? read_credential(kind, *text) : std::nullopt;
}

void Router::add(std::vector<Endpoint> endpoints) { std::move(endpoints.begin(), endpoints.end(), std::back_inserter(endpoints_)); }

Reply Router::handle(link::HttpRequest request) {
  std::string allowed;
  for (const auto& endpoint : endpoints_) {
    auto places = fits(endpoint.path, request.path);
    if (!places) continue;
    if (request.method != endpoint.method) {
      allowed += (allowed.empty() ? "" : ", ") + endpoint.method;
      continue;
    }
    HttpCall call{std::move(request), {}, std::move(*places)};
    if (auto no = admit(endpoint, call)) co_return std::move(*no);
    auto reply = answer(endpoint, std::move(call));
    co_return co_await std::move(reply);
  }
  if (allowed.empty()) co_return refuse(Refusal::not_found, "no such endpoint");
  auto response = refuse(Refusal::bad_request, "no such method here");
  response.status = 405;
  response.headers["Allow"] = allowed;  // RFC 9110 section 15.5.6
  co_return response;
}

Reply Router::answer(const Endpoint& endpoint, HttpCall call) {
  auto asked = answers_ && endpoint.needs ? answers_->ask(call.client.id, call.request, unix_now()) : Idempotency::Asked();
  if (auto* instead = std::get_if<link::HttpResponse>(&asked)) co_return std::move(*instead);
  auto reply = endpoint.handler(std::move(call));
  auto response = co_await std::move(reply);
  if (const auto* turn = std::get_if<Idempotency::Turn>(&asked)) answers_->keep(*turn, response, unix_now());
  co_return response;
}

std::optional<link::HttpResponse> Router::admit(const Endpoint& endpoint, HttpCall& call) {
  if (!endpoint.needs) return std::nullopt;
  auto client = client_of(call.request);
  if (!client) return refuse_for(client.error());
  if (!*client) {
    refusals_.count(security::credential, {log::field("peer", call.request.peer)});
    return refuse(Refusal::unauthorized, "a client credential is needed");
  }
  if (!(*client)->scopes.contains(*endpoint.needs)) {
    refusals_.count(security::scope, {log::field("client", (*client)->id), log::field("peer", call.request.peer)});
    return refuse(Refusal::forbidden, "this client has no such scope: " + std::string(to_string(*endpoint.needs)));
  }
  call.client = std::move(**client);
  return std::nullopt;
}

Result<std::optional<ClientRow>> Router::client_of(const link::HttpRequest& request) {
  const auto credential = bearer(request, "wbc1");
  if (!credential) return std::optional<ClientRow>();
  return store_.client(credential->id, hash_of(*credential));
}

}  // namespace wb::service
