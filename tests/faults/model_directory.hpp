// A domain controller as section 6 of docs/PROTOCOL.md needs it: per account a password with its version and
// pwdLastSet, a marker with its replication metadata, and one Modify that swaps all of it or nothing. Requests take
// time, wait while it is frozen, and may land long after whoever sent them has given up.
#pragma once
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/faults/simulation_clock.hpp"

namespace wb::simulation {

constexpr int nobodys = -1;  // password or write of no job of ours
constexpr int first_password = -2;
constexpr int mistyped = -3;  // as an old password: none that anybody ever had

struct Reading {
  std::int64_t ver = 1;
  std::int64_t pls = 0;  // 0: must be changed at the next logon
  std::optional<std::string> mk;
  UnixSeconds mk_changed = 0;  // when the marker attribute was last written, by whomever
  bool operator==(const Reading&) const = default;
};

// RFC 4511 section 4.6: all or nothing, in this order.
struct Modify {
  int account = 0;
  int job = nobodys;                  // who asks: for the checks only, a real directory doesn't know
  std::optional<std::int64_t> pls;    // delete pwdLastSet <this>, add it anew
  bool must_change = false;           // ... as 0 instead of now
  std::optional<std::string> mk_old;  // delete marker <this>
  std::optional<std::string> mk_new;  // add marker <this>: fails when there still is one
  bool password = false;              // replace unicodePwd by the job's
  std::optional<int> old;             // ... which a change may only where this is the one of now
  bool enforce_history = true;
  Time sent{};
};

enum class Verdict { done,
  swap_failed,
  refused_password,
  wrong_old,
  unwilling };  // for a reason that has nothing to do with the request

// What a request came to. `unreachable`: it was not sent.
enum class Reply { answered,
  unreachable,
  lost,
  timed_out };

class ModelDirectory {
 public:
  struct Behaviour {
    Span travel_low = 200us, travel_high = 3ms;  // there, and back
    double late = 0;                             // how many requests land late: up to late_most
    Span late_most = 90s;
    double unwilling = 0;        // how many it refuses for no reason
    int clock_s = 0;             // against the service's
    Span deadline = 10s;         // after which who asked gives up
    bool history_first = false;  // the password is judged before the swap
  };
  struct Write {
    Reply reply = Reply::answered;
    Verdict verdict = Verdict::done;
    std::optional<Reading> after;  // the read-back behind it
  };
  struct Read {
    Reply reply = Reply::answered;
    Reading reading;
  };
  // Told of every change: who, what was there before, what is now; and of every old password that was shown.
  using Watcher = std::function<void(const Modify&, const Reading& before, const Reading& now)>;
  using Witness = std::function<void(const Modify&)>;

  ModelDirectory(Loop& loop, Dice& dice, int accounts, Behaviour behaviour, Watcher watcher, Witness witness);

  // The answer is given in the asker's time: its process decides whether it is still there to hear it.
  void read(Process& asker, int account, std::function<void(Read)> then);
  void write(Process& asker, Modify modify, std::function<void(Write)> then);
  // At once, by somebody who sits next to it.
  Verdict modify(const Modify& order);
  void reset_by_helpdesk(int account, bool must_change);
  void set_marker(int account, std::optional<std::string> value);
  const Reading& look(int account) const { return accounts_[static_cast<std::size_t>(account)].now; }
  bool bad_password(int job) const { return job >= 0 && static_cast<std::size_t>(job) < bad_.size() && bad_[static_cast<std::size_t>(job)]; }
  void refuse_password_of(int job);
  int password_of(int account) const { return accounts_[static_cast<std::size_t>(account)].passwords.back(); }

  void freeze() { frozen_ = true; }
  void thaw();
  void kill();  // what has not landed is lost
  void start() { up_ = true; }
  bool well() const { return up_ && !frozen_; }
  void behave(Behaviour behaviour) { behaviour_ = behaviour; }
  const Behaviour& behaviour() const { return behaviour_; }
  int underway() const { return underway_; }  // requests that have not landed

 private:
  struct Account {
    Reading now;
    std::vector<int> passwords;  // every one it had: the job that set it
  };
  using Landing = std::function<void(bool alive)>;
  void request(Landing landing);
  void land(Landing landing, int life);
  Span travel() { return dice_.span(behaviour_.travel_low, behaviour_.travel_high); }
  template <class Answer> std::function<void(Answer, Span)> answer_once(Process& asker, std::function<void(Answer)> then);
  template <class Answer> bool no_connection(Process& asker, const std::function<void(Answer)>& then);
  std::int64_t filetime();

  Loop& loop_;
  Dice& dice_;
  Behaviour behaviour_;
  Watcher watcher_;
  Witness witness_;
  std::vector<Account> accounts_;
  std::vector<bool> bad_;
  std::deque<Landing> waiting_;  // while frozen
  bool up_ = true, frozen_ = false;
  int life_ = 0, underway_ = 0;
};

}  // namespace wb::simulation
