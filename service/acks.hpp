// Acknowledgements that wait until what they acknowledge is durable (docs/PROTOCOL.md section 6): outcomes are committed
// unflushed, so that no caller waits for a disk, and flushed together a few milliseconds later. An agent that is never
// acked sends its result again.
#pragma once
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "core/async.hpp"
#include "protocol/messages.hpp"
#include "service/gateway.hpp"
#include "service/store.hpp"

namespace wb::service {

class Acks {
 public:
  Acks(asio::any_io_executor executor, Store& store, Gateway& gateway, std::chrono::milliseconds delay) : store_(store), gateway_(gateway), timer_(executor), delay_(delay) {}

  void hold(std::string agent, protocol::JobRef ref);  // sent after a flush, at most `delay` from now
  void send(const std::string& agent, const protocol::JobRef& ref);
  void flushed();  // a later commit was: so is everything that is held
  void flush();

 private:
  struct Held {
    std::string agent;
    protocol::JobRef ref;
  };
  Store& store_;
  Gateway& gateway_;
  asio::steady_timer timer_;
  std::chrono::milliseconds delay_;
  std::vector<Held> held_;
};

}  // namespace wb::service
