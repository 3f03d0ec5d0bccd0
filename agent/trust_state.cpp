#include "agent/trust_state.hpp"

#include <algorithm>

#include "crypto/jws.hpp"
#include "crypto/trust.hpp"
#include "protocol/codec.hpp"

namespace wb::agent {
namespace {
constexpr std::int64_t statement_seconds = 24 * 3600;
constexpr std::size_t service_keys_max = 8;

// The signing key by which the roster names the agent; nullptr where it does not.
const protocol::Jwk* key_of(const protocol::Roster& roster, const std::string& agent) {
  const auto found = std::find_if(roster.agents.begin(), roster.agents.end(), [&](const auto& a) { return a.id == agent; });
  return found == roster.agents.end() ? nullptr : &found->as;
}
}  // namespace

TrustState::TrustState(Identity identity, crypto::PublicKey our_signing_key) : identity_(std::move(identity)), us_(std::move(our_signing_key)) {
  trust_ = std::make_shared<const Trust>(Trust{identity_.tenant, identity_.issuer, {}});
}

std::vector<Fault> TrustState::take(const protocol::ServiceKeys& keys, UnixSeconds now) {
  std::vector<Fault> refused;
  Trust fresh{identity_.tenant, identity_.issuer, {}};
  for (const auto& jws : keys.sk) {
    if (fresh.service_keys.size() >= service_keys_max) break;
    auto key = crypto::check_endorsement(jws, identity_.sr, identity_.issuer, now);
    if (key) fresh.service_keys.emplace(key->kid(), *key);
    else refused.push_back(key.error());
  }
  trust_ = std::make_shared<const Trust>(std::move(fresh));
  for (const auto& [domain, jws] : keys.rosters) {
    if (!identity_.domains.contains(domain)) continue;
    const auto roots = keys.roots.find(domain);
    if (auto done = take_roster(domain, jws, roots == keys.roots.end() ? std::vector<std::string>() : roots->second, now); !done) refused.push_back(done.error());
  }
  return refused;
}

bool TrustState::names_us(const protocol::Roster& roster) const {
  const auto* as = key_of(roster, identity_.agent);
  return as && (*as == us_.jwk() || (next_ && *as == next_->jwk()));
}

bool TrustState::next_in_force(UnixSeconds now) const {
  if (!next_) return false;
  bool named = false;
  for (const auto& [domain, roster] : rosters_) {
    const auto* as = key_of(roster, identity_.agent);
    if (!as || roster.exp <= now) continue;
    if (*as == us_.jwk()) return false;
    named = named || *as == next_->jwk();
  }
  return named;
}

bool TrustState::foreign_key(const std::string& domain) const {
  const auto found = rosters_.find(domain);
  return found != rosters_.end() && key_of(found->second, identity_.agent) && !names_us(found->second);
}

std::string_view TrustState::why_not(const std::string& domain, UnixSeconds now) const {
  if (foreign_key(domain)) return "foreign_key";
  const auto found = rosters_.find(domain);
  if (found == rosters_.end() || !names_us(found->second)) return "not_approved";
  if (found->second.exp <= now) return "roster_expired";
  const auto& keys = trust_->service_keys;
  const bool signs = std::any_of(keys.begin(), keys.end(), [now](const auto& k) { return in_force(k.second, now); });
  return signs ? "" : "service_keys_expired";
}

std::optional<UnixSeconds> TrustState::service_keys_end() const {
  std::optional<UnixSeconds> end;
  for (const auto& [kid, key] : trust_->service_keys) end = std::max(end.value_or(0), key.exp);
  return end;
}

Result<void> TrustState::take_roster(const std::string& domain, const std::string& jws, const std::vector<std::string>& roots, UnixSeconds now) {
  auto& pin = identity_.domains.at(domain);
  auto root = pin.dr;
  if (!root.empty()) {
    root = crypto::follow_roots(roots, root, identity_.tenant, domain);
  } else {
    auto first = crypto::verify_self_signed(jws, protocol::typ_roster);
    if (!first) return first.error();
    root = first->key.kid();
  }
  auto roster = crypto::check_roster(jws, root, identity_.tenant, domain, pin.rsn, now);
  if (!roster) return roster.error();
  if (pin.dr.empty() && !names_us(*roster)) return {};  // not approved yet, and no reason to pin a stranger's root
  if (pin.dr != root || pin.rsn != roster->rsn) {
    pin = {root, roster->rsn};
    unsaved_ = true;
  }
  rosters_[domain] = std::move(*roster);
  return {};
}

bool TrustState::stands(const std::string& domain, UnixSeconds now) const {
  const auto found = rosters_.find(domain);
  return found != rosters_.end() && found->second.exp > now && names_us(found->second);
}

std::optional<UnixSeconds> TrustState::roster_ends(const std::string& domain) const {
  const auto found = rosters_.find(domain);
  return found == rosters_.end() ? std::nullopt : std::optional(found->second.exp);
}

protocol::AgentKeys TrustState::statements(const Keys& keys, UnixSeconds now) const {
  protocol::AgentKeys out;
  for (const auto& [domain, roster] : rosters_) {
    if (!stands(domain, now)) continue;
    const bool by_next = keys.next && *key_of(roster, identity_.agent) == keys.next->public_key().jwk();
    const auto& ae = keys.ae.public_key();
    const protocol::Statement statement{identity_.tenant, domain, identity_.agent, roster.rsn, {{ae.kid(), ae.jwk()}}, now, now + statement_seconds};
    if (auto jws = crypto::sign(by_next ? *keys.next : keys.as, protocol::typ_statement, protocol::encode(statement))) out.statements.emplace(domain, *jws);
  }
  return out;
}

}  // namespace wb::agent
