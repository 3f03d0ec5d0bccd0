// The writeback API (docs/PROTOCOL.md section 7) and the one table of every HTTP endpoint.
#pragma once
#include <string>

#include "service/dispatch.hpp"
#include "service/enrolment.hpp"
#include "service/http.hpp"

namespace wb::service {

class Api {
 public:
  Api(const Settings& settings, Store& store, Rosters& rosters, Gateway& gateway, Dispatch& dispatch, Enrolment& enrolment)
      : settings_(settings), store_(store), rosters_(rosters), gateway_(gateway), dispatch_(dispatch), enrolment_(enrolment) {}

  Awaitable<link::HttpResponse> handle(link::HttpRequest request);

 private:
  // What a handler gets: the request, the client that asked, and what stands behind the endpoint's path.
  struct Call {
    link::HttpRequest request;
    ClientRow client;
    std::string rest;
  };
  using Reply = Awaitable<link::HttpResponse>;
  struct Endpoint {
    std::string_view method, path;
    bool takes_rest;
    std::optional<Scope> needs;  // a client's; nothing: anybody
    Reply (Api::*handler)(Call);
  };
  static const Endpoint endpoints[];

  Reply healthz(Call call);
  Reply enroll(Call call);
  Reply agents(Call call);
  Reply signing_key(Call call);
  Reply roster(Call call);
  Reply keys(Call call);
  Reply add_probe(Call call);
  Reply add_job(Call call);
  Reply get_job(Call call);
  Reply audit(Call call);

  Result<std::optional<ClientRow>> client_of(const link::HttpRequest& request);

  const Settings& settings_;
  Store& store_;
  Rosters& rosters_;
  Gateway& gateway_;
  Dispatch& dispatch_;
  Enrolment& enrolment_;
};

// wait_ms of the query, at most `most`; nothing when it is no number.
std::optional<std::chrono::milliseconds> wait_of(const link::HttpRequest& request, std::chrono::milliseconds most);
// Its caller has an outcome, for good or in doubt.
bool told(const JobRow& job);
json::object body_of(const JobRow& job);  // the answer of GET /api/v1/jobs/{jti}

}  // namespace wb::service
