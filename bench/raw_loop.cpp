// The yardsticks: what libldap alone reaches. N connections, each a thread that replaces unicodePwd over LDAPS as fast
// as the directory answers. `bare`: one modify a reset, nothing else. `same`: the LDAP operations of one of our resets
// (read, swap with history enforced, read-back), without anything of ours around them. `swap`: of these the modify
// alone, its expectations known from the last one: what exactly-once effect costs the directory by itself. Prints one
// JSON line.
//   raw_loop URI CA BIND_DN BIND_PASSWORD BASE CONNECTIONS COUNT bare|swap|same
#include <ldap.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>
#include <utility>
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

LDAPMod modification(int op, char* name, berval** values) {
  LDAPMod mod{};
  mod.mod_op = op | LDAP_MOD_BVALUES;
  mod.mod_type = name;
  mod.mod_bvalues = values;
  return mod;
}

// Never the same twice, or the directory's history would refuse it.
std::string new_password(int number) { return quoted_utf16("Raw-Passw0rd-" + std::to_string(number) + "-" + std::to_string(Clock::now().time_since_epoch().count())); }

// One modify, one value.
void reset_bare(LDAP* ld, const std::string& dn, int number) {
  auto value = new_password(number);
  berval bytes{value.size(), value.data()};
  berval* values[] = {&bytes, nullptr};
  char name[] = "unicodePwd";
  auto mod = modification(LDAP_MOD_REPLACE, name, values);
  LDAPMod* mods[] = {&mod, nullptr};
  if (int rc = ldap_modify_ext_s(ld, dn.c_str(), mods, nullptr, nullptr)) fail("modify", rc);
}

// The attributes our agent reads before a write; the last three are left out of the read-back.
const char* const attributes[] = {"objectGUID", "objectSid", "sAMAccountName", "userPrincipalName", "displayName", "userAccountControl", "pwdLastSet", "replPropertyMetaData",
    "lockoutTime", "accountExpires", "adminCount", "uSNChanged", "adminDisplayName", "memberOf", "tokenGroups", "sAMAccountType", nullptr};
const char* const attributes_after[] = {"objectGUID", "objectSid", "sAMAccountName", "userPrincipalName", "displayName", "userAccountControl", "pwdLastSet", "replPropertyMetaData",
    "lockoutTime", "accountExpires", "adminCount", "uSNChanged", "adminDisplayName", nullptr};

std::string value_of(LDAP* ld, LDAPMessage* entry, const char* name) {
  berval** values = ldap_get_values_len(ld, entry, name);
  std::string out = values && values[0] ? std::string(values[0]->bv_val, values[0]->bv_len) : std::string();
  ldap_value_free_len(values);
  return out;
}

void await(LDAP* ld, int id, const char* what) {
  LDAPMessage* answer = nullptr;
  if (ldap_result(ld, id, LDAP_MSG_ALL, nullptr, &answer) <= 0) fail(what, LDAP_SERVER_DOWN);
  int code = 0;
  if (int rc = ldap_parse_result(ld, answer, &code, nullptr, nullptr, nullptr, nullptr, 1)) fail(what, rc);
  if (code) fail(what, code);
}

enum class Work { bare,
  swap,
  same };

struct Pre {
  std::string pls, marker;
};

Pre read(LDAP* ld, const std::string& dn) {
  LDAPMessage* answer = nullptr;
  if (int rc = ldap_search_ext_s(ld, dn.c_str(), LDAP_SCOPE_BASE, "(objectClass=user)", const_cast<char**>(attributes), 0, nullptr, nullptr, nullptr, 1, &answer)) fail("read", rc);
  auto* entry = ldap_first_entry(ld, answer);
  Pre pre{value_of(ld, entry, "pwdLastSet"), value_of(ld, entry, "adminDisplayName")};
  ldap_msgfree(answer);
  return pre;
}

// One modify that swaps pwdLastSet and the marker and enforces history, and (same) the read-back right behind it.
void swap_from(LDAP* ld, const std::string& dn, Pre pre, int number, bool read_back_too) {
  auto& [pls, marker] = pre;
  std::string now = "-1", next = "wb1;" + std::to_string(number) + ";1;A" + std::to_string(::time(nullptr)), password = new_password(number);
  berval old_pls{pls.size(), pls.data()}, new_pls{now.size(), now.data()}, old_marker{marker.size(), marker.data()}, new_marker{next.size(), next.data()};
  berval pw{password.size(), password.data()};
  berval *v1[] = {&old_pls, nullptr}, *v2[] = {&new_pls, nullptr}, *v3[] = {&old_marker, nullptr}, *v4[] = {&new_marker, nullptr}, *v5[] = {&pw, nullptr};
  char pls_name[] = "pwdLastSet", marker_name[] = "adminDisplayName", password_name[] = "unicodePwd", hints[] = "1.2.840.113556.1.4.2239", flags[] = "\x30\x03\x02\x01\x01";
  LDAPMod m1 = modification(LDAP_MOD_DELETE, pls_name, v1), m2 = modification(LDAP_MOD_ADD, pls_name, v2), m3 = modification(LDAP_MOD_DELETE, marker_name, v3);
  LDAPMod m4 = modification(LDAP_MOD_ADD, marker_name, v4), m5 = modification(LDAP_MOD_REPLACE, password_name, v5);
  LDAPMod* mods[] = {&m1, &m2, &m4, &m5, marker.empty() ? nullptr : &m3, nullptr};
  if (!marker.empty()) std::swap(mods[2], mods[4]);  // delete before add
  LDAPControl control{hints, {5, flags}, 1};
  LDAPControl* controls[] = {&control, nullptr};
  int modify = 0, read_back = 0;
  if (int rc = ldap_modify_ext(ld, dn.c_str(), mods, controls, nullptr, &modify)) fail("modify", rc);
  if (read_back_too)
    if (int rc = ldap_search_ext(ld, dn.c_str(), LDAP_SCOPE_BASE, "(objectClass=user)", const_cast<char**>(attributes_after), 0, nullptr, nullptr, nullptr, 1, &read_back)) fail("read back", rc);
  await(ld, modify, "modify");
  if (read_back_too) await(ld, read_back, "read back");
}

// Batches of 100 accounts, each once; only the batches are timed, so that `swap` may learn its expectations in between.
struct Measured {
  std::vector<double> ms;
  double wall_s = 0, cpu_s = 0;
};

void batch(const std::vector<LDAP*>& held, const std::vector<std::string>& dns, std::size_t first, std::size_t count, Work work, Measured& out) {
  std::vector<Pre> pres(dns.size());
  if (work == Work::swap)
    for (std::size_t i = 0; i < dns.size(); ++i) pres[i] = read(held[0], dns[i]);
  std::vector<double> ms(count);
  std::atomic<std::size_t> next{0};
  const auto loop = [&](LDAP* ld) {
    for (auto i = next++; i < count; i = next++) {
      const auto start = Clock::now();
      const auto number = static_cast<int>(first + i);
      if (work == Work::bare) reset_bare(ld, dns[i], number);
      else swap_from(ld, dns[i], work == Work::swap ? std::move(pres[i]) : read(ld, dns[i]), number, work == Work::same);
      ms[i] = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    }
  };
  const auto cpu = std::clock();
  const auto start = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (auto* ld : held) threads.emplace_back(loop, ld);
  }
  out.wall_s += std::chrono::duration<double>(Clock::now() - start).count();
  out.cpu_s += static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  out.ms.insert(out.ms.end(), ms.begin(), ms.end());
}
}  // namespace

int main(int argc, char** argv) {
  if (argc != 9) return std::fprintf(stderr, "usage: raw_loop URI CA BIND_DN BIND_PASSWORD BASE CONNECTIONS COUNT bare|swap|same\n"), 2;
  const std::string word = argv[8];
  const auto work = word == "same" ? Work::same : word == "swap" ? Work::swap
                                                                 : Work::bare;
  const int connections = std::atoi(argv[6]);
  const auto count = static_cast<std::size_t>(std::atoi(argv[7]));
  std::vector<LDAP*> held;
  for (int i = 0; i < connections; ++i) held.push_back(connect(argv));
  std::vector<std::string> dns;
  for (int i = 0; i < 100; ++i) dns.push_back(dn_of(held[0], argv[5], i));
  Measured m;
  for (std::size_t done = 0; done < count; done += dns.size()) batch(held, dns, done, std::min(dns.size(), count - done), work, m);
  std::sort(m.ms.begin(), m.ms.end());
  std::printf("{\"count\":%zu,\"wall_s\":%.3f,\"rate\":%.2f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"cpu_s_per_1000\":%.3f}\n", count, m.wall_s, static_cast<double>(count) / m.wall_s,
      m.ms[count / 2], m.ms[count * 99 / 100], m.cpu_s * 1000 / static_cast<double>(count));
  for (auto* ld : held) ldap_unbind_ext_s(ld, nullptr, nullptr);
}
