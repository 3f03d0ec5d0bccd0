// What this agent refuses to believe, one event for each reason.
#pragma once
#include <string_view>

#include "core/refusals.hpp"

namespace wb::agent {

namespace security {
// Of jobs: the reasons of Code::invalid (docs/PROTOCOL.md section 5).
constexpr SecurityEvent job_signature{"job.invalid_signature"}, job_audience{"job.invalid_audience"}, job_binding{"job.invalid_binding"}, job_decrypt{"job.invalid_decrypt"},
    job_expired{"job.invalid_expired"}, job_replay{"job.invalid_replay"}, job_clock_skew{"job.invalid_clock_skew"}, job_version{"job.invalid_version"}, job_malformed{"job.invalid_malformed"};
// Of messages.
constexpr SecurityEvent envelope{"message.invalid_envelope"}, oversized{"message.invalid_size"}, body{"message.invalid_body"}, type{"message.invalid_type"}, flood{"message.flood"};
// A roster or an endorsement.
constexpr SecurityEvent keys{"keys.invalid"}, foreign_key{"keys.foreign"};
}  // namespace security

// The event of a reason; a job that is wrong in a way without a name is malformed.
constexpr SecurityEvent event_of(std::string_view reason) {
  using namespace security;
  for (const auto event : {job_signature, job_audience, job_binding, job_decrypt, job_expired, job_replay, job_clock_skew, job_version})
    if (event.id.substr(event.id.find('_') + 1) == reason) return event;
  return job_malformed;
}

}  // namespace wb::agent
