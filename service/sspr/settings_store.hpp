// The settings of each domain, every version kept: who changed what, when, and back again. And which domain a person's
// name belongs to.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "queue/database.hpp"
#include "service/sspr/settings.hpp"
#include "service/sspr/spelling.hpp"

namespace wb::service::sspr {

struct SettingsVersion {
  std::int64_t version = 0;  // 0: nobody has decided anything; the defaults, which let nobody in
  UnixSeconds at = 0;
  std::string actor;
  Settings settings;
};

class SettingsStore {
 public:
  explicit SettingsStore(queue::Database& database) : database_(database) {}

  Result<SettingsVersion> current(std::string_view domain);
  // Fault malformed when what is kept is not readable any more; nullopt when there is no such version.
  Result<std::optional<SettingsVersion>> version(std::string_view domain, std::int64_t version);
  Result<std::vector<SettingsVersion>> history(std::string_view domain, int most);  // the newest first
  // The next version, or nullopt when `seen` is not the newest any more: somebody else was faster.
  Result<std::optional<std::int64_t>> put(std::string_view domain, std::int64_t seen, const Settings& settings, std::string_view actor, UnixSeconds now);

  // The same within the caller's transaction, which must not commit what was refused.
  Result<std::optional<std::int64_t>> put_within(std::string_view domain, std::int64_t seen, const Settings& settings, std::string_view actor, UnixSeconds now);

  // "alice@corp.example" -> the domain of the longest suffix that is known, else nullopt. A name without a suffix: the only
  // domain that has settings, if there is just one.
  Result<std::optional<std::string>> domain_of(std::string_view name);
  Result<std::vector<std::string>> domains();                            // that have settings
  Result<void> route(std::string_view suffix, std::string_view domain);  // empty domain: no more
  struct Route {
    std::string suffix, domain;
    bool operator==(const Route&) const = default;
  };
  Result<std::vector<Route>> routes();
  Result<std::vector<std::string>> suffixes_of(std::string_view domain);  // that lead to it, by the alphabet

 private:
  queue::Database& database_;
};

// Whose mailboxes the organisation itself keeps: who can't sign in can't read them. What its settings name, its domain, and every
// suffix that leads to it.
Result<std::vector<std::string>> own_mail_domains(SettingsStore& store, const std::string& domain, const Settings& rules);

// A typed name of this domain: what stands for all its spellings, and what to ask for.
Result<Spelling> spelling_in(SettingsStore& store, std::string_view typed, const std::string& domain);

}  // namespace wb::service::sspr
