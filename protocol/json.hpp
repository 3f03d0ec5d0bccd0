// Strict JSON: what the contract (docs/PROTOCOL.md section 2) allows and nothing else, and typed reads of members.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "protocol/messages.hpp"

namespace wb::protocol {

namespace json = boost::json;

// One JSON value: valid UTF-8, depth at most `depth`, no duplicate member names, whole numbers within +-2^53, nothing
// behind it. Fault malformed, where "json.parse", detail naming the rule that was broken.
Result<json::value> parse_json(std::string_view text, int depth = json_depth_max);

// Reads the members of one object. The first problem is kept and the rest are skipped, so a decoder reads top to
// bottom without an `if` a line; finish() says what was wrong. Strict: members nobody asked for are a problem too.
class Members {
 public:
  enum class Unknown { ignored,
    refused };
  Members(const json::value& value, Unknown unknown);

  Members& text(std::string_view name, std::string& out);
  Members& text(std::string_view name, std::optional<std::string>& out);  // absent or null: nullopt
  Members& integer(std::string_view name, std::int64_t& out);
  Members& integer(std::string_view name, std::optional<std::int64_t>& out);
  Members& number(std::string_view name, int& out);  // an integer that fits an int
  Members& number(std::string_view name, std::optional<int>& out);
  Members& decimal(std::string_view name, double& out);
  Members& flag(std::string_view name, bool& out);
  Members& texts(std::string_view name, std::vector<std::string>& out, std::size_t most = 64);
  Members& optional_texts(std::string_view name, std::vector<std::string>& out, std::size_t most = 64);
  Members& numbers(std::string_view name, std::vector<int>& out, std::size_t most = 16);
  Members& version();                                                   // "v" must be 1
  const json::value* any(std::string_view name, bool required = true);  // for nested shapes
  void problem(std::string_view member, std::string_view expected);
  // The problems of a nested decode become ours.
  template <class T> Members& take(std::string_view name, Result<T> nested, T& out) {
    if (nested.has_error()) problem(name, nested.error().detail);
    else out = std::move(nested).value();
    return *this;
  }
  bool ok() const { return problem_.empty(); }
  // Fault malformed "codec.decode" naming the first member that was wrong.
  Result<void> finish();

 private:
  const json::object* object_ = nullptr;
  Unknown unknown_;
  std::set<std::string_view> asked_;
  std::string problem_;
};

}  // namespace wb::protocol
