// The audit of the service, in its store: rows that are only ever added, each with the hash of all before it (crypto/audit_chain.hpp).
// Heads belong elsewhere too (`reset-service audit head`; the service logs one each hour), and `audit verify --head` compares.
// Retention erases from the beginning and leaves the last erased hash as the anchor on which the rest stands.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "crypto/audit_chain.hpp"
#include "queue/database.hpp"
#include "service/audit_entry.hpp"

namespace wb::service {

using crypto::audit_hash, crypto::audit_head_from, crypto::audit_origin, crypto::audit_row_from, crypto::canonical, crypto::line_of, crypto::text_of, crypto::verify_lines;
using crypto::AuditBreak, crypto::AuditChain, crypto::AuditHead, crypto::AuditReport, crypto::AuditRow;

struct AuditFilter {
  std::string domain;  // empty: any, and what belongs to none
  std::optional<Activity> activity;
  std::optional<std::int64_t> from_ms, to_ms;    // from <= at < to
  std::string correlation_id = {}, target = {};  // empty: any
  std::string person = {};                       // an objectGUID: what they did, or what was done to them; looks at every row of the domain
};
struct AuditPage {
  std::vector<AuditRow> rows;
  std::int64_t next = 0;  // `after` of the next page: nothing up to here is missing from this one
};

class AuditLog {
 public:
  // Who counts what is appended; called within the transaction, which may still fail.
  using Heard = std::function<void(const AuditEntry&)>;
  AuditLog(queue::Database& database, std::string tenant, const Heard* heard = nullptr) : database_(&database), tenant_(std::move(tenant)), heard_(heard) {}

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
  const Heard* heard_;
};

}  // namespace wb::service
