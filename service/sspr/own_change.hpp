// A change of one's own password that is on its way. Whose it is, and what they are told, is kept with the job in one transaction (a
// ticket, Purpose::own_change). So its end is audited (password.change_self_service) and, where it was applied, told to the person ("this
// wasn't me"), once and as it truly was: also when it comes after the answer, after a doubt, or after a restart of this service.
#pragma once
#include <optional>

#include "service/sspr/followed_jobs.hpp"

namespace wb::service::sspr {

class OwnChange {
 public:
  explicit OwnChange(SelfService& self)
      : self_(self), jobs_(self, Purpose::own_change, "sspr.own_change", [this](const Ticket& ticket, const std::optional<JobRow>& job) { say(ticket, job); }) {}
  OwnChange(const OwnChange&) = delete;
  OwnChange& operator=(const OwnChange&) = delete;

  // Takes up what a restart interrupted.
  Result<void> start() { return jobs_.start(); }

  // `told`: what the person is written if it is applied; its correlation_id is the job's. Returns at once; the end is followed from here on.
  Result<Submitted> submit(JobRequest request, const Occasion& told);

 private:
  void say(const Ticket& ticket, const std::optional<JobRow>& job);
  SelfService& self_;
  FollowedJobs jobs_;
};

}  // namespace wb::service::sspr
