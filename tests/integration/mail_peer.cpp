// link/smtp and service/notify as a program, for mail_test.py: writes one mail and says what became of it.
//   mail_peer PORT [NAME=VALUE]...   host, security, ca, user, password_file, hello, deadline_ms, from, to, language, account
//   mail_peer PORT https=HOST [deadline_ms=N]   asks https://HOST:PORT/ by link/https_client instead
// Says "accepted 250", "recipient_refused 550" and so on, or "fault KIND WHERE: DETAIL".
#include <iostream>
#include <map>

#include "core/clock.hpp"
#include "core/ids.hpp"
#include "link/https_client.hpp"
#include "link/smtp.hpp"
#include "service/notify/notices.hpp"

namespace {
using namespace wb;

std::string_view name_of(link::Delivery delivery) {
  switch (delivery) {
    case link::Delivery::accepted: return "accepted";
    case link::Delivery::recipient_refused: return "recipient_refused";
    case link::Delivery::message_refused: return "message_refused";
    case link::Delivery::later: return "later";
  }
  return "";
}

link::SmtpSettings settings_of(int port, std::map<std::string, std::string>& given) {
  using Security = link::SmtpSettings::Security;
  link::SmtpSettings settings;
  settings.host = given.contains("host") ? given["host"] : "localhost";
  settings.port = static_cast<unsigned short>(port);
  settings.security = given["security"] == "tls" ? Security::tls : given["security"] == "none" ? Security::none
                                                                                               : Security::starttls;
  settings.ca_file = given["ca"];
  settings.user = given["user"];
  settings.password_file = given["password_file"];
  settings.hello = given["hello"];
  if (given.contains("deadline_ms")) settings.deadline = std::chrono::milliseconds(std::stol(given["deadline_ms"]));
  return settings;
}

int ask(const std::string& url, long deadline_ms) {
  const auto got = link::https_post(url, "{}", {}, {}, std::chrono::milliseconds(deadline_ms));
  if (got) std::cout << "status " << got->status << '\n';
  else std::cout << "fault " << to_string(got.error().kind) << ' ' << got.error().where << ": " << got.error().detail << '\n';
  return 0;
}
}  // namespace

int main(int count, char** words) {
  std::map<std::string, std::string> given;
  for (int i = 2; i < count; ++i) {
    const std::string word = words[i];
    given[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
  }
  if (given.contains("https")) return ask("https://" + given["https"] + ':' + words[1] + '/', std::stol(given["deadline_ms"]));
  const auto catalogue = service::Catalogue::load();
  const auto to = given.contains("to") ? given["to"] : "alice@example.org";
  const auto at = to.find('@');
  const auto letter = service::letter_of(service::wording_of(*catalogue, given["language"], service::Notice::verification_code),
      {{"account", given["account"]}, {"organisation", "Contoso Größe AG"}, {"helpdesk", ""}, {"code", "12345678"}, {"minutes", "5"}});
  const service::Sender from{"Contoso Größe AG", {"no-reply", "contoso.example"}};
  const auto message = given.contains("raw") ? given["raw"] : service::message_of(letter, from, {to.substr(0, at), to.substr(at + 1)}, unix_now(), new_ulid());
  const auto sent = link::send_mail(settings_of(std::stoi(words[1]), given), given.contains("from") ? given["from"] : from.address.text(), to, message);
  if (sent) std::cout << name_of(sent->delivery) << ' ' << sent->status << '\n';
  else std::cout << "fault " << to_string(sent.error().kind) << ' ' << sent.error().where << ": " << sent.error().detail << '\n';
}
