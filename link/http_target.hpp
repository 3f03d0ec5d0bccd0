// The target of a request, taken apart: origin-form only (RFC 9112 section 3.2.1).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace wb::link {

struct HttpTarget {
  std::string path;                          // percent-decoded, begins with '/'
  std::map<std::string, std::string> query;  // form-decoded ('+' is a space)
};
// nullopt for anything ambiguous: another form, a stray '%', an encoded '/' or control character in the path, a name
// that comes twice in the query.
std::optional<HttpTarget> parse_target(std::string_view target);

}  // namespace wb::link
