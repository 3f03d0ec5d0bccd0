// The service account's sign-in by Kerberos: SASL's mechanism GSSAPI (RFC 4752) as LDAP carries it (RFC 4513 section 5.2), and
// the sealed layer that it leaves behind. Not by Cyrus SASL: that would take tickets, KDCs and the server's name from wherever the
// process's environment and DNS say, without a deadline.
#include <ldap.h>

#include "ldap/busy.hpp"
#include "ldap/connection.hpp"
#include "ldap/diagnose.hpp"
#include "ldap/gss_session.hpp"
#include "ldap/sealed_layer.hpp"
#include "ldap/tickets.hpp"

namespace wb::ldap {
namespace {

constexpr int sasl_rounds_max = 8;
constexpr int weakest = 128;         // bits: AES; RC4 counts as 64
constexpr char confidentiality = 4;  // RFC 4752 section 3.3: 1 none, 2 integrity, 4 confidentiality

std::uint32_t three_bytes(const std::string& text) {
  std::uint32_t number = 0;
  for (std::size_t i = 1; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(text[i]);
  return number;
}

}  // namespace

// One message of the sign-in and its answer.
Result<Connection::SaslAnswer> Connection::say_sasl(const std::string& token, Deadline deadline) {
  const berval credentials{token.size(), const_cast<char*>(token.data())};
  int id = -1;
  if (ldap_sasl_bind(ld_, "", "GSSAPI", const_cast<berval*>(&credentials), nullptr, nullptr, &id) != LDAP_SUCCESS)
    return fail(Fault::Kind::unreachable, "ldap.bind", "the connection was closed");
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(std::max<Deadline::duration>(deadline - std::chrono::steady_clock::now(), {}));
  timeval wait{static_cast<time_t>(left.count() / 1'000'000), static_cast<suseconds_t>(left.count() % 1'000'000)};
  LDAPMessage* message = nullptr;
  const int type = ldap_result(ld_, id, LDAP_MSG_ONE, &wait, &message);
  if (type == 0 || (type < 0 && std::chrono::steady_clock::now() >= deadline)) return fail(Fault::Kind::timed_out, "ldap.bind", "no answer to the bind");
  if (type != LDAP_RES_BIND) {
    ldap_msgfree(message);
    return fail(Fault::Kind::unreachable, "ldap.bind", type < 0 ? "the connection was closed" : "not an answer to a bind");
  }
  SaslAnswer answer;
  berval* theirs = nullptr;
  char* text = nullptr;
  if (ldap_parse_sasl_bind_result(ld_, message, &theirs, 0) != LDAP_SUCCESS || ldap_parse_result(ld_, message, &answer.code, nullptr, &text, nullptr, nullptr, 0) != LDAP_SUCCESS)
    answer.code = LDAP_DECODING_ERROR;
  if (theirs && theirs->bv_val) answer.token.assign(theirs->bv_val, theirs->bv_len);
  if (text) answer.text = text;
  ber_bvfree(theirs);
  ldap_memfree(text);
  ldap_msgfree(message);
  return answer;
}

// Who is who. At the end the server's last token is the offer of layers.
Result<std::string> Connection::authenticate_by(GssSession& session, Deadline deadline) {
  std::string theirs;
  for (int round = 0; round < sasl_rounds_max; ++round) {
    if (session.established()) return theirs;
    auto token = session.step(theirs);
    if (!token) {
      broken_ = true;
      return std::move(token).error();
    }
    auto answer = say_sasl(*token, deadline);
    if (!answer) return std::move(answer).error();
    if (says_busy(answer->code)) return fail(busy_fault("ldap.bind", "the DC"));
    if (answer->code != LDAP_SASL_BIND_IN_PROGRESS) {
      // A Kerberos error in the answer says more than LDAP's code does.
      if (!answer->token.empty() && !session.established())
        if (auto more = session.step(answer->token); !more) return fail(more.error().kind, more.error().where.c_str(), more.error().detail);
      return fail(Fault::Kind::refused, "kerberos.bind", bind_refusal(answer->code, answer->text));
    }
    theirs = std::move(answer->token);
  }
  return fail(Fault::Kind::malformed, "kerberos.bind", "the sign-in goes on and on");
}

Result<void> Connection::bind_sealed(const Endpoint& endpoint, Tickets& tickets, Deadline deadline) {
  auto ticket = tickets.ticket_for(endpoint.host, deadline);
  if (!ticket) {
    broken_ = true;
    return std::move(ticket).error();
  }
  const auto used = *ticket;
  good_until_ = used.good_until;
  auto session = GssSession::begin(std::move(*ticket));
  if (!session) return fail(session.error().kind, session.error().where.c_str(), session.error().detail);
  const Watchdog::Watch watch(dog_, socket_, deadline);
  auto offer = authenticate_by(**session, deadline);
  if (!offer) {
    if (offer.error().kind == Fault::Kind::refused) tickets.forget(used);  // perhaps the controller has a new key
    return std::move(offer).error();
  }
  auto layers = (*session)->unwrap(*offer, false);
  if (!layers || layers->size() != 4) return fail(Fault::Kind::malformed, "kerberos.seal", "the controller's offer of layers can't be read");
  if (((*layers)[0] & confidentiality) == 0) return fail(Fault::Kind::refused, "kerberos.seal", "the controller does not offer to seal");
  if (const int bits = (*session)->strength(); bits < weakest)
    return fail(Fault::Kind::refused, "kerberos.seal", "a seal of " + std::to_string(bits) + " bits, and " + std::to_string(weakest) + " are needed: let the account and the controller use AES");
  auto choice = (*session)->wrap(std::string{confidentiality, static_cast<char>(largest_sealed >> 16 & 0xff), static_cast<char>(largest_sealed >> 8 & 0xff), static_cast<char>(largest_sealed & 0xff)}, false);
  if (!choice) return fail(Fault::Kind::internal, "kerberos.seal", choice.error().detail);
  auto bound = say_sasl(*choice, deadline);
  if (!bound) return std::move(bound).error();
  if (bound->code != LDAP_SUCCESS) return fail(Fault::Kind::refused, "kerberos.bind", bind_refusal(bound->code, bound->text));
  return put_under_seal(ld_, std::move(*session), three_bytes(*layers));
}

}  // namespace wb::ldap
