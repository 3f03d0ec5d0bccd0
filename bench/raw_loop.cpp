// The yardstick: what libldap alone reaches. N connections, each a thread that replaces unicodePwd over LDAPS as fast
// as the directory answers; one modify a reset, nothing else. Prints one JSON line.
//   raw_loop URI CA BIND_DN BIND_PASSWORD BASE CONNECTIONS COUNT
#include <ldap.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

namespace {
using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* what, int code) {
  std::fprintf(stderr, "raw_loop: %s: %s\n", what, ldap_err2string(code));
  std::exit(1);
}

LDAP* connect(char** argv) {
  LDAP* ld = nullptr;
  int version = 3, demand = LDAP_OPT_X_TLS_HARD, client = 0;
  if (int rc = ldap_initialize(&ld, argv[1])) fail("initialize", rc);
  ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
  ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, argv[2]);
  ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
  ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client);
  berval password{};
  password.bv_val = argv[4];
  password.bv_len = std::char_traits<char>::length(argv[4]);
  if (int rc = ldap_sasl_bind_s(ld, argv[3], LDAP_SASL_SIMPLE, &password, nullptr, nullptr, nullptr)) fail("bind", rc);
  return ld;
}

std::string quoted_utf16(const std::string& ascii) {
  std::string out;
  for (const char c : '"' + ascii + '"') out += {c, '\0'};
  return out;
}

std::string dn_of(LDAP* ld, const char* base, int i) {
  char filter[64];
  std::snprintf(filter, sizeof filter, "(sAMAccountName=u%03d)", i % 100);
  LDAPMessage* answer = nullptr;
  char none[] = "1.1";
  char* attributes[] = {none, nullptr};
  if (int rc = ldap_search_ext_s(ld, base, LDAP_SCOPE_SUBTREE, filter, attributes, 0, nullptr, nullptr, nullptr, 2, &answer)) fail("search", rc);
  char* dn = ldap_get_dn(ld, ldap_first_entry(ld, answer));
  std::string out(dn ? dn : "");
  ldap_memfree(dn);
  ldap_msgfree(answer);
  return out;
}

double reset(LDAP* ld, const std::string& dn, int number) {
  auto value = quoted_utf16("Raw-Passw0rd-" + std::to_string(number) + "-" + std::to_string(::time(nullptr)));
  berval bytes{value.size(), value.data()};
  berval* values[] = {&bytes, nullptr};
  char name[] = "unicodePwd";
  LDAPMod mod{};
  mod.mod_op = LDAP_MOD_REPLACE | LDAP_MOD_BVALUES;
  mod.mod_type = name;
  mod.mod_bvalues = values;
  LDAPMod* mods[] = {&mod, nullptr};
  const auto start = Clock::now();
  if (int rc = ldap_modify_ext_s(ld, dn.c_str(), mods, nullptr, nullptr)) fail("modify", rc);
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}
}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) return std::fprintf(stderr, "usage: raw_loop URI CA BIND_DN BIND_PASSWORD BASE CONNECTIONS COUNT\n"), 2;
  const int connections = std::atoi(argv[6]), count = std::atoi(argv[7]);
  std::vector<LDAP*> held;
  for (int i = 0; i < connections; ++i) held.push_back(connect(argv));
  std::vector<std::string> dns;
  for (int i = 0; i < 100; ++i) dns.push_back(dn_of(held[0], argv[5], i));
  std::vector<double> times(static_cast<std::size_t>(count));
  std::atomic<int> next{0};
  const auto cpu = std::clock();
  const auto start = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (auto* ld : held)
      threads.emplace_back([&, ld] {
        for (int i = next++; i < count; i = next++) times[static_cast<std::size_t>(i)] = reset(ld, dns[static_cast<std::size_t>(i) % dns.size()], i);
      });
  }
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  const double used = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  std::sort(times.begin(), times.end());
  std::printf("{\"count\":%d,\"wall_s\":%.3f,\"rate\":%.2f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"cpu_s_per_1000\":%.3f}\n", count, wall, count / wall,
      times[times.size() / 2], times[times.size() * 99 / 100], used * 1000 / count);
  for (auto* ld : held) ldap_unbind_ext_s(ld, nullptr, nullptr);
}
