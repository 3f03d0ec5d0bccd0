// What is asked of the audit, in words: by the API's query and by the command line's options, which are the same.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "service/audit.hpp"

namespace wb::service {

constexpr int audit_rows_default = 100, audit_rows_max = 1'000;  // of one answer
constexpr std::size_t audit_word_bytes_max = 256;                // a row has no longer ones

struct AuditQuery {
  AuditFilter filter;
  std::int64_t after = 0;
  int limit = audit_rows_default;
};
// after (a seq), activity (a name), correlation_id and target (as a row has them), from and to (times; from <= at < to), limit (1 to 1000). Else what is wrong, for whoever asked.
std::variant<AuditQuery, std::string> audit_query(const std::map<std::string, std::string>& words);

// "2026-11-26" or "2026-11-26T12:00:00Z" (RFC 3339, UTC, whole seconds), in milliseconds.
std::optional<std::int64_t> time_from(std::string_view text);

}  // namespace wb::service
