// What people type and browsers send to the reset pages: answers, addresses, codes, languages; and what becomes of it in a mail.
#include "service/catalogue.hpp"
#include "service/language.hpp"
#include "service/methods/answer_text.hpp"
#include "service/methods/codes.hpp"
#include "service/methods/email.hpp"
#include "service/methods/totp.hpp"
#include "service/notify/mail.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {
using namespace service;

void run(std::string_view input) {
  if (const auto answer = normalised(input)) hold(answer->size() > answer_bytes_max || normalised(*answer) == answer, "an answer does not change the second time");
  if (const auto address = read_email(input)) {
    hold(read_email(address->text()) == address, "an address there and back");
    hold(is_inside(*address, {address->domain}), "an address is inside its own domain");
    (void)masked(*address);
  }
  const auto language = negotiated(input, input, {"de", "en", "pt-br"});
  hold(language == "de" || language == "en" || language == "pt-br", "a language that we have");
  static const auto key = Secret::copy_of("12345678901234567890");
  (void)check_totp(key, input, 59, std::nullopt);
  SentCode code{std::string(32, 'x'), 0, 300, 1, false};
  hold(check_code(code, key, {"s", "d"}, input, 1) == CodeVerdict::wrong, "nobody guesses a MAC");
  const auto escaped = filled_html("{x}", {{"x", input}});
  hold(escaped.find_first_of("<>\"'\r\n") == std::string::npos, "escaped, and in its line");
  const auto message = message_of({std::string(input), std::string(input), {}, std::string(input)}, {std::string(input), {"a", "b.example"}}, {"c", "d.example"}, 0, "ID");
  hold(message.find("\r\n\r\n") == message.find("\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n") + 45, "no header and no end of them but ours");
}

}  // namespace wb::fuzz
