// Jobs whose end is told whoever waits for it: what is to be told is kept with the job in one transaction (a ticket), so the end is told
// once and as it truly was, also when it comes after the answer, after a doubt, or after a restart of this service.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "service/audit_entry.hpp"
#include "service/job_request.hpp"
#include "service/sspr/self_service.hpp"

namespace wb::service::sspr {

class FollowedJobs {
 public:
  // Gets the ticket as it was kept; nullopt: the job is not known any more.
  using Tell = std::function<void(const Ticket& ticket, const std::optional<JobRow>& job)>;
  // `name`: of its tasks and Faults. Outlived by `self`.
  FollowedJobs(SelfService& self, Purpose purpose, std::string name, Tell tell) : self_(self), purpose_(purpose), name_(std::move(name)), tell_(std::move(tell)) {}

  // Takes up what a restart interrupted.
  Result<void> start();

  // `state`: a JSON object that has the job's `jti`. Returns at once; the end is followed from here on, where the job is a new one.
  Result<Submitted> submit(JobRequest request, const std::string& domain, const std::string& sub, std::string state);

 private:
  static Awaitable<> settle(FollowedJobs* self, Ticket ticket, std::string jti);
  SelfService& self_;
  Purpose purpose_;
  std::string name_;
  Tell tell_;
};

// How a job ended, in an audit's row: success where it was applied, the reason, the cause and the jti, and who wrote it.
void end_in(AuditEntry& entry, std::string_view jti, const std::optional<JobRow>& job);

}  // namespace wb::service::sspr
