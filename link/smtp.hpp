// One mail to one recipient through the organisation's relay (SMTP, RFC 5321), blocking, through libcurl.
//
// A server's no is an answer, and has a kind; a Fault is that there was no answer. Nothing but the kind and the three digits
// of what the server said goes any further: its text repeats addresses.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "link/settings.hpp"

namespace wb::link {

constexpr std::size_t mail_bytes_max = 256 * 1024;

enum class Delivery {
  accepted,           // the relay has taken it over
  recipient_refused,  // 5xx to RCPT: there is no such mailbox, or none may write to it; again is of no use
  message_refused,    // 5xx to MAIL or DATA: our sender or the message itself; the operator's to mend
  later,              // 4xx to anything: again in a while
};
struct SmtpAnswer {
  Delivery delivery = Delivery::later;
  int status = 0;  // RFC 5321 section 4.2
};

// `from`, `to`: addresses in ASCII without brackets. `message`: RFC 5322 with CRLF at every line end (service/notify/mail).
//   internal     smtp.message        not so: a line break or bracket in an address, a bare CR or LF, a line over 998 bytes
//   exhausted    smtp.message        over 256 KiB
//   refused      smtp.settings       Security::none and not to this machine; a host or hello that is no name
//   refused      smtp.password_file  unreadable, empty, open to others
//   unreachable  smtp.connect        name unknown, no route, nobody there, or the line broke before the mail was handed over
//   timed_out    smtp.connect        before the server's greeting; smtp.session: after it, before the mail was handed over
//   refused      smtp.tls            no STARTTLS, a certificate we don't believe, no common version (TLS 1.2 and 1.3)
//   refused      smtp.sign_in        user or password; or the server wants a sign-in that it does not offer
//   refused      smtp.greeting       5xx to the connection or to EHLO
//   malformed    smtp.session        not SMTP
//   lost         smtp.answer         the mail was handed over and the last word did not come: it may arrive, sent again twice
Result<SmtpAnswer> send_mail(const SmtpSettings& settings, std::string_view from, std::string_view to, std::string_view message);

}  // namespace wb::link
