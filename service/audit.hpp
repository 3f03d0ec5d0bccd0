// The audit: rows that are only ever added, each with the hash of all before it.
//
//   hash(n) = SHA-256(hash(n-1) || row(n)),   hash(0) = SHA-256("wb.audit.v1")
//
// So nothing can be changed, taken out of the middle or put in between without the hashes saying so, as long as somebody knows one
// of the later ones: who can write the file can also calculate a whole new chain, or cut its end off. Heads belong elsewhere too
// (`reset-service audit head`; the service logs one each hour), and `audit verify --head` compares.
// Retention erases from the beginning and leaves the last erased hash as the anchor on which the rest stands.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "queue/database.hpp"
#include "service/audit_entry.hpp"

namespace wb::service {

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

struct AuditFilter {
  std::string domain;  // empty: any, and what belongs to none
  std::optional<Activity> activity;
  std::optional<std::int64_t> from_ms, to_ms;  // from <= at < to
};
struct AuditPage {
  std::vector<AuditRow> rows;
  std::int64_t next = 0;  // `after` of the next page: nothing up to here is missing from this one
};

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

class AuditLog {
 public:
  AuditLog(queue::Database& database, std::string tenant) : database_(&database), tenant_(std::move(tenant)) {}

  // Within the caller's transaction: what happened and that it is written down are one.
  Result<void> append(const AuditEntry& entry, std::int64_t at_ms);
  // In a transaction of its own; flushed, or else with the next flush.
  Result<void> record(const AuditEntry& entry, std::int64_t at_ms, bool flush = true);

  Result<AuditHead> head();
  Result<AuditPage> page(const AuditFilter& filter, std::int64_t after, int most);
  // Erases rows from the beginning that are older, `most` at once, and says so in a row. How many it were.
  Result<std::int64_t> prune(std::int64_t before_ms, int most, std::int64_t now_ms);
  // Every row against the one before it, and the columns against the row. `known`: a head noted earlier, which must be in it.
  Result<AuditReport> verify(const std::optional<AuditHead>& known);

 private:
  Result<AuditHead> anchor();
  Result<std::optional<AuditHead>> row_hash(std::int64_t seq);
  queue::Database* database_;
  std::string tenant_;
};

// The same for the lines of an export; `next` gives a line, or nullopt at the end.
AuditReport verify_lines(const std::function<std::optional<std::string>()>& next, bool gaps, const std::optional<AuditHead>& known);

}  // namespace wb::service
