#include "queue/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <utility>

#include "core/log.hpp"

namespace wb::queue {
namespace {

constexpr int busy_timeout_ms = 5'000;
constexpr std::size_t cache_max = 64;  // our statements are literals, so this is a bound and not a working size

std::string_view code_name(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE: return "SQLITE_CONSTRAINT_UNIQUE";
    case SQLITE_CONSTRAINT_PRIMARYKEY: return "SQLITE_CONSTRAINT_PRIMARYKEY";
    case SQLITE_CONSTRAINT_FOREIGNKEY: return "SQLITE_CONSTRAINT_FOREIGNKEY";
    case SQLITE_CONSTRAINT_NOTNULL: return "SQLITE_CONSTRAINT_NOTNULL";
    case SQLITE_CONSTRAINT_CHECK: return "SQLITE_CONSTRAINT_CHECK";
    case SQLITE_IOERR_READ: return "SQLITE_IOERR_READ";
    case SQLITE_IOERR_SHORT_READ: return "SQLITE_IOERR_SHORT_READ";
    case SQLITE_IOERR_WRITE: return "SQLITE_IOERR_WRITE";
    case SQLITE_IOERR_FSYNC: return "SQLITE_IOERR_FSYNC";
    default: break;
  }
  switch (extended & 0xff) {
    case SQLITE_ERROR: return "SQLITE_ERROR";
    case SQLITE_PERM: return "SQLITE_PERM";
    case SQLITE_BUSY: return "SQLITE_BUSY";
    case SQLITE_LOCKED: return "SQLITE_LOCKED";
    case SQLITE_NOMEM: return "SQLITE_NOMEM";
    case SQLITE_READONLY: return "SQLITE_READONLY";
    case SQLITE_IOERR: return "SQLITE_IOERR";
    case SQLITE_CORRUPT: return "SQLITE_CORRUPT";
    case SQLITE_FULL: return "SQLITE_FULL";
    case SQLITE_CANTOPEN: return "SQLITE_CANTOPEN";
    case SQLITE_TOOBIG: return "SQLITE_TOOBIG";
    case SQLITE_CONSTRAINT: return "SQLITE_CONSTRAINT";
    case SQLITE_MISMATCH: return "SQLITE_MISMATCH";
    case SQLITE_MISUSE: return "SQLITE_MISUSE";
    case SQLITE_RANGE: return "SQLITE_RANGE";
    case SQLITE_NOTADB: return "SQLITE_NOTADB";
    default: return "SQLITE_OTHER";
  }
}

// `message` is SQLite's own text: it names tables, columns and SQL, never bound values.
Fault fault_of(int extended, const char* message, std::string where) {
  const auto kind = (extended & 0xff) == SQLITE_CONSTRAINT ? Fault::Kind::refused : Fault::Kind::internal;
  auto made = fault(kind, std::move(where), std::string(code_name(extended)) + ": " + (message ? message : ""));
  made.disk_full = (extended & 0xff) == SQLITE_FULL;
  return made;
}

// row_sum(value, ...): FNV-1a over type, length and bytes of each value, 63 bits. Every step is a bijection of what came
// before, so one changed byte always changes the sum; SQLite itself checks no page. Against decay, not against people.
void row_sum(sqlite3_context* context, int count, sqlite3_value** values) {
  std::uint64_t sum = 0xcbf29ce484222325U;
  const auto take = [&sum](const void* bytes, std::size_t size) {
    const auto* at = static_cast<const unsigned char*>(bytes);
    for (std::size_t i = 0; i < size; ++i) sum = (sum ^ at[i]) * 0x100000001b3U;
  };
  for (int i = 0; i < count; ++i) {
    const int type = sqlite3_value_type(values[i]);
    const auto* bytes = type == SQLITE_NULL ? nullptr : sqlite3_value_blob(values[i]);  // a number gives its digits
    const auto size = static_cast<std::uint64_t>(type == SQLITE_NULL ? 0 : sqlite3_value_bytes(values[i]));
    take(&type, sizeof type);
    take(&size, sizeof size);
    if (bytes) take(bytes, size);
  }
  sqlite3_result_int64(context, static_cast<sqlite3_int64>(sum >> 1U));
}

// SQLite would create the file with the umask's mode and narrow nothing; its WAL and index take the file's mode.
Result<void> make_private(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return fault(Fault::Kind::internal, "database.open", file.string() + ": " + std::generic_category().message(errno));
  const int narrowed = ::fchmod(fd, 0600);
  const int why = errno;
  ::close(fd);
  if (narrowed != 0) return fault(Fault::Kind::internal, "database.open", file.string() + ": chmod 600: " + std::generic_category().message(why));
  return {};
}

}  // namespace

struct Query::State {
  sqlite3* handle = nullptr;
  std::map<std::string, sqlite3_stmt*, std::less<>> idle;  // by SQL text; a statement in use is not here
  bool dirty = false;                                      // something may have been committed without a flush
  ~State() {
    for (auto& [sql, statement] : idle) sqlite3_finalize(statement);
    sqlite3_close_v2(handle);
  }
  Fault problem(std::string where) const { return fault_of(sqlite3_extended_errcode(handle), sqlite3_errmsg(handle), std::move(where)); }
  Result<void> script(const char* sql, const char* where) {
    if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return problem(where);
    return {};
  }
};

// ---- Query --------------------------------------------------------------------------------------------------
Query::Query(std::shared_ptr<State> database, sqlite3_stmt* statement, std::string sql, std::optional<Fault> problem)
    : database_(std::move(database)), statement_(statement), sql_(std::move(sql)), problem_(std::move(problem)) {}

Query::Query(Query&& other) noexcept
    : database_(std::move(other.database_)), statement_(std::exchange(other.statement_, nullptr)), sql_(std::move(other.sql_)), problem_(std::move(other.problem_)), parameters_(other.parameters_) {}

Query::~Query() {
  if (!statement_) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);  // a sealed password must not wait in the cache for the next caller
  auto& idle = database_->idle;
  if (idle.size() >= cache_max || !idle.emplace(std::move(sql_), statement_).second) sqlite3_finalize(statement_);
}

void Query::bound(int code) {
  if (code != SQLITE_OK && !problem_) problem_ = database_->problem("database.bind");
}

Query& Query::bind(std::string_view text) {
  if (statement_) bound(sqlite3_bind_text64(statement_, ++parameters_, text.empty() ? "" : text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}
Query& Query::bind(Blob blob) {
  if (statement_) bound(sqlite3_bind_blob64(statement_, ++parameters_, blob.bytes.empty() ? "" : blob.bytes.data(), blob.bytes.size(), SQLITE_TRANSIENT));
  return *this;
}
Query& Query::bind(std::int64_t number) {
  if (statement_) bound(sqlite3_bind_int64(statement_, ++parameters_, number));
  return *this;
}
Query& Query::bind(std::nullptr_t) {
  if (statement_) bound(sqlite3_bind_null(statement_, ++parameters_));
  return *this;
}

Result<bool> Query::next() {
  if (problem_) return *problem_;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_->problem("database.step");
}

Result<void> Query::run() {
  for (;;) {
    auto row = next();
    if (!row) return row.error();
    if (!*row) return {};
  }
}

std::string Query::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
}
std::optional<std::string> Query::maybe_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}
std::int64_t Query::number(int column) const { return sqlite3_column_int64(statement_, column); }
std::optional<std::int64_t> Query::maybe_number(int column) const {
  if (is_null(column)) return std::nullopt;
  return number(column);
}
bool Query::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

// ---- Transaction --------------------------------------------------------------------------------------------
Transaction::~Transaction() {
  if (database_) (void)database_->script("ROLLBACK", "database.rollback");  // a failed COMMIT may have done it already
}

Result<void> Transaction::commit() {
  auto done = database_->script("COMMIT", "database.commit");
  if (done) database_.reset();
  return done;
}

// ---- Unsynced -----------------------------------------------------------------------------------------------
// In WAL mode NORMAL flushes at checkpoints only. Where SQLite refuses the change (inside a transaction) commits stay
// synced, which is slower and never wrong; that the way back is never refused is what the order in the header is for.
Unsynced::Unsynced(std::shared_ptr<Query::State> database) : database_(std::move(database)) {
  if (database_->script("PRAGMA synchronous=NORMAL", "database.unsynced")) database_->dirty = true;
}

Unsynced::~Unsynced() {
  if (auto back = database_->script("PRAGMA synchronous=FULL", "database.unsynced"); !back) {
    log::fault("database.unsynced", back.error());
    std::abort();  // a transaction outlived the scope: every later commit would be a promise not kept
  }
}

// ---- Database -----------------------------------------------------------------------------------------------
Result<Database> Database::open(const std::filesystem::path& file) {
  if (auto mine = make_private(file); !mine) return mine.error();
  auto state = std::make_shared<Query::State>();
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(file.c_str(), &state->handle, flags, nullptr);
  if (code != SQLITE_OK) return fault_of(code, state->handle ? sqlite3_errmsg(state->handle) : nullptr, "database.open");
  sqlite3_busy_timeout(state->handle, busy_timeout_ms);
  constexpr int manner = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;  // innocuous: triggers may call it
  const int made = sqlite3_create_function_v2(state->handle, "row_sum", -1, manner, nullptr, &row_sum, nullptr, nullptr, nullptr);
  if (made != SQLITE_OK) return fault_of(made, sqlite3_errmsg(state->handle), "database.open");
  Database database(std::move(state));
  // secure_delete: an erased sealed password leaves the file, not just the index.
  constexpr const char* manners = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF";
  if (auto set = database.state_->script(manners, "database.open"); !set) return set.error();
  return database;
}

Query Database::prepare(std::string_view sql) {
  if (auto found = state_->idle.find(sql); found != state_->idle.end()) {
    auto node = state_->idle.extract(found);
    return Query(state_, node.mapped(), std::move(node.key()), std::nullopt);
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(state_->handle, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  std::optional<Fault> problem;
  if (code != SQLITE_OK) problem = state_->problem("database.prepare");
  return Query(state_, statement, std::string(sql), std::move(problem));
}

Result<Transaction> Database::begin() {
  if (auto begun = state_->script("BEGIN IMMEDIATE", "database.begin"); !begun) return begun.error();
  return Transaction(state_);
}

Result<void> Database::sync() {
  if (!state_->dirty) return {};
  sqlite3_file* wal = nullptr;  // SQLite's own handle: another descriptor's close would drop its locks
  const int code = sqlite3_file_control(state_->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&wal));
  if (code != SQLITE_OK) return fault_of(code, "no write-ahead log", "database.sync");
  if (wal && wal->pMethods) {  // none before the first commit
    if (const int flushed = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL); flushed != SQLITE_OK) return fault_of(flushed, "the write-ahead log can't be flushed", "database.sync");
  }
  state_->dirty = false;
  return {};
}

Result<void> Database::copy_to(const std::filesystem::path& file) {
  std::error_code ec;
  if (std::filesystem::exists(file, ec)) return fault(Fault::Kind::refused, "database.copy", file.string() + ": is there already");
  if (auto mine = make_private(file); !mine) return mine.error();  // SQLite writes into an empty file, whose mode stays
  if (auto copied = run("VACUUM INTO ?", file.string()); !copied) return fault(copied.error().kind, "database.copy", copied.error().detail);
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);  // VACUUM INTO flushes nothing
  const bool flushed = fd >= 0 && ::fsync(fd) == 0;
  const int why = errno;
  if (fd >= 0) ::close(fd);
  if (!flushed) return fault(Fault::Kind::internal, "database.copy", file.string() + ": " + std::generic_category().message(why));
  return {};
}

Result<void> Database::check() {
  auto whole = query("PRAGMA integrity_check(1)");
  auto row = whole.next();
  if (!row) return row.error();
  if (!*row || whole.text(0) != "ok") return fault(Fault::Kind::malformed, "database.check", whole.text(0));
  auto keys = query("PRAGMA foreign_key_check");
  auto broken = keys.next();
  if (!broken) return broken.error();
  if (*broken) return fault(Fault::Kind::malformed, "database.check", "a row of " + keys.text(0) + " without its row of " + keys.text(2));
  return {};
}

std::int64_t Database::changes() const { return sqlite3_changes64(state_->handle); }

Result<std::int64_t> Database::version() {
  auto q = query("PRAGMA user_version");
  auto row = q.next();
  if (!row) return row.error();
  return q.number(0);
}

Result<void> Database::version(std::int64_t number) { return state_->script(("PRAGMA user_version=" + std::to_string(number)).c_str(), "database.version"); }

Result<void> Database::writable() {
  const auto relaxed = unsynced();
  auto guard = begin();
  if (!guard) return guard.error();
  const auto now = version();
  if (!now) return now.error();
  if (auto written = version(*now); !written) return written;
  return guard->commit();
}

Result<void> Database::migrate(std::initializer_list<const char*> steps) {
  const auto newest = static_cast<std::int64_t>(steps.size());
  for (;;) {
    auto guard = begin();  // two processes may start at once: the version is read under the write lock
    if (!guard) return guard.error();
    const auto read = version();
    if (!read) return read.error();
    const auto version = *read;
    if (version < 0) return fault(Fault::Kind::internal, "database.migrate", "SQLITE_CORRUPT: the version of the schema");
    if (version > newest) return fault(Fault::Kind::refused, "database.migrate", "the file is of schema " + std::to_string(version) + ", newer than this program's " + std::to_string(newest));
    if (version == newest) return {};
    if (auto done = state_->script(steps.begin()[version], "database.migrate"); !done) return done.error();
    if (auto set = this->version(version + 1); !set) return set.error();
    if (auto kept = guard->commit(); !kept) return kept.error();
  }
}

}  // namespace wb::queue
