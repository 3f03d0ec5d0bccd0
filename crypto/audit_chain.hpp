// Hash-chained rows, the rule of every audit of ours: the service's in its store, an agent's in a file. Each row has the hash of all before it.
//
//   hash(n) = SHA-256(hash(n-1) || row(n)),   hash(0) = SHA-256("wb.audit.v1")
//
// So nothing can be changed, taken out of the middle or put in between without the hashes saying so, as long as somebody knows one
// of the later ones: who can write the file can also calculate a whole new chain, or cut its end off. Heads belong elsewhere too.
#pragma once
#include <boost/json/value.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace wb::crypto {

struct AuditHead {
  std::int64_t seq = 0;  // 0: nothing was ever written
  std::string hash;      // 32 bytes
  bool operator==(const AuditHead&) const = default;
};
std::string text_of(const AuditHead& head);  // "<seq>:<64 hex>"
std::optional<AuditHead> audit_head_from(std::string_view text);
AuditHead audit_origin();
std::string audit_hash(std::string_view before, std::string_view row);

struct AuditRow {
  std::int64_t seq = 0;
  std::string row, before, hash;  // hashes: 32 bytes
};
// One line of an export, and of the API: {"hash":hex,"prev":hex,"row":{...}}
std::string line_of(const AuditRow& row);
Result<AuditRow> audit_row_from(std::string_view line);  // Fault malformed "audit.line"

// RFC 8785 of any value without fractions; keys in ASCII. Fault malformed "audit.canonical".
Result<std::string> canonical(const boost::json::value& value);

// What is wrong, and with which row.
struct AuditBreak {
  std::int64_t seq = 0;
  std::string why;
};
struct AuditReport {
  AuditHead first, last;  // what it stands on, what it ends with
  std::int64_t rows = 0;
  std::optional<AuditBreak> broken;
};
// Rows one after the other, each against the one before. `gaps`: rows may be missing (a filtered export).
class AuditChain {
 public:
  explicit AuditChain(std::optional<AuditHead> start, bool gaps = false) : at_(std::move(start)), gaps_(gaps) {}
  std::optional<AuditBreak> add(const AuditRow& row);
  const std::optional<AuditHead>& at() const { return at_; }

 private:
  std::optional<AuditHead> at_;  // nullopt: whatever the first row says of what is before it
  bool gaps_;
};

// The same for lines; `next` gives a line, or nullopt at the end.
AuditReport verify_lines(const std::function<std::optional<std::string>()>& next, bool gaps, const std::optional<AuditHead>& known);

}  // namespace wb::crypto
