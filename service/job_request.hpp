// What asks for a job: the body of POST /api/v1/jobs (docs/PROTOCOL.md section 7), read and held against its probe. The agent checks
// all of it again; here it is checked so that mistakes are told at once, and to the one who made them.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "service/http.hpp"
#include "service/rosters.hpp"
#include "service/settings.hpp"
#include "service/store.hpp"

namespace wb::service {

struct JobRequest {
  JobRow job;
  std::vector<std::string> recipients;  // the keys its password is sealed to
};
// The response that refuses it, or nothing when `request` is filled and may be submitted.
std::optional<link::HttpResponse> read_job_request(const Settings& settings, Store& store, Rosters& rosters, const ClientRow& client, const std::string& body, JobRequest& request);
// Why the store did not take it; nothing where it did.
std::optional<link::HttpResponse> refuse_submit(Submitted submitted);

}  // namespace wb::service
