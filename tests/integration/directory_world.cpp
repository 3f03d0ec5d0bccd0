#include "tests/integration/directory_world.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <ldap.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "ldap/memory.hpp"
#include "ldap/text.hpp"

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
  const int version = 3, client = 0;
  ldap_initialize(&raw, env("AD_URI").c_str());
  ldap_set_option(raw, LDAP_OPT_PROTOCOL_VERSION, &version);
  ldap_set_option(raw, LDAP_OPT_X_TLS_CACERTFILE, env("AD_CA").c_str());
  ldap_set_option(raw, LDAP_OPT_X_TLS_NEWCTX, &client);
  return Handle(raw);
}

int bind_as(::ldap* handle, const std::string& name, const std::string& password) {
  const berval credentials{password.size(), const_cast<char*>(password.data())};
  return ldap_sasl_bind_s(handle, name.c_str(), LDAP_SASL_SIMPLE, const_cast<berval*>(&credentials), nullptr, nullptr, nullptr);
}

Handle administrator() {
  auto handle = connect();
  if (const int code = bind_as(handle.get(), env("AD_ADMIN"), env("AD_ADMIN_PW")); code != 0) throw std::runtime_error("administrator: " + std::to_string(code));
  return handle;
}

int listen_on_loopback(int& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 16) != 0) throw std::runtime_error("listen");
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return listener;
}

int connect_to_dc(int port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, "127.0.0.53", &address.sin_addr);
  if (::connect(made, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) throw std::runtime_error("the DC's port");
  return made;
}

}  // namespace

std::string env(const char* name) {
  const char* value = std::getenv(name);
  if (!value) {
    std::fprintf(stderr, "%s is not set: run this program with tests/support/ad/ad-lab run\n", name);
    std::exit(69);
  }
  return value;
}

std::string password_file(const std::string& content) {
  static int count = 0;
  const auto path = std::filesystem::temp_directory_path() / ("wb-ad-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
  std::ofstream(path) << content << '\n';
  std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return path;
}

ldap::Settings lab_settings() {
  ldap::Settings settings;
  settings.domain = env("AD_DOMAIN");
  settings.uris = {env("AD_URI")};
  settings.ca_file = env("AD_CA");
  settings.bind_dn = env("AD_SVC");
  static const std::string file = password_file(env("AD_SVC_PW"));
  settings.bind_password_file = file;
  settings.marker_attribute = "adminDisplayName";
  settings.contacts = {"mail", "mobile", "telephoneNumber"};
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

ldap::WriteOrder order_for(const ldap::Account& account) {
  static int fence = 0;
  ldap::WriteOrder order;
  order.sub = account.sub;
  order.pre = account.pre;
  order.marker = "wb1;01JTEST;" + std::to_string(++fence) + ";A";
  return order;
}

ldap::Account found(ldap::Directory& directory, std::string_view name) {
  auto account = directory.find(name);
  if (!account) throw std::runtime_error(account.error().where + ": " + account.error().detail);
  if (!*account) throw std::runtime_error("not found: " + std::string(name));
  return **account;
}

int bind_code(const std::string& upn, const std::string& password) { return bind_as(connect().get(), upn, password); }

void admin_replace(const std::string& dn, const std::string& attribute, const std::string& value) {
  berval bytes{value.size(), const_cast<char*>(value.data())};
  berval* values[]{value.empty() ? nullptr : &bytes, nullptr};  // none: the attribute goes
  LDAPMod mod{};
  mod.mod_op = LDAP_MOD_REPLACE | LDAP_MOD_BVALUES;
  mod.mod_type = const_cast<char*>(attribute.c_str());
  mod.mod_bvalues = values;
  LDAPMod* mods[]{&mod, nullptr};
  const int code = ldap_modify_ext_s(administrator().get(), dn.c_str(), mods, nullptr, nullptr);
  if (code != 0) throw std::runtime_error("the administrator's " + attribute + ": " + std::to_string(code));
}

void admin_set_password(const std::string& dn, const std::string& password) {
  admin_replace(dn, "unicodePwd", ldap::quoted_utf16(secret(password))->expose([](std::string_view bytes) { return std::string(bytes); }));
}

std::string admin_read(const std::string& dn, const std::string& attribute) {
  auto handle = administrator();
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

int admin_reset_with_hints(const std::string& dn, const std::string& password, const std::string& oid, bool critical) {
  auto quoted = ldap::quoted_utf16(secret(password))->expose([](std::string_view bytes) { return std::string(bytes); });
  berval bytes{quoted.size(), quoted.data()};
  berval* values[]{&bytes, nullptr};
  LDAPMod mod{};
  mod.mod_op = LDAP_MOD_REPLACE | LDAP_MOD_BVALUES;
  mod.mod_type = const_cast<char*>("unicodePwd");
  mod.mod_bvalues = values;
  LDAPMod* mods[]{&mod, nullptr};
  LDAPControl hints{const_cast<char*>(oid.c_str()), {5, const_cast<char*>("\x30\x03\x02\x01\x01")}, static_cast<char>(critical)};
  LDAPControl* controls[]{&hints, nullptr};
  return ldap_modify_ext_s(administrator().get(), dn.c_str(), mods, controls, nullptr);
}

bool has_hints() { return env("AD_SAMBA") == "4.24"; }

int dc_pid() {
  int pid = 0;
  std::ifstream(env("AD_ROOT") + "/dc1/main.pid") >> pid;
  return pid;
}

Relay::Relay(int dc_port) : dc_port_(dc_port), listener_(listen_on_loopback(port_)) {
  if (::pipe(wake_) != 0) throw std::runtime_error("pipe");
  thread_ = std::thread([this] { run(); });
}

Relay::~Relay() {
  stop_ = true;
  (void)!::write(wake_[1], "x", 1);
  thread_.join();
  for (const int one : {listener_, wake_[0], wake_[1]}) ::close(one);
}

void Relay::cut() {
  cut_ = true;
  (void)!::write(wake_[1], "x", 1);
  while (cut_) std::this_thread::yield();
}

void Relay::run() {
  struct Link {
    int client, server;
  };
  std::vector<Link> links;
  auto close = [](const Link& link) { ::close(link.client); ::close(link.server); };
  std::array<char, 65536> buffer;
  auto pass = [&](int from, int to, bool to_client, bool drop) {
    const auto count = ::read(from, buffer.data(), buffer.size());
    if (to_client && delay_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(delay_));  // a controller that is slow
    return count > 0 && (drop || ::write(to, buffer.data(), static_cast<std::size_t>(count)) == count);
  };
  while (!stop_) {
    std::vector<pollfd> waiting{{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const auto& link : links) {
      waiting.push_back({link.client, POLLIN, 0});
      waiting.push_back({link.server, POLLIN, 0});
    }
    ::poll(waiting.data(), waiting.size(), -1);
    if (waiting[0].revents) (void)!::read(wake_[0], buffer.data(), buffer.size());
    if (cut_) {
      for (const auto& link : links) close(link);
      links.clear();
      cut_ = false;
      continue;
    }
    for (std::size_t i = links.size(); i-- > 0;) {
      const bool alive = (!waiting[2 + 2 * i].revents || pass(links[i].client, links[i].server, false, false)) && (!waiting[3 + 2 * i].revents || pass(links[i].server, links[i].client, true, swallow_));
      if (alive) continue;
      close(links[i]);
      links.erase(links.begin() + static_cast<long>(i));
    }
    if (waiting[1].revents) {
      links.push_back({::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), connect_to_dc(dc_port_)});
      ++accepted_;
    }
  }
  for (const auto& link : links) close(link);
}

SilentServer::SilentServer() : listener_(listen_on_loopback(port_)) {}  // the kernel accepts, nobody reads
SilentServer::~SilentServer() { ::close(listener_); }

}  // namespace wb::test
