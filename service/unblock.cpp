#include "service/unblock.hpp"

#include "core/ids.hpp"

namespace wb::service {

std::string limits_account(std::string_view domain, std::string_view sub) { return std::string(domain) + "/" + lowered(sub); }

Result<std::int64_t> unblock(Store& store, Limits& limits, const std::string& domain, const std::string& sub, const Actor& actor, std::int64_t now_ms) {
  auto guard = store.database().begin();
  if (!guard) return guard.error();
  auto lifted = limits.unblock(limits_account(domain, sub));
  if (!lifted) return lifted.error();
  AuditEntry entry;
  entry.activity = Activity::account_unblocked, entry.actor = actor, entry.domain = domain, entry.target = sub;
  entry.details = {{DetailKey::counters, *lifted}};
  if (auto said = store.audit().append(entry, now_ms); !said) return said.error();
  if (auto done = guard->commit(); !done) return done.error();
  return lifted;
}

}  // namespace wb::service
