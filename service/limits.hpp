// How often something may be tried: sliding windows over attempts that are counted before anything is tried or sent, in the store's
// file, so that they outlive the service. Deciding is pure (`decide`); Limits does what it says.
//
//   auto no = limits.take(answer_claims(account, "email", device), now_ms);   // Result<optional<Limited>>
//   if (*no) ... say `until_ms`, and don't even compare
//   compare; once all were right: limits.passed(account, device, {"email"});
//
// The rules of the house:
// * A limit refuses here, and nowhere else: it never locks an account of the directory, which is not asked.
// * What is refused is not counted. So a window ends, however long somebody keeps hammering, and `until` is true.
// * Strangers don't keep an owner out. Failures count for an account and a device: whoever shows a device token (a signed cookie of
//   this account, given after a reset or sign-in that succeeded there) has tries of their own, and strangers share the others. A
//   stranger who knows a name spends the strangers' five, nobody else's; what passes on a known device is no reason to give strangers
//   new ones. Mailed codes are split in the same way. An owner on a new device while strangers try is let in by a passkey, or by a
//   helpdesk (`unblock`).
// * A clock that is set back never makes anybody wait for more than one window: attempts from the future count as made now.
// * Keys are names and addresses of people: the table has their HMAC.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "queue/database.hpp"

namespace wb::service {

// The names of to_string() are in the store, the API and the audit: they never change.
enum class LimitKind { account_failure,  // answers that were not right yet, per account and device
  gate,                                  // the same, per method too
  account_reset,                         // new passwords sent, per account, but for those that were not written
  destination,                           // mails to one address, strangers' together, each known device's for itself
  destination_day,
  address_start,  // ways begun, per network address
  tenant_mail,    // mails of an installation
  solution };     // a captcha's, once
constexpr LimitKind limit_kinds[] = {LimitKind::account_failure, LimitKind::gate, LimitKind::account_reset, LimitKind::destination, LimitKind::destination_day,
    LimitKind::address_start, LimitKind::tenant_mail, LimitKind::solution};
std::string_view to_string(LimitKind kind);

struct Limit {
  std::int64_t most = 5;
  std::int64_t window_ms = 3'600'000;
  std::int64_t slot_ms = 1;  // attempts this close together are counted in one row, and leave the window with the last of them
  bool operator==(const Limit&) const = default;
};
// At least as strict as Entra's published ones, but for what those do for 24 h after.
Limit limit_of(LimitKind kind);

// `at`: of an attempt, or where its slot begins.
struct Counted {
  std::int64_t at = 0, count = 1;
};
// nullopt: one more may be made. Else when, at the earliest, if nothing else is tried.
std::optional<std::int64_t> decide(const Limit& limit, const std::vector<Counted>& attempts, std::int64_t now_ms);

// One more attempt of a kind. `key`: whatever is counted together; `account`: whose counter it is, for passed() and unblock().
struct Claim {
  LimitKind kind;
  std::string key;
  std::string account;
};
// An answer to a gate. `account`: domain and objectGUID, or for a name that nobody has the name itself, lower-cased. `device`: the
// name of a device token that was found good for this account.
std::vector<Claim> answer_claims(const std::string& account, std::string_view gate, const std::optional<std::string>& device);
// A mail that `account` asks for, as above. Strangers share what may go to a destination, whichever accounts they name; whoever shows a
// `device` of the account, as above, has as much of their own. Only for a destination that is the account's already: anybody may have many
// devices of their own account.
std::vector<Claim> mail_claims(std::string_view tenant, const std::string& destination, const std::string& account, const std::optional<std::string>& device = std::nullopt);
// Of a notification: counted for itself by what it says and whose account it is about. So codes that a stranger asks for, or a flood of
// other news, take no room from it; and nobody's mailbox is flooded.
std::vector<Claim> notice_claims(std::string_view notice, const std::string& account, const std::string& destination);

struct Limited {
  LimitKind kind;  // the one that lasts longest
  std::int64_t until_ms = 0;
};

class Limits {
 public:
  static constexpr std::int64_t rows_max = 200'000;
  // `limit`: of each kind; tests and benches have others than people.
  using Table = std::function<Limit(LimitKind)>;
  Limits(queue::Database& database, Secret key, std::int64_t most_rows = rows_max, Table limit = limit_of) : database_(database), key_(std::move(key)), most_rows_(most_rows), limit_(std::move(limit)) {}

  // Counts all of them, or none where one has no room. In a transaction of its own, not flushed: SIGKILL forgets nothing, a power
  // cut perhaps the last seconds. Fault exhausted "limits.take": the table is full of what can't be forgotten.
  Result<std::optional<Limited>> take(const std::vector<Claim>& claims, std::int64_t now_ms);
  // The same within the caller's transaction, which must not commit what was refused.
  Result<std::optional<Limited>> take_within(const std::vector<Claim>& claims, std::int64_t now_ms);
  // What take() counted at `taken_ms` came to nothing. Without effect where it is forgotten already, or given back.
  Result<void> give_back(const Claim& claim, std::int64_t taken_ms);
  // Whether there would be room; nothing is counted.
  Result<std::optional<Limited>> room(const std::vector<Claim>& claims, std::int64_t now_ms);
  // The way succeeded: this device's (or the strangers') failures of the account are forgotten, and those at the gates it passed.
  Result<void> passed(const std::string& account, const std::optional<std::string>& device, const std::vector<std::string>& gates);
  // Everything that counts for an account is forgotten; how many counters that were. The caller audits it (service/unblock).
  Result<std::int64_t> unblock(const std::string& account);
  Result<void> prune(std::int64_t now_ms);  // prune_limits()

 private:
  std::string name_of(std::string_view kind, std::string_view key) const;
  Result<std::vector<Counted>> counted(LimitKind kind, const std::string& name, std::int64_t now_ms);
  Result<void> make_room(std::int64_t now_ms);
  queue::Database& database_;
  Secret key_;
  std::int64_t most_rows_;
  Table limit_;
  std::int64_t rows_ = -1;  // about; -1: not counted yet
};

// Erases what no window reaches any more; the store does it each hour.
Result<void> prune_limits(queue::Database& database, std::int64_t now_ms);

}  // namespace wb::service
