// Is this job one to believe (docs/PROTOCOL.md section 5, "The agent checks")? Pure, in the contract's order: signature
// and the key's chain, typ, audience, expiry, replay, `sh`, every member of the seal. Guardrails and the opening of the
// password come later, where the account is known.
//
// Two steps, because whether a job was seen before stands in the journal, under a jti that only a believed job has.
#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/clock.hpp"
#include "crypto/trust.hpp"
#include "protocol/messages.hpp"

namespace wb::agent {

constexpr std::int64_t clock_skew_max_s = 300;

struct Trust {
  std::string tenant;
  std::string issuer;                                    // `iss` of endorsements and jobs
  std::map<std::string, crypto::Endorsed> service_keys;  // by kid: SKs that the pinned SR endorsed, when `keys` came
};
// It signs nothing that is believed after its endorsement's end, also when no newer `keys` came.
inline bool in_force(const crypto::Endorsed& key, UnixSeconds now) { return now < key.exp + crypto::endorsement_skew_s; }

struct Moment {
  UnixSeconds now = 0;              // corrected by welcome.now
  std::int64_t clock_offset_s = 0;  // the correction
};

struct Invalid {
  std::string_view reason;              // the contract's reason for Code::invalid
  std::optional<protocol::JobRef> ref;  // whom to answer; nullopt: the job could not even be read
  int att = 0;
  protocol::Op op = protocol::Op::probe;
};

struct Believed {
  protocol::Job job;
  std::string domain;
};
// Signature, chain, typ, version, audience, expiry, clocks, and that the members fit the operation.
std::variant<Believed, Invalid> believe(std::string_view jws, const Trust& trust, const Moment& moment);

// What is known of a jti: the fence of its newest attempt, here or in the journal.
using Seen = std::optional<std::int64_t>;
// Replay, and that the sealed password is the one the job and its client meant. nullopt: go on. `age` is the time since
// the message came, against its ttl.
std::optional<Invalid> check_binding(const Believed& job, const std::optional<std::string>& sec, const Seen& seen, std::chrono::milliseconds age,
    std::chrono::milliseconds ttl, const Moment& moment);

}  // namespace wb::agent
