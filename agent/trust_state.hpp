// What the agent believes about the service and its domains, and how that may change (docs/PROTOCOL.md section 3): SKs
// endorsed by the pinned SR, rosters under the pinned domain root. Pure: takes now; the caller saves the identity.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/identity.hpp"
#include "agent/job_check.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "protocol/messages.hpp"

namespace wb::agent {

class TrustState {
 public:
  TrustState(Identity identity, crypto::PublicKey our_signing_key);

  // Takes what verifies and leaves the rest: a bad roster of one domain harms no other. What was refused, and why.
  // A domain without a pinned root pins the first roster that is soundly self-signed and has us in it; a pinned root
  // changes only to one that it has named itself (`roots`), with a roster of that one, and rsn never goes back.
  std::vector<Fault> take(const protocol::ServiceKeys& keys, UnixSeconds now);

  // Ours have changed: whom a roster may name. `next`: the key that shall succeed.
  void our_keys(crypto::PublicKey as, std::optional<crypto::PublicKey> next) { us_ = std::move(as), next_ = std::move(next); }
  // Every roster that names one of the two names the next: it is the one to say hello and to sign results with.
  bool next_in_force(UnixSeconds now) const;
  // A roster that names this agent with a key that is neither.
  bool foreign_key(const std::string& domain) const;

  // Domains that another process (enroll) has added since, with what it knew of them.
  void adopt(const std::map<std::string, DomainPin>& domains) { identity_.domains.insert(domains.begin(), domains.end()); }

  // Whether pins or numbers grew since the last save: identity() must be written down before it is acted upon.
  bool unsaved() const { return unsaved_; }
  void saved() { unsaved_ = false; }
  const Identity& identity() const { return identity_; }

  std::shared_ptr<const Trust> trust() const { return trust_; }
  bool stands(const std::string& domain, UnixSeconds now) const;  // approved: we are in its valid roster
  // Why the domain takes no jobs, as far as keys go; empty: it does. "not_approved", "foreign_key", "roster_expired", "service_keys_expired".
  std::string_view why_not(const std::string& domain, UnixSeconds now) const;
  std::optional<UnixSeconds> service_keys_end() const;                      // the last of those that are believed
  std::optional<UnixSeconds> roster_ends(const std::string& domain) const;  // of the newest roster that was believed
  // One for each domain in whose roster we stand, signed with the key that it names; 24 h.
  protocol::AgentKeys statements(const Keys& keys, UnixSeconds now) const;

 private:
  Result<void> take_roster(const std::string& domain, const std::string& jws, const std::vector<std::string>& roots, UnixSeconds now);
  bool names_us(const protocol::Roster& roster) const;

  Identity identity_;
  crypto::PublicKey us_;
  std::optional<crypto::PublicKey> next_;
  std::shared_ptr<const Trust> trust_;
  std::map<std::string, protocol::Roster> rosters_;  // verified
  bool unsaved_ = false;
};

}  // namespace wb::agent
