// The agent's durable memory of jobs (docs/PROTOCOL.md section 6): the intent before a write, the outcome after it. It
// tells a redelivery from a replay, answers a redelivered job without a second write, and keeps results until the
// service acked them. Never a password, not even a sealed one.
//
// Blocking (a commit is an fsync) and for one thread at a time: the agent calls it on its journal pool of one thread.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "protocol/messages.hpp"
#include "queue/database.hpp"

namespace wb::queue {

struct JournalEntry {
  std::string jti;
  std::int64_t fence = 0;  // of the newest attempt
  int att = 0;
  protocol::Op op = protocol::Op::reset;
  std::string sub;
  UnixSeconds exp = 0, created = 0;
  std::optional<std::string> result_jws;  // nullopt: an intent whose outcome was never recorded
  bool acked = false;
  bool open() const { return !result_jws.has_value(); }
};

class Journal {
 public:
  static constexpr UnixSeconds kept_seconds = 30 * 86'400;
  struct Unacked {
    std::string jti;
    std::int64_t fence = 0;
    std::string result_jws;
  };

  // Fault internal / refused as Database::open and migrate.
  static Result<Journal> open(const std::filesystem::path& file);

  // One more than any this journal gave before; never repeats, whatever happened in between.
  Result<std::int64_t> next_epoch();

  Result<std::optional<JournalEntry>> find(std::string_view jti);
  // Before a write. A known jti needs a greater fence (Fault refused "journal.intent" else) and loses its old result.
  Result<void> intent(const JournalEntry& entry);
  // After it: the outcome of that fence, or a newer answer to a redelivery with this fence.
  Result<void> done(std::string_view jti, std::int64_t fence, int att, std::string_view result_jws);
  // The service has it. Of an older fence than the newest: nothing happens.
  Result<void> acked(std::string_view jti, std::int64_t fence);
  // Oldest first, at most `most`.
  Result<std::vector<Unacked>> unacked(int most);
  // Forgets rows older than 30 days, acked or not: their jobs expired long ago. How many.
  Result<std::int64_t> prune(UnixSeconds now);
  // Can it commit at all? For readiness after a failure.
  Result<void> try_commit();

 private:
  explicit Journal(Database database) : database_(std::move(database)) {}
  Database database_;
};

}  // namespace wb::queue
