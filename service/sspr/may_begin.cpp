#include "service/sspr/may_begin.hpp"

#include "protocol/json.hpp"
#include "service/told_verdict.hpp"

namespace wb::service::sspr {
namespace {

using protocol::Members;
constexpr std::size_t captcha_bytes_max = 4'096;

// What one address may ask for, and proof of work.
Result<std::optional<link::HttpResponse>> stranger(SelfService& self, const std::string& peer, std::string_view language, std::string_view captcha, std::string_view purpose) {
  auto limited = self.limits.take({{LimitKind::address_start, address_bucket(peer), {}}}, unix_now_ms());
  if (!limited) return limited.error();
  if (*limited) {
    const auto until = (*limited)->until_ms / 1'000 + 1;
    return std::optional(told_problem(self, language, 429, "blocked", {{"time", told_not_before(self.catalogue, language, until)}}, {{"until", until}}));
  }
  auto refusal = self.captcha.redeem(captcha, purpose, self.limits, unix_now_ms());
  if (!refusal) return refusal.error();
  if (*refusal) return std::optional(told_problem(self, language, 403, "captcha_failed", {}, {{"captcha", to_string(**refusal)}}));
  return std::optional<link::HttpResponse>();
}

}  // namespace

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
  auto refused = stranger(self, request.peer, b.language, captcha, purpose);
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
  if (b.rules.settings.scope == Scope::none) return no(403, "not_enabled");
  if (!b.rules.settings.write_back) return no(403, "writeback_off");
  if (self.gateway.ready_agents(b.domain) == 0) return no(503, "no_agent_ready");
  return b;
}

}  // namespace wb::service::sspr
