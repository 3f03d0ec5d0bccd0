// What the directory tests need of the lab (tests/support/ad): settings, people, an administrator's hand, and a relay
// that can cut connections or swallow answers.
#pragma once
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ldap/directory.hpp"
#include "ldap/settings.hpp"

namespace wb::test {

std::string env(const char* name);  // fails the test program when it is not there: run it with ad-lab
std::string password_file(const std::string& content);
ldap::Settings lab_settings();    // as svc-wb, marker adminDisplayName
std::string fresh_user();         // u000, u001, ...: one nobody has touched in this run
std::string distinct_password();  // never the same twice
inline Secret secret(std::string_view text) { return Secret::copy_of(text); }

ldap::WriteOrder order_for(const ldap::Account& account);
// find() that must find.
ldap::Account found(ldap::Directory& directory, std::string_view name);

int bind_code(const std::string& upn, const std::string& password);  // LDAP result of a simple bind
// As the administrator: replaces one attribute (a quoted UTF-16 value for unicodePwd), reads one.
void admin_replace(const std::string& dn, const std::string& attribute, const std::string& value);
void admin_set_password(const std::string& dn, const std::string& password);
std::string admin_read(const std::string& dn, const std::string& attribute);
// An administrator's reset with the policy hints control of that OID, sent critical or not: the LDAP result.
int admin_reset_with_hints(const std::string& dn, const std::string& password, const std::string& oid, bool critical);
int dc_pid();
// The lab's Samba has the policy hints control (4.24); 4.17 has none, and answers a refused reset with 19.
bool has_hints();

// Passes bytes from 127.0.0.1:port() to a port of the DC's.
class Relay {
 public:
  explicit Relay(int dc_port = 636);
  ~Relay();
  int port() const { return port_; }
  std::string uri(const std::string& host = "127.0.0.1") const { return (dc_port_ == 636 ? "ldaps://" : "ldap://") + host + ":" + std::to_string(port_); }
  void cut();  // closes every connection it has now; returns when they are closed
  void swallow_answers(bool on) { swallow_ = on; }
  void delay_answers(std::chrono::milliseconds by) { delay_ = static_cast<int>(by.count()); }
  int accepted() const { return accepted_; }

 private:
  void run();
  const int dc_port_;
  int port_ = 0, listener_ = -1, wake_[2]{-1, -1};
  std::atomic<bool> swallow_{false}, stop_{false}, cut_{false};
  std::atomic<int> accepted_{0}, delay_{0};
  std::thread thread_;
};

// Accepts connections and never says a word.
class SilentServer {
 public:
  SilentServer();
  ~SilentServer();
  std::string uri(const std::string& scheme = "ldaps://") const { return scheme + "127.0.0.1:" + std::to_string(port_); }

 private:
  int port_ = 0, listener_ = -1;
};

}  // namespace wb::test
