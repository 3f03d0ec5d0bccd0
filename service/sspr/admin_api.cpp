#include "service/sspr/admin_api.hpp"

#include "service/sspr/preview.hpp"
#include "service/sspr/settings_change.hpp"

namespace wb::service::sspr {
namespace {

using protocol::Members;
constexpr std::size_t names_most = 50;

// What stands in the store is JSON that we wrote.
Result<json::object> shape(const SettingsVersion& v) {
  auto document = protocol::parse_json(to_json(v.settings));
  if (!document) return document.error();
  return json::object{{"version", v.version}, {"at", v.at}, {"actor", v.actor}, {"settings", std::move(*document)}};
}

json::array shape(const std::vector<Affected>& people) {
  json::array out;
  for (const auto& one : people) out.push_back(json::object{{"sub", one.sub}, {"name", one.name}, {"reason", to_string(one.reason)}, {"seen", one.seen}});
  return out;
}

}  // namespace

std::vector<Endpoint> AdminApi::endpoints() {
  const auto to = [this](Response (AdminApi::*handler)(const Caller&, const link::HttpRequest&)) {
    return [this, handler](HttpCall call) -> Reply { co_return (this->*handler)(call.caller, call.request); };
  };
  const auto scope = service::Scope::settings;
  return {
      {"GET", "/api/v1/settings", scope, to(&AdminApi::show)},
      {"PUT", "/api/v1/settings", scope, [this](HttpCall call) { return put(std::move(call)); }},
      {"GET", "/api/v1/settings/history", scope, to(&AdminApi::history)},
      {"POST", "/api/v1/settings/restore", scope, to(&AdminApi::restore)},
  };
}

AdminApi::Response AdminApi::shown(const SettingsVersion& version) const {
  auto body = shape(version);
  if (!body) return refuse_for(body.error());
  auto response = answer(200, *body);
  response.headers["ETag"] = tag_of(version.version);
  return response;
}

AdminApi::Response AdminApi::show(const Caller& caller, const link::HttpRequest&) {
  auto now = self_.rules.current(caller.domain);
  if (!now) return refuse_for(now.error());
  return shown(*now);
}

Reply AdminApi::put(HttpCall call) {
  const auto& request = call.request;
  auto now = self_.rules.current(call.caller.domain);
  if (!now) co_return refuse_for(now.error());
  const auto wish = request.query.find("dry_run");
  if (wish != request.query.end() && wish->second != "0" && wish->second != "1") co_return told(self_, request, 400, "malformed_request", "dry_run: 0 or 1");
  const bool dry = wish != request.query.end() && wish->second == "1";
  if (!dry)
    if (auto no = too_late(self_, request, now->version)) co_return std::move(*no);
  auto after = settings_from(request.body);
  if (!after) co_return told(self_, request, 422, "invalid_settings", after.error().detail);
  if (!dry) co_return save(call.caller, request, *now, *after);
  auto trying = dry_run(call.caller.domain, std::move(now->settings), std::move(*after));
  co_return co_await std::move(trying);
}

AdminApi::Response AdminApi::save(const Caller& caller, const link::HttpRequest& request, const SettingsVersion& seen, const Settings& after) {
  auto saved = save_settings(self_.store, {caller.domain, caller.actor, name_of(caller)}, seen, after, unix_now_ms());
  if (!saved) return refuse_for(saved.error());
  if (!*saved) return told(self_, request, 412, "precondition_failed");  // the command line was faster
  return show(caller, request);
}

Reply AdminApi::dry_run(std::string domain, Settings before, Settings after) {
  if (*dry_runs_ > 0) co_return refuse(Refusal::busy, "another dry run is under way", 2'000);
  const InUse running(dry_runs_);
  Preview seen;
  std::string last;
  for (bool more = true; more;) {
    auto looked = look_on(seen, self_.people, domain, before, after, names_most, last);
    if (!looked) co_return refuse_for(looked.error());
    more = *looked;
    const bool on = !more || co_await sleep_for(std::chrono::milliseconds(1));  // people are waiting on this thread
    if (!on) co_return refuse(Refusal::unavailable, "the service is stopping", 5'000);
  }
  json::array changed;
  for (const auto& change : changes(before, after)) changed.push_back(json::object{{"setting", change.member}, {"old_value", change.before}, {"new_value", change.after}});
  co_return answer(200, {{"saved", false}, {"changes", changed}, {"registered", seen.registered}, {"frozen", seen.frozen}, {"now", seen.now}, {"then", seen.then}, {"losing", seen.losing}, {"gaining", seen.gaining}, {"loses", shape(seen.loses)}, {"gains", shape(seen.gains)}, {"oldest", seen.oldest}, {"newest", seen.newest}});
}

AdminApi::Response AdminApi::history(const Caller& caller, const link::HttpRequest& request) {
  const auto limit = count_of(request, "limit", history_otherwise, history_most);
  if (!limit) return told(self_, request, 400, "malformed_request", "limit: 1 to 100");
  auto all = self_.rules.history(caller.domain, *limit);
  if (!all) return refuse_for(all.error());
  json::array versions;
  for (const auto& one : *all) {
    auto version = shape(one);
    if (!version) return refuse_for(version.error());
    versions.push_back(std::move(*version));
  }
  return answer(200, {{"versions", std::move(versions)}});
}

AdminApi::Response AdminApi::restore(const Caller& caller, const link::HttpRequest& request) {
  std::int64_t number = 0;
  auto body = protocol::parse_json(request.body);
  auto read = body ? Members(*body, Members::Unknown::refused).integer("version", number).finish() : Result<void>(body.error());
  if (!read) return told(self_, request, 400, "malformed_request", read.error().detail);
  auto now = self_.rules.current(caller.domain);
  if (!now) return refuse_for(now.error());
  if (!request.if_match.empty())
    if (auto no = too_late(self_, request, now->version)) return std::move(*no);
  auto old = self_.rules.version(caller.domain, number);
  if (!old) return refuse_for(old.error());
  if (!*old) return told(self_, request, 404, "not_found");
  return save(caller, request, *now, (*old)->settings);
}

}  // namespace wb::service::sspr
