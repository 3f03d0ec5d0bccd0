// How the service is reached: what agent.yaml's `service` says beyond the address. How many reach it at once: the door of
// service.yaml's `listen`. And how mail leaves.
#pragma once
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace wb::link {

struct ProxySettings {
  enum class Use { none,  // the environment does not count
    environment,          // https_proxy, all_proxy and no_proxy, in small or capital letters
    fixed } use = Use::none;
  std::string url;  // fixed: http://host[:port], port 3128 unless it is said; never with a user in it
  enum class SignIn { none,
    basic,
    negotiate } sign_in = SignIn::none;
  std::string user;                     // basic
  std::filesystem::path password_file;  // basic: first line, 0600; read at each connect
  std::vector<std::string> no_proxy;    // reached without it, as NO_PROXY spells them: host, domain, address, network, *
  bool operator==(const ProxySettings&) const = default;
};

struct TrustSettings {
  std::filesystem::path ca_file;            // PEM; empty: the system's store
  std::filesystem::path intercept_ca_file;  // PEM: a box that reads TLS and may; empty: none may
  bool operator==(const TrustSettings&) const = default;
};

// What strangers may cost the web server (link/admission.hpp).
struct AdmissionLimits {
  int handshakes_per_second = 500;  // and as many at once after a quiet second
  std::size_t handshakes_max = 512;
  std::size_t connections_per_address = 512;        // that are no links: the people behind one address
  std::vector<std::string> trusted_balancers = {};  // addresses and networks in CIDR form that have no share: all people come from there
};

struct SmtpSettings {
  std::string host;  // name or address of the organisation's relay
  unsigned short port = 587;
  enum class Security { starttls,              // required: a server without it gets nothing (RFC 3207)
    tls,                                       // from the first byte, port 465 (RFC 8314)
    none } security = Security::starttls;      // on this machine only: the host is a loopback address
  std::filesystem::path ca_file;               // PEM; empty: the system's store
  std::string user;                            // empty: no sign-in
  std::filesystem::path password_file;         // first line, 0600; read for each mail
  std::string hello;                           // what EHLO says; empty: this machine's name
  std::chrono::milliseconds deadline{20'000};  // for one mail, from the name's resolution to the server's last word
  bool operator==(const SmtpSettings&) const = default;
};

}  // namespace wb::link
