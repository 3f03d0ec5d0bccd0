// What `writeback-agent status` says: everything an operator asks first, and nobody's name. Pure.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "agent/key_book.hpp"
#include "agent/metrics.hpp"
#include "agent/worker.hpp"
#include "core/result.hpp"

namespace wb::agent {

struct Status {
  std::string agent, tenant;
  UnixSeconds now = 0, started = 0, link_since = 0;
  std::string session;              // of the link that is up
  std::string software;             // the service's, as it says
  int contract = 0;                 // the version of docs/PROTOCOL.md that both speak
  std::int64_t clock_offset_s = 0;  // the service's clock minus ours, as that link found it
  Snapshot snapshot;
  std::vector<Worker::InHand> in_hand;
  std::deque<AnsweredJob> answered;                   // the last 50, the newest last
  std::map<std::string, std::uint64_t> jobs_by_code;  // since the start
  KeyRecord sealing_key;                              // the encryption key that is stated; no kid: not looked at yet
  std::string signing_kid, next_signing_kid;          // the fingerprints to approve; the next one's empty: none is made
  UnixSeconds signing_made = 0;
};

// {"version","agent","tenant","now","started","draining","journal","link":{"up","since","service","proxy","intercepted_by","session","clock_offset_s","software","contract",
// "no_link":null|{"reason","service","where","detail","at"},"idle_limit_ms":null|10000},"domains":{"corp.example":{"ready","reason","dc","in_flight","writes_last_minute",
// "writes_last_hour","breaker_open","roster_ends","trust":null|""|"not_approved","controllers":[{"dc","up","current","pdc","read_only","shut_ms","latency_ms","why"}]}},
// "jobs":{"in_flight":[{"jti","op","domain","applying","ms"}],"recent":[{"at","domain","jti","op","code","reason","dc","ms","directory_ms"}]},
// "counters":{"jobs":{"applied":3},"refused":{},"results_waiting"},"keys":{"encryption":{"kid","made","rotation_due"},"signing","signing_made","next_signing","service_ends"}}. Times
// are Unix seconds; what is not known is null.
std::string status_json(const Status& status);

// The same for people, a screen of it. Of whatever an agent of another version may say: what is missing is left out. Fault
// malformed: no JSON.
Result<std::string> status_text(const std::string& json);

}  // namespace wb::agent
