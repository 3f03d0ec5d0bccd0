// The writeback API and the agents' enrolment (docs/PROTOCOL.md section 7) over HTTP.
#pragma once
#include <memory>
#include <string>

#include "core/in_use.hpp"
#include "service/catalogue.hpp"
#include "service/dispatch.hpp"
#include "service/enrolment.hpp"
#include "service/http.hpp"
#include "service/router.hpp"

namespace wb::service {

class Api {
 public:
  Api(const Settings& settings, Store& store, Rosters& rosters, Gateway& gateway, Dispatch& dispatch, Enrolment& enrolment, const Catalogue& catalogue)
      : settings_(settings), store_(store), rosters_(rosters), gateway_(gateway), dispatch_(dispatch), enrolment_(enrolment), catalogue_(catalogue) {}

  std::vector<Endpoint> endpoints();

 private:
  Reply keys(HttpCall call);
  Reply add_probe(HttpCall call);
  Reply add_job(HttpCall call);
  Reply get_job(HttpCall call);
  Reply job_events(HttpCall call);
  Reply audit(HttpCall call);

  // The answer of GET /api/v1/jobs/{jti}, its text in this language.
  json::object body_of(const JobRow& job, std::string_view language) const;
  link::HttpResponse answer_of(const JobRow& job, const std::string& language) const;

  const Settings& settings_;
  Store& store_;
  Rosters& rosters_;
  Gateway& gateway_;
  Dispatch& dispatch_;
  Enrolment& enrolment_;
  const Catalogue& catalogue_;
  InUseCount streams_ = nothing_in_use();  // that are open
};

// Whom a password may be sealed to: the answer of GET /api/v1/keys.
Result<json::object> keys_of(const std::string& domain, const Settings& settings, Rosters& rosters, const Gateway& gateway);
// wait_ms of the query, at most `most`; nothing when it is no number.
std::optional<std::chrono::milliseconds> wait_of(const link::HttpRequest& request, std::chrono::milliseconds most);
// Its caller has an outcome, for good or in doubt.
bool told(const JobRow& job);
// How it ended, in a result's words; what the service itself says of a job that nobody had is one that the directory could not be asked.
std::pair<protocol::Code, std::string> ending_of(const JobRow& job);
std::string_view openapi_document();  // docs/openapi.json

}  // namespace wb::service
