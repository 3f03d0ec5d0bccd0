#include "service/limits.hpp"

#include <algorithm>

#include "crypto/mac.hpp"

namespace wb::service {
namespace {

constexpr std::int64_t second = 1'000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
constexpr std::size_t name_bytes = 16;
constexpr std::string_view strangers = "-";

// One key of several parts, which can't be taken for one of other parts.
std::string joined(std::string_view a, std::string_view b) { return std::to_string(a.size()) + ":" + std::string(a) + std::string(b); }

std::string bucket_of(const std::string& account, const std::optional<std::string>& device) {
  return device ? joined(account, "device " + *device) : joined(account, strangers);
}

}  // namespace

std::string_view to_string(LimitKind kind) {
  switch (kind) {
    case LimitKind::account_failure: return "account_failure";
    case LimitKind::gate: return "gate";
    case LimitKind::account_reset: return "account_reset";
    case LimitKind::destination: return "destination";
    case LimitKind::destination_day: return "destination_day";
    case LimitKind::address_start: return "address_start";
    case LimitKind::tenant_mail: return "tenant_mail";
    case LimitKind::solution: return "solution";
  }
  return "account_failure";
}

Limit limit_of(LimitKind kind) {
  switch (kind) {
    case LimitKind::account_failure: return {5, day, 1};
    case LimitKind::gate: return {5, hour, 1};
    case LimitKind::account_reset: return {5, hour, 1};
    case LimitKind::destination: return {10, 10 * minute, 1};
    case LimitKind::destination_day: return {40, day, minute};
    case LimitKind::address_start: return {60, 10 * minute, 10 * second};
    case LimitKind::tenant_mail: return {5'000, hour, minute};
    case LimitKind::solution: return {1, 15 * minute, 1};  // longer than any challenge lives
  }
  return {};
}

std::optional<std::int64_t> decide(const Limit& limit, const std::vector<Counted>& attempts, std::int64_t now) {
  std::vector<std::pair<std::int64_t, std::int64_t>> leaving;  // when, how many
  std::int64_t counted = 0;
  for (const auto& a : attempts) {
    const auto leaves = a.at + limit.slot_ms - 1 + limit.window_ms;  // the last attempt of a slot may have come at its end
    if (leaves <= now) continue;
    leaving.emplace_back(leaves, a.count);
    counted += a.count;
  }
  if (counted < limit.most) return std::nullopt;
  std::sort(leaving.begin(), leaving.end());
  for (const auto& [when, count] : leaving)
    if (counted -= count; counted < limit.most) return when;
  return now + limit.window_ms;  // a limit of none at all
}

std::vector<Claim> answer_claims(const std::string& account, std::string_view gate, const std::optional<std::string>& device) {
  const auto bucket = bucket_of(account, device);
  return {{LimitKind::account_failure, bucket, account}, {LimitKind::gate, joined(gate, bucket), account}};
}

std::vector<Claim> mail_claims(std::string_view tenant, const std::string& destination, const std::string& account, const std::optional<std::string>& device) {
  const auto bucket = device ? bucket_of(destination, device) : destination;
  return {{LimitKind::destination, bucket, account}, {LimitKind::destination_day, bucket, account}, {LimitKind::tenant_mail, std::string(tenant), {}}};
}

std::vector<Claim> notice_claims(std::string_view notice, const std::string& account, const std::string& destination) {
  const auto key = joined("notice", joined(notice, joined(account, destination)));
  return {{LimitKind::destination, key, {}}, {LimitKind::destination_day, key, {}}};
}

// ---- in the store -------------------------------------------------------------------------------------------
std::string Limits::name_of(std::string_view kind, std::string_view key) const { return crypto::hmac_sha256(key_, joined(kind, key)).substr(0, name_bytes); }

Result<std::vector<Counted>> Limits::counted(LimitKind kind, const std::string& name, std::int64_t now) {
  std::vector<Counted> attempts;
  std::int64_t ahead = 0;
  {
    auto q = database_.query("SELECT at, count FROM limits WHERE kind=? AND key=?", to_string(kind), queue::Blob{name});
    for (;;) {
      auto row = q.next();
      if (!row) return row.error();
      if (!*row) break;
      if (q.number(0) > now) ahead += q.number(1);
      else attempts.push_back({q.number(0), q.number(1)});
    }
  }
  if (ahead == 0) return attempts;
  // The clock was set back. Written down as made now, else they would count until it has caught up.
  const auto slot = now - now % limit_(kind).slot_ms;
  if (auto gone = database_.run("DELETE FROM limits WHERE kind=? AND key=? AND at>?", to_string(kind), queue::Blob{name}, now); !gone) return gone.error();
  auto put = database_.run("INSERT INTO limits(kind, key, at, count) VALUES(?,?,?,?) ON CONFLICT(kind, key, at) DO UPDATE SET count=count+excluded.count", to_string(kind), queue::Blob{name}, slot, ahead);
  if (!put) return put.error();
  attempts.push_back({slot, ahead});
  return attempts;
}

Result<std::optional<Limited>> Limits::take_within(const std::vector<Claim>& claims, std::int64_t now) {
  if (auto room = make_room(now); !room) return room.error();
  std::optional<Limited> refused;
  std::vector<std::string> names;
  for (const auto& claim : claims) {
    names.push_back(name_of(to_string(claim.kind), claim.key));
    auto attempts = counted(claim.kind, names.back(), now);
    if (!attempts) return attempts.error();
    const auto until = decide(limit_(claim.kind), *attempts, now);
    if (until && (!refused || *until > refused->until_ms)) refused = Limited{claim.kind, *until};
  }
  if (refused) return refused;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const auto& claim = claims[i];
    const auto account = claim.account.empty() ? std::string() : name_of("account", claim.account);
    auto q = database_.query("INSERT INTO limits(kind, key, at, count, account) VALUES(?,?,?,1,?) ON CONFLICT(kind, key, at) DO UPDATE SET count=count+1, account=excluded.account", to_string(claim.kind),
        queue::Blob{names[i]}, now - now % limit_(claim.kind).slot_ms);
    if (account.empty()) q.bind(nullptr);
    else q.bind(queue::Blob{account});
    if (auto put = q.run(); !put) return put.error();
    ++rows_;
  }
  return std::optional<Limited>();
}

Result<std::optional<Limited>> Limits::take(const std::vector<Claim>& claims, std::int64_t now) {
  const auto relaxed = database_.unsynced();
  auto guard = database_.begin();
  if (!guard) return guard.error();
  auto taken = take_within(claims, now);
  if (!taken) return taken.error();
  if (auto done = guard->commit(); !done) return done.error();
  return taken;
}

Result<void> Limits::give_back(const Claim& claim, std::int64_t taken_ms) {
  const auto relaxed = database_.unsynced();
  const auto kind = to_string(claim.kind);
  const auto name = name_of(kind, claim.key);
  const auto slot = taken_ms - taken_ms % limit_(claim.kind).slot_ms;
  auto guard = database_.begin();
  if (!guard) return guard.error();
  if (auto less = database_.run("UPDATE limits SET count=count-1 WHERE kind=? AND key=? AND at=?", kind, queue::Blob{name}, slot); !less) return less;
  if (auto gone = database_.run("DELETE FROM limits WHERE kind=? AND key=? AND at=? AND count<1", kind, queue::Blob{name}, slot); !gone) return gone;
  return guard->commit();
}

Result<std::optional<Limited>> Limits::room(const std::vector<Claim>& claims, std::int64_t now) {
  auto guard = database_.begin();
  if (!guard) return guard.error();
  auto taken = take_within(claims, now);  // and taken back: the guard is not committed
  if (taken && !*taken) rows_ -= static_cast<std::int64_t>(claims.size());
  return taken;
}

Result<void> Limits::passed(const std::string& account, const std::optional<std::string>& device, const std::vector<std::string>& gates) {
  const auto relaxed = database_.unsynced();
  const auto bucket = bucket_of(account, device);
  auto gone = database_.run("DELETE FROM limits WHERE kind=? AND key=?", to_string(LimitKind::account_failure), queue::Blob{name_of(to_string(LimitKind::account_failure), bucket)});
  if (!gone) return gone;
  for (const auto& gate : gates) {
    gone = database_.run("DELETE FROM limits WHERE kind=? AND key=?", to_string(LimitKind::gate), queue::Blob{name_of(to_string(LimitKind::gate), joined(gate, bucket))});
    if (!gone) return gone;
  }
  return {};
}

Result<std::int64_t> Limits::unblock(const std::string& account) {
  if (auto gone = database_.run("DELETE FROM limits WHERE account=?", queue::Blob{name_of("account", account)}); !gone) return gone.error();
  return database_.changes();
}

Result<void> Limits::prune(std::int64_t now) {
  rows_ = -1;
  return prune_limits(database_, now);
}

Result<void> prune_limits(queue::Database& database, std::int64_t now) {
  for (const auto kind : limit_kinds) {
    const auto limit = limit_of(kind);
    if (auto gone = database.run("DELETE FROM limits WHERE kind=? AND at<=?", to_string(kind), now - limit.window_ms - limit.slot_ms); !gone) return gone;
  }
  return {};
}

// Strangers choose the keys of address counters, one for each of their networks; the oldest of those may be forgotten.
Result<void> Limits::make_room(std::int64_t now) {
  const auto count = [&]() -> Result<void> {
    auto q = database_.query("SELECT count(*) FROM limits");
    if (auto row = q.next(); !row) return row.error();
    rows_ = q.number(0);
    return {};
  };
  if (rows_ < 0)
    if (auto done = count(); !done) return done;
  if (rows_ < most_rows_) return {};
  if (auto done = prune(now); !done) return done;
  if (auto done = count(); !done) return done;
  if (rows_ < most_rows_) return {};
  auto gone = database_.run("DELETE FROM limits WHERE kind=?1 AND at IN (SELECT at FROM limits WHERE kind=?1 ORDER BY at LIMIT ?2)", to_string(LimitKind::address_start), most_rows_ / 10);
  if (!gone) return gone;
  if (auto done = count(); !done) return done;
  if (rows_ < most_rows_) return {};
  return fault(Fault::Kind::exhausted, "limits.take", "too many attempts are counted");
}

}  // namespace wb::service
