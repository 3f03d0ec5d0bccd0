// Inside link/ only: what the two users of libcurl share.
#pragma once
#include <curl/curl.h>

#include <memory>
#include <string>

#include "core/result.hpp"
#include "link/proxy.hpp"

namespace wb::link {

using Curl = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
Curl new_curl();  // empty when libcurl has no memory

template <class T> bool set(CURL* curl, CURLoption option, T value) { return curl_easy_setopt(curl, option, value) == CURLE_OK; }

// Through this proxy and no other, or through none: libcurl's own reading of the environment is off. Reads the password
// file. Fault refused "proxy.password_file", internal when libcurl refuses an option.
Result<void> use_proxy(CURL* curl, const std::optional<Proxy>& proxy);

// What went wrong on the way to or at the proxy, by name; nullopt: it did its part, and the trouble is behind it.
//   unreachable  proxy.connect   not there, or its name not known; or it cannot reach the service (CONNECT answered 5xx)
//   refused      proxy.sign_in   407: the detail says what it wants and what we had; or there is no Kerberos ticket
//   refused      proxy.connect   403 and any other status: its rules
//   timed_out    proxy.connect
std::optional<Fault> proxy_fault(CURL* curl, CURLcode code, const std::string& why, const Proxy& proxy);

}  // namespace wb::link
