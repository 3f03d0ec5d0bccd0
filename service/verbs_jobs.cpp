// reset-service jobs list | show | release: what an operator sees of jobs, and what they may do about one in doubt.
#include <cstdio>
#include <iostream>

#include "service/verbs.hpp"

namespace wb::service {
namespace {

constexpr int listed_max = 1'000;

// Who has it is known to the running service alone.
std::string_view state_of(const JobRow& job) { return job.state == queue::JobState::ready ? "open" : queue::to_string(job.state); }

std::string outcome_of(const JobRow& job) {
  if (job.outcome.empty()) return "-";
  return job.reason.empty() ? job.outcome : job.outcome + "/" + job.reason;
}

// The job, or nothing and the exit code.
std::optional<JobRow> find_job(Store& store, const std::string& jti, int& code) {
  auto job = store.job(jti);
  code = exit_failed;
  if (!job) failed(job.error());
  else if (!*job) std::cerr << "reset-service: no such job: " << jti << "\n";
  else return std::move(*job);
  return std::nullopt;
}

void print_attempts(std::ostream& to, const JobRow& job) {
  if (job.attempts.empty()) to << "  nobody was asked\n";
  for (const auto& a : job.attempts) to << "  agent " << a.agent << ", fence " << a.fence << (a.doubted ? ", answered in_doubt\n" : "\n");
}

}  // namespace

int list_jobs(const config::ServiceConfig& config, const std::string& domain, bool open_only) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto jobs = store->jobs(domain, open_only, listed_max);
  if (!jobs) return failed(jobs.error());
  std::printf("%-26s  %-20s  %-9s  %-24s  %-36s  %-24s  %s\n", "JTI", "SUBMITTED", "STATE", "DOMAIN", "ACCOUNT", "DC", "OUTCOME");
  for (const auto& j : *jobs)
    std::printf("%-26s  %-20s  %-9s  %-24s  %-36s  %-24s  %s\n", j.jti.c_str(), utc(j.created_ms / 1'000).c_str(), std::string(state_of(j)).c_str(), j.domain.c_str(), j.sub.c_str(),
        j.pre.dc.c_str(), outcome_of(j).c_str());
  if (jobs->size() == listed_max) std::cerr << "(the newest " << listed_max << "; there are more)\n";
  return exit_done;
}

int show_job(const config::ServiceConfig& config, const std::string& jti) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  int code = exit_done;
  const auto job = find_job(*store, jti, code);
  if (!job) return code;
  const auto& j = *job;
  std::cout << "job            " << j.jti << "\nstate          " << state_of(j) << (j.released && j.state != queue::JobState::final ? " (released)" : "") << "\noperation      " << protocol::to_string(j.op)
            << "\ndomain         " << j.domain << "\naccount        " << j.sub << "\nDC             " << j.pre.dc << "\nclient         " << j.client << "\ncorrelation id " << j.correlation_id
            << "\nsubmitted      " << utc(j.created_ms / 1'000) << "\nends           " << utc(j.exp) << "\nlast fence     " << j.fence << "\noutcome        " << outcome_of(j) << "\n";
  if (!j.text.empty()) std::cout << "told           " << j.text << "\n";
  if (!j.agent.empty()) std::cout << "decided by     " << j.agent << "\n";
  std::cout << "attempts:\n";
  print_attempts(std::cout, j);
  return exit_done;
}

int release_job(const config::ServiceConfig& config, const std::string& jti, bool accepted) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  int code = exit_done;
  const auto job = find_job(*store, jti, code);
  if (!job) return code;
  if (job->state != queue::JobState::resolving) {
    std::cerr << "reset-service: this job is " << state_of(*job) << "; only a resolving one can be released\n";
    return exit_failed;
  }
  if (!accepted) {
    std::cout << "Job " << jti << " may have set the password of account " << job->sub << "\nin " << job->domain << ", on the domain controller " << job->pre.dc << ". These agents were asked to:\n";
    print_attempts(std::cout, *job);
    std::cout << "\nNobody could say so far whether it was done. When you release it, the account takes new requests on every\n"
                 "domain controller. If that write was done, or is done late, on "
              << job->pre.dc << ", replication lets one of the\n"
                                "two passwords win, and it may be this older one. So release it when "
              << job->pre.dc << " is gone for good,\nor when the account's owner knows to try both.\n\n"
                                "Nothing was changed. To do it: reset-service jobs release "
              << jti << " --accept-risk\n";
    return exit_usage;
  }
  auto released = store->release(jti);
  if (!released) return failed(released.error());
  if (!*released) {
    std::cerr << "reset-service: it was settled meanwhile: see jobs show " << jti << "\n";
    return exit_failed;
  }
  std::cout << "released; the running service ends it as unknown within seconds\n";
  return exit_done;
}

}  // namespace wb::service
