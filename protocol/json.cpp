#include "protocol/json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/src.hpp>

#include <limits>

namespace wb::protocol {
namespace {
constexpr std::int64_t integer_max = std::int64_t{1} << 53;

// Walks the text without building anything and finds what Boost.JSON's parser would let pass.
struct Rules {
  static constexpr std::size_t max_object_size = 4096, max_array_size = 4096, max_key_size = 256, max_string_size = 1 << 20;
  std::vector<std::set<std::string>> open;
  std::string key;
  const char* broken = nullptr;

  bool fail(const char* rule, json::error_code& ec) {
    broken = rule;
    ec = json::error::syntax;
    return false;
  }
  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    open.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    open.pop_back();
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) {
    key.append(s.data(), s.size());
    return true;
  }
  bool on_key(json::string_view s, std::size_t, json::error_code& ec) {
    key.append(s.data(), s.size());
    const bool fresh = open.back().insert(std::move(key)).second;
    key.clear();
    return fresh || fail("duplicate member name", ec);
  }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t i, json::string_view, json::error_code& ec) {
    return (i >= -integer_max && i <= integer_max) || fail("number beyond 2^53", ec);
  }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code& ec) { return fail("number beyond 2^53", ec); }
  bool on_double(double d, json::string_view, json::error_code& ec) {
    constexpr auto most = static_cast<double>(integer_max);
    return (d >= -most && d <= most) || fail("number beyond 2^53", ec);
  }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};
}  // namespace

Result<json::value> parse_json(std::string_view text, int depth) {
  json::parse_options options;
  options.max_depth = static_cast<std::size_t>(depth);
  json::basic_parser<Rules> rules(options);
  json::error_code ec;
  const auto used = rules.write_some(false, text.data(), text.size(), ec);
  if (!ec && used < text.size()) ec = json::error::extra_data;
  if (ec) {
    const auto* broken = rules.handler().broken;
    return fault(Fault::Kind::malformed, "json.parse", broken ? broken : ec.message());
  }
  auto value = json::parse(json::string_view(text.data(), text.size()), ec, {}, options);
  if (ec) return fault(Fault::Kind::malformed, "json.parse", ec.message());
  return value;
}

Members::Members(const json::value& value, Unknown unknown) : object_(value.if_object()), unknown_(unknown) {
  if (!object_) problem_ = "expected an object";
}

void Members::problem(std::string_view member, std::string_view expected) {
  if (problem_.empty()) problem_ = std::string(member) + ": " + std::string(expected);
}

const json::value* Members::any(std::string_view name, bool required) {
  asked_.insert(name);
  if (!ok()) return nullptr;
  const auto* found = object_->if_contains(json::string_view(name.data(), name.size()));
  if (found && found->is_null() && !required) found = nullptr;
  if (!found && required) problem(name, "missing");
  return found;
}

Members& Members::text(std::string_view name, std::string& out) {
  if (const auto* v = any(name)) {
    if (const auto* s = v->if_string()) out.assign(s->data(), s->size());
    else problem(name, "expected a string");
  }
  return *this;
}

Members& Members::text(std::string_view name, std::optional<std::string>& out) {
  out.reset();
  if (any(name, false)) text(name, out.emplace());
  return *this;
}

Members& Members::integer(std::string_view name, std::int64_t& out) {
  if (const auto* v = any(name)) {
    if (const auto* i = v->if_int64()) out = *i;
    else problem(name, "expected a whole number");
  }
  return *this;
}

Members& Members::integer(std::string_view name, std::optional<std::int64_t>& out) {
  out.reset();
  if (any(name, false)) integer(name, out.emplace());
  return *this;
}

Members& Members::number(std::string_view name, int& out) {
  std::int64_t wide = 0;
  integer(name, wide);
  if (wide < 0 || wide > std::numeric_limits<int>::max()) problem(name, "out of range");
  else out = static_cast<int>(wide);
  return *this;
}

Members& Members::number(std::string_view name, std::optional<int>& out) {
  out.reset();
  if (any(name, false)) number(name, out.emplace());
  return *this;
}

Members& Members::decimal(std::string_view name, double& out) {
  if (const auto* v = any(name)) {
    if (v->is_number()) out = v->to_number<double>();
    else problem(name, "expected a number");
  }
  return *this;
}

Members& Members::flag(std::string_view name, bool& out) {
  if (const auto* v = any(name)) {
    if (const auto* b = v->if_bool()) out = *b;
    else problem(name, "expected true or false");
  }
  return *this;
}

Members& Members::texts(std::string_view name, std::vector<std::string>& out, std::size_t most) {
  const auto* v = any(name);
  if (!v) return *this;
  const auto* list = v->if_array();
  if (!list || list->size() > most) {
    problem(name, "expected a list of at most " + std::to_string(most) + " strings");
    return *this;
  }
  out.clear();
  for (const auto& item : *list) {
    const auto* s = item.if_string();
    if (!s) {
      problem(name, "expected a list of strings");
      return *this;
    }
    out.emplace_back(s->data(), s->size());
  }
  return *this;
}

Members& Members::optional_texts(std::string_view name, std::vector<std::string>& out, std::size_t most) {
  out.clear();
  return any(name, false) ? texts(name, out, most) : *this;
}

Members& Members::numbers(std::string_view name, std::vector<int>& out, std::size_t most) {
  const auto* v = any(name);
  if (!v) return *this;
  const auto* list = v->if_array();
  if (!list || list->size() > most) {
    problem(name, "expected a list of whole numbers");
    return *this;
  }
  out.clear();
  for (const auto& item : *list) {
    const auto* i = item.if_int64();
    if (!i || *i < 0 || *i > 1'000'000) {
      problem(name, "expected a list of small whole numbers");
      return *this;
    }
    out.push_back(static_cast<int>(*i));
  }
  return *this;
}

Members& Members::version() {
  std::int64_t v = 0;
  integer("v", v);
  if (v != 1) problem("v", "expected 1");
  return *this;
}

Result<void> Members::finish() {
  if (ok() && unknown_ == Unknown::refused) {
    for (const auto& member : *object_) {
      const std::string_view name(member.key().data(), member.key().size());
      if (!asked_.contains(name)) {
        problem_ = "a member the contract does not know";
        break;
      }
    }
  }
  if (ok()) return {};
  return fault(Fault::Kind::malformed, "codec.decode", problem_);
}

}  // namespace wb::protocol
