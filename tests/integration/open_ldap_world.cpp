#include "tests/integration/open_ldap_world.hpp"

#include <gtest/gtest.h>
#include <ldap.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "ldap/memory.hpp"

namespace wb::test {
namespace {

class Process : public testing::Environment {
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    ldap::wipe_ldap_memory();
  }
};
[[maybe_unused]] const auto* process = testing::AddGlobalTestEnvironment(new Process);

struct Unbind {
  void operator()(::ldap* handle) const { ldap_unbind_ext(handle, nullptr, nullptr); }
};
using Handle = std::unique_ptr<::ldap, Unbind>;

Handle connect() {
  ::ldap* raw = nullptr;
  const int version = 3;
  ldap_initialize(&raw, env("SLAPD_URI").c_str());
  ldap_set_option(raw, LDAP_OPT_PROTOCOL_VERSION, &version);
  return Handle(raw);
}

int bind_as(::ldap* handle, const std::string& dn, const std::string& password) {
  const berval credentials{password.size(), const_cast<char*>(password.data())};
  return ldap_sasl_bind_s(handle, dn.c_str(), LDAP_SASL_SIMPLE, const_cast<berval*>(&credentials), nullptr, nullptr, nullptr);
}

void must(int code, const std::string& what) {
  if (code != 0) throw std::runtime_error(what + ": " + std::to_string(code));
}

Handle root() {
  auto handle = connect();
  must(bind_as(handle.get(), env("SLAPD_ROOTDN"), env("SLAPD_ROOTPW")), "the rootdn's bind");
  return handle;
}

pid_t slapd() { return static_cast<pid_t>(std::stol(env("SLAPD_PID"))); }

// Every thread of it stands still: the signal arrives at each in its own time.
bool stopped(pid_t pid) {
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::ifstream file(thread.path() / "stat");
    const std::string stat((std::istreambuf_iterator<char>(file)), {});
    const auto state = stat.rfind(") ");
    if (state != std::string::npos && stat[state + 2] != 'T') return false;
  }
  return true;
}

}  // namespace

std::string env(const char* name) {
  const char* value = std::getenv(name);
  if (!value) {
    std::fprintf(stderr, "%s is not set: run this program with tests/support/slapd/slapd-lab run\n", name);
    std::exit(69);
  }
  return value;
}

ldap::Settings lab_settings() {
  static const std::string file = [] {
    const auto path = std::filesystem::path(env("SLAPD_DIR")) / "svc-wb";
    std::ofstream(path) << env("SLAPD_SVCPW") << '\n';
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return path.string();
  }();
  ldap::Settings settings;
  settings.type = ldap::DirectoryType::openldap;
  settings.domain = "example.org";
  settings.uris = {env("SLAPD_LDAPS_URI")};
  settings.ca_file = env("SLAPD_CA");
  settings.bind_dn = env("SLAPD_SVCDN");
  settings.bind_password_file = file;
  settings.base_dn = env("SLAPD_BASE");
  settings.contacts = {"mail", "mobile", "telephoneNumber"};
  settings.policy_dn = "cn=default,ou=policies," + env("SLAPD_BASE");
  settings.marker_attribute = "wbLastJob";
  settings.history = ldap::HistoryEnforcement::require;
  return settings;
}

std::string fresh_user() {
  static int next = 0;
  std::array<char, 8> name{};
  std::snprintf(name.data(), name.size(), "u%03d", next++);
  return name.data();
}

std::string distinct_password() {
  static int count = 0;
  return "Distinct-Passw0rd-" + std::to_string(count++);
}

ldap::Account found(ldap::Directory& directory, std::string_view name) {
  auto account = directory.find(name);
  if (!account) throw std::runtime_error(account.error().where + ": " + account.error().detail);
  if (!*account) throw std::runtime_error("not found: " + std::string(name));
  return **account;
}

ldap::WriteOrder order_for(const ldap::Account& account) {
  static int fence = 0;
  ldap::WriteOrder order;
  order.sub = account.sub;
  order.pre = account.pre;
  order.marker = "wb1;01JTEST;" + std::to_string(++fence) + ";A";
  return order;
}

int bind_code(const std::string& dn, const std::string& password) { return bind_as(connect().get(), dn, password); }

void root_replace(const std::string& dn, const std::string& attribute, const std::vector<std::string>& values) {
  std::vector<berval> bytes;
  for (const auto& value : values) bytes.push_back({value.size(), const_cast<char*>(value.data())});
  std::vector<berval*> pointers;
  for (auto& one : bytes) pointers.push_back(&one);
  pointers.push_back(nullptr);
  LDAPMod mod{};
  mod.mod_op = LDAP_MOD_REPLACE | LDAP_MOD_BVALUES;
  mod.mod_type = const_cast<char*>(attribute.c_str());
  mod.mod_bvalues = values.empty() ? nullptr : pointers.data();
  LDAPMod* mods[]{&mod, nullptr};
  must(ldap_modify_ext_s(root().get(), dn.c_str(), mods, nullptr, nullptr), "the rootdn's " + attribute);
}

void root_rename(const std::string& dn, const std::string& new_rdn) { must(ldap_rename_s(root().get(), dn.c_str(), new_rdn.c_str(), nullptr, 1, nullptr, nullptr), "rename"); }

std::string root_read(const std::string& dn, const std::string& attribute) {
  auto handle = root();
  char* names[]{const_cast<char*>(attribute.c_str()), nullptr};
  LDAPMessage* message = nullptr;
  ldap_search_ext_s(handle.get(), dn.c_str(), LDAP_SCOPE_BASE, "(objectClass=*)", names, 0, nullptr, nullptr, nullptr, 0, &message);
  std::string value;
  if (auto* entry = ldap_first_entry(handle.get(), message)) {
    if (berval** values = ldap_get_values_len(handle.get(), entry, attribute.c_str())) {
      value.assign(values[0]->bv_val, values[0]->bv_len);
      ldap_value_free_len(values);
    }
  }
  ldap_msgfree(message);
  return value;
}

Frozen::Frozen() {
  ::kill(slapd(), SIGSTOP);
  while (!stopped(slapd())) {}
}
Frozen::~Frozen() { ::kill(slapd(), SIGCONT); }

void BesideSlapd::expect_one_of_four_writers(ldap::Directory& other, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    const auto account = found(*directory_, fresh_user());
    std::atomic<int> applied{0}, failed{0};
    std::vector<std::thread> writers;
    for (auto* directory : {directory_.get(), &other, directory_.get(), &other}) {
      writers.emplace_back([&, directory, order = order_for(account), password = distinct_password()] {
        auto answer = directory->write_password(order, secret(password));
        if (answer && answer->refusal == ldap::Refusal::none) ++applied;
        if (answer && answer->refusal == ldap::Refusal::swap_failed) ++failed;
      });
    }
    for (auto& writer : writers) writer.join();
    EXPECT_EQ(applied, 1);
    EXPECT_EQ(failed, 3);
  }
}

}  // namespace wb::test
