// What the agent has to say, whatever link carries it: messages of the moment go to the link of the moment or are
// dropped; results stay until the service acked them and are said again on the next link. From one thread.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "core/clock.hpp"
#include "protocol/codec.hpp"
#include "protocol/messages.hpp"

namespace wb::agent {

class Outbox {
 public:
  using Sink = std::function<void(std::string)>;  // must not block; the session's queue
  // Results kept in memory. Beyond it the oldest is forgotten: a written job's result is in the journal anyway.
  explicit Outbox(std::size_t results_max = 1024) : results_max_(results_max) {}

  // The link is up and greeted. Says every unacked result at once. The answer is for detach(), which does nothing when
  // another link has been attached meanwhile.
  int attach(Sink sink) {
    sink_ = std::move(sink);
    for (auto& [ref, waiting] : results_) say_result(waiting);
    return ++attached_;
  }
  void detach(int which) {
    if (which == attached_) sink_ = nullptr;
  }

  template <class T> void say(std::string_view type, const T& body) {
    if (sink_) sink_(protocol::message_text(type, body));
  }
  // Each attempt's result waits for its own ack: "expired" of a late redelivery says nothing of an "applied" before it.
  void report(const std::string& jti, std::int64_t fence, std::string jws) {
    const Ref ref(jti, fence);
    if (results_.size() >= results_max_ && !results_.contains(ref)) forget_oldest();
    auto& waiting = results_[ref] = {std::move(jws), {}};
    say_result(waiting);
  }
  void acked(const std::string& jti, std::int64_t fence) { results_.erase({jti, fence}); }
  // Says again what was said `age` ago and not acked since.
  void repeat(BootClock::duration age) {
    for (auto& [ref, waiting] : results_)
      if (BootClock::now() - waiting.said >= age) say_result(waiting);
  }
  std::size_t waiting() const { return results_.size(); }

 private:
  using Ref = std::pair<std::string, std::int64_t>;  // jti, fence
  struct Waiting {
    std::string jws;
    BootClock::time_point said;
  };
  void say_result(Waiting& waiting) {
    waiting.said = BootClock::now();
    say("result", protocol::ResultMessage{waiting.jws});
  }
  void forget_oldest() {
    auto oldest = results_.begin();  // jti is a ULID: the smallest is the oldest
    results_.erase(oldest);
  }

  Sink sink_;
  int attached_ = 0;
  std::map<Ref, Waiting> results_;
  std::size_t results_max_;
};

}  // namespace wb::agent
