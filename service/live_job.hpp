// One job that is not final: its row, its machine, and who waits for it. Only dispatch.cpp knows this.
#pragma once
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/dispatch.hpp"

namespace wb::service {

struct Dispatch::Live {
  Live(asio::any_io_executor executor, JobRow job, queue::JobMachine m) : row(std::move(job)), machine(std::move(m)), timer(executor) {
    before_restart_ms = std::max(0.0, static_cast<double>(now_ms() - row.created_ms));
  }
  bool durable() const { return row.op != protocol::Op::probe; }
  void wake() {
    for (auto& waiter : waiters) waiter->cancel();
    stir();
  }
  void stir() {
    for (auto& watcher : watchers) watcher->cancel();
  }
  // A probe's answer, if its result has one for the account that was asked for; else the probe has failed.
  void take_answer();
  // The end, in the store: a job's, or a probe's answer that a job may stand on.
  Result<void> keep(Store& store);

  JobRow row;
  queue::JobMachine machine;
  std::vector<std::string> recipients;
  // Probes:
  std::optional<std::string> name;
  std::vector<std::string> want, groups;
  std::optional<protocol::ProbeAnswer> answer;

  asio::steady_timer timer;
  std::optional<queue::JobMachine::Time> armed_for;
  std::list<std::shared_ptr<asio::steady_timer>> waiters, watchers;  // for its end; for any change
  Stopwatch since;
  double before_restart_ms = 0;
  // While a result is being stepped through:
  const protocol::JobResult* result = nullptr;
  const std::string* result_jws = nullptr;
  bool ack_due = false;
};

// The payload that SK signs for one attempt. A resolve has times of its own, and nothing of the password.
protocol::Job payload_of(const Dispatch::Live& job, const Settings& settings, const queue::action::Offer& offer);
// The row's ending is what this result says.
void take_over(JobRow& row, const protocol::JobResult& result, const std::string& jws);

}  // namespace wb::service
