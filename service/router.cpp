#include "service/router.hpp"

#include <iterator>

#include "service/security_events.hpp"

namespace wb::service {
namespace {
constexpr std::size_t place_bytes_max = 128;
constexpr std::string_view signed_in_prefix = "wbp1.";  // of somebody who has signed in (sspr/tickets)

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
    if (asks_as_person(endpoint, call)) {
      auto admitting = admit_person(endpoint, call);
      auto no = co_await std::move(admitting);
      if (no) co_return std::move(*no);
    } else if (auto no = admit(endpoint, call)) {
      co_return std::move(*no);
    }
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
  const auto who = call.client.id.empty() ? call.caller.domain + "/" + call.caller.actor.id : call.client.id;
  auto asked = answers_ && endpoint.needs ? answers_->ask(who, call.request, unix_now()) : Idempotency::Asked();
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
  if (!*client) return unknown_credential(call);
  if (!(*client)->scopes.contains(*endpoint.needs)) {
    refusals_.count(security::scope, {log::field("client", (*client)->id), log::field("peer", call.request.peer)});
    return refuse(Refusal::forbidden, "this client has no such scope: " + std::string(to_string(*endpoint.needs)));
  }
  call.client = std::move(**client);
  call.caller = {{ActorKind::client, call.client.id}, call.client.domain};
  return std::nullopt;
}

link::HttpResponse Router::unknown_credential(const HttpCall& call) {
  refusals_.count(security::credential, {log::field("peer", call.request.peer)});
  return refuse(Refusal::unauthorized, "a client credential is needed");
}

bool administrators_have(Scope scope) {
  switch (scope) {
    case Scope::settings:
    case Scope::helpdesk:
    case Scope::audit: return true;
    case Scope::writeback:
    case Scope::registration: return false;
  }
  return false;
}

bool Router::asks_as_person(const Endpoint& endpoint, const HttpCall& call) const {
  const auto token = endpoint.needs && admit_administrator_ ? bearer_text(call.request) : std::nullopt;
  return token && token->starts_with(signed_in_prefix) && administrators_have(*endpoint.needs);
}

Awaitable<std::optional<link::HttpResponse>> Router::admit_person(const Endpoint& endpoint, HttpCall& call) {
  auto admitting = admit_administrator_(call, endpoint.path);
  auto admission = co_await std::move(admitting);
  if (admission.caller) {
    call.caller = std::move(*admission.caller);
    co_return std::nullopt;
  }
  if (!admission.refused) co_return unknown_credential(call);
  if (admission.refused->status == 403) refusals_.count(security::scope, {log::field("peer", call.request.peer)});
  co_return std::move(admission.refused);
}

Result<std::optional<ClientRow>> Router::client_of(const link::HttpRequest& request) {
  const auto credential = bearer(request, "wbc1");
  if (!credential) return std::optional<ClientRow>();
  return store_.client(credential->id, hash_of(*credential));
}

}  // namespace wb::service
