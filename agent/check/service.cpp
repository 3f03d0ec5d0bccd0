#include "agent/check/service.hpp"

#include <cmath>

#include "agent/job_check.hpp"
#include "agent/link_trouble.hpp"
#include "agent/service_url.hpp"
#include "core/clock.hpp"
#include "protocol/codec.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {

Finding finding_of(LinkTrouble trouble) {
  switch (trouble) {
    case LinkTrouble::dns: return Finding::service_dns;
    case LinkTrouble::tcp: return Finding::service_tcp;
    case LinkTrouble::proxy_settings: return Finding::service_proxy_settings;
    case LinkTrouble::proxy_unreachable: return Finding::service_proxy;
    case LinkTrouble::proxy_refused: return Finding::service_proxy_refused;
    case LinkTrouble::proxy_auth: return Finding::service_proxy_auth;
    case LinkTrouble::tls_settings: return Finding::service_authority;
    case LinkTrouble::tls_issuer: return Finding::service_issuer;
    case LinkTrouble::tls_name: return Finding::service_name;
    case LinkTrouble::tls_time: return Finding::service_time;
    case LinkTrouble::tls: return Finding::service_tls;
    case LinkTrouble::web_page: return Finding::service_web_page;
    case LinkTrouble::intercepted: return Finding::service_intercepted;
    case LinkTrouble::channel_binding: return Finding::service_binding;
    case LinkTrouble::upgrade:
    case LinkTrouble::refused:
    case LinkTrouble::revoked:
    case LinkTrouble::contract:
    case LinkTrouble::idle_timeout:
    case LinkTrouble::lost:
    case LinkTrouble::other: break;
  }
  return Finding::service_answer;
}

Result<protocol::Challenge> challenge_in(const std::string& text) {
  auto envelope = protocol::decode_envelope(text);
  if (!envelope) return envelope.error();
  if (envelope->type != "challenge") return fault(Fault::Kind::malformed, "session.challenge", "another message came");
  return protocol::decode<protocol::Challenge>(envelope->body);
}
}  // namespace

Awaitable<Result<ServiceSeen>> look_at_service(link::DialSettings settings) {
  const Stopwatch watch;
  const auto limit = settings.connect_timeout;
  auto dialling = link::dial(std::move(settings));
  auto link = co_await std::move(dialling);
  if (!link) co_return link.error();
  auto reading = (*link)->read();
  auto waiting = within(limit, std::move(reading), "session.challenge");
  auto text = co_await std::move(waiting);
  if (!text) co_return text.error();
  const auto now = unix_now();
  const auto ms = watch.ms();
  auto challenge = challenge_in(*text);
  ServiceSeen seen;
  seen.route = (*link)->route();
  auto closing = (*link)->close(link::Close::normal, "check");
  co_await std::move(closing);
  if (!challenge) co_return challenge.error();
  seen.binds = challenge->cb == "exporter", seen.clock_offset_s = challenge->now - now, seen.ms = ms;
  co_return seen;
}

void judge_service(const std::string& url, const Result<ServiceSeen>& seen, bool binding_required, Report& report) {
  if (!seen) {
    const auto& why = seen.error();
    return report.fail(finding_of(trouble_of(why)), url, said(why));
  }
  report.pass("service", url, "answers in " + std::to_string(std::llround(seen->ms)) + " ms" + (seen->route.proxy.empty() ? "" : ", through " + seen->route.proxy));
  report.certificate(Finding::service_ends_soon, url, seen->route.certificate_ends);
  const auto& box = seen->route.intercepted_by;
  if (!box.empty() && binding_required) report.fail(Finding::service_intercepted, url, "by " + box);
  else if (!box.empty()) report.warn(Finding::service_intercepted, url, "by " + box);
  else if (!seen->binds && binding_required) report.fail(Finding::service_binding, url, "the service binds no channel");
  const auto offset = std::abs(seen->clock_offset_s);
  const auto detail = "the service's clock minus this one: " + std::to_string(seen->clock_offset_s) + " s";
  if (offset > clock_skew_max_s) report.fail(Finding::service_clock, url, detail);
  else if (offset > skew_warning_s) report.warn(Finding::service_clock, url, detail);
  else report.pass("service", url, detail);
}

void judge_silence(const Result<std::string>& status, Report& report) {
  constexpr auto subject = "silent links";
  const auto read = status ? protocol::parse_json(*status, 12) : Result<protocol::json::value>(status.error());
  const auto* all = read ? read->if_object() : nullptr;
  const auto* link = all ? all->if_contains("link") : nullptr;
  const auto* limit = link && link->is_object() ? link->get_object().if_contains("idle_limit_ms") : nullptr;
  if (!limit) return report.skip("service", subject, "no running agent could be asked: one that runs finds out whether they are cut");
  if (limit->is_number()) report.warn(Finding::service_idle, subject, "links were cut after a silence of " + std::to_string(std::llround(limit->to_number<double>())) + " ms");
  else report.pass("service", subject, "the running agent knows of nothing that cuts them");
}

void check_service(const config::AgentConfig& config, std::chrono::milliseconds step, Report& report) {
  auto urls = config.more_urls;
  urls.insert(urls.begin(), config.service_url);
  for (const auto& url : urls) {
    const auto end = parse_service_url(url);
    if (!end) continue;  // the configuration's reader has said so
    link::DialSettings settings;
    settings.host = end->host, settings.port = end->port;
    settings.trust = config.trust, settings.proxy = config.proxy, settings.connect_timeout = step;
    asio::io_context io(1);
    Result<ServiceSeen> seen = fault(Fault::Kind::internal, "link.dial", "");
    auto looking = look_at_service(std::move(settings));
    asio::co_spawn(io, std::move(looking), [&seen, &io](std::exception_ptr error, Result<ServiceSeen> got) {
      io.stop();  // a resolver that nobody answers is not waited for
      if (error) std::rethrow_exception(error);
      seen = std::move(got);
    });
    io.run();
    judge_service(url, seen, config.channel_binding == config::AgentConfig::ChannelBinding::require, report);
  }
}

}  // namespace wb::agent
