// Where a job's time goes, for the numbers. Pure.
#pragma once
#include <array>
#include <cstddef>
#include <string_view>

namespace wb::agent {

enum class Phase { check,  // whether the message is believed, from its receipt
  wait,                    // for a thread of the directory's
  read,                    // the account and its policy, for the guardrails
  open,                    // the sealed password, and our own rules on it
  journal,                 // the rest of the time that the intent takes to the disk
  write,                   // the directory's answer and the reading behind it; a sign-in, too
  record };                // the outcome, signed and on the disk

constexpr std::array<std::string_view, 7> phase_names{"check", "wait", "read", "open", "journal", "write", "record"};

// In ms; 0: the job did not come there. An attempt that is repeated adds to them.
class Phases {
 public:
  double& operator[](Phase phase) { return ms_[static_cast<std::size_t>(phase)]; }
  double operator[](Phase phase) const { return ms_[static_cast<std::size_t>(phase)]; }
  const std::array<double, phase_names.size()>& all() const { return ms_; }
  void add(const Phases& more) {
    for (std::size_t i = 0; i < ms_.size(); ++i) ms_[i] += more.ms_[i];
  }

 private:
  std::array<double, phase_names.size()> ms_{};
};

}  // namespace wb::agent
