#include "protocol/trace.hpp"

#include <algorithm>

#include "core/ids.hpp"

namespace wb::protocol {
namespace {

constexpr std::size_t traceparent_length = 55, trace_id_at = 3, trace_id_length = 32, parent_id_at = 36, parent_id_length = 16, flags_at = 53;
constexpr std::string_view hex = "0123456789abcdef";

bool is_hex(std::string_view text) { return text.find_first_not_of(hex) == std::string_view::npos; }
bool is_id(std::string_view text) { return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos; }

}  // namespace

std::optional<std::string> read_traceparent(std::string_view header) {
  if (header.size() < traceparent_length) return std::nullopt;
  const auto version = header.substr(0, 2), flags = header.substr(flags_at, 2);
  const bool shaped = header[2] == '-' && header[35] == '-' && header[52] == '-' && is_hex(version) && is_hex(flags) && version != "ff";
  const bool ends = header.size() == traceparent_length || (version != "00" && header[traceparent_length] == '-');
  if (!shaped || !ends || !is_id(header.substr(trace_id_at, trace_id_length)) || !is_id(header.substr(parent_id_at, parent_id_length))) return std::nullopt;
  return "00" + std::string(header.substr(2, traceparent_length - 2));
}

std::string traceparent_of(std::string_view ulid) {
  const auto bits = ulid_hex(ulid);
  auto parent = bits.substr(parent_id_length);  // random bits of the ULID
  if (!is_id(parent)) parent.back() = '1';
  return "00-" + bits + "-" + parent + "-00";
}

std::string_view trace_id_of(const Trace& trace) {
  return std::string_view(trace.traceparent).substr(std::min(trace_id_at, trace.traceparent.size()), trace_id_length);
}

log::About about(std::string_view jti, const Trace& trace) {
  log::About out{log::field("jti", jti)};
  if (!trace.correlation_id.empty()) out.push_back(log::field("correlation_id", trace.correlation_id));
  if (const auto id = trace_id_of(trace); !id.empty()) out.push_back(log::field("trace_id", id));
  return out;
}

}  // namespace wb::protocol
