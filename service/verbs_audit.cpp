// Verbs about the audit: read out, checked, cut from the beginning; and the lifting of an account's limits, which is audited.
#include <charconv>
#include <fstream>
#include <iostream>

#include "core/ids.hpp"
#include "crypto/vault.hpp"
#include "service/audit_query.hpp"
#include "service/limits.hpp"
#include "service/unblock.hpp"
#include "service/verbs.hpp"

namespace wb::service {
namespace {

constexpr int pruned_at_once = 1'000;
constexpr std::int64_t day_ms = 86'400'000, keep_days_max = 36'500;

int misused(const std::string& problem) {
  std::cerr << "reset-service: " << problem << "\n";
  return exit_usage;
}

int tell(const AuditReport& report) {
  if (report.broken) {
    std::cerr << "reset-service: broken at row " << report.broken->seq << ": " << report.broken->why << "\n";
    if (report.rows > 0) std::cerr << "The " << report.rows << " before it are sound, up to " << text_of(report.last) << "\n";
    return exit_failed;
  }
  if (report.rows == 0) std::cout << "sound: no rows";
  else std::cout << "sound: " << report.rows << " rows behind " << report.first.seq << ", head " << text_of(report.last);
  std::cout << "\n";
  return exit_done;
}

}  // namespace

int audit_head(const config::ServiceConfig& config) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto head = store->audit().head();
  if (!head) return failed(head.error());
  std::cout << text_of(*head) << "\n";
  return exit_done;
}

int verify_audit(const config::ServiceConfig& config, const std::string& file, const AuditOptions& options) {
  std::optional<AuditHead> known;
  if (const auto given = options.find("head"); given != options.end()) {
    known = audit_head_from(given->second);
    if (!known) return misused("--head: what `audit head` printed, SEQ:HASH");
  }
  if (!file.empty()) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return failed(fault(Fault::Kind::unreachable, "audit.verify", printable(file) + " can't be read"));
    const auto next = [&]() -> std::optional<std::string> {
      std::string line;
      return std::getline(in, line) ? std::optional(line) : std::nullopt;
    };
    return tell(verify_lines(next, options.contains("filtered"), known));
  }
  if (options.contains("filtered")) return misused("--filtered is for the file of an export");
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto report = store->audit().verify(known);
  if (!report) return failed(report.error());
  return tell(*report);
}

int export_audit(const config::ServiceConfig& config, const AuditOptions& options) {
  std::map<std::string, std::string> words;
  for (const auto& [name, text] : options)
    if (name != "config") words.emplace(name == "correlation-id" ? "correlation_id" : name, text);
  auto asked = audit_query(words);
  if (const auto* problem = std::get_if<std::string>(&asked)) return misused("--" + *problem);
  auto query = std::get<AuditQuery>(asked);
  const bool all = !options.contains("limit");
  if (all) query.limit = audit_rows_max;
  auto store = open_store(config);
  if (!store) return failed(store.error());
  for (;;) {
    auto page = store->audit().page(query.filter, query.after, query.limit);
    if (!page) return failed(page.error());
    for (const auto& row : page->rows) std::cout << line_of(row) << "\n";
    query.after = page->next;
    if (!std::cout.flush()) return failed(fault(Fault::Kind::internal, "audit.export", "standard output can't be written"));
    if (!all || static_cast<int>(page->rows.size()) < query.limit) break;
  }
  std::cerr << "next: --after " << query.after << "\n";
  return exit_done;
}

int prune_audit(const config::ServiceConfig& config, const AuditOptions& options) {
  const auto given = options.find("keep-days");
  std::int64_t days = 0;
  if (given == options.end()) return misused("--keep-days is missing");
  const auto& text = given->second;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (ec != std::errc() || end != text.data() + text.size() || days < 1 || days > keep_days_max) return misused("--keep-days: 1 to " + std::to_string(keep_days_max));
  auto store = open_store(config);
  if (!store) return failed(store.error());
  std::int64_t erased = 0;
  for (;;) {
    const auto now = unix_now_ms();
    auto some = store->audit().prune(now - days * day_ms, pruned_at_once, now);
    if (!some) return failed(some.error());
    erased += *some;
    if (*some < pruned_at_once) break;
  }
  std::cout << "erased: " << erased << " rows\n";
  return exit_done;
}

int unblock_account(const config::ServiceConfig& config, const std::string& domain, const AuditOptions& options) {
  const auto given = options.find("account");
  if (given == options.end() || given->second.empty() || given->second.size() > 256) return misused("--account: the account's objectGUID, or a name that nobody has");
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto vault = crypto::Vault::open(config.state_dir);
  if (!vault) return failed(vault.error());
  Limits limits(store->database(), vault->derived(limits_key_label));
  auto lifted = unblock(*store, limits, domain, given->second, {ActorKind::operator_}, unix_now_ms());
  if (!lifted) return failed(lifted.error());
  std::cout << "lifted: " << *lifted << " counters\n";
  return exit_done;
}

}  // namespace wb::service
