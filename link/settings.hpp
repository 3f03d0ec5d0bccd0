// How the service is reached: what agent.yaml's `service` says beyond the address. And how many reach it at once: the door of
// service.yaml's `listen`.
#pragma once
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

}  // namespace wb::link
