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

  // Domains that another process (enroll) has added since, with what it knew of them.
  void adopt(const std::map<std::string, DomainPin>& domains) { identity_.domains.insert(domains.begin(), domains.end()); }

  // Whether pins or numbers grew since the last save: identity() must be written down before it is acted upon.
  bool unsaved() const { return unsaved_; }
  void saved() { unsaved_ = false; }
  const Identity& identity() const { return identity_; }

  std::shared_ptr<const Trust> trust() const { return trust_; }
  bool stands(const std::string& domain, UnixSeconds now) const;            // approved: we are in its valid roster
  std::optional<UnixSeconds> roster_ends(const std::string& domain) const;  // of the newest roster that was believed
  // One for each domain in whose roster we stand; 24 h.
  protocol::AgentKeys statements(const Keys& keys, UnixSeconds now) const;

 private:
  Result<void> take_roster(const std::string& domain, const std::string& jws, const std::vector<std::string>& roots, UnixSeconds now);
  bool names_us(const protocol::Roster& roster) const;

  Identity identity_;
  crypto::PublicKey us_;
  std::shared_ptr<const Trust> trust_;
  std::map<std::string, protocol::Roster> rosters_;  // verified
  bool unsaved_ = false;
};

}  // namespace wb::agent
