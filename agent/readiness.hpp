// Why a domain takes no jobs: what the service is told in heartbeats, and what /readyz, the numbers and `status` say. One rule. Pure.
#pragma once
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "agent/job_check.hpp"

namespace wb::agent {

struct ReadyParts {
  std::int64_t clock_offset_s = 0;  // the service's clock minus ours; 0 where no link tells it
  bool journal_works = true;
  bool draining = false;            // the agent, this domain or the link
  std::string_view trust = {};      // TrustState::why_not
  bool directory_ready = false;     // with password rules, breaker and what a former life left open
  std::string_view directory = {};  // why it is not; empty before the first look
};

// The first reason that counts; nullopt: it takes jobs.
inline std::optional<std::string> why_not_ready(const ReadyParts& parts) {
  if (std::abs(parts.clock_offset_s) > clock_skew_max_s) return "clock_skew";
  if (!parts.journal_works) return "journal";
  if (parts.draining) return "draining";
  if (!parts.trust.empty()) return std::string(parts.trust);
  if (!parts.directory_ready) return std::string(parts.directory);
  return std::nullopt;
}

}  // namespace wb::agent
