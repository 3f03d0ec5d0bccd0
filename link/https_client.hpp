// One HTTPS request, blocking, through libcurl: enrolment and approval. TLS 1.3, name and chain verified, 64 KiB answers,
// 15 s in all, the name's resolution included. The same proxy and the same authorities as the link's.
#pragma once
#include <chrono>
#include <string>

#include "core/result.hpp"
#include "link/settings.hpp"

namespace wb::link {

struct HttpsAnswer {
  int status = 0;
  std::string body;
};
// Fault unreachable / refused (TLS; detail names the reason) / timed_out / exhausted, and the proxy's own (link/link.hpp).
// refused, link.web_page: not the service but a page for people has answered. Any other HTTP status is an answer.
Result<HttpsAnswer> https_post(const std::string& url, const std::string& json, const TrustSettings& trust, const ProxySettings& proxy = {},
    std::chrono::milliseconds deadline = std::chrono::seconds(15));

}  // namespace wb::link
