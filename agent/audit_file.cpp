#include "agent/audit_file.hpp"

#include <boost/asio/post.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/ids.hpp"
#include "core/log.hpp"

namespace wb::agent {
namespace {
namespace fs = std::filesystem;
namespace json = boost::json;
using crypto::AuditHead;

constexpr int waiting_max = 10'000;

// What the chain ends with; nullopt: no chain yet. Fault malformed: it is damaged.
Result<std::optional<AuditHead>> end_of(const KeptFile& settings) {
  const auto files = platform::kept_files(settings);
  for (auto file = files.rbegin(); file != files.rend(); ++file) {  // one that was begun and never written to is no end
    auto found = verify_audit_files({*file}, std::nullopt);
    if (!found) return found.error();
    if (found->report.broken) return fault(Fault::Kind::malformed, "audit.damaged", "row " + std::to_string(found->report.broken->seq) + ": " + found->report.broken->why);
    if (found->report.rows > 0) return std::optional(found->report.last);
  }
  return std::optional<AuditHead>();
}

}  // namespace

Result<AuditFile> AuditFile::open(const KeptFile& settings, std::string agent, std::int64_t now_ms) {
  auto end = end_of(settings);
  const bool damaged = !end && end.error().kind == Fault::Kind::malformed;
  if (!end && !damaged) return end.error();
  if (damaged) {
    log::error("audit.damaged", log::field("why", end.error().detail));
    for (const auto& file : platform::kept_files(settings))
      if (auto aside = platform::put_aside(file, now_ms / 1'000); !aside) return aside.error();
  }
  auto file = platform::LineFile::open(settings, platform::LineFile::Torn::cut);
  if (!file) return file.error();
  if (file->was_torn()) log::warn("audit.torn");
  const bool begins = damaged || !*end;
  AuditFile made(std::move(*file), begins ? crypto::audit_origin() : **end, std::move(agent));
  if (begins) {
    log::info("audit.begun", log::field("damaged", damaged));
    made.lost_ += made.put({{"activity", "audit.begun"}, {"because", damaged ? "damaged" : "first"}}, now_ms) ? 0 : 1;
  }
  log::info("audit.head", log::field("head", text_of(made.head_)));
  return made;
}

bool AuditFile::put(json::object row, std::int64_t at_ms) {
  row["seq"] = head_.seq + 1, row["at_ms"] = at_ms, row["agent"] = agent_;
  if (lost_ > 0) row["lost"] = lost_;
  auto text = crypto::canonical(row);
  if (!text) return false;
  crypto::AuditRow next{head_.seq + 1, std::move(*text), head_.hash, {}};
  next.hash = crypto::audit_hash(next.before, next.row);
  if (!file_.append(line_of(next))) return false;
  head_ = {next.seq, std::move(next.hash)};
  lost_ = 0;
  return true;
}

bool AuditFile::append(const protocol::JobResult& result, const std::string& domain, const std::string& correlation_id, std::int64_t at_ms) {
  const auto text = [](std::string_view any) { return json::string(printable(any, 256)); };
  json::object row{{"activity", "job.settled"}, {"att", result.att}, {"code", protocol::to_string(result.code)}, {"correlation_id", text(correlation_id)}, {"dc", text(result.dc.value_or(""))}, {"domain", text(domain)},
      {"duration_ms", std::llround(std::min(result.total_ms, 1e12))}, {"jti", text(result.jti)}, {"op", protocol::to_string(result.op)}, {"reason", text(result.reason)}, {"target", text(result.sub.value_or(""))}};
  const bool written = put(std::move(row), at_ms);
  if (!written) ++lost_;
  return written;
}

AuditTrail::~AuditTrail() {
  pool_.join();
  log::info("audit.head", log::field("head", text_of(file_.head())));
}

void AuditTrail::note(const protocol::JobResult& result, const std::string& domain, const std::string& correlation_id) {
  if (waiting_ >= waiting_max) {
    ++turned_away_;
    return;
  }
  ++waiting_;
  asio::post(pool_, [this, result, domain, correlation_id, at = unix_now_ms()] {
    const auto away = turned_away_.exchange(0);
    file_.missed(away);
    kept(file_.append(result, domain, correlation_id, at), away);
    // One flush for all that came meanwhile.
    if (--waiting_ == 0 && !file_.sync()) log::warn("audit.unsynced");
  });
}

void AuditTrail::kept(bool written, std::int64_t away) {
  if (away > 0 || !written) {
    if (spell_ == 0) log::error("audit.lost");
    spell_ += away + (written ? 0 : 1);
  }
  if (written && spell_ > 0) log::warn("audit.resumed", log::field("lines", std::exchange(spell_, 0)));
}

}  // namespace wb::agent
