#include "link/health_door.hpp"

namespace wb::link {
namespace {

HttpResponse answer_to(const std::string& path, const HealthTeller& teller) {
  if (path == "/metrics") return {200, teller.metrics(), "text/plain; version=0.0.4; charset=utf-8", {}};
  if (path == "/livez") return {200, "ok\n", "text/plain; charset=utf-8", {}};
  if (path != "/readyz") return {404, "/metrics, /livez or /readyz\n", "text/plain; charset=utf-8", {}};
  auto health = teller.health();
  return {health.ready ? 200 : 503, health.json + "\n", "application/json", {}};
}

}  // namespace

Result<std::unique_ptr<LocalHttp>> open_health_door(asio::io_context& io, const std::string& address, int port, HealthTeller teller) {
  LocalHttp::Settings door;
  door.address = address, door.port = static_cast<unsigned short>(port);
  return LocalHttp::start(io, door, [teller = std::move(teller)](const std::string& path) { return answer_to(path, teller); });
}

}  // namespace wb::link
