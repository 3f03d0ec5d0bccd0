// The agents' HTTPS side: enrolment with a one-time token, and rosters (docs/PROTOCOL.md section 3).
#pragma once
#include <chrono>
#include <map>
#include <string>

#include "service/gateway.hpp"
#include "service/http.hpp"
#include "service/keys.hpp"
#include "service/rosters.hpp"
#include "service/settings.hpp"
#include "service/store.hpp"

namespace wb::service {

constexpr std::int64_t enrolment_token_life = 3'600;  // seconds
// "wbe1.<id>.<secret>.<pin of the service's root>": for one `writeback-agent enroll`, until `expires`. Only its hash is kept.
Result<std::string> new_enrolment_token(Store& store, const Keys& keys, const std::string& domain, UnixSeconds expires, const Actor& by);
// "active", "pending" (the domain's root has not approved it) or "revoked".
std::string_view state_of(Rosters& rosters, const std::string& domain, const AgentRow& agent, UnixSeconds now);

// Counts per name and minute; forgets old names, and refuses everybody new when too many are remembered.
class RateLimit {
 public:
  explicit RateLimit(int per_minute) : per_minute_(per_minute) {}
  bool allows(const std::string& name, BootClock::time_point now);

 private:
  static constexpr std::size_t names_max = 4'096;
  struct Minute {
    BootClock::time_point start;
    int count = 0;
  };
  int per_minute_;
  std::map<std::string, Minute> seen_;
};

class Enrolment {
 public:
  Enrolment(const Settings& settings, Store& store, const Keys& keys, Rosters& rosters, Gateway& gateway)
      : settings_(settings), store_(store), keys_(keys), rosters_(rosters), gateway_(gateway), limit_(settings.enrol_per_minute) {}

  link::HttpResponse enroll(const link::HttpRequest& request);
  link::HttpResponse agents(const link::HttpRequest& request);
  link::HttpResponse signing_key(const link::HttpRequest& request);
  link::HttpResponse roster(const link::HttpRequest& request);

 private:
  // The enrolled agent that signed this request about `domain`; `about` is the text its `sh` stands for.
  Result<AgentRow> submitter(const std::string& jws, std::string_view about, std::string& domain);
  const Settings& settings_;
  Store& store_;
  const Keys& keys_;
  Rosters& rosters_;
  Gateway& gateway_;
  RateLimit limit_;
};

}  // namespace wb::service
