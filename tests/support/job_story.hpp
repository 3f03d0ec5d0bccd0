// A job with an exp of 120 s at time 0, and a pen that writes down what the machine asks for.
#pragma once
#include <string>

#include "queue/job_machine.hpp"

namespace wb::queue {

using namespace std::chrono_literals;
using protocol::Code;
using Time = JobMachine::Time;

class Job {
 public:
  explicit Job(JobMachine machine = JobMachine(Time(120s))) : machine_(std::move(machine)) {}
  std::string at(std::chrono::nanoseconds time, const JobEvent& event) {
    now_ = Time(time);
    std::string said;
    for (const auto& a : machine_.on(event, now_)) said += (said.empty() ? "" : ", ") + std::visit([&](const auto& x) { return words(x); }, a);
    return said;
  }
  JobMachine& machine() { return machine_; }

 private:
  static std::string list(const std::vector<std::string>& names) {
    std::string s;
    for (const auto& n : names) s += (s.empty() ? "" : " ") + n;
    return s;
  }
  static std::string words(const action::FindAgent& a) {
    return std::string(a.resolve ? "find resolver" : "find") + (a.except.empty() ? "" : " except " + list(a.except)) + (a.avoid.empty() ? "" : " avoid " + list(a.avoid));
  }
  static std::string words(const action::Offer& a) { return (a.resolve ? "resolve " : "offer ") + a.agent + " fence " + std::to_string(a.fence) + " att " + std::to_string(a.att); }
  static std::string words(const action::Cancel& a) { return "cancel " + a.agent + " " + std::to_string(a.fence); }
  static std::string words(const action::Ack& a) { return "ack " + a.agent + " " + std::to_string(a.fence); }
  static std::string words(const action::Dropped& a) { return std::string("drop ") + a.why; }
  static std::string words(const action::Tell&) { return "tell"; }
  static std::string words(const action::Finish& a) {
    switch (a.ending) {
      case Ending::result: return "finish result";
      case Ending::expired: return "finish expired";
      case Ending::unavailable: return "finish unavailable";
      case Ending::unknown: return "finish unknown";
      case Ending::released: return "finish released";
    }
    return "?";
  }
  JobMachine machine_;
  Time now_{};
};

}  // namespace wb::queue
