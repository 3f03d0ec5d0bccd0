// An LDAP server that answers as a small domain controller would, except where a script has it say something that no real one
// says when asked to: garbage, half of an answer, too much, nothing.
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace wb::test {

class ScriptedLdap {
 public:
  enum class Op { bind,
    search,
    modify,
    start_tls,
    other };
  struct Request {
    Op op = Op::other;
    int id = 0;
    std::string name;      // bind: the DN; search and modify: the base or object
    bool subtree = false;  // search
    int before = 0;        // requests of this op that this server has had until now
  };
  enum class Then { go_on,
    close,   // the connection, without a word
    stall,   // read nothing and say nothing
    repeat,  // say the same again until the peer has gone
  };
  struct Answer {
    std::string bytes;
    Then then = Then::go_on;
    bool bytewise = false;               // each byte in a packet (and TLS record) of its own
    std::chrono::milliseconds pause{0};  // between the bytes
  };
  // What comes instead of the right answer, which is given.
  using Script = std::function<Answer(const Request&, std::string right)>;
  enum class Tls { at_once,
    on_demand };

  // `dc`: the host name that it says it has; dc1.corp.example is the PDC emulator. TLS by test_certificates().
  explicit ScriptedLdap(std::string dc, Script script = {}, Tls tls = Tls::at_once);
  ~ScriptedLdap();
  std::string uri() const { return (tls_ == Tls::at_once ? "ldaps://127.0.0.1:" : "ldap://127.0.0.1:") + std::to_string(port_); }
  int count(Op op) const { return counts_[static_cast<std::size_t>(op)]; }
  int connections() const { return accepted_; }
  int binds_in_the_clear() const { return in_the_clear_; }
  std::string guid() const;  // of its only account, alice, as text

 private:
  class Peer;
  void run();
  void serve(int socket);
  std::string right_answer(const Request& request);

  const std::string dc_;
  const Script script_;
  const Tls tls_;
  int port_ = 0, listener_ = -1, wake_[2]{-1, -1};
  std::atomic<int> counts_[5]{}, accepted_{0}, applied_{0}, in_the_clear_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<int> sockets_;
  std::vector<std::thread> serving_;
  std::thread thread_;
};

}  // namespace wb::test
