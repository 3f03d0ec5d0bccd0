// One bound, encrypted connection to a directory server. Used by one thread at a time.
// Once any call has answered with a Fault the connection is broken and only good for being destroyed.
#pragma once
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "ldap/dial.hpp"
#include "ldap/settings.hpp"
#include "ldap/watchdog.hpp"

struct ldap;

namespace wb::ldap {

class GssSession;
class Tickets;

struct Entry {
  std::string dn;
  std::vector<std::pair<std::string, std::vector<std::string>>> attributes;  // values are bytes
  const std::vector<std::string>& values(std::string_view name) const;       // any case; empty: not there
  std::string first(std::string_view name) const;                            // empty: not there
};

struct Control {
  std::string oid, value;
  bool critical = true;
};

// LDAP_SERVER_SD_FLAGS_OID (MS-ADTS 3.1.1.3.4.1.11) with DACL_SECURITY_INFORMATION: who may not see a descriptor's audit
// part would get none of it.
Control dacl_only();

struct Search {
  std::string base;
  bool subtree = false;  // else the base object alone
  std::string filter = "(objectClass=*)";
  std::vector<std::string> attributes;
  int entries_max = 0;  // 0: the server's own limit
  std::optional<Control> control = {};
};

struct Found {
  int code = 0;  // LDAP result code; 32: no such object, 4: there are more than entries_max
  std::string text;
  std::vector<Entry> entries;
  std::vector<Control> controls = {};  // that came with the result
};

struct Modification {
  enum class Op { add,
    remove,
    replace,
    clear /* every value, if there is any */ } op;
  std::string attribute;
  std::string value;
  const Secret* secret = nullptr;  // instead of `value`
};

struct Modified {
  int code = 0;
  std::string text;
  std::optional<Found> after;          // the read-back; nullopt: it failed, and the connection is broken
  std::vector<Control> controls = {};  // that came with the answer
};

// What a bind came to.
struct Bound {
  int code = 0;  // LDAP result code; 49: refused, `text` says why
  std::string text;
  std::vector<Control> controls = {};  // that came with the answer
};

struct RootDse {
  std::string dc;  // dnsHostName, lower case; OpenLDAP has none: the URI's host, and ":port" where it is not the usual one
  std::string base, configuration;
  bool pdc = false, read_only = false;  // AD: holds the PDC emulator role; is an RODC. Not read on open_unbound()
  std::string server;                   // AD: dsServiceName, which fSMORoleOwner is compared with
  std::string hints_oid;                // the policy hints control this DC has; empty: none
  std::vector<std::string> suffixes;    // namingContexts; OpenLDAP only, as what follows
  bool asserts = false;                 // has the assertion control (RFC 4528)
  bool has_policy = false;              // has the password policy control: slapo-ppolicy is loaded
  bool modifies_passwords = false;      // has the Password Modify operation (RFC 3062)
};

class Connection {
 public:
  // Connects, encrypts as Settings::encryption says (TLS 1.2 or later; certificate and name verified, no switch), binds and
  // reads the rootDSE, all before `deadline`. Faults at ldap.connect, ldap.resolve, ldap.starttls, ldap.tls, ldap.bind, ldap.root.
  // Encryption::kerberos: signs in with `tickets` and seals; faults at "kerberos.seal" (under 128 bits), "kerberos.bind", and
  // those of the tickets.
  static Result<std::unique_ptr<Connection>> open(const Settings& settings, const Endpoint& endpoint, Deadline deadline, Watchdog& dog, Tickets& tickets);
  // Without a bind: only for bind(), once. Always under TLS (StartTLS, where the service's own connections are sealed by
  // Kerberos), because a password will follow. The rootDSE has been read as nobody.
  static Result<std::unique_ptr<Connection>> open_unbound(const Settings& settings, const Endpoint& endpoint, Deadline deadline, Watchdog& dog);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const RootDse& root() const { return root_; }
  const std::string& uri() const { return uri_; }
  bool is_pdc(const Entry& head) const;  // by fSMORoleOwner of the domain's head (MS-ADTS 6.1.5.3)
  bool broken() const { return broken_; }
  UnixSeconds good_until() const { return good_until_; }              // the ticket that it is sealed with ends soon after
  UnixSeconds certificate_ends() const { return certificate_ends_; }  // the server's; 0: without TLS
  bool quiet() const;                                                 // idle and still open: a closed or noisy connection has something to read

  // A simple bind. Fault refused: `name` or `password` is empty, which would be an anonymous bind (RFC 4513 section 5.1).
  // Fault unreachable: the DC is busy. timed_out or lost: it may have been counted as a wrong password.
  Result<Bound> bind(const std::string& name, const Secret& password, const std::vector<Control>& controls, Deadline deadline);
  Result<Found> search(const Search& search, Deadline deadline);  // Fault unreachable: the DC is busy or going down
  // One Modify and, right behind it and without waiting, `read_back`. Fault internal: nothing was sent; timed_out or
  // lost: it was sent (or partly) and its effect is not known.
  Result<Modified> modify(const std::string& dn, const std::vector<Modification>& mods, const std::vector<Control>& controls,
      const Search* read_back, Deadline deadline);
  Result<Modified> modify(const std::string& dn, const std::vector<Modification>& mods, const std::optional<Control>& control,
      const Search* read_back, Deadline deadline) {
    return modify(dn, mods, control ? std::vector<Control>{*control} : std::vector<Control>(), read_back, deadline);
  }
  // One extended operation (RFC 4511 section 4.12). Faults as of modify(); `after` is never there.
  Result<Modified> extended(const std::string& oid, const Secret& value, const std::vector<Control>& controls, Deadline deadline);
  // The control that makes an operation depend on a filter (RFC 4528). Fault internal: not a filter.
  Result<Control> assertion(const std::string& filter) const;

 private:
  struct SaslAnswer {
    int code = 0;
    std::string text, token;
  };
  Connection(::ldap* handle, int socket, std::string uri, Watchdog& dog) : ld_(handle), socket_(socket), uri_(std::move(uri)), dog_(dog) {}
  static Result<std::unique_ptr<Connection>> connect(const Settings& settings, const Endpoint& endpoint, Deadline deadline, Watchdog& dog);
  Result<void> encrypt_by_tls(const Settings& settings, const Endpoint& endpoint, Deadline deadline);
  Result<void> ask_for_tls(const Endpoint& endpoint, Deadline deadline);
  Result<SaslAnswer> say_sasl(const std::string& token, Deadline deadline);
  Result<std::string> authenticate_by(GssSession& session, Deadline deadline);
  Result<void> bind_sealed(const Endpoint& endpoint, Tickets& tickets, Deadline deadline);
  Result<void> bind_service(const Settings& settings, Deadline deadline);
  Result<void> read_root(const Settings& settings, const Endpoint& endpoint, Deadline deadline);
  Result<void> read_roles(Deadline deadline);
  Result<void> take_open_ldap_root(const Entry& root, const Settings& settings, const Endpoint& endpoint);
  Result<int> send(const Search& search, const char* where);
  Result<Found> collect(int id, Deadline deadline, const char* where, int most);
  std::string why_lost() const;
  Fault fail(Fault why);
  Fault fail(Fault::Kind kind, const char* where, std::string detail = {}) { return fail(fault(kind, where, std::move(detail))); }

  ::ldap* ld_;
  int socket_;  // owned by ld_
  std::string uri_;
  Watchdog& dog_;
  RootDse root_;
  UnixSeconds good_until_ = std::numeric_limits<UnixSeconds>::max();
  UnixSeconds certificate_ends_ = 0;
  bool broken_ = false;
};

}  // namespace wb::ldap
