// SQLite, the one layer over it: the agent's journal and the service's store stand on this. Durable (WAL with
// synchronous=FULL: a commit that returned survives a power cut), private (0600, deleted content overwritten), typed.
//
//   auto db = Database::open(file);                             // Result<Database>
//   db->migrate({"CREATE TABLE t(k TEXT PRIMARY KEY, n INTEGER) STRICT"});
//   if (auto done = db->run("INSERT INTO t VALUES(?,?)", "a", 1); !done) return done.error();
//   auto q = db->query("SELECT k, n FROM t WHERE n > ?", 0);
//   { const auto relaxed = db->unsynced(); db->run("UPDATE t SET n = 2"); }   ... db->sync();
//   for (;;) { auto row = q.next(); if (!row) return row.error(); if (!*row) break;  q.text(0); q.number(1); }
//
// SQL may call row_sum(value, ...), a checksum of values for rows that must not be misread (queue/journal).
//
// Faults: kind internal, detail "SQLITE_FULL: database or disk is full"; kind refused for a broken constraint, detail
// "SQLITE_CONSTRAINT_UNIQUE: ...", because that one is an answer. A handle is used by one thread at a time; other
// processes may use the same file (they wait up to 5 s for each other, then SQLITE_BUSY).
#pragma once
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace wb::queue {

class Database;

// Bytes, where text would be bound otherwise. Borrowed for the call.
struct Blob {
  std::string_view bytes;
};

// One prepared statement, bound and stepping; it goes back to its database's cache at the end. Must not outlive it.
// A problem while preparing or binding is answered by next() and run(): no check is needed in between.
class Query {
 public:
  struct State;  // the open file and its idle statements; in database.cpp
  Query(Query&& other) noexcept;
  Query& operator=(Query&&) = delete;
  Query(const Query&) = delete;
  ~Query();

  // Binds the next parameter (copied).
  Query& bind(std::string_view text);
  Query& bind(const std::string& text) { return bind(std::string_view(text)); }
  Query& bind(const char* text) { return bind(std::string_view(text)); }
  Query& bind(Blob blob);
  Query& bind(std::int64_t number);
  Query& bind(int number) { return bind(static_cast<std::int64_t>(number)); }
  Query& bind(bool flag) { return bind(static_cast<std::int64_t>(flag)); }
  Query& bind(std::nullptr_t);
  template <class T> Query& bind(const std::optional<T>& value) { return value ? bind(*value) : bind(nullptr); }

  Result<bool> next();  // true: there is a row to read
  Result<void> run();   // to the end, rows ignored

  // Columns of the current row, from 0. Text and blobs come as strings; null gives "", 0 or nullopt.
  std::string text(int column) const;
  std::optional<std::string> maybe_text(int column) const;
  std::int64_t number(int column) const;
  std::optional<std::int64_t> maybe_number(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  Query(std::shared_ptr<State> database, sqlite3_stmt* statement, std::string sql, std::optional<Fault> problem);
  void bound(int code);
  std::shared_ptr<State> database_;
  sqlite3_stmt* statement_ = nullptr;
  std::string sql_;
  std::optional<Fault> problem_;
  int parameters_ = 0;
};

// BEGIN IMMEDIATE ... COMMIT; rolled back at the end unless commit() answered well.
class Transaction {
 public:
  Transaction(Transaction&& other) noexcept = default;
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  friend class Database;
  explicit Transaction(std::shared_ptr<Query::State> database) : database_(std::move(database)) {}
  std::shared_ptr<Query::State> database_;  // empty once committed
};

// While it lives, commits are written and not flushed: they survive the end of this program, SIGKILL included, and
// perhaps not a power cut (docs/PROTOCOL.md section 6 says which may). Made before and ended after their transaction.
class Unsynced {
 public:
  Unsynced(const Unsynced&) = delete;
  Unsynced& operator=(const Unsynced&) = delete;
  ~Unsynced();

 private:
  friend class Database;
  explicit Unsynced(std::shared_ptr<Query::State> database);
  std::shared_ptr<Query::State> database_;
};

class Database {
 public:
  // Creates the file (0600; its folder must exist) or opens it; a wider mode is narrowed. Fault internal "database.open".
  static Result<Database> open(const std::filesystem::path& file);
  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) noexcept = default;
  ~Database() = default;

  // Step n (from 0) brings the schema from version n to n+1 (PRAGMA user_version), each in one transaction; steps
  // already done are left alone. Fault refused "database.migrate" when the file is newer than we know.
  Result<void> migrate(std::initializer_list<const char*> steps);

  template <class... A> Query query(std::string_view sql, const A&... parameters) {
    Query q = prepare(sql);
    (q.bind(parameters), ...);
    return q;
  }
  template <class... A> Result<void> run(std::string_view sql, const A&... parameters) { return query(sql, parameters...).run(); }
  Result<Transaction> begin();
  [[nodiscard]] Unsynced unsynced() { return Unsynced(state_); }
  // Makes durable what was committed under unsynced(); nothing to do, nothing done. Fault internal "database.sync".
  Result<void> sync();
  // A consistent copy as of now, without what was deleted: a new file (0600, flushed). Others go on reading and writing
  // meanwhile. Not inside a transaction. Fault refused "database.copy" where there is a file, internal else.
  Result<void> copy_to(const std::filesystem::path& file);
  // Writes what stands there already, unflushed: whether the file takes writes now. Not inside a transaction.
  Result<void> writable();
  // Reads all of it. Fault malformed "database.check", detail the first thing that is wrong.
  Result<void> check();
  std::int64_t changes() const;  // rows touched by the last run()

 private:
  explicit Database(std::shared_ptr<Query::State> state) : state_(std::move(state)) {}
  Query prepare(std::string_view sql);
  Result<std::int64_t> version();  // of the schema
  Result<void> version(std::int64_t number);
  std::shared_ptr<Query::State> state_;
};

}  // namespace wb::queue
