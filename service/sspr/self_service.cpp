#include "service/sspr/self_service.hpp"

#include "service/http.hpp"
#include "service/asked_language.hpp"
#include "service/sspr/account.hpp"
#include "service/told_verdict.hpp"
#include "service/unblock.hpp"

namespace wb::service::sspr {

SelfService::SelfService(asio::any_io_executor on, const service::Settings& s, Store& st, Rosters& ro, Gateway& ga, Dispatch& di, crypto::Vault opened, Catalogue texts)
    : executor(on), settings(s), store(st), rosters(ro), gateway(ga), dispatch(di), vault(std::move(opened)), catalogue(std::move(texts)), code_key(vault.derived("codes")),
      device_key(vault.derived(device_key_label)), decoy_key(vault.derived("decoys")), limits(store.database(), vault.derived(limits_key_label), Limits::rows_max, s.limit),
      captcha(vault.derived(captcha_key_label), s.captcha), people(store.database()), rules(store.database()), letters(store.database(), catalogue), sessions(store.database()), tickets(store.database()), turns(on), hashing(1), tasks(on) {}

void SelfService::write_down(const AuditEntry& entry) {
  const auto relaxed = store.database().unsynced();
  if (auto done = store.audit().append(entry, unix_now_ms()); !done) log::fault("store.failed", done.error());
}

void SelfService::write_once(const AuditEntry& entry, std::int64_t until_ms) {
  std::string what;
  for (const auto part : {to_string(entry.activity), to_string(entry.reason), std::string_view(entry.domain), std::string_view(entry.target), std::string_view(entry.correlation_id)}) what.append(part) += '\n';
  what += address_bucket(entry.address);
  if (said.first(what, until_ms, unix_now_ms())) write_down(entry);
}

Awaitable<Result<std::optional<JobRow>>> at_its_end(Dispatch& dispatch, std::string jti) {
  for (;;) {
    auto waiting = dispatch.look(jti, std::chrono::milliseconds(60'000));
    auto job = co_await std::move(waiting);
    if (!job || !*job || (*job)->state == queue::JobState::final) co_return job;
    const bool on = co_await sleep_for(std::chrono::milliseconds(250));  // look() comes back at once when it was told already, or where too many wait
    if (!on) co_return fault(Fault::Kind::cancelled, "sspr.job", "the service is stopping");
  }
}

Awaitable<Result<ProbeOutcome>> look_for(Dispatch& dispatch, ProbeRequest request, std::vector<std::string> names) {
  std::optional<ProbeOutcome> best;
  for (auto& name : names) {
    request.name = std::move(name);
    auto probing = dispatch.probe(request);
    auto outcome = co_await std::move(probing);
    if (!outcome || nobody_answered(outcome->outcome, outcome->reason)) co_return outcome;
    if (!best || (!best->answer && outcome->answer)) best = std::move(*outcome);
  }
  if (best) co_return std::move(*best);
  ProbeOutcome none;
  none.outcome = "failed", none.reason = "not_found";
  co_return none;
}

Awaitable<bool> until_span_ends(const service::Settings& settings, std::int64_t begun_ms) {
  const auto span = settings.look_span.count();
  if (span == 0) co_return true;
  const auto so_far = std::max<std::int64_t>(unix_now_ms() - begun_ms, 0);
  const bool on = co_await sleep_for(std::chrono::milliseconds(span - so_far % span));
  co_return on;
}

Awaitable<bool> until_step_ends(const service::Settings& settings, std::chrono::steady_clock::time_point since) {
  const std::chrono::nanoseconds step = settings.answer_step;
  if (step.count() == 0) co_return true;
  const std::chrono::nanoseconds so_far = std::chrono::steady_clock::now() - since;
  const auto end = step * (so_far.count() < 0 ? 1 : so_far / step + 1);
  const bool on = co_await sleep_for(end - so_far);
  co_return on;
}

std::string language_of(const SelfService& self, const link::HttpRequest& request) {
  return service::language_of(self.catalogue, request);
}

std::string registration_link(const SelfService& self, const std::string& domain) {
  const auto* roster = self.rosters.find(domain);
  return self.settings.public_url + "/register" + (roster ? "#dr=" + roster->dr : std::string());
}

link::HttpResponse told_problem(const SelfService& self, std::string_view language, int status, std::string_view code, Values values, json::object more) {
  auto response = problem(status, code, self.catalogue.text(language, "refusal." + std::string(code), values), std::move(more));
  response.headers["Content-Language"] = std::string(language);
  return response;
}

link::HttpResponse told_problem_until(const SelfService& self, std::string_view language, int status, std::string_view code, UnixSeconds until) {
  const auto undated = self.catalogue.text(language, "refusal." + std::string(code));
  auto response = problem(status, code, told_from(self.catalogue, language, undated, until), {{"until", until}, {"undated", undated}});
  response.headers["Content-Language"] = std::string(language);
  return response;
}

}  // namespace wb::service::sspr
