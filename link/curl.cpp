#include "link/curl.hpp"

#include <mutex>

#include "core/ids.hpp"
#include "core/secret.hpp"
#include "link/web_page.hpp"
#include "platform/private_files.hpp"

namespace wb::link {
namespace {
using SignIn = ProxySettings::SignIn;

std::string schemes_of(long mask) {
  std::string out;
  for (const auto& [bit, name] : {std::pair{CURLAUTH_BASIC, "Basic"}, {CURLAUTH_NEGOTIATE, "Negotiate"}, {CURLAUTH_DIGEST, "Digest"}, {CURLAUTH_NTLM, "NTLM"}})
    if (static_cast<unsigned long>(mask) & bit) out += (out.empty() ? "" : ", ") + std::string(name);
  return out.empty() ? "no scheme known here" : out;
}

std::string_view had(const Proxy& proxy) {
  if (!proxy.userinfo.empty() || proxy.sign_in == SignIn::basic) return "its answer to the user and password of ours was no";
  return proxy.sign_in == SignIn::negotiate ? "no Kerberos ticket of ours was taken (KRB5_CLIENT_KTNAME or KRB5CCNAME of this process, HTTP/ principal of the proxy)"
                                            : "service.proxy.sign_in is none";
}

bool with_page(CURL* curl) {
  curl_header* type = nullptr;
  return curl_easy_header(curl, "Content-Type", 0, CURLH_CONNECT, -1, &type) == CURLHE_OK && is_page(type->value);
}

Fault status_fault(CURL* curl, long status, const Proxy& proxy) {
  const auto who = "proxy " + printable(proxy.name(), 120) + " answered CONNECT with " + std::to_string(status);
  if (status == 407) {
    long offered = 0;
    curl_easy_getinfo(curl, CURLINFO_PROXYAUTH_AVAIL, &offered);
    return fault(Fault::Kind::refused, "proxy.sign_in", who + ": it wants " + schemes_of(offered) + "; " + std::string(had(proxy)));
  }
  if (status == 403) return fault(Fault::Kind::refused, "proxy.connect", who + ": its rules forbid that host or port");
  if (is_portal(static_cast<unsigned>(status), with_page(curl))) return fault(Fault::Kind::refused, "proxy.web_page", who + ", with " + std::string(page_words));
  const bool passing = status >= 500 || status == 429;
  return fault(passing ? Fault::Kind::unreachable : Fault::Kind::refused, "proxy.connect", who + (status >= 500 ? ": it does not reach the service" : ""));
}
}  // namespace

Curl new_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  return {curl_easy_init(), &curl_easy_cleanup};
}

Result<void> use_proxy(CURL* c, const std::optional<Proxy>& proxy) {
  const auto refused = fault(Fault::Kind::internal, "proxy.settings", "libcurl refused an option");
  if (!set(c, CURLOPT_NOPROXY, "")) return refused;  // who goes past the proxy was decided before
  if (!proxy) return set(c, CURLOPT_PROXY, "") ? Result<void>() : refused;
  const auto url = "http://" + (proxy->userinfo.empty() ? "" : proxy->userinfo + "@") + proxy->name();
  bool ok = set(c, CURLOPT_PROXY, url.c_str()) && set(c, CURLOPT_HTTPPROXYTUNNEL, 1L);
  // One scheme and no other: a proxy must not talk us down from Kerberos to a password.
  const bool negotiate = proxy->sign_in == SignIn::negotiate;
  ok = ok && set(c, CURLOPT_PROXYAUTH, static_cast<long>(negotiate ? CURLAUTH_NEGOTIATE : CURLAUTH_BASIC));
  if (negotiate) ok = ok && set(c, CURLOPT_PROXYUSERPWD, ":");  // the ticket says who we are
  if (proxy->sign_in == SignIn::basic) {
    auto password = platform::read_private_line(proxy->password_file, "proxy.password_file");
    if (!password) return password.error();
    ok = ok && set(c, CURLOPT_PROXYUSERNAME, proxy->user.c_str());
    ok = ok && password->expose([c](std::string_view text) {
      std::string terminated(text);
      const bool taken = set(c, CURLOPT_PROXYPASSWORD, terminated.c_str());
      cleanse(terminated.data(), terminated.size());
      return taken;
    });
  }
  return ok ? Result<void>() : refused;
}

std::optional<Fault> proxy_fault(CURL* curl, CURLcode code, const std::string& why, const Proxy& proxy) {
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_HTTP_CONNECTCODE, &status);
  if (status != 0 && status / 100 != 2) return status_fault(curl, status, proxy);
  if (status != 0) return std::nullopt;
  const auto who = "proxy " + printable(proxy.name(), 120) + ": ";
  const bool late = code == CURLE_OPERATION_TIMEDOUT;
  const bool ticket = code == CURLE_AUTH_ERROR || code == CURLE_LOGIN_DENIED;
  if (ticket) return fault(Fault::Kind::refused, "proxy.sign_in", who + printable(why, 160) + "; " + std::string(had(proxy)));
  return fault(late ? Fault::Kind::timed_out : Fault::Kind::unreachable, "proxy.connect", who + printable(why, 160));
}

}  // namespace wb::link
