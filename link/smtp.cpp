#include "link/smtp.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "core/clock.hpp"
#include "core/ids.hpp"
#include "core/secret.hpp"
#include "link/curl.hpp"
#include "platform/private_files.hpp"

namespace wb::link {
namespace {
using Security = SmtpSettings::Security;

// How far the conversation came: each command that was sent, in order. `handed_over`: the message and its end, too.
enum class Stage { connecting,
  greeted,
  signing_in,
  sender,
  recipient,
  message,
  handed_over };

struct Transfer {
  std::string_view left;
  BootClock::time_point deadline;
  Stage stage = Stage::connecting;
};

// libcurl's own deadline does not cover the wait for the answer to QUIT: this is asked at least once a second.
int is_over(void* to, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return BootClock::now() >= static_cast<const Transfer*>(to)->deadline ? 1 : 0; }

std::size_t give(char* to, std::size_t size, std::size_t count, void* from) {
  auto& transfer = *static_cast<Transfer*>(from);
  const auto bytes = std::min(size * count, transfer.left.size());
  std::memcpy(to, transfer.left.data(), bytes);
  transfer.left.remove_prefix(bytes);
  if (transfer.left.empty()) transfer.stage = Stage::handed_over;  // libcurl ends the message by itself: it may get there from now on
  return bytes;
}

// libcurl tells each command before it waits for the answer. Among them are our credentials: only known words are looked at.
int watch(CURL*, curl_infotype type, char* data, std::size_t size, void* to) {
  auto& stage = static_cast<Transfer*>(to)->stage;
  if (type != CURLINFO_HEADER_OUT) return 0;
  const std::string_view line(data, size);
  for (const auto& [word, next] : {std::pair{"EHLO ", Stage::greeted}, {"HELO ", Stage::greeted}, {"AUTH ", Stage::signing_in}, {"MAIL ", Stage::sender}, {"RCPT ", Stage::recipient}, {"DATA", Stage::message}})
    if (line.starts_with(word)) stage = std::max(stage, next);
  return 0;
}

bool is_envelope_address(std::string_view text) {
  return !text.empty() && text.size() <= 254 && text.find('@') != std::string_view::npos &&
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '<' && c != '>'; });
}

// Lines of at most 998 bytes with CRLF behind each (RFC 5322 section 2.1.1): so nothing in it can be read as a command.
bool is_message(std::string_view text) {
  if (!text.ends_with("\r\n") || text.find('\0') != std::string_view::npos) return false;
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    const auto line = text.substr(0, end);
    if (line.size() > 998 || line.find_first_of("\r\n") != std::string_view::npos) return false;
    text.remove_prefix(end + 2);
  }
  return true;
}

// Host as libcurl takes it, or empty: no host, or none that this kind of security may go to.
std::string host_in_url(const SmtpSettings& settings) {
  boost::system::error_code ec;
  const auto local = settings.security == Security::none && lowered(settings.host) == "localhost";
  const auto address = boost::asio::ip::make_address(local ? "127.0.0.1" : settings.host, ec);
  if (ec) return settings.security == Security::none ? std::string() : domain_name(settings.host);
  if (settings.security == Security::none && !address.is_loopback()) return {};
  return address.is_v6() ? '[' + address.to_string() + ']' : address.to_string();
}

Result<void> sign_in(CURL* c, const SmtpSettings& settings) {
  if (settings.user.empty()) return {};
  auto password = platform::read_private_line(settings.password_file, "smtp.password_file");
  if (!password) return password.error();
  const bool ok = set(c, CURLOPT_USERNAME, settings.user.c_str()) && password->expose([c](std::string_view text) {
    std::string terminated(text);
    const bool taken = set(c, CURLOPT_PASSWORD, terminated.c_str());
    cleanse(terminated.data(), terminated.size());
    return taken;
  });
  return ok ? Result<void>() : fault(Fault::Kind::internal, "smtp.settings", "libcurl refused an option");
}

bool secure(CURL* c, const SmtpSettings& settings) {
  bool ok = set(c, CURLOPT_USE_SSL, static_cast<long>(settings.security == Security::none ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  ok = ok && set(c, CURLOPT_SSL_VERIFYPEER, 1L) && set(c, CURLOPT_SSL_VERIFYHOST, 2L) && set(c, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // The given file alone: the system's folder of authorities must not vouch for the relay as well.
  if (!settings.ca_file.empty()) ok = ok && set(c, CURLOPT_CAINFO, settings.ca_file.c_str()) && set(c, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  return ok;
}

bool converse(CURL* c, const SmtpSettings& settings, Transfer& transfer, char* why) {
  const auto deadline = static_cast<long>(settings.deadline.count());
  transfer.deadline = BootClock::now() + settings.deadline;
  bool ok = set(c, CURLOPT_UPLOAD, 1L) && set(c, CURLOPT_READFUNCTION, &give) && set(c, CURLOPT_READDATA, &transfer);
  ok = ok && set(c, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(transfer.left.size()));
  ok = ok && set(c, CURLOPT_QUICK_EXIT, 1L);  // a resolver that nobody answers is left behind, not waited for: its thread ends by itself
  ok = ok && set(c, CURLOPT_VERBOSE, 1L) && set(c, CURLOPT_DEBUGFUNCTION, &watch) && set(c, CURLOPT_DEBUGDATA, &transfer);
  // QUIT is said within the transfer, not by the handle's clean-up, which would wait two minutes for an answer.
  ok = ok && set(c, CURLOPT_FORBID_REUSE, 1L) && set(c, CURLOPT_NOPROGRESS, 0L) && set(c, CURLOPT_XFERINFOFUNCTION, &is_over) && set(c, CURLOPT_XFERINFODATA, &transfer);
  return ok && set(c, CURLOPT_TIMEOUT_MS, deadline) && set(c, CURLOPT_CONNECTTIMEOUT_MS, deadline) && set(c, CURLOPT_NOSIGNAL, 1L) && set(c, CURLOPT_ERRORBUFFER, why);
}

bool about_tls(CURLcode code) {
  switch (code) {
    case CURLE_USE_SSL_FAILED:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
      return true;
    default: return false;
  }
}

bool about_sign_in(CURLcode code, long status) {
  return code == CURLE_LOGIN_DENIED || code == CURLE_AUTH_ERROR || status == 530 || status == 534 || status == 535 || status == 538;  // RFC 4954 section 6
}

Result<SmtpAnswer> what_was_said(CURLcode code, long status, Stage stage, const std::string& why) {
  const bool late = code == CURLE_OPERATION_TIMEDOUT || code == CURLE_ABORTED_BY_CALLBACK;  // then the status is that of an earlier answer
  if (code == CURLE_OK) return SmtpAnswer{Delivery::accepted, static_cast<int>(status)};
  if (about_tls(code)) return fault(Fault::Kind::refused, "smtp.tls", why);
  const auto number = std::to_string(status);
  if (!late && status / 100 == 4) return SmtpAnswer{Delivery::later, static_cast<int>(status)};
  if (!late && about_sign_in(code, status)) return fault(Fault::Kind::refused, "smtp.sign_in", "the server answered " + number);
  if (!late && status / 100 == 5) {
    if (stage < Stage::sender) return fault(Fault::Kind::refused, "smtp.greeting", "the server answered " + number);
    return SmtpAnswer{stage == Stage::recipient ? Delivery::recipient_refused : Delivery::message_refused, static_cast<int>(status)};
  }
  if (stage == Stage::handed_over) return fault(Fault::Kind::lost, "smtp.answer", why);
  if (late) return fault(Fault::Kind::timed_out, stage == Stage::connecting ? "smtp.connect" : "smtp.session", why);
  if (code == CURLE_WEIRD_SERVER_REPLY || status > 599) return fault(Fault::Kind::malformed, "smtp.session", "it does not speak SMTP");
  return fault(Fault::Kind::unreachable, "smtp.connect", why);
}
}  // namespace

Result<SmtpAnswer> send_mail(const SmtpSettings& settings, std::string_view from, std::string_view to, std::string_view message) {
  if (message.size() > mail_bytes_max) return fault(Fault::Kind::exhausted, "smtp.message", "over 256 KiB");
  if (!is_envelope_address(from) || !is_envelope_address(to) || !is_message(message)) return fault(Fault::Kind::internal, "smtp.message", "not in the form of RFC 5322");
  const auto host = host_in_url(settings);
  if (host.empty()) return fault(Fault::Kind::refused, "smtp.settings", settings.security == Security::none ? "security none is for this machine alone" : "host is no name and no address");
  if (!settings.hello.empty() && domain_name(settings.hello).empty()) return fault(Fault::Kind::refused, "smtp.settings", "hello is no domain name");
  const auto url = (settings.security == Security::tls ? "smtps://" : "smtp://") + host + ':' + std::to_string(settings.port) + (settings.hello.empty() ? "" : "/" + settings.hello);

  Transfer transfer{message, {}};  // these three outlive the handle: its end says QUIT, and looks at them
  char why[CURL_ERROR_SIZE] = {};
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> recipients(curl_slist_append(nullptr, std::string(to).c_str()), &curl_slist_free_all);
  const auto curl = new_curl();
  if (!curl || !recipients) return fault(Fault::Kind::internal, "smtp.settings", "libcurl");
  auto* const c = curl.get();
  bool ok = set(c, CURLOPT_URL, url.c_str()) && set(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps") && secure(c, settings) && converse(c, settings, transfer, why);
  ok = ok && set(c, CURLOPT_MAIL_FROM, std::string(from).c_str()) && set(c, CURLOPT_MAIL_RCPT, recipients.get());
  if (!ok) return fault(Fault::Kind::internal, "smtp.settings", "libcurl refused an option");
  if (auto straight = use_proxy(c, std::nullopt); !straight) return straight.error();
  if (auto known = sign_in(c, settings); !known) return known.error();

  const auto code = curl_easy_perform(c);
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  return what_was_said(code, status, transfer.stage, printable(why[0] ? why : curl_easy_strerror(code), 160));
}

}  // namespace wb::link
