#include "service/sspr/may_begin.hpp"

#include <algorithm>
#include <array>

#include "protocol/json.hpp"
#include "service/agent_session.hpp"

namespace wb::service::sspr {
namespace {

using protocol::Members;
constexpr std::size_t captcha_bytes_max = 4'096;

constexpr std::int64_t said_again_ms = 600'000;

// What one address may ask for, and proof of work.
Result<std::optional<link::HttpResponse>> stranger(SelfService& self, const link::HttpRequest& request, std::string_view language, std::string_view captcha, std::string_view purpose) {
  auto limited = self.limits.take({{LimitKind::address_start, address_bucket(request.peer), {}}}, unix_now_ms());
  if (!limited) return limited.error();
  if (*limited) {
    say_refused(self, request, purpose, {}, StatusReason::blocked_address);
    const auto until = (*limited)->until_ms / 1'000 + 1;
    return std::optional(told_problem_until(self, language, 429, "blocked", until));
  }
  auto refusal = self.captcha.redeem(captcha, purpose, self.limits, unix_now_ms());
  if (!refusal) return refusal.error();
  if (*refusal) {
    say_refused(self, request, purpose, {}, StatusReason::blocked_captcha, std::string(to_string(**refusal)));
    return std::optional(told_problem(self, language, 403, "captcha_failed", {}, {{"captcha", to_string(**refusal)}}));
  }
  return std::optional<link::HttpResponse>();
}

// Why nobody takes jobs of a domain: to strangers a class, and no more. What is wrong with one agent alone is its operator's business.
Result<std::string_view> why_none_ready(SelfService& self, const std::string& domain) {
  constexpr std::array<std::string_view, 7> of_agents{"", "clock_skew", "journal", "foreign_key", "not_approved", "roster_expired", "service_keys_expired"};
  auto members = self.store.members(domain);
  if (!members) return members.error();
  bool connected = false, all_drained = true, directory = false;
  for (const auto& member : *members) {
    const auto* session = self.gateway.session(member.agent.id);
    const auto* here = session ? session->domain(domain) : nullptr;
    if (!here) continue;
    const auto& reason = here->readiness.reason;
    const bool drained = member.agent.drained || session->draining() || reason == "draining";
    connected = true;
    all_drained = all_drained && drained;
    directory = directory || (!drained && std::find(of_agents.begin(), of_agents.end(), reason) == of_agents.end());
  }
  if (!connected) return std::string_view("no_agent");
  if (all_drained) return std::string_view("drained");
  return std::string_view(directory ? "directory" : "agent");
}

}  // namespace

void say_refused(SelfService& self, const link::HttpRequest& request, std::string_view purpose, const std::string& domain, StatusReason reason, std::string cause) {
  const bool held_back = reason == StatusReason::blocked_address || reason == StatusReason::blocked_captcha || reason == StatusReason::blocked_tenant;
  AuditEntry entry;
  entry.activity = held_back ? Activity::blocked : purpose == "sign_in" ? Activity::signed_in
                                                                        : Activity::reset_self_service;
  entry.success = false, entry.reason = reason, entry.actor = {ActorKind::stranger}, entry.domain = domain, entry.address = request.peer;
  if (!cause.empty()) entry.details = {{DetailKey::cause, std::move(cause)}};
  self.write_once(entry, unix_now_ms() + said_again_ms);
}

Result<Beginning> may_begin(SelfService& self, const link::HttpRequest& request, std::string_view purpose) {
  Beginning b;
  b.language = language_of(self, request);
  const auto no = [&](int status, std::string_view code, json::object more = {}) {
    b.refused = told_problem(self, b.language, status, code, {}, std::move(more));
    return std::move(b);
  };
  std::string captcha;
  auto body = protocol::parse_json(request.body);
  auto read = body ? Members(*body, Members::Unknown::refused).text("name", b.name).text("captcha", captcha).finish() : Result<void>(body.error());
  const bool fits = read && !b.name.empty() && b.name.size() <= name_bytes_max && captcha.size() <= captcha_bytes_max;
  if (!fits) return no(400, "malformed", {{"problem", read ? "name: 1 to 256 bytes; captcha: at most 4096" : read.error().detail}});
  auto refused = stranger(self, request, b.language, captcha, purpose);
  if (!refused) return refused.error();
  if (*refused) {
    b.refused = std::move(*refused);
    return b;
  }
  auto domain = self.rules.domain_of(b.name);
  if (!domain) return domain.error();
  if (!*domain) return no(404, "unknown_organisation");
  b.domain = std::move(**domain);
  auto rules = self.rules.current(b.domain);
  if (!rules) return rules.error();
  b.rules = std::move(*rules);
  const auto say = [&](StatusReason reason) { say_refused(self, request, purpose, b.domain, reason); };
  if (b.rules.settings.scope == Scope::none) return say(StatusReason::failed_disabled_for_tenant), no(403, "not_enabled");
  if (!b.rules.settings.write_back) return say(StatusReason::failed_on_premises_writeback_off), no(403, "writeback_off");
  if (self.gateway.ready_agents(b.domain) > 0) return b;
  say(StatusReason::failed_on_premises_unreachable);
  auto why = why_none_ready(self, b.domain);
  if (!why) return why.error();
  return no(503, "no_agent_ready", {{"reason_class", *why}});
}

}  // namespace wb::service::sspr
