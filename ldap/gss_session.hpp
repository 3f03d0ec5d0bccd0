// One Kerberos security context of the GSSAPI (RFC 2743, RFC 4121), as the initiator. <gssapi.h> stays in the .cpp.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "ldap/tickets.hpp"

namespace wb::ldap {

class GssSession {
 public:
  // Fault internal at "kerberos.session": the GSSAPI does not take the ticket.
  static Result<std::unique_ptr<GssSession>> begin(Ticket ticket);
  ~GssSession();
  GssSession(const GssSession&) = delete;
  GssSession& operator=(const GssSession&) = delete;

  // The next token for the acceptor, given its last one (at first: none). Empty once established() says so and there is
  // nothing left to say. Faults: kerberos_fault()'s. Never asks the network: the ticket is there.
  Result<std::string> step(std::string_view token);
  bool established() const { return established_; }  // and the acceptor has proved who it is
  // Strength of its encryption in bits, as a SASL security layer counts it; 0: it has none.
  int strength() const;

  // `sealed`: encrypted as well as signed. Fault malformed at "kerberos.seal": not what the other side has made.
  Result<std::string> wrap(std::string_view plain, bool sealed) const;
  Result<std::string> unwrap(std::string_view wrapped, bool sealed) const;
  std::uint32_t largest_plain(std::uint32_t largest_wrapped) const;

 private:
  struct Handles;
  GssSession(Ticket ticket, std::unique_ptr<Handles> handles);

  const Ticket ticket_;  // the context uses its cache
  const std::unique_ptr<Handles> handles_;
  bool established_ = false;
};

}  // namespace wb::ldap
