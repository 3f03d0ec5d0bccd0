#include "link/https_client.hpp"

#include <openssl/ssl.h>

#include <memory>

#include "core/ids.hpp"
#include "link/curl.hpp"
#include "link/web_page.hpp"

namespace wb::link {
namespace {
constexpr std::size_t answer_bytes_max = 64 * 1024;

struct Taken {
  std::string body;
  bool too_large = false;
};

std::size_t take(char* data, std::size_t size, std::size_t count, void* to) {
  auto& answer = *static_cast<Taken*>(to);
  const auto bytes = size * count;
  if (answer.body.size() + bytes > answer_bytes_max) {
    answer.too_large = true;
    return 0;  // ends the transfer
  }
  answer.body.append(data, bytes);
  return bytes;
}

Fault transfer_fault(CURLcode code, const std::string& detail) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return fault(Fault::Kind::timed_out, "https.post", detail);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return fault(Fault::Kind::refused, "https.post", detail);
    default: return fault(Fault::Kind::unreachable, "https.post", detail);
  }
}

// The second file of authorities, beside libcurl's own one.
CURLcode add_authorities(CURL*, void* context, void* file) {
  auto* store = SSL_CTX_get_cert_store(static_cast<SSL_CTX*>(context));
  return X509_STORE_load_file(store, static_cast<const std::filesystem::path*>(file)->c_str()) == 1 ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}

bool trust_only(CURL* c, const TrustSettings& trust) {
  bool ok = set(c, CURLOPT_SSL_VERIFYPEER, 1L) && set(c, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!trust.ca_file.empty()) {
    // The given file alone: the system's folder of authorities must not vouch for the service as well.
    ok = ok && set(c, CURLOPT_CAINFO, trust.ca_file.c_str()) && set(c, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!trust.intercept_ca_file.empty()) ok = ok && set(c, CURLOPT_SSL_CTX_FUNCTION, &add_authorities) && set(c, CURLOPT_SSL_CTX_DATA, &trust.intercept_ca_file);
  return ok;
}

// The host of https://host[:port].
std::string host_of(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  char* host = nullptr;
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK || curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) return {};
  std::string out(host);
  curl_free(host);
  return out;
}
}  // namespace

Result<HttpsAnswer> https_post(const std::string& url, const std::string& json, const TrustSettings& trust, const ProxySettings& settings, std::chrono::milliseconds deadline) {
  auto proxy = proxy_for(settings, host_of(url));
  if (!proxy) return proxy.error();
  const auto curl = new_curl();
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(curl_slist_append(nullptr, "Content-Type: application/json"), &curl_slist_free_all);
  if (!curl || !headers) return fault(Fault::Kind::internal, "https.post", "libcurl");
  curl_slist_append(headers.get(), "Accept: application/json");

  Taken answer;
  char why[CURL_ERROR_SIZE] = {};
  auto* const c = curl.get();
  bool ok = set(c, CURLOPT_URL, url.c_str()) && set(c, CURLOPT_PROTOCOLS_STR, "https") && set(c, CURLOPT_FOLLOWLOCATION, 0L);
  ok = ok && set(c, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_3)) && trust_only(c, trust);
  ok = ok && set(c, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json.size())) && set(c, CURLOPT_POSTFIELDS, json.c_str());
  ok = ok && set(c, CURLOPT_HTTPHEADER, headers.get()) && set(c, CURLOPT_USERAGENT, "writeback/" WB_VERSION);
  ok = ok && set(c, CURLOPT_TIMEOUT_MS, static_cast<long>(deadline.count())) && set(c, CURLOPT_NOSIGNAL, 1L) && set(c, CURLOPT_ERRORBUFFER, why);
  ok = ok && set(c, CURLOPT_QUICK_EXIT, 1L);  // a resolver that nobody answers is left behind, not waited for: its thread ends by itself
  ok = ok && set(c, CURLOPT_WRITEFUNCTION, &take) && set(c, CURLOPT_WRITEDATA, &answer);
  if (!ok) return fault(Fault::Kind::internal, "https.post", "libcurl refused an option");
  if (auto used = use_proxy(c, *proxy); !used) return used.error();

  const auto code = curl_easy_perform(c);
  if (answer.too_large) return fault(Fault::Kind::exhausted, "https.post", "an answer over 64 KiB");
  if (code != CURLE_OK && *proxy) {
    if (auto named = proxy_fault(c, code, why[0] ? why : curl_easy_strerror(code), **proxy)) return *named;
  }
  if (code != CURLE_OK) return transfer_fault(code, printable(why[0] ? why : curl_easy_strerror(code), 160));
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  const char* type = nullptr;  // libcurl's
  curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type);
  if (is_portal(static_cast<unsigned>(status), type && is_page(type))) return fault(Fault::Kind::refused, "link.web_page", "HTTP status " + std::to_string(status) + ", with " + std::string(page_words));
  return HttpsAnswer{static_cast<int>(status), std::move(answer.body)};
}

}  // namespace wb::link
