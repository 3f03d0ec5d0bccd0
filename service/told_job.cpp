#include "service/told_job.hpp"

#include "service/api.hpp"
#include "service/told_verdict.hpp"

namespace wb::service {

std::string told_job(const Catalogue& catalogue, Store& store, std::string_view language, const JobRow& job) {
  policy::Details details;
  details.op = job.op, details.retry_after = job.retry_after, details.also = job.also;
  auto probe = store.probe(job.probe, job.domain);
  if (!probe) log::fault("store.failed", about(job), probe.error());
  if (probe && *probe) {
    const auto& rules = (*probe)->rules;
    if (rules.min_length > 0) details.min_length = rules.min_length;
    if (rules.min_age_s > 0) details.min_age_s = rules.min_age_s;
    if (rules.history > 0) details.history = rules.history;
  }
  const auto [code, reason] = ending_of(job);
  return told_verdict(catalogue, language, code, reason, details);
}

}  // namespace wb::service
