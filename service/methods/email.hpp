// Addresses that codes are sent to: which are ones, which are outside the organisation, and how they are shown. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wb::service {

constexpr std::size_t address_bytes_max = 254;  // RFC 5321 section 4.5.3.1.3, without its brackets
struct EmailAddress {
  std::string local;   // as typed
  std::string domain;  // in lower case; labels of other letters as A-labels (xn--..., RFC 5890 section 2.3.2.1), as they travel
  std::string text() const { return local + '@' + domain; }
  bool operator==(const EmailAddress&) const = default;
};

// The everyday part of RFC 5321 section 4.1.2: a dot-string of at most 64 characters, a domain name of two labels or more
// (RFC 1035 section 2.3.4; no address in brackets), address_bytes_max in all. The domain may be of any letters (IDNA 2008, RFC 5891, as UTS 46
// maps them), what stands before the @ is ASCII: mail servers that take more (RFC 6531) are rare. Spaces around it do not count. nullopt for
// anything else: quoted names, comments and routes open more holes than doors.
std::optional<EmailAddress> read_email(std::string_view text);

// Whether the organisation itself keeps that mailbox: its domain is one of these or lies below one. Who can't sign in can't
// read such mail, so it proves nothing.
bool is_inside(const EmailAddress& address, const std::vector<std::string>& own_domains);

// "a…@e…com": enough for its owner to know it, and too little for others; lengths are not told either. An A-label is shown by
// its first letter as its owner knows it.
std::string masked(const EmailAddress& address);

// What counts as one destination: the address in lower case. (Servers that tell Alice from alice are only in the RFC.)
std::string limit_key(const EmailAddress& address);

}  // namespace wb::service
