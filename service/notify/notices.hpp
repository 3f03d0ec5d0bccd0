// The mails that the service writes, from the catalogue's texts. Pure.
//
// mail.<name>.subject and mail.<name>.text are there for each; the HTML part is made of the text, a paragraph for each of its
// paragraphs, unless the operator's catalogue has a mail.<name>.html of its own (a whole document; values are escaped in it).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/catalogue.hpp"
#include "service/notify/mail.hpp"

namespace wb::service {

// What each needs besides account, organisation and helpdesk (both may be empty), which all are given:
enum class Notice {
  verification_code,  // code, minutes; of a reset
  registration_code,  // the same, to an address that is to be registered
  second_proof_code,  // the same, to an administrator who has signed in
  password_reset,     // time, link ("this wasn't me"), as the next five
  password_changed,
  account_unlocked,
  method_added,  // and method
  method_removed,
  method_changed,
  administrator_reset,  // time; to all other administrators
  frozen,               // time; to administrators, after "this wasn't me"
  help_wanted,          // time; to administrators
  reset_link,           // link, minutes; what an administrator sends to somebody who is locked out
  invitation,           // link
  reminder,             // link
};
std::string_view to_string(Notice notice);  // the <name>
std::vector<Notice> all_notices();          // in this order
std::optional<Notice> notice_from(std::string_view name);

// A mail before anything is put into it, UTF-8, lines end with \n.
struct Wording {
  std::string language, subject, text;
  std::string html;  // a whole document; empty: made of the text
};
// The catalogue's, in that language, or in English where it does not have it.
Wording wording_of(const Catalogue& catalogue, std::string_view language, Notice notice);

// `values` are texts: what of them is in HTML is escaped here. A paragraph that is nothing but a placeholder without a value (no
// helpdesk) is left out.
Letter letter_of(const Wording& wording, Values values);

}  // namespace wb::service
