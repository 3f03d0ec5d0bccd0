#include "link/https_client.hpp"

#include <curl/curl.h>

#include <memory>
#include <mutex>

#include "core/ids.hpp"

namespace wb::link {
namespace {
constexpr long total_ms = 15'000;
constexpr std::size_t answer_bytes_max = 64 * 1024;

struct Answer {
  std::string body;
  bool too_large = false;
};

std::size_t take(char* data, std::size_t size, std::size_t count, void* to) {
  auto& answer = *static_cast<Answer*>(to);
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

template <class T> bool set(CURL* curl, CURLoption option, T value) { return curl_easy_setopt(curl, option, value) == CURLE_OK; }
}  // namespace

Result<HttpsAnswer> https_post(const std::string& url, const std::string& json, const std::filesystem::path& ca_file) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(curl_slist_append(nullptr, "Content-Type: application/json"), &curl_slist_free_all);
  if (!curl || !headers) return fault(Fault::Kind::internal, "https.post", "libcurl");
  curl_slist_append(headers.get(), "Accept: application/json");

  Answer answer;
  char why[CURL_ERROR_SIZE] = {};
  auto* const c = curl.get();
  bool ok = set(c, CURLOPT_URL, url.c_str()) && set(c, CURLOPT_PROTOCOLS_STR, "https") && set(c, CURLOPT_FOLLOWLOCATION, 0L);
  ok = ok && set(c, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_3)) && set(c, CURLOPT_SSL_VERIFYPEER, 1L) && set(c, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!ca_file.empty()) {
    // The given file alone: the system's folder of authorities must not vouch for the service as well.
    ok = ok && set(c, CURLOPT_CAINFO, ca_file.c_str()) && set(c, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  ok = ok && set(c, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json.size())) && set(c, CURLOPT_POSTFIELDS, json.c_str());
  ok = ok && set(c, CURLOPT_HTTPHEADER, headers.get()) && set(c, CURLOPT_USERAGENT, "writeback/" WB_VERSION);
  ok = ok && set(c, CURLOPT_TIMEOUT_MS, total_ms) && set(c, CURLOPT_NOSIGNAL, 1L) && set(c, CURLOPT_ERRORBUFFER, why);
  ok = ok && set(c, CURLOPT_WRITEFUNCTION, &take) && set(c, CURLOPT_WRITEDATA, &answer);
  if (!ok) return fault(Fault::Kind::internal, "https.post", "libcurl refused an option");

  const auto code = curl_easy_perform(c);
  if (answer.too_large) return fault(Fault::Kind::exhausted, "https.post", "an answer over 64 KiB");
  if (code != CURLE_OK) return transfer_fault(code, printable(why[0] ? why : curl_easy_strerror(code), 160));
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  return HttpsAnswer{static_cast<int>(status), std::move(answer.body)};
}

}  // namespace wb::link
