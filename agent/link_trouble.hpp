// Why there is no link, in one word for dashboards and alarms; where and detail of the Fault say the rest. Pure.
#pragma once
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace wb::agent {

// The words are stable (docs/OPERATIONS.md, The way to the service).
enum class LinkTrouble {
  dns,                // the name has no address
  tcp,                // nobody takes the connection, or in no time
  proxy_settings,     // the proxy's URL or password file can't be used
  proxy_unreachable,  // the proxy does not answer, or does not reach the service
  proxy_refused,      // it forbids the service's host or port
  proxy_auth,         // it wants another sign-in
  tls_settings,       // ca_file or intercept_ca_file can't be read
  tls_issuer,         // an authority that is not trusted: a wrong ca_file, or a box that reads TLS (the detail names it)
  tls_name,           // a certificate for another name
  tls_time,           // one that is out of date, or not valid yet
  tls,                // any other failure of TLS
  upgrade,            // something answers HTTP, and not as the service does
  revoked,            // the service will not take this agent again: by its operator, or by the domain's roster
  web_page,           // a proxy's, a portal's or another server's page answers in the service's place
  intercepted,        // a box reads TLS (the detail names it), and channel_binding forbids that
  channel_binding,    // TLS ends before the service, as one of both ends found
  refused,            // the service refused the hello (the detail is its code)
  contract,           // the other end does not speak our protocol
  idle_timeout,       // a link that stood was cut as those before it, after the same silence (the detail names it)
  lost,               // a link that stood was cut, or fell silent
  other,
};
std::string_view to_string(LinkTrouble trouble);
LinkTrouble trouble_of(const Fault& why);

// The last one, while no link is up.
struct NoLink {
  LinkTrouble trouble = LinkTrouble::other;
  std::string service, where, detail;
  UnixSeconds at = 0;
};

}  // namespace wb::agent
