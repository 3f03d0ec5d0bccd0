#include "queue/database.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

namespace wb::queue {
namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "wb-database-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

constexpr const char* schema = "CREATE TABLE t(k TEXT PRIMARY KEY, n INTEGER, b BLOB) STRICT";

class ADatabase : public testing::Test {
 protected:
  Folder folder_;
  std::filesystem::path file_ = folder_.path / "t.sqlite";
  Database db_ = Database::open(file_).value();
  void SetUp() override { ASSERT_TRUE(db_.migrate({schema})); }
  std::int64_t rows() {
    auto q = db_.query("SELECT count(*) FROM t");
    EXPECT_TRUE(q.next().value());
    return q.number(0);
  }
};

TEST_F(ADatabase, GivesBackWhatWasPutIn) {
  const std::string bytes("\0\xff x", 4);
  ASSERT_TRUE(db_.run("INSERT INTO t VALUES(?,?,?)", "é'", std::int64_t{1} << 53, Blob{bytes}));
  ASSERT_TRUE(db_.run("INSERT INTO t VALUES(?,?,?)", std::string("none"), std::optional<int>(), nullptr));
  auto q = db_.query("SELECT k, n, b FROM t ORDER BY n DESC");
  ASSERT_TRUE(q.next().value());
  EXPECT_EQ(q.text(0), "é'");
  EXPECT_EQ(q.number(1), std::int64_t{1} << 53);
  EXPECT_EQ(q.text(2), bytes);
  ASSERT_TRUE(q.next().value());
  EXPECT_TRUE(q.is_null(1));
  EXPECT_EQ(q.maybe_text(2), std::nullopt);
  EXPECT_FALSE(q.next().value());
}

TEST_F(ADatabase, NamesABrokenConstraintAsRefused) {
  ASSERT_TRUE(db_.run("INSERT INTO t(k) VALUES(?)", "a"));
  auto again = db_.run("INSERT INTO t(k) VALUES(?)", "a");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, Fault::Kind::refused);
  EXPECT_NE(again.error().detail.find("SQLITE_CONSTRAINT_PRIMARYKEY"), std::string::npos);
}

TEST_F(ADatabase, TellsWhetherItTakesWritesAndChangesNothingByIt) {
  ASSERT_TRUE(db_.run("INSERT INTO t VALUES('a', 1, NULL)"));
  EXPECT_TRUE(db_.writable());
  EXPECT_EQ(rows(), 1);
  ASSERT_TRUE(db_.migrate({schema})) << "the schema's version is what it was";
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto former = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{1, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  const auto refused = db_.writable();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, former);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Fault::Kind::internal);
  EXPECT_TRUE(db_.writable()) << "and takes them again";
}

TEST_F(ADatabase, SaysThatItIsFullInATypeAndNotOnlyInWords) {
  ASSERT_TRUE(db_.run("PRAGMA max_page_count = 1"));  // as many as it has
  const auto refused = db_.run("INSERT INTO t VALUES('a', 1, zeroblob(100000))");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().disk_full) << refused.error().detail;
  EXPECT_FALSE(db_.run("SELECT nothing FROM nowhere").error().disk_full);
}

TEST_F(ADatabase, AnswersAWrongStatementWhenItIsRun) {
  auto q = db_.query("SELECT nothing FROM nowhere", 1);
  auto row = q.next();
  ASSERT_FALSE(row);
  EXPECT_EQ(row.error().where, "database.prepare");
}

TEST_F(ADatabase, AnswersAParameterTooMany) {
  EXPECT_EQ(db_.run("INSERT INTO t(k) VALUES(?)", "a", 2).error().where, "database.bind");
}

TEST_F(ADatabase, RollsBackATransactionThatWasNotCommitted) {
  {
    auto guard = db_.begin();
    ASSERT_TRUE(guard);
    ASSERT_TRUE(db_.run("INSERT INTO t(k) VALUES(?)", "a"));
  }
  EXPECT_EQ(rows(), 0);
  {
    auto guard = db_.begin();
    ASSERT_TRUE(db_.run("INSERT INTO t(k) VALUES(?)", "a"));
    ASSERT_TRUE(guard->commit());
  }
  EXPECT_EQ(rows(), 1);
}

TEST_F(ADatabase, RunsOneStatementTwiceAtOnce) {
  for (const char* k : {"a", "b"}) ASSERT_TRUE(db_.run("INSERT INTO t(k) VALUES(?)", k));
  constexpr const char* sql = "SELECT k FROM t ORDER BY k";
  auto outer = db_.query(sql);
  ASSERT_TRUE(outer.next().value());
  auto inner = db_.query(sql);
  ASSERT_TRUE(inner.next().value());
  ASSERT_TRUE(outer.next().value());
  EXPECT_EQ(inner.text(0), "a");
  EXPECT_EQ(outer.text(0), "b");
}

TEST_F(ADatabase, IsPrivateToItsOwner) {
  ASSERT_TRUE(db_.run("INSERT INTO t(k) VALUES(?)", "a"));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat s {};
    ASSERT_EQ(::stat((file_.string() + suffix).c_str(), &s), 0) << suffix;
    EXPECT_EQ(s.st_mode & 0777, 0600U) << suffix;
  }
}

TEST_F(ADatabase, IsSeenByASecondHandleAndKeptAcrossOpens) {
  ASSERT_TRUE(db_.run("INSERT INTO t(k) VALUES(?)", "a"));
  auto other = Database::open(file_);
  ASSERT_TRUE(other);
  ASSERT_TRUE(other->migrate({schema}));
  auto q = other->query("SELECT k FROM t");
  ASSERT_TRUE(q.next().value());
  EXPECT_EQ(q.text(0), "a");
}

TEST_F(ADatabase, MigratesOnlyTheMissingSteps) {
  ASSERT_TRUE(db_.run("INSERT INTO t(k) VALUES(?)", "a"));
  ASSERT_TRUE(db_.migrate({schema, "ALTER TABLE t ADD COLUMN more TEXT"}));
  auto q = db_.query("SELECT more FROM t");
  EXPECT_TRUE(q.next().value());
}

TEST_F(ADatabase, RefusesAFileNewerThanTheProgram) {
  ASSERT_TRUE(db_.migrate({schema, "CREATE TABLE u(k TEXT)"}));
  auto older = db_.migrate({schema});
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().kind, Fault::Kind::refused);
}

TEST_F(ADatabase, FlushesEachCommitUnlessToldNotToAndCanFlushLater) {
  const auto level = [this] {
    auto q = db_.query("PRAGMA synchronous");
    return q.next().value() ? q.number(0) : -1;
  };
  EXPECT_EQ(level(), 2) << "FULL";
  EXPECT_TRUE(db_.sync()) << "nothing to do";
  {
    const auto relaxed = db_.unsynced();
    EXPECT_EQ(level(), 1) << "NORMAL";
    auto all = db_.begin();
    ASSERT_TRUE(all);
    ASSERT_TRUE(db_.run("INSERT INTO t(k) VALUES(?)", "a"));
    ASSERT_TRUE(all->commit());
  }
  EXPECT_EQ(level(), 2);
  EXPECT_TRUE(db_.sync());
  auto other = Database::open(file_);
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->query("SELECT k FROM t WHERE k = 'a'").next().value());
}

TEST_F(ADatabase, IsCopiedAsItIsNowWhileItIsWrittenTo) {
  ASSERT_TRUE(db_.run("INSERT INTO t VALUES('a', 1, NULL)"));
  const auto copy = folder_.path / "copy.sqlite";
  auto other = Database::open(file_).value();
  auto open = other.begin().value();
  ASSERT_TRUE(other.run("INSERT INTO t VALUES('b', 2, NULL)"));
  ASSERT_TRUE(db_.copy_to(copy)) << "with a transaction of somebody else's under way";
  ASSERT_TRUE(open.commit());
  struct stat st {};
  ASSERT_EQ(::stat(copy.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777U, 0600U);
  auto copied = Database::open(copy).value();
  ASSERT_TRUE(copied.migrate({schema})) << "of the same version";
  auto q = copied.query("SELECT group_concat(k) FROM t");
  ASSERT_TRUE(q.next().value());
  EXPECT_EQ(q.text(0), "a");
  EXPECT_TRUE(copied.check());
  EXPECT_EQ(db_.copy_to(copy).error().kind, Fault::Kind::refused) << "never over another file";
  EXPECT_EQ(db_.copy_to("/nonexistent/x").error().where, "database.open");
}

TEST_F(ADatabase, SaysWhenAPageOfItIsDamaged) {
  auto all = db_.begin();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(db_.run("INSERT INTO t VALUES(?, ?, NULL)", "a key of some length " + std::to_string(i), i));
  ASSERT_TRUE(all->commit());
  const auto copy = folder_.path / "copy.sqlite";
  ASSERT_TRUE(db_.copy_to(copy));
  {
    std::fstream bytes(copy, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(3 * 4096);
    bytes << std::string(4096, 'x');
  }
  EXPECT_TRUE(db_.check());
  auto damaged = Database::open(copy);
  ASSERT_TRUE(damaged);
  const auto found = damaged->check();
  ASSERT_FALSE(found);
  EXPECT_TRUE(found.error().where == "database.check" || found.error().detail.find("SQLITE_CORRUPT") != std::string::npos) << found.error().detail;
}

TEST(AFileThatIsNotADatabase, IsRefusedWithSqlitesName) {
  Folder folder;
  const auto file = folder.path / "junk";
  std::ofstream(file) << std::string(8192, 'x');
  auto db = Database::open(file);
  ASSERT_FALSE(db);
  EXPECT_EQ(db.error().kind, Fault::Kind::internal);
  EXPECT_NE(db.error().detail.find("SQLITE_NOTADB"), std::string::npos) << db.error().detail;
}

TEST(AFolderThatIsNotThere, IsAFault) {
  EXPECT_EQ(Database::open("/nonexistent/x.sqlite").error().where, "database.open");
}

}  // namespace
}  // namespace wb::queue
