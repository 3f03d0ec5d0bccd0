#include "service/sspr/settings_change.hpp"

namespace wb::service::sspr {

Result<std::optional<std::int64_t>> save_settings(Store& store, const SettingsAuthor& author, const SettingsVersion& seen, const Settings& after, std::int64_t now_ms) {
  auto guard = store.database().begin();
  if (!guard) return guard.error();
  const auto changed = changes(seen.settings, after);
  SettingsStore settings(store.database());
  if (changed.empty()) {
    auto newest = settings.current(author.domain);
    if (!newest) return newest.error();
    return newest->version == seen.version ? std::optional(seen.version) : std::nullopt;
  }
  auto saved = settings.put_within(author.domain, seen.version, after, author.name, now_ms / 1'000);
  if (!saved || !*saved) return saved;
  AuditEntry entry;
  entry.actor = author.actor, entry.domain = author.domain;
  for (const auto& change : changed) {
    entry.activity = Activity::policy_changed;
    entry.details = {{DetailKey::version, **saved}, {DetailKey::setting, change.member}, {DetailKey::old_value, change.before}, {DetailKey::new_value, change.after}};
    if (auto said = store.audit().append(entry, now_ms); !said) return said.error();
    if (change.member != "write_back") continue;
    entry.activity = after.write_back ? Activity::writeback_enabled : Activity::writeback_disabled;
    if (auto said = store.audit().append(entry, now_ms); !said) return said.error();
  }
  if (auto done = guard->commit(); !done) return done.error();
  return saved;
}

}  // namespace wb::service::sspr
