// What the service tells at metrics.listen: numbers and health, of this moment.
#include <algorithm>

#include "service/service.hpp"

namespace wb::service {

Result<void> Service::open_door(asio::io_context& io, const config::MetricsDoor& at) {
  if (at.port == 0) return {};
  link::LocalHttp::Settings door;
  door.address = at.address, door.port = static_cast<unsigned short>(at.port);
  auto opened = link::LocalHttp::start(io, door, [this](const std::string& path) { return tell(path); });
  if (!opened) return opened.error();
  door_ = std::move(*opened);
  return {};
}

ServiceSnapshot Service::snapshot() {
  ServiceSnapshot told;
  told.calls_waiting = dispatch_.waiting_calls(), told.letters_waiting = post_.waiting(), told.mail = post_.open();
  for (const auto& key : keys_.list()) told.signing_ends = std::max(told.signing_ends.value_or(0), key.times.exp);
  auto trouble = [&told](const Fault& fault) { told.store_trouble = fault.detail; };
  if (auto works = store_.database().writable(); !works) trouble(works.error());
  auto domains = store_.rostered();
  auto members = store_.members({});
  if (!domains) trouble(domains.error());
  if (!members) trouble(members.error());
  if (!domains || !members) return told;
  for (const auto& name : *domains) {
    auto& domain = told.domains[name];
    domain.ready = gateway_.ready_agents(name);
    if (const auto* known = rosters_.find(name)) domain.roster_ends = known->roster.exp;
    domain.connected = static_cast<int>(std::count_if(members->begin(), members->end(), [&](const MemberRow& one) {
      const auto* session = one.domain == name ? gateway_.session(one.agent.id) : nullptr;
      return session && session->domain(name);
    }));
  }
  return told;
}

link::HttpResponse Service::tell(const std::string& path) {
  if (path == "/metrics") return {200, metrics_.text(snapshot()), "text/plain; version=0.0.4; charset=utf-8", {}};
  if (path == "/livez") return {200, "ok\n", "text/plain; charset=utf-8", {}};
  if (path != "/readyz") return {404, "/metrics, /livez or /readyz\n", "text/plain; charset=utf-8", {}};
  auto health = health_of(snapshot());
  return {health.ready ? 200 : 503, health.json + "\n", "application/json", {}};
}

}  // namespace wb::service
