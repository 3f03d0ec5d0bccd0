// The one table of every HTTP endpoint, and who may call which. Each part of the service adds its own (`endpoints()`);
// docs/openapi.json describes them, which tests/unit/openapi_test holds against this table.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "service/audit_entry.hpp"
#include "service/gateway.hpp"
#include "service/http.hpp"
#include "service/idempotency.hpp"
#include "service/store.hpp"

namespace wb::service {

// Who asks for something in an organisation's name: a client of the API with a scope, or an administrator who has signed in. Handlers
// that take one know nothing else of them.
struct Caller {
  Actor actor;
  std::string domain;  // all that it sees and changes
};

// What a handler gets: the request, the client that asked where a scope is needed, and what stands in the path's {places}.
struct HttpCall {
  link::HttpRequest request;
  ClientRow client;  // empty where an administrator asks
  std::vector<std::string> path;
  Caller caller = {};  // where a scope is needed
};
using Reply = Awaitable<link::HttpResponse>;

struct Endpoint {
  std::string method, path;    // "/api/v1/jobs/{jti}": a place is one part of the path, 1 to 128 bytes
  std::optional<Scope> needs;  // of a client's credential; nothing: anybody, or a credential that the handler itself reads
  std::function<Reply(HttpCall)> handler;
};

// Who asks with a sign-in's credential for what needs a scope. Neither: such a credential there is not.
struct Admission {
  std::optional<Caller> caller;
  std::optional<link::HttpResponse> refused;
};
// `pattern`: the endpoint's path. What the call refers to outlives the answer.
using AdmitAdministrator = std::function<Awaitable<Admission>(const HttpCall& call, const std::string& pattern)>;
// What an organisation's administrator may do here, as if they were a client with that scope.
bool administrators_have(Scope scope);

class Router {
 public:
  // `answers`: of requests with a client's credential and an Idempotency-Key; without it nothing is answered again.
  Router(Store& store, Refusals& refusals, Idempotency* answers = nullptr) : store_(store), refusals_(refusals), answers_(answers) {}
  void add(std::vector<Endpoint> endpoints);
  void administrators(AdmitAdministrator admit) { admit_administrator_ = std::move(admit); }
  Reply handle(link::HttpRequest request);
  const std::vector<Endpoint>& endpoints() const { return endpoints_; }

 private:
  Result<std::optional<ClientRow>> client_of(const link::HttpRequest& request);
  std::optional<link::HttpResponse> admit(const Endpoint& endpoint, HttpCall& call);
  bool asks_as_person(const Endpoint& endpoint, const HttpCall& call) const;
  Awaitable<std::optional<link::HttpResponse>> admit_person(const Endpoint& endpoint, HttpCall& call);
  link::HttpResponse unknown_credential(const HttpCall& call);
  Reply answer(const Endpoint& endpoint, HttpCall call);
  Store& store_;
  Refusals& refusals_;
  Idempotency* answers_;
  std::vector<Endpoint> endpoints_;
  AdmitAdministrator admit_administrator_;
};

// "Authorization: Bearer <kind>.<id>.<secret>", or nothing.
std::optional<std::string> bearer_text(const link::HttpRequest& request);  // as it stands behind "Bearer "
std::optional<Credential> bearer(const link::HttpRequest& request, std::string_view kind);
// What stands in the {places} of `pattern`, if the path is one of it.
std::optional<std::vector<std::string>> fits(std::string_view pattern, std::string_view path);

}  // namespace wb::service
