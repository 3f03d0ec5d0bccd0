// Finds a domain's controllers in DNS, as MS-ADTS section 6.3.2.3 registers them and 6.3.6 says to look: SRV records
// (RFC 2782) of the PDC emulator, of a site, of the whole domain. c-ares stays in the .cpp.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "ldap/watchdog.hpp"

namespace wb::ldap {

struct Srv {
  std::string host;  // lower case, no dot at its end
  std::uint16_t port = 0, priority = 0, weight = 0;
  bool operator==(const Srv&) const = default;
};

struct DnsQuestion {
  std::string name;
  Deadline until;
  std::string servers = {};  // "127.0.0.1:5353,..."; empty: the system's
};
// Empty: there is no such name, or no such record of it. Fault timed_out, unreachable (no server answers) or malformed at
// "dns.srv". At most 64 records.
Result<std::vector<Srv>> look_up_srv(const DnsQuestion& question);

// RFC 2782: by priority; within one, each next one is drawn by weight. dice: uniform in [0, 1).
std::vector<Srv> in_srv_order(std::vector<Srv> records, const std::function<double()>& dice);

struct Discovered {
  std::vector<Srv> controllers;  // the site's first, each once; not empty
  std::string pdc;               // host of the PDC emulator; empty: DNS does not say
};
// `site` empty: the whole domain alone. Fault as above, or unreachable "dns.discover" where the domain has no record.
Result<Discovered> discover(const std::string& domain, const std::string& site, Deadline until, const std::function<double()>& dice,
    const std::string& servers = {});

}  // namespace wb::ldap
