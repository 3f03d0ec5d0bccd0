#include "service/sspr/helpdesk_api.hpp"

#include <algorithm>

#include "core/ids.hpp"
#include "service/sspr/pre_registration.hpp"
#include "service/sspr/account.hpp"
#include "service/sspr/person_changes.hpp"
#include "service/sspr/shapes.hpp"
#include "service/unblock.hpp"

namespace wb::service::sspr {
namespace {

constexpr int page_otherwise = 100, page_most = 200, namesakes_max = 20;

int status_of(NotAdded why) {
  switch (why) {
    case NotAdded::administrator:
    case NotAdded::frozen:
    case NotAdded::method: return 403;
    case NotAdded::malformed:
    case NotAdded::inside: return 422;
    case NotAdded::known:
    case NotAdded::too_many: return 409;
  }
  return 409;
}

}  // namespace

std::vector<Endpoint> HelpdeskApi::endpoints() {
  const auto to = [this](Response (HelpdeskApi::*handler)(const Caller&, const link::HttpRequest&, const Places&)) {
    return [this, handler](HttpCall call) -> Reply { co_return (this->*handler)(call.caller, call.request, call.path); };
  };
  const auto scope = service::Scope::helpdesk;
  return {
      {"GET", "/api/v1/people", scope, to(&HelpdeskApi::list)},
      {"GET", "/api/v1/people/{sub}", scope, to(&HelpdeskApi::show)},
      {"POST", "/api/v1/people/{sub}/unblock", scope, to(&HelpdeskApi::unblock)},
      {"POST", "/api/v1/people/{sub}/freeze", scope, to(&HelpdeskApi::freeze)},
      {"POST", "/api/v1/people/{sub}/thaw", scope, to(&HelpdeskApi::thaw)},
      {"POST", "/api/v1/people/{sub}/methods", scope, to(&HelpdeskApi::add_method)},
      {"DELETE", "/api/v1/people/{sub}/methods/{id}", scope, to(&HelpdeskApi::remove_method)},
      {"GET", "/api/v1/registration", service::Scope::registration, to(&HelpdeskApi::registration)},
  };
}

Result<std::optional<Person>> HelpdeskApi::person(const Caller& caller, const std::string& sub) { return self_.people.find(caller.domain, lowered(sub)); }

// ---- looking ------------------------------------------------------------------------------------------------
HelpdeskApi::Response HelpdeskApi::list(const Caller& caller, const link::HttpRequest& request, const Places&) {
  const auto limit = count_of(request, "limit", page_otherwise, page_most);
  if (!limit) return told(self_, request, 400, "malformed_request", "limit: 1 to 200");
  const auto name = request.query.find("name"), after = request.query.find("after");
  const bool named = name != request.query.end();
  auto some = named ? self_.people.named(caller.domain, name->second, namesakes_max)
                    : self_.people.list(caller.domain, after == request.query.end() ? std::string() : lowered(after->second), *limit + 1);
  if (!some) return refuse_for(some.error());
  auto rules = self_.rules.current(caller.domain);
  if (!rules) return refuse_for(rules.error());
  const bool more = !named && static_cast<int>(some->size()) > *limit;
  if (more) some->pop_back();
  json::array people;
  for (const auto& one : *some) {
    auto methods = self_.people.methods(caller.domain, one.sub);
    if (!methods) return refuse_for(methods.error());
    auto row = shown(one);
    row["registered"] = words_of(kinds_of(rules->settings, *methods));
    people.push_back(std::move(row));
  }
  return answer(200, {{"people", std::move(people)}, {"next", more ? json::value(some->back().sub) : json::value(nullptr)}});
}

HelpdeskApi::Response HelpdeskApi::show(const Caller& caller, const link::HttpRequest& request, const Places& places) {
  auto who = person(caller, places[0]);
  if (!who) return refuse_for(who.error());
  if (!*who) return told(self_, request, 404, "not_found");
  auto methods = self_.people.methods(caller.domain, (*who)->sub);
  if (!methods) return refuse_for(methods.error());
  auto rules = self_.rules.current(caller.domain);
  if (!rules) return refuse_for(rules.error());
  json::array list;
  for (const auto& m : *methods) list.push_back(shown(m));
  const auto stands = standing(rules->settings, (*who)->groups, kinds_of(rules->settings, *methods));
  // What strangers share: a device that is known has tries of its own.
  std::int64_t until = 0;
  for (const auto method : rules->settings.methods) {
    auto limited = self_.limits.room(answer_claims(limits_account(caller.domain, (*who)->sub), to_string(method), std::nullopt), unix_now_ms());
    if (!limited) return refuse_for(limited.error());
    if (*limited) until = std::max(until, (*limited)->until_ms / 1'000 + 1);
  }
  auto tickets = self_.tickets.of(caller.domain, (*who)->sub);
  if (!tickets) return refuse_for(tickets.error());
  UnixSeconds pass = 0;
  for (const auto& ticket : *tickets)
    if (ticket.purpose == Purpose::pass && ticket.expires > unix_now()) pass = ticket.expires;
  auto page = shown(**who);
  page["methods"] = std::move(list), page["administrator"] = stands.administrator, page["barrier"] = stands.barrier == Reason::none ? json::value(nullptr) : json::value(to_string(stands.barrier));
  page["pass_until"] = pass == 0 ? json::value(nullptr) : json::value(pass);
  page["blocked_until"] = until == 0 ? json::value(nullptr) : json::value(until);
  return answer(200, page);
}

// ---- helping ------------------------------------------------------------------------------------------------
HelpdeskApi::Response HelpdeskApi::unblock(const Caller& caller, const link::HttpRequest& request, const Places& places) {
  auto who = person(caller, places[0]);
  if (!who) return refuse_for(who.error());
  if (!*who) return told(self_, request, 404, "not_found");
  auto lifted = service::unblock(self_.store, self_.limits, caller.domain, (*who)->sub, caller.actor, unix_now_ms());
  if (!lifted) return refuse_for(lifted.error());
  return answer(200, {{"lifted", *lifted}});
}

HelpdeskApi::Response HelpdeskApi::freeze(const Caller& caller, const link::HttpRequest& request, const Places& places) { return set_frozen(caller, request, places[0], true); }
HelpdeskApi::Response HelpdeskApi::thaw(const Caller& caller, const link::HttpRequest& request, const Places& places) { return set_frozen(caller, request, places[0], false); }

HelpdeskApi::Response HelpdeskApi::set_frozen(const Caller& caller, const link::HttpRequest& request, const std::string& sub, bool frozen) {
  auto who = person(caller, sub);
  if (!who) return refuse_for(who.error());
  if (!*who) return told(self_, request, 404, "not_found");
  auto now = sspr::set_frozen(self_.store, std::move(**who), frozen, {caller.actor, request.peer});
  if (!now) return refuse_for(now.error());
  return answer(200, shown(*now));
}

HelpdeskApi::Response HelpdeskApi::add_method(const Caller& caller, const link::HttpRequest& request, const Places& places) {
  std::string kind, address;
  auto body = protocol::parse_json(request.body);
  const bool read = body && protocol::Members(*body, protocol::Members::Unknown::refused).text("kind", kind).text("address", address).finish();
  if (!read || kind != to_string(Method::email) || address.size() > address_bytes_max) return told(self_, request, 400, "malformed_request", "kind: email; address: at most 254 bytes");
  auto who = person(caller, places[0]);
  if (!who) return refuse_for(who.error());
  if (!*who) return told(self_, request, 404, "not_found");
  auto added = add_email(self_.store, self_.vault, {caller.actor, request.peer}, **who, address, unix_now());
  if (!added) return refuse_for(added.error());
  if (const auto* no = std::get_if<NotAdded>(&*added)) return told(self_, request, status_of(*no), to_string(*no));
  Occasion occasion{Notice::method_added, caller.domain, (*who)->sub, (*who)->name, (*who)->language};
  occasion.method = to_string(Method::email), occasion.address = request.peer, occasion.at = unix_now();
  self_.notify(std::move(occasion));
  return answer(201, shown(std::get<RegisteredMethod>(*added)));
}

HelpdeskApi::Response HelpdeskApi::remove_method(const Caller& caller, const link::HttpRequest& request, const Places& places) {
  auto who = person(caller, places[0]);
  if (!who) return refuse_for(who.error());
  if (!*who) return told(self_, request, 404, "not_found");
  auto methods = self_.people.methods(caller.domain, (*who)->sub);
  if (!methods) return refuse_for(methods.error());
  const auto method = std::find_if(methods->begin(), methods->end(), [&](const auto& m) { return m.id == places[1]; });
  if (method == methods->end()) return told(self_, request, 404, "not_found");
  auto removed = take_away(self_.store, **who, *method, {caller.actor, request.peer});
  if (!removed) return refuse_for(removed.error());
  if (!*removed) return told(self_, request, 404, "not_found");
  Occasion occasion{Notice::method_removed, caller.domain, (*who)->sub, (*who)->name, (*who)->language};
  occasion.method = to_string(method->kind), occasion.address = request.peer, occasion.at = unix_now();
  self_.notify(std::move(occasion));
  return answer(200, {{"removed", method->id}});
}

// ---- for sign-in pages --------------------------------------------------------------------------------------
HelpdeskApi::Response HelpdeskApi::registration(const Caller& caller, const link::HttpRequest& request, const Places&) {
  const auto name = request.query.find("name"), sub = request.query.find("sub");
  if ((name == request.query.end()) == (sub == request.query.end())) return told(self_, request, 400, "malformed_request", "exactly one of name and sub is needed");
  auto rules = self_.rules.current(caller.domain);
  if (!rules) return refuse_for(rules.error());
  Person who;  // somebody who was never seen: nothing registered, no groups known
  if (sub != request.query.end()) {
    auto found = person(caller, sub->second);
    if (!found) return refuse_for(found.error());
    who = found->value_or(Person());
  } else {
    auto found = self_.people.named(caller.domain, name->second, 1);
    if (!found) return refuse_for(found.error());
    if (!found->empty()) who = std::move(found->front());
  }
  auto methods = self_.people.methods(caller.domain, who.sub);
  if (!methods) return refuse_for(methods.error());
  const auto& settings = rules->settings;
  const auto stands = standing(settings, who.groups, kinds_of(settings, *methods));
  const auto registered = registration_of(settings, stands.administrator, *methods, who.confirmed, unix_now());
  const bool theirs = stands.barrier != Reason::not_enabled && stands.barrier != Reason::administrator && who.frozen == 0;
  return answer(200, {{"required", theirs && settings.registration_required && stands.barrier == Reason::not_registered}, {"registered", words_of(kinds_of(settings, *methods))}, {"missing", registered.missing}, {"reconfirm", theirs && registered.reconfirm}, {"link", registration_link(self_, caller.domain)}});
}

}  // namespace wb::service::sspr
