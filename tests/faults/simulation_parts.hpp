// What the simulated programs say to each other, and the network between them: links that keep the order, lose what is
// in flight when they are cut, and break loudly or silently.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/messages.hpp"
#include "tests/faults/model_directory.hpp"

namespace wb::simulation {

// A request of the client: what the person asked for, from its probe on.
struct Order {
  int number = 0;
  std::string jti;
  int account = 0;
  Reading probed;     // what the probe saw
  protocol::Pre pre;  // the same, as the contract puts it
  UnixSeconds iat = 0, exp = 0;
  bool must_change = false, enforce_history = true;
  std::optional<int> old;         // a change: the password that the person takes for the one of now
  std::optional<Time> submitted;  // the service took it
};

inline protocol::Op op_of(const Order& order) { return order.old ? protocol::Op::change : protocol::Op::reset; }

struct Answer {  // a result, without its signature
  std::string jti;
  std::int64_t fence = 0;
  int att = 0;
  protocol::Op op = protocol::Op::reset;
  protocol::Code code = protocol::Code::unknown;
  std::string reason;
};

struct Message {
  enum class Type { job,
    accept,
    progress,
    result,
    ack,
    cancel,
    ready };
  Type type = Type::job;
  std::string jti;
  std::int64_t fence = 0;
  std::shared_ptr<const protocol::Job> job = nullptr;
  int ttl_ms = 0;
  Answer answer = {};
  bool ready = false;
};
const char* to_string(Message::Type type);

struct Link {
  int agent = 0, number = 0;
  bool cut_up = false, cut_down = false;  // towards the service, towards the agent
  Time last_up{}, last_down{};            // when the latest message arrives
};
using LinkPtr = std::shared_ptr<Link>;

// The world as the network and the programs see it.
class World;

class Network {
 public:
  explicit Network(World& world) : world_(world) {}
  void to_service(const LinkPtr& link, Message message);
  void to_agent(const LinkPtr& link, Message message);
  // Both ends learn of it: soon, or (a dead router, a pulled cable) when they miss each other.
  void cut(const LinkPtr& link, bool silently);
  void agent_died(const LinkPtr& link);
  void service_died(const std::vector<LinkPtr>& links);
  // While an agent is cut off, it can't dial.
  void isolate(int agent, bool off) { isolated_[static_cast<std::size_t>(agent)] = off; }
  bool passable(int agent) const { return !isolated_[static_cast<std::size_t>(agent)]; }
  LinkPtr dial(int agent);

  bool bumpy = false;  // now and then a segment is lost and sent again

 private:
  Span delay();
  World& world_;
  int links_ = 0;
  bool isolated_[8] = {};
};

}  // namespace wb::simulation
