// The agent's durable memory of jobs (docs/PROTOCOL.md section 6): the intent before a write, the outcome after it. It
// tells a redelivery from a replay, answers a redelivered job without a second write, and keeps results until the
// service acked them. Never a password, not even a sealed one.
//
// An intent is flushed to the disk before it returns. An outcome and an ack are not: they survive the end of the program,
// and sync() each few seconds makes them survive a power cut too. One that was lost costs a look at the directory, because
// its intent is open again (docs/PROTOCOL.md section 6, "Agent start").
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
#include "protocol/trace.hpp"
#include "queue/database.hpp"

namespace wb::queue {

struct JournalEntry {
  std::string jti;
  std::int64_t fence = 0;  // of the newest attempt
  int att = 0;
  protocol::Op op = protocol::Op::reset;
  std::string sub;
  UnixSeconds exp = 0, created = 0;
  // What settling an open intent needs; of the job as it was first seen here. Empty in rows of older versions.
  std::string domain;
  UnixSeconds iat = 0;
  std::optional<protocol::Pre> pre;       // of all but unlocks
  bool marker = false;                    // a marker was in use
  protocol::Trace trace;                  // what its lines in the log are found by; decides nothing, and no sum covers it
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

  // Reads the whole file before it believes any of it. A damaged one: Fault malformed "journal.damaged", whose detail
  // says what to do; it is never emptied or mended here, because it may be all that knows of a write. Else faults as
  // Database::open and migrate.
  static Result<Journal> open(const std::filesystem::path& file);

  // One more than any this journal gave before; never repeats, whatever happened in between.
  Result<std::int64_t> next_epoch();

  Result<std::optional<JournalEntry>> find(std::string_view jti);
  // find() and intent() of a job that is mostly new, in one commit: nullopt, it was never seen and is recorded now; or what
  // is known of it, and nothing was recorded.
  Result<std::optional<JournalEntry>> admit(const JournalEntry& entry);
  // Before a write. A known jti needs a greater fence (Fault refused "journal.intent" else), loses its old result,
  // and keeps what was first known of it otherwise: a resolve has times of its own.
  Result<void> intent(const JournalEntry& entry);
  // After it: the outcome of that fence, or a newer answer to a redelivery with this fence.
  Result<void> done(std::string_view jti, std::int64_t fence, int att, std::string_view result_jws);
  // The service has them. Of an older fence than the newest: nothing happens.
  Result<void> acked(const std::vector<protocol::JobRef>& refs);
  // Intents of this domain without an outcome, oldest first, at most `most`; those that say enough to be looked at.
  Result<std::vector<JournalEntry>> open_intents(std::string_view domain, int most);
  // Jobs of this domain (resolves aside) that were let through after `since`, oldest first: what the breaker on volume
  // counts again after a restart. The newest `most` of them.
  struct Write {
    UnixSeconds at = 0;
    std::string sub;
  };
  Result<std::vector<Write>> writes_since(std::string_view domain, UnixSeconds since, int most);
  // Oldest first, at most `most`.
  Result<std::vector<Unacked>> unacked(int most);
  // Forgets rows older than 30 days, acked or not: their jobs expired long ago. How many.
  Result<std::int64_t> prune(UnixSeconds now);
  // Can it commit at all? For readiness after a failure.
  Result<void> try_commit();
  // Flushes what done() and acked() left to be flushed.
  Result<void> sync() { return database_.sync(); }

 private:
  explicit Journal(Database database) : database_(std::move(database)) {}
  Result<void> insert(const JournalEntry& entry, const char* otherwise);
  Database database_;
};

}  // namespace wb::queue
