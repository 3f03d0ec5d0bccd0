// A new version of an organisation's settings, and what the audit says of it: both or neither.
#pragma once
#include <optional>
#include <string>

#include "service/sspr/settings_store.hpp"
#include "service/store.hpp"

namespace wb::service::sspr {

struct SettingsAuthor {
  std::string domain;
  Actor actor;       // as the audit names them
  std::string name;  // as the history does: "cli:root", "client:01J..."
};
// The number of the new version; nullopt: somebody was faster than `seen`, and nothing was saved. One entry for each changed member with
// its old and new value, and one more where write_back was switched. Nothing changed: `seen.version`, and nothing is written.
Result<std::optional<std::int64_t>> save_settings(Store& store, const SettingsAuthor& author, const SettingsVersion& seen, const Settings& after, std::int64_t now_ms);

}  // namespace wb::service::sspr
