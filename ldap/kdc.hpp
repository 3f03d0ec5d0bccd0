// One question to a Key Distribution Center, over TCP (RFC 4120 section 7.2.2), with a deadline: libkrb5 by itself would try
// every KDC three times over UDP and TCP, for a minute, and cannot be told to hurry.
#pragma once
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "ldap/watchdog.hpp"

namespace wb::ldap {

inline constexpr std::uint16_t kdc_port = 88;

// `request` and the answer are DER, without the length in front. Every domain controller is a KDC, so `host` is the one that
// the ticket is for. Faults at "kerberos.kdc": unreachable, timed_out, malformed (an answer over 1 MiB, or cut short).
Result<std::string> ask_kdc(const std::string& host, std::string_view request, Deadline deadline, std::uint16_t port = kdc_port);

}  // namespace wb::ldap
