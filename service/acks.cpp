#include "service/acks.hpp"

#include <utility>

#include "core/failpoint.hpp"
#include "core/log.hpp"
#include "protocol/codec.hpp"

namespace wb::service {
namespace {
constexpr std::size_t held_max = 256;
}

void Acks::hold(std::string agent, protocol::JobRef ref) {
  held_.push_back({std::move(agent), std::move(ref)});
  if (held_.size() >= held_max) return flush();
  if (held_.size() > 1) return;
  timer_.expires_after(delay_);
  timer_.async_wait([this](boost::system::error_code ec) {
    if (!ec) flush();
  });
}

void Acks::send(const std::string& agent, const protocol::JobRef& ref) { gateway_.send(agent, protocol::message_text("ack", ref)); }

void Acks::flushed() {
  if (held_.empty()) return;
  timer_.cancel();
  const auto due = std::exchange(held_, {});
  for (const auto& ack : due) send(ack.agent, ack.ref);
}

void Acks::flush() {
  if (held_.empty()) return;
  failpoint("service.before_ack");
  if (auto done = store_.sync(); !done) {
    log::fault("store.failed", done.error());
    held_.clear();  // their agents send again
    return;
  }
  flushed();
}

}  // namespace wb::service
