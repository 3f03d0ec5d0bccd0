// How fast one connection resolves accounts: our Directory against a raw libldap loop that asks for the same, in turns on the
// same domain controller. Run by scripts/bench directory, inside ad-lab. `read`: one search for an account by its objectGUID, as
// before each write. `find`: a name, as a probe does: one search for who it is, one for everything about him.
#include <ldap.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "ldap/account.hpp"
#include "ldap/directory.hpp"
#include "ldap/settings.hpp"
#include "ldap/text.hpp"

namespace {
using namespace wb::ldap;
using Clock = std::chrono::steady_clock;
constexpr int people = 100, rounds = 12;

std::string env(const char* name) {
  const char* value = std::getenv(name);
  if (!value) std::exit((std::fprintf(stderr, "%s is not set: run it with ad-lab\n", name), 69));
  return value;
}
[[noreturn]] void fail(const char* what) { std::exit((std::fprintf(stderr, "bench_directory: %s\n", what), 1)); }

LDAP* connect(const Settings& settings) {
  LDAP* ld = nullptr;
  int demand = LDAP_OPT_X_TLS_HARD, client = 0;
  auto password = env("AD_SVC_PW");
  berval credentials{password.size(), password.data()};
  ldap_initialize(&ld, settings.uris.front().c_str());
  ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
  ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, settings.ca_file.c_str());
  ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
  ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client);
  if (ldap_sasl_bind_s(ld, settings.bind_dn.c_str(), LDAP_SASL_SIMPLE, &credentials, nullptr, nullptr, nullptr) != 0) fail("bind");
  return ld;
}

// One search, its whole answer taken apart and thrown away.
void search(LDAP* ld, const std::string& base, int scope, const std::string& filter, const std::vector<std::string>& attributes, bool dacl) {
  std::vector<char*> names;
  for (const auto& name : attributes) names.push_back(const_cast<char*>(name.c_str()));
  names.push_back(nullptr);
  auto control = dacl_only();
  LDAPControl sent{control.oid.data(), {control.value.size(), control.value.data()}, 1};
  LDAPControl* controls[]{&sent, nullptr};
  LDAPMessage* answer = nullptr;
  if (ldap_search_ext_s(ld, base.c_str(), scope, filter.c_str(), names.data(), 0, dacl ? controls : nullptr, nullptr, nullptr, 10, &answer) != 0) fail("search");
  auto* entry = ldap_first_entry(ld, answer);
  if (!entry) fail("nobody found");
  BerElement* at = nullptr;
  for (char* name = ldap_first_attribute(ld, entry, &at); name; name = ldap_next_attribute(ld, entry, at)) {
    ldap_value_free_len(ldap_get_values_len(ld, entry, name));
    ldap_memfree(name);
  }
  ber_free(at, 0);
  ldap_msgfree(answer);
}

template <class F> double rate(F one) {
  const auto start = Clock::now();
  for (int i = 0; i < people; ++i) one(i);
  return people / std::chrono::duration<double>(Clock::now() - start).count();
}
double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}
}  // namespace

int main() {
  Settings settings;
  settings.domain = env("AD_DOMAIN"), settings.uris = {env("AD_URI")}, settings.ca_file = env("AD_CA"), settings.bind_dn = env("AD_SVC");
  settings.marker_attribute = "adminDisplayName", settings.connections = 1;
  settings.bind_password_file = std::string(std::getenv("TMPDIR") ? std::getenv("TMPDIR") : "/tmp") + "/bench-directory-password";
  std::ofstream(settings.bind_password_file) << env("AD_SVC_PW") << '\n';
  std::filesystem::permissions(settings.bind_password_file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto directory = open_directory(settings);
  auto* raw = connect(settings);
  std::vector<std::string> names, subs;
  for (int i = 0; i < people; ++i) {
    char name[8];
    std::snprintf(name, sizeof name, "u%03d", i);
    auto account = directory->find(name);
    if (!account || !*account) fail("find");
    names.emplace_back(name), subs.push_back((*account)->sub);
  }
  const auto person = std::string("(&(objectCategory=person)(objectClass=user))");
  const auto guard = account_attributes(Detail::guard, settings), probe = account_attributes(Detail::probe, settings);
  std::vector<double> read_ours, read_raw, find_ours, find_raw;
  for (int round = 0; round < rounds; ++round) {
    read_raw.push_back(rate([&](int i) { search(raw, guid_dn(subs[i]), LDAP_SCOPE_BASE, person, guard, false); }));
    read_ours.push_back(rate([&](int i) { if (auto found = directory->read(subs[i]); !found || !*found) fail("read"); }));
    find_raw.push_back(rate([&](int i) {
      search(raw, env("AD_BASE"), LDAP_SCOPE_SUBTREE, "(&(objectCategory=person)(objectClass=user)(|(userPrincipalName=" + names[i] + ")(sAMAccountName=" + names[i] + ")(mail=" + names[i] + ")))",
          {"objectGUID", "userPrincipalName", "sAMAccountName", "mail"}, false);
      search(raw, guid_dn(subs[i]), LDAP_SCOPE_BASE, person, probe, true);
    }));
    find_ours.push_back(rate([&](int i) { if (auto found = directory->find(names[i]); !found || !*found) fail("find"); }));
  }
  std::printf("one connection, %d rounds of %d, medians:\n", rounds, people);
  std::printf("  read by objectGUID  raw %7.0f/s  ours %7.0f/s  ours : raw %.2f\n", median(read_raw), median(read_ours), median(read_ours) / median(read_raw));
  std::printf("  find by name        raw %7.0f/s  ours %7.0f/s  ours : raw %.2f\n", median(find_raw), median(find_ours), median(find_ours) / median(find_raw));
  ldap_unbind_ext_s(raw, nullptr, nullptr);
}
