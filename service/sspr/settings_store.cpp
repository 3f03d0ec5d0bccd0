#include "service/sspr/settings_store.hpp"

#include "core/ids.hpp"

namespace wb::service::sspr {
namespace {

constexpr const char* columns = "SELECT version, at, actor, document FROM sspr_settings WHERE domain=?";

Result<std::optional<SettingsVersion>> read(queue::Query q) {
  auto row = q.next();
  if (!row) return row.error();
  if (!*row) return std::optional<SettingsVersion>();
  auto settings = settings_from(q.text(3));
  if (!settings) return settings.error();
  return std::optional(SettingsVersion{q.number(0), q.number(1), q.text(2), std::move(*settings)});
}

}  // namespace

Result<SettingsVersion> SettingsStore::current(std::string_view domain) {
  auto newest = read(database_.query(std::string(columns) + " ORDER BY version DESC LIMIT 1", domain));
  if (!newest) return newest.error();
  return newest->value_or(SettingsVersion());
}

Result<std::optional<SettingsVersion>> SettingsStore::version(std::string_view domain, std::int64_t version) {
  return read(database_.query(std::string(columns) + " AND version=?", domain, version));
}

Result<std::vector<SettingsVersion>> SettingsStore::history(std::string_view domain, int most) {
  std::vector<SettingsVersion> out;
  auto newest = current(domain);
  if (!newest) return newest.error();
  for (auto number = newest->version; number > 0 && static_cast<int>(out.size()) < most; --number) {
    auto one = version(domain, number);
    if (!one) return one.error();
    if (*one) out.push_back(std::move(**one));
  }
  return out;
}

Result<std::optional<std::int64_t>> SettingsStore::put(std::string_view domain, std::int64_t seen, const Settings& settings, std::string_view actor, UnixSeconds now) {
  auto guard = database_.begin();
  if (!guard) return guard.error();
  auto saved = put_within(domain, seen, settings, actor, now);
  if (!saved || !*saved) return saved;
  if (auto done = guard->commit(); !done) return done.error();
  return saved;
}

Result<std::optional<std::int64_t>> SettingsStore::put_within(std::string_view domain, std::int64_t seen, const Settings& settings, std::string_view actor, UnixSeconds now) {
  auto q = database_.query("SELECT coalesce(max(version), 0) FROM sspr_settings WHERE domain=?", domain);
  auto row = q.next();
  if (!row) return row.error();
  if (q.number(0) != seen) return std::optional<std::int64_t>();
  if (auto done = database_.run("INSERT INTO sspr_settings(domain, version, at, actor, document) VALUES(?,?,?,?,?)", domain, seen + 1, now, actor, to_json(settings)); !done) return done.error();
  return std::optional(seen + 1);
}

Result<std::optional<std::string>> SettingsStore::domain_of(std::string_view name) {
  const auto at = name.rfind('@');
  if (at == std::string_view::npos) {
    auto q = database_.query("SELECT DISTINCT domain FROM sspr_settings LIMIT 2");
    auto first = q.next();
    if (!first) return first.error();
    if (!*first) return std::optional<std::string>();
    std::optional<std::string> only = q.text(0);
    auto second = q.next();
    if (!second) return second.error();
    return *second ? std::nullopt : std::move(only);
  }
  auto suffix = domain_name(name.substr(at + 1));
  while (!suffix.empty()) {
    auto q = database_.query("SELECT domain FROM suffixes WHERE suffix=?", suffix);
    auto row = q.next();
    if (!row) return row.error();
    if (*row) return std::optional(q.text(0));
    const auto dot = suffix.find('.');
    suffix = dot == std::string::npos ? std::string() : suffix.substr(dot + 1);
  }
  return std::optional<std::string>();
}

Result<std::vector<std::string>> SettingsStore::domains() {
  std::vector<std::string> out;
  auto q = database_.query("SELECT DISTINCT domain FROM sspr_settings ORDER BY domain");
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back(q.text(0));
  }
}

Result<void> SettingsStore::route(std::string_view suffix, std::string_view domain) {
  if (domain.empty()) return database_.run("DELETE FROM suffixes WHERE suffix=?", suffix);
  return database_.run("INSERT INTO suffixes(suffix, domain) VALUES(?,?) ON CONFLICT(suffix) DO UPDATE SET domain=excluded.domain", suffix, domain);
}

Result<std::vector<SettingsStore::Route>> SettingsStore::routes() {
  std::vector<Route> out;
  auto q = database_.query("SELECT suffix, domain FROM suffixes ORDER BY suffix");
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back({q.text(0), q.text(1)});
  }
}

Result<std::vector<std::string>> SettingsStore::suffixes_of(std::string_view domain) {
  std::vector<std::string> out;
  auto all = routes();
  if (!all) return all.error();
  for (const auto& route : *all)
    if (route.domain == domain) out.push_back(route.suffix);
  return out;
}

Result<std::vector<std::string>> own_mail_domains(SettingsStore& store, const std::string& domain, const Settings& rules) {
  auto out = rules.own_mail_domains;
  out.push_back(domain);
  auto suffixes = store.suffixes_of(domain);
  if (!suffixes) return suffixes.error();
  out.insert(out.end(), suffixes->begin(), suffixes->end());
  return out;
}

Result<Spelling> spelling_in(SettingsStore& store, std::string_view typed, const std::string& domain) {
  auto suffixes = store.suffixes_of(domain);
  if (!suffixes) return suffixes.error();
  return spelling_of(typed, domain, *suffixes);
}

}  // namespace wb::service::sspr
