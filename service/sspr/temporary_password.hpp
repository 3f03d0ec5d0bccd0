// A password that an administrator gives somebody, and that must be changed at the next sign-in. Sealed by whoever asks, like any other:
// this service never sees it.
//
// Who asked, and for whom, is kept with the job in one transaction (a ticket, Purpose::temporary_password). So the job's end is audited
// (password.reset_by_admin) and told to the person once, also when the asker or this service went away meanwhile.
#pragma once
#include <optional>
#include <string>

#include "service/sspr/caller.hpp"
#include "service/sspr/followed_jobs.hpp"

namespace wb::service::sspr {

class TemporaryPassword {
 public:
  explicit TemporaryPassword(SelfService& self)
      : self_(self), jobs_(self, Purpose::temporary_password, "sspr.temporary_password", [this](const Ticket& ticket, const std::optional<JobRow>& job) { say(ticket, job); }) {}
  TemporaryPassword(const TemporaryPassword&) = delete;
  TemporaryPassword& operator=(const TemporaryPassword&) = delete;

  // Takes up what a restart interrupted.
  Result<void> start() { return jobs_.start(); }

  // {probe, answer, keys, history_enforced}; the person's groups are kept as they are now. nullopt: no agent could tell.
  Awaitable<Result<std::optional<json::object>>> seal(Person person, Settings rules, Actor actor, std::string address);

  struct Asked {
    Actor actor;
    std::string address, language;
  };
  struct Ended {
    std::optional<link::HttpResponse> refused;  // what was sealed does not fit: nothing was done
    std::optional<JobRow> job;                  // told(): it has ended; the same asked again is answered with the same job
  };
  // Waits for the job's end, as long as the settings say.
  Awaitable<Result<Ended>> set(Person person, Asked asked, std::string probe, std::string sealed);

 private:
  Result<Ended> submit(const Person& person, const Asked& asked, const std::string& probe, const std::string& sealed);
  void say(const Ticket& ticket, const std::optional<JobRow>& job);
  SelfService& self_;
  FollowedJobs jobs_;
};

}  // namespace wb::service::sspr
