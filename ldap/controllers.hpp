// Which domain controllers there are, and which of them to ask now. Pure: facts, time and dice in, an order out; ldap/pool
// does the asking. Not thread-safe.
//
// * Preferred is the PDC emulator, because the other controllers forward to it what they are asked about passwords
//   (MS-ADTS 3.1.1.3.1.5, "urgent" replication and pass-through), or the first of the list, as configured. One that cannot
//   write (an RODC) is never asked.
// * Who answered last is asked first (`current`), and kept. Back to the preferred one only after it has been well for
//   `fail_back`, so that one that comes and goes does not take everybody with it.
// * Who fails is shut off: 1 s, 2 s, 4 s, ... `most`, each times 0.5 to 1 by the dice, so that many agents do not come
//   back at the same moment. While it is shut it is asked last, and by nobody who has a choice. `to_look_at` says whom to
//   try in the background, so that no job pays for finding out.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ldap/dial.hpp"
#include "ldap/directory.hpp"

namespace wb::ldap {

class Controllers {
 public:
  struct Timings {
    std::chrono::milliseconds shut_first{1'000}, shut_most{30'000};
    std::chrono::milliseconds fail_back{60'000};
    std::chrono::milliseconds look{30'000};      // at each that is not in use
    std::chrono::milliseconds look_soon{3'000};  // at the preferred one, and at those whose time is over
  };
  struct Facts {  // what a connection told
    std::string dc;
    bool pdc = false, read_only = false;
    double latency_ms = 0;
    UnixSeconds certificate_ends = 0;  // 0: a connection without TLS
  };
  static constexpr std::size_t most = 64;

  Controllers(Timings timings, bool prefer_pdc) : timings_(timings), prefer_pdc_(prefer_pdc) {}

  // The list, best first; at most `most` of it. `pdc`: the URI of the one that DNS names the PDC emulator, or empty. What
  // is known of those that stay is kept.
  void set(const std::vector<Endpoint>& list, const std::string& pdc = {});
  std::size_t size() const { return all_.size(); }

  // Whom to ask, best first. `dc`: those alone that are, or may be, this one. Empty: there is none.
  std::vector<Endpoint> order(const std::string& dc, Deadline now) const;
  // One that is known to be this DC is shut, and there are others: nothing is to be gained by asking it now.
  std::optional<std::string> shut(const std::string& dc, Deadline now) const;  // why
  std::optional<Endpoint> to_look_at(Deadline now) const;
  const std::string& current() const { return current_; }  // its dc; empty: none answered yet

  void looking(const std::string& uri, Deadline now);
  void answered(const std::string& uri, const Facts& facts, Deadline now);
  // It is the one that is asked from now on.
  void use(const std::string& uri);
  // `why` is for the operator. dice: uniform in [0, 1).
  void failed(const std::string& uri, const std::string& why, Deadline now, double dice);
  // A DC asked by its name, whichever URI leads there.
  void failed_dc(const std::string& dc, const std::string& why, Deadline now, double dice);
  void roles(const std::string& dc, bool pdc);  // a check saw that the role has moved

  std::vector<ControllerState> states(Deadline now) const;

 private:
  struct One {
    Endpoint endpoint;
    Facts facts;
    unsigned failures = 0;  // in a row
    Deadline shut_until{}, looked{};
    std::optional<Deadline> well_since;  // nullopt: not known to be well
    std::string why;                     // it failed
  };
  One* find(const std::string& uri);
  const One* preferred() const;
  bool is_shut(const One& one, Deadline now) const { return now < one.shut_until; }
  bool may_lead(const One& one, Deadline now) const;

  const Timings timings_;
  const bool prefer_pdc_;
  std::vector<One> all_;
  std::string current_, current_uri_;
};

}  // namespace wb::ldap
