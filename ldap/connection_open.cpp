// How a connection comes to be: a socket, encryption, the service account's sign-in. In this order: before it is encrypted
// nothing is sent but the wish to encrypt.
#include <ldap.h>
#include <openldap.h>

#include "core/certificate_end.hpp"
#include "ldap/busy.hpp"
#include "ldap/connection.hpp"
#include "ldap/diagnose.hpp"
#include "ldap/password_file.hpp"
#include "ldap/tls_probe.hpp"

namespace wb::ldap {
namespace {

constexpr ber_len_t largest_answer = 4 * 1024 * 1024;

// GnuTLS' libldap hands the server's own certificate out as DER.
UnixSeconds end_of_server_certificate(::ldap* handle) {
  berval der{};
  if (ldap_get_option(handle, LDAP_OPT_X_TLS_PEERCERT, &der) != LDAP_OPT_SUCCESS || !der.bv_val) return 0;
  const auto end = end_of_certificate(der.bv_val, der.bv_len);
  ber_memfree(der.bv_val);
  return end;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::connect(const Settings& settings, const Endpoint& endpoint, Deadline deadline, Watchdog& dog) {
  auto socket = dial(endpoint, deadline, settings.operation_timeout);
  if (!socket) return std::move(socket).error();
  ::ldap* handle = nullptr;
  if (const int code = ldap_init_fd(socket->get(), LDAP_PROTO_TCP, endpoint.uri.c_str(), &handle); code != LDAP_SUCCESS) {
    return fault(Fault::Kind::internal, "ldap.init", ldap_err2string(code));
  }
  const int descriptor = socket->release();
  std::unique_ptr<Connection> made(new Connection(handle, descriptor, endpoint.uri, dog));
  const int version = LDAP_VERSION3;
  ber_len_t largest = largest_answer;
  Sockbuf* buffer = nullptr;
  auto set = [&](int option, const void* value) { return ldap_set_option(handle, option, value) == LDAP_OPT_SUCCESS; };
  const bool prepared = set(LDAP_OPT_PROTOCOL_VERSION, &version) && set(LDAP_OPT_REFERRALS, LDAP_OPT_OFF) && set(LDAP_OPT_RESTART, LDAP_OPT_OFF) &&
      ldap_get_option(handle, LDAP_OPT_SOCKBUF, &buffer) == LDAP_OPT_SUCCESS && ber_sockbuf_ctrl(buffer, LBER_SB_OPT_SET_MAX_INCOMING, &largest) > 0;
  if (!prepared) return made->fail(Fault::Kind::internal, "ldap.init", "libldap does not take its options");
  return made;
}

Result<std::unique_ptr<Connection>> Connection::open(const Settings& settings, const Endpoint& endpoint, Deadline deadline, Watchdog& dog, Tickets& tickets) {
  auto made = connect(settings, endpoint, deadline, dog);
  if (!made) return made;
  if (settings.encryption == Encryption::kerberos) {
    if (auto done = (*made)->bind_sealed(endpoint, tickets, deadline); !done) return std::move(done).error();
  } else {
    if (auto done = (*made)->encrypt_by_tls(settings, endpoint, deadline); !done) return std::move(done).error();
    if (auto done = (*made)->bind_service(settings, deadline); !done) return std::move(done).error();
  }
  if (auto done = (*made)->read_root(settings, endpoint, deadline); !done) return std::move(done).error();
  if (settings.type == DirectoryType::active_directory)
    if (auto done = (*made)->read_roles(deadline); !done) return std::move(done).error();
  return made;
}

Result<std::unique_ptr<Connection>> Connection::open_unbound(const Settings& settings, const Endpoint& endpoint, Deadline deadline, Watchdog& dog) {
  auto made = connect(settings, endpoint, deadline, dog);
  if (!made) return made;
  if (auto done = (*made)->encrypt_by_tls(settings, endpoint, deadline); !done) return std::move(done).error();
  if (auto done = (*made)->read_root(settings, endpoint, deadline); !done) return std::move(done).error();
  return made;
}

// RFC 4511 section 4.14. What somebody in between adds behind the answer, in the clear, is not read as LDAP: libldap takes one
// message, and what follows is the handshake's.
Result<void> Connection::ask_for_tls(const Endpoint& endpoint, Deadline deadline) {
  int id = -1;
  const Watchdog::Watch watch(dog_, socket_, deadline);
  if (ldap_start_tls(ld_, nullptr, nullptr, &id) != LDAP_SUCCESS) return fail(Fault::Kind::unreachable, "ldap.starttls", endpoint.host + ": the connection was closed");
  auto answer = collect(id, deadline, "ldap.starttls", 0);
  if (!answer) {
    const bool late = answer.error().kind == Fault::Kind::timed_out || watch.bitten();
    return fail(late ? Fault::Kind::timed_out : Fault::Kind::unreachable, "ldap.starttls", endpoint.host + (late ? ": no answer to StartTLS" : ": the connection was closed"));
  }
  if (answer->code == LDAP_SUCCESS) return {};
  if (says_busy(answer->code))
    return fail(Fault::Kind::unreachable, "ldap.starttls", endpoint.host + ": the DC is busy, going down or has no certificate");
  return fail(Fault::Kind::refused, "ldap.starttls", endpoint.host + ": the server refuses TLS (ldap " + std::to_string(answer->code) + "); has it a certificate?");
}

Result<void> Connection::encrypt_by_tls(const Settings& settings, const Endpoint& endpoint, Deadline deadline) {
  const int demand = LDAP_OPT_X_TLS_DEMAND, least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, client = 0;
  const std::string authorities = certificate_authorities(settings.ca_file);
  auto set = [&](int option, const void* value) { return ldap_set_option(ld_, option, value) == LDAP_OPT_SUCCESS; };
  if (!(set(LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) && set(LDAP_OPT_X_TLS_PROTOCOL_MIN, &least) && set(LDAP_OPT_X_TLS_CACERTFILE, authorities.c_str())))
    return fail(Fault::Kind::internal, "ldap.init", "libldap does not take its options");
  // The context reads the CA file: last, after every option that goes into it.
  if (!set(LDAP_OPT_X_TLS_NEWCTX, &client)) return fail(Fault::Kind::refused, "ldap.tls", "cannot read the CA certificates in " + authorities);
  if (settings.encryption != Encryption::ldaps)
    if (auto asked = ask_for_tls(endpoint, deadline); !asked) return asked;
  int code = 0;
  bool bitten = false;
  {
    const Watchdog::Watch watch(dog_, socket_, deadline);
    code = ldap_install_tls(ld_);
    bitten = watch.bitten();
  }
  if (bitten) return fail(Fault::Kind::timed_out, "ldap.tls", endpoint.host + ": no answer to the TLS handshake");
  if (code == LDAP_SUCCESS && ldap_tls_inplace(ld_)) {
    certificate_ends_ = end_of_server_certificate(ld_);
    return {};
  }
  // GnuTLS' libldap does not say what is wrong with a certificate: look again, for the operator.
  return fail(Fault::Kind::refused, "ldap.tls", endpoint.host + ": " + why_not_trusted(endpoint, settings.encryption, authorities, deadline));
}

Result<void> Connection::bind_service(const Settings& settings, Deadline deadline) {
  auto password = read_password_file(settings.bind_password_file);
  if (!password) {
    broken_ = true;
    return std::move(password).error();
  }
  auto bound = bind(settings.bind_dn, *password, {}, deadline);
  if (!bound) return bound.error().kind == Fault::Kind::lost ? fault(Fault::Kind::unreachable, "ldap.bind", bound.error().detail) : std::move(bound).error();
  if (bound->code != LDAP_SUCCESS) return fail(Fault::Kind::refused, "ldap.bind", bind_refusal(bound->code, bound->text));
  return {};
}

}  // namespace wb::ldap
