// reset-service settings and routes: what an organisation decides about self-service password reset.
#include <algorithm>
#include <iostream>

#include "core/ids.hpp"
#include "platform/private_files.hpp"
#include "service/sspr/edit.hpp"
#include "service/sspr/preview.hpp"
#include "service/sspr/settings_change.hpp"
#include "service/verbs.hpp"

namespace wb::service {
namespace {

using sspr::Settings;
using sspr::SettingsStore;

constexpr int history_most = 100;
constexpr std::size_t names_most = 50;

std::string ago(UnixSeconds at) {
  const auto seconds = std::max<std::int64_t>(unix_now() - at, 0);
  if (seconds < 7'200) return std::to_string(seconds / 60) + " minutes";
  if (seconds < 2 * 86'400) return std::to_string(seconds / 3'600) + " hours";
  return std::to_string(seconds / 86'400) + " days";
}

void print_names(const char* heading, std::int64_t all, const std::vector<sspr::Affected>& names, const char* why) {
  std::cout << heading << ": " << all << "\n";
  for (const auto& one : names) std::cout << "  " << one.sub << "  " << printable(one.name) << "  " << why << to_string(one.reason) << ", last looked at " << ago(one.seen) << " ago\n";
  if (all > static_cast<std::int64_t>(names.size())) std::cout << "  (and " << all - static_cast<std::int64_t>(names.size()) << " more; --all lists them)\n";
}

int dry_run(Store& store, const Call& call, const Settings& before, const Settings& after) {
  sspr::People people(store.database());
  auto seen = sspr::preview(people, call.domain, before, after, call.has("all") ? SIZE_MAX : names_most);
  if (!seen) return failed(seen.error());
  std::cout << "Nothing was saved. Of " << seen->registered << " registered people in " << call.domain << ", " << seen->now << " can reset their password now and " << seen->then << " could afterwards.\n";
  if (seen->frozen > 0) std::cout << seen->frozen << " are frozen: they can not, whatever is saved.\n";
  print_names("Who would lose access", seen->losing, seen->loses, "would be ");
  print_names("Who would gain access", seen->gaining, seen->gains, "is now ");
  if (seen->registered > 0) std::cout << "Groups are as of each person's last visit: between " << ago(seen->newest) << " and " << ago(seen->oldest) << " ago.\n";
  std::cout << "People who never registered a method are not listed: they can not reset now, and can not afterwards.\n";
  return exit_done;
}

int save(Store& store, const Call& call, const sspr::SettingsVersion& now, const Settings& after) {
  if (const auto refused = too_late(call, now.version)) return *refused;
  const auto changes = sspr::changes(now.settings, after);
  if (changes.empty()) {
    std::cout << "nothing to change: that is version " << now.version << "\n";
    return exit_done;
  }
  for (const auto& change : changes) std::cout << change.member << ": " << change.before << " -> " << change.after << "\n";
  if (call.has("dry-run")) return dry_run(store, call, now.settings, after);
  auto saved = sspr::save_settings(store, {call.domain, {ActorKind::operator_}, actor()}, now, after, unix_now_ms());
  if (!saved) return failed(saved.error());
  if (!*saved) return overtaken("settings show");
  std::cout << "saved: version " << **saved << " for " << call.domain << "\n";
  return exit_done;
}

// What the words of a call make of the present settings. `malformed`: the exit code where they can't be meant.
template <class F> int change(const config::ServiceConfig& config, const Call& call, F wanted, int malformed = exit_usage) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  SettingsStore settings(store->database());
  auto now = settings.current(call.domain);
  if (!now) return failed(now.error());
  Result<Settings> after = wanted(settings, now->settings);
  if (!after) {
    const int code = failed(after.error());
    return after.error().kind == Fault::Kind::malformed ? malformed : code;
  }
  return save(*store, call, *now, *after);
}

}  // namespace

int show_settings(const config::ServiceConfig& config, const Call& call) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto now = SettingsStore(store->database()).current(call.domain);
  if (!now) return failed(now.error());
  if (call.has("json")) {
    std::cout << to_json(now->settings) << "\n";
    return exit_done;
  }
  if (now->version == 0) std::cout << call.domain << ": nobody has decided anything yet; these are the defaults, which let nobody in\n";
  else std::cout << call.domain << ": version " << now->version << ", " << utc(now->at) << ", " << printable(now->actor) << "\n";
  for (const auto& [member, value] : sspr::members(now->settings)) std::cout << "  " << member << std::string(26 - member.size(), ' ') << value << "\n";
  return exit_done;
}

int set_settings(const config::ServiceConfig& config, const Call& call) {
  return change(config, call, [&](SettingsStore&, const Settings& now) { return sspr::edited(now, call.words); });
}

int import_settings(const config::ServiceConfig& config, const Call& call) {
  const auto from_file = [&](SettingsStore&, const Settings&) -> Result<Settings> {
    auto text = platform::read_file(call.words[0]);
    if (!text) return text.error();
    return sspr::settings_from(*text);
  };
  return change(config, call, from_file, exit_failed);  // the file is what is wrong, not the call
}

int restore_settings(const config::ServiceConfig& config, const Call& call) {
  return change(config, call, [&](SettingsStore& settings, const Settings&) -> Result<Settings> {
    const auto number = version_number(call.words[0]);
    if (!number) return fault(Fault::Kind::malformed, "settings.restore", "expected the number of a version, as `settings history` prints it");
    auto old = settings.version(call.domain, *number);
    if (!old) return old.error();
    if (!*old) return fault(Fault::Kind::refused, "settings.restore", "there is no such version");
    return (*old)->settings;
  });
}

int settings_history(const config::ServiceConfig& config, const Call& call) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  SettingsStore settings(store->database());
  auto all = settings.history(call.domain, history_most + 1);  // one more, to compare the last with
  if (!all) return failed(all.error());
  if (all->empty()) std::cout << call.domain << ": nobody has decided anything yet\n";
  for (std::size_t i = 0; i < all->size() && i < history_most; ++i) {
    const auto& one = (*all)[i];
    std::cout << "version " << one.version << "  " << utc(one.at) << "  " << printable(one.actor) << "\n";
    const auto before = i + 1 < all->size() ? (*all)[i + 1].settings : Settings();
    for (const auto& c : sspr::changes(before, one.settings)) std::cout << "  " << c.member << ": " << c.before << " -> " << c.after << "\n";
  }
  if (all->size() > history_most) std::cerr << "(the newest " << history_most << "; there are more)\n";
  return exit_done;
}

int list_routes(const config::ServiceConfig& config) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto routes = SettingsStore(store->database()).routes();
  if (!routes) return failed(routes.error());
  for (const auto& route : *routes) std::cout << route.suffix << " -> " << route.domain << "\n";
  if (routes->empty()) std::cout << "no suffix leads anywhere; names without one belong to the only domain that has settings\n";
  return exit_done;
}

namespace {

// Whose names are whose is decided here: the change, and the row that says so, are one.
Result<void> decide_route(Store& store, const std::string& suffix, const std::string& from, const std::string& to) {
  auto guard = store.database().begin();
  if (!guard) return guard.error();
  if (auto done = SettingsStore(store.database()).route(suffix, to); !done) return done;
  AuditEntry entry;
  entry.activity = Activity::policy_changed, entry.actor = {ActorKind::operator_}, entry.domain = to.empty() ? from : to, entry.target = suffix;
  entry.details = {{DetailKey::setting, "route"}, {DetailKey::old_value, from}, {DetailKey::new_value, to}};
  if (auto said = store.audit().append(entry, unix_now_ms()); !said) return said;
  return guard->commit();
}

// Where it leads now; empty: nowhere.
Result<std::string> route_of(Store& store, const std::string& suffix) {
  auto routes = SettingsStore(store.database()).routes();
  if (!routes) return routes.error();
  const auto found = std::find_if(routes->begin(), routes->end(), [&](const auto& route) { return route.suffix == suffix; });
  return found == routes->end() ? std::string() : found->domain;
}

}  // namespace

int add_route(const config::ServiceConfig& config, const Call& call) {
  const auto suffix = domain_name(call.words[0]);
  if (suffix.empty()) return refuse("routes add: expected what stands behind the @ of names, as a DNS name: corp.example.com", exit_usage);
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto before = route_of(*store, suffix);
  if (!before) return failed(before.error());
  if (auto done = decide_route(*store, suffix, *before, call.domain); !done) return failed(done.error());
  std::cout << suffix << " -> " << call.domain << "\n";
  auto roster = store->roster(call.domain);
  if (roster && !*roster) std::cout << "(no agent serves " << call.domain << " yet: its people are told so until one does)\n";
  return exit_done;
}

int remove_route(const config::ServiceConfig& config, const Call& call) {
  const auto suffix = domain_name(call.words[0]);
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto before = route_of(*store, suffix);
  if (!before) return failed(before.error());
  if (before->empty()) return refuse("routes remove: no such suffix; `routes list` prints them");
  if (auto done = decide_route(*store, suffix, *before, ""); !done) return failed(done.error());
  std::cout << "removed: " << suffix << "\n";
  return exit_done;
}

}  // namespace wb::service
