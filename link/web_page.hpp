// Inside link/ only: a page for people's eyes where the service should answer. A proxy, a portal or another web server has put it there.
#pragma once
#include <string_view>

namespace wb::link {

constexpr std::string_view page_words = "a web page of its own where the service should be: sign in there, or have this host exempted";

// Of the value of Content-Type.
constexpr bool is_page(std::string_view content_type) { return content_type.starts_with("text/html") || content_type.starts_with("application/xhtml"); }
// Of a status: busy and broken servers show pages too, and are tried again as such; 511 is a portal's word (RFC 6585 section 6).
constexpr bool is_portal(unsigned status, bool page) { return status == 511 || (page && status < 500 && status != 429); }

}  // namespace wb::link
