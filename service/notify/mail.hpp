// A mail as it travels: RFC 5322 headers, a text and an HTML part (RFC 2046 section 5.1.4), everything in ASCII. Pure.
//
// No header can be injected: what comes from outside is encoded (RFC 2047), or is an address that service/methods/email has
// read; control characters do not come through.
#pragma once
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "service/methods/email.hpp"

namespace wb::service {

struct Letter {
  std::string subject;
  std::string text;      // UTF-8, lines end with \n
  std::string html;      // a whole document; empty: text alone
  std::string language;  // BCP 47, "de"
};

struct Sender {
  std::string name;  // shown; may be empty
  EmailAddress address;
};

// Ready for link::send_mail. `id`: a ULID, which makes Message-ID and the border between the parts.
std::string message_of(const Letter& letter, const Sender& from, const EmailAddress& to, UnixSeconds now, std::string_view id);

// RFC 2047: plain where it is short printable ASCII, else encoded words of at most 75 characters, folded.
std::string header_text(std::string_view text);
// RFC 2045 section 6.7: lines of at most 76 characters, CRLF between them and at the end.
std::string quoted_printable(std::string_view text);
// RFC 5322 section 3.3, in UTC.
std::string mail_date(UnixSeconds at);

}  // namespace wb::service
