// What a job is called in every log on its way, from the browser's session to the agent that writes: the correlation id (a ULID, which
// people read out to a helpdesk) and the W3C trace context (Trace Context, section 3.2: `traceparent`). Neither means anything to what a
// job does: they come unsigned beside it, and one of another shape is as if it had not come.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/log.hpp"

namespace wb::protocol {

struct Trace {
  std::string correlation_id, traceparent;  // each may be empty: not known
  bool operator==(const Trace&) const = default;
};

// A `traceparent` as version 00 writes it, 55 characters. Of a later version, what 00 knows of it; nullopt: not one, or all zero.
std::optional<std::string> read_traceparent(std::string_view header);
// For a job whose caller sent none. The correlation id's 128 bits are the trace id, so each can be found by the other; not sampled.
std::string traceparent_of(std::string_view ulid);
// The 32 hex digits by which tracing systems search; empty where there is no traceparent.
std::string_view trace_id_of(const Trace& trace);

// What stands in each line about this job: jti, and as far as they are known correlation_id and trace_id.
log::About about(std::string_view jti, const Trace& trace);

}  // namespace wb::protocol
