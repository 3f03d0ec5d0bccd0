// One HTTPS request, blocking, through libcurl: enrolment and approval. TLS 1.3, name and chain verified, 64 KiB answers,
// 15 s in all. Proxies as libcurl's environment rules say (https_proxy, no_proxy).
#pragma once
#include <filesystem>
#include <string>

#include "core/result.hpp"

namespace wb::link {

struct HttpsAnswer {
  int status = 0;
  std::string body;
};
// Fault unreachable / refused (TLS; detail names the reason) / timed_out / exhausted. Any HTTP status is an answer.
Result<HttpsAnswer> https_post(const std::string& url, const std::string& json, const std::filesystem::path& ca_file);

}  // namespace wb::link
