#include "service/live_job.hpp"

#include <boost/algorithm/string/predicate.hpp>

#include "protocol/codec.hpp"

namespace wb::service {

void Dispatch::Live::take_answer() {
  if (!result || result->code != protocol::Code::ok) return;
  const bool fits = result->probe && !result->probe->sub.empty() && (row.sub.empty() || boost::algorithm::iequals(row.sub, result->probe->sub));
  if (fits) answer = result->probe;
  else row.outcome = to_string(protocol::Code::failed), row.reason = "directory_error";
}

Result<void> Dispatch::Live::keep(Store& store) {
  if (durable()) {
    auto done = store.finish(row);
    if (!done) return done.error();
    return {};
  }
  if (!answer) return {};
  // "sub" stands for the account from here on, and "pre" is what every attempt will expect.
  const auto& policy = answer->policy;
  return store.add_probe({row.jti, row.domain, answer->sub, answer->pre, unix_now(), std::nullopt, {policy.min_length, policy.history, policy.min_age_s}});
}

protocol::Job payload_of(const Dispatch::Live& job, const Settings& settings, const queue::action::Offer& offer) {
  const auto& row = job.row;
  protocol::Job payload;
  payload.iss = settings.public_url;
  payload.aud = settings.tenant + "/" + row.domain;
  payload.jti = row.jti;
  payload.fence = offer.fence;
  payload.att = offer.att;
  payload.op = row.op;
  payload.sub = row.sub;
  payload.name = job.name;
  payload.want = job.want, payload.groups = job.groups;
  payload.iat = row.iat;
  payload.exp = row.exp;
  if (job.durable()) payload.pre = row.pre;
  payload.acr = "client";  // whoever asked vouches for the person: a client of the API, or self-service for its own sessions
  if (offer.resolve) {
    payload.op = protocol::Op::resolve;
    payload.iat = unix_now();
    payload.exp = payload.iat + std::chrono::duration_cast<std::chrono::seconds>(settings.jobs.resolve_offer).count();
    return payload;
  }
  payload.sh = row.sh;
  payload.opts = row.opts;
  return payload;
}

void take_over(JobRow& row, const protocol::JobResult& result, const std::string& jws) {
  row.outcome = protocol::to_string(result.code);
  row.reason = result.reason;
  row.text = result.text;
  row.agent = result.agent;
  row.dc = result.dc.value_or("");
  row.retry_after = result.retry_after;
  row.also = result.also;
  row.result = jws;
}

}  // namespace wb::service
