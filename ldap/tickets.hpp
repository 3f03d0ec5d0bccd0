// The service account's Kerberos tickets (RFC 4120): got with a keytab, kept in this process's memory alone, renewed before
// they end. Thread-safe. Neither the system's ticket cache nor an environment variable is touched: each domain's tickets are
// its own. /etc/krb5.conf is read for what it says of key types; KDCs are never looked for, the controller itself is asked.
#pragma once
#include <memory>
#include <mutex>
#include <string>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "ldap/keytab.hpp"
#include "ldap/settings.hpp"
#include "ldap/watchdog.hpp"

namespace wb::ldap {

struct TicketCache;  // tickets.cpp

struct Ticket {
  std::shared_ptr<const TicketCache> cache;  // it lives while somebody uses it
  std::string cache_name;                    // "MEMORY:...", for the GSSAPI
  std::string service;                       // ldap/dc1.corp.example@CORP.EXAMPLE
  UnixSeconds good_until;                    // seven eighths of its life: what was made with it is replaced by then
};

class Tickets {
 public:
  explicit Tickets(const Settings& settings) : settings_(settings) {}

  // A ticket for LDAP on that controller. Reads the keytab and asks the KDC only where there is no good one; a changed keytab
  // counts at once. After three quarters of their life tickets are renewed; when that fails, they are used as long as they
  // are good. Faults: kerberos_fault()'s, ask_kdc()'s, check_keytab()'s; refused "kerberos.realm": the KDC points elsewhere.
  Result<Ticket> ticket_for(const std::string& host, Deadline deadline);
  // The controller did not take it: get new ones next time.
  void forget(const Ticket& ticket);

 private:
  using Cache = std::shared_ptr<const TicketCache>;
  Result<Cache> login(const std::string& host, Deadline deadline);
  Result<Cache> log_in_anew(const KeytabStamp& stamp, const std::string& host, Deadline deadline);

  const Settings settings_;
  std::mutex mutex_;  // guards what is below; never held while the KDC is asked
  Cache cache_;
  UnixSeconds next_try_ = 0;  // of a renewal that failed
};

}  // namespace wb::ldap
