#include "queue/journal.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

namespace wb::queue {
namespace {

class AJournal : public testing::Test {
 protected:
  AJournal() {
    char name[] = "/tmp/wb-journal-XXXXXX";
    folder_ = ::mkdtemp(name);
    reopen();
  }
  ~AJournal() override {
    journal_.reset();
    std::filesystem::remove_all(folder_);
  }
  void reopen() {
    journal_.reset();
    auto opened = Journal::open(file());
    ASSERT_TRUE(opened) << opened.error().detail;
    journal_.emplace(std::move(*opened));
  }
  std::filesystem::path file() const { return folder_ / "journal.sqlite"; }
  static JournalEntry entry(const std::string& jti, std::int64_t fence, UnixSeconds created = 1'000) {
    JournalEntry e;
    e.jti = jti, e.fence = fence, e.att = static_cast<int>(fence), e.sub = "6fd0a2c4-0000-0000-0000-000000000001", e.exp = created + 120, e.created = created;
    return e;
  }
  std::filesystem::path folder_;
  std::optional<Journal> journal_;
};

TEST_F(AJournal, KnowsAnIntentAndItsOutcomeAfterReopening) {
  ASSERT_TRUE(journal_->intent(entry("A", 1)));
  reopen();
  auto open = journal_->find("A").value();
  ASSERT_TRUE(open);
  EXPECT_TRUE(open->open());
  EXPECT_EQ(open->fence, 1);
  EXPECT_EQ(open->sub, entry("A", 1).sub);
  ASSERT_TRUE(journal_->done("A", 1, 1, "the.result"));
  reopen();
  auto done = journal_->find("A").value();
  EXPECT_EQ(done->result_jws, "the.result");
  EXPECT_FALSE(done->acked);
}

TEST_F(AJournal, KnowsNothingOfAJobItNeverSaw) { EXPECT_FALSE(journal_->find("A").value()); }

TEST_F(AJournal, RefusesAnIntentOfTheSameOrALowerFence) {
  ASSERT_TRUE(journal_->intent(entry("A", 2)));
  for (const int fence : {1, 2}) {
    auto again = journal_->intent(entry("A", fence));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, Fault::Kind::refused);
  }
  EXPECT_TRUE(journal_->intent(entry("A", 3)));
  EXPECT_EQ(journal_->find("A").value()->fence, 3);
}

TEST_F(AJournal, ReopensAJobThatIsTriedAgain) {
  ASSERT_TRUE(journal_->intent(entry("A", 1)));
  ASSERT_TRUE(journal_->done("A", 1, 1, "in doubt"));
  ASSERT_TRUE(journal_->acked({{"A", 1}}));
  ASSERT_TRUE(journal_->intent(entry("A", 2)));
  const auto now = journal_->find("A").value();
  EXPECT_TRUE(now->open());
  EXPECT_FALSE(now->acked);
}

TEST_F(AJournal, KeepsResultsUntilTheyAreAcked) {
  for (const auto* jti : {"A", "B", "C"}) ASSERT_TRUE(journal_->intent(entry(jti, 1, jti[0])));
  ASSERT_TRUE(journal_->done("B", 1, 1, "b"));
  ASSERT_TRUE(journal_->done("A", 1, 1, "a"));
  auto waiting = journal_->unacked(10).value();
  ASSERT_EQ(waiting.size(), 2U) << "an open intent has nothing to say";
  EXPECT_EQ(waiting[0].result_jws, "a") << "oldest first";
  ASSERT_TRUE(journal_->acked({{"A", 1}}));
  ASSERT_TRUE(journal_->acked({{"B", 9}})) << "an ack for another fence is no ack";
  waiting = journal_->unacked(10).value();
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].jti, "B");
}

TEST_F(AJournal, RecordsANewerAnswerToARedelivery) {
  ASSERT_TRUE(journal_->intent(entry("A", 1)));
  ASSERT_TRUE(journal_->done("A", 1, 1, "first"));
  ASSERT_TRUE(journal_->done("A", 4, 2, "again"));
  EXPECT_EQ(journal_->find("A").value()->fence, 4);
  EXPECT_FALSE(journal_->done("A", 3, 2, "late")) << "an older fence never overwrites";
  EXPECT_FALSE(journal_->done("Z", 1, 1, "no intent"));
}

TEST_F(AJournal, AdmitsAJobItNeverSawAndTellsOfOneItDid) {
  EXPECT_FALSE(journal_->admit(entry("A", 1)).value()) << "recorded";
  EXPECT_TRUE(journal_->find("A").value());
  const auto known = journal_->admit(entry("A", 2)).value();
  ASSERT_TRUE(known);
  EXPECT_EQ(known->fence, 1);
  EXPECT_EQ(journal_->find("A").value()->fence, 1) << "nothing was recorded";
}

TEST_F(AJournal, GivesTheOpenIntentsOfADomainWithWhatSettlesThem) {
  const auto of = [](const std::string& jti, const std::string& domain, UnixSeconds created) {
    auto e = entry(jti, 1, created);
    e.domain = domain, e.iat = created - 5, e.pre = protocol::Pre{"dc1", 7, "133000000000000000", "old"}, e.marker = true;
    return e;
  };
  for (const auto& e : {of("B", "corp.example", 2'000), of("A", "corp.example", 1'000), of("C", "other.example", 1), of("D", "corp.example", 3'000)}) ASSERT_TRUE(journal_->intent(e));
  auto unlock = of("U", "corp.example", 1);
  unlock.pre.reset();
  ASSERT_TRUE(journal_->intent(unlock)) << "nothing to settle it by";
  ASSERT_TRUE(journal_->done("D", 1, 1, "answered"));
  reopen();
  const auto open = journal_->open_intents("corp.example", 10).value();
  ASSERT_EQ(open.size(), 2U);
  EXPECT_EQ(open[0].jti, "A") << "oldest first";
  EXPECT_EQ(open[0].pre, of("A", "", 1).pre);
  EXPECT_EQ(open[0].iat, 995);
  EXPECT_TRUE(open[0].marker);
  EXPECT_EQ(journal_->open_intents("corp.example", 1).value().size(), 1U);
}

TEST_F(AJournal, GivesTheWritesOfADomainSinceATime) {
  const auto put = [this](const std::string& jti, const std::string& domain, UnixSeconds created, protocol::Op op) {
    auto e = entry(jti, 1, created);
    e.domain = domain, e.op = op, e.sub = "sub-" + jti;
    ASSERT_TRUE(journal_->intent(e));
  };
  put("B", "corp.example", 2'000, protocol::Op::unlock);
  put("A", "corp.example", 1'001, protocol::Op::reset);
  put("old", "corp.example", 1'000, protocol::Op::reset);
  put("other", "other.example", 2'000, protocol::Op::reset);
  put("resolve", "corp.example", 2'000, protocol::Op::resolve);
  reopen();
  const auto writes = journal_->writes_since("corp.example", 1'000, 10).value();
  ASSERT_EQ(writes.size(), 2U);
  EXPECT_EQ(writes[0].sub, "sub-A") << "oldest first";
  EXPECT_EQ(writes[0].at, 1'001);
  EXPECT_EQ(writes[1].sub, "sub-B");
  const auto newest = journal_->writes_since("corp.example", 0, 1).value();
  ASSERT_EQ(newest.size(), 1U);
  EXPECT_EQ(newest[0].sub, "sub-B") << "the newest are kept";
}

TEST_F(AJournal, KeepsWhatWasFirstKnownOfAJobWhenItIsResolved) {
  auto first = entry("A", 1);
  first.domain = "corp.example", first.iat = 900, first.pre = protocol::Pre{"dc1", 7, "1", std::nullopt}, first.marker = true;
  ASSERT_TRUE(journal_->intent(first));
  auto resolve = first;
  resolve.fence = 5, resolve.op = protocol::Op::resolve, resolve.iat = 80'000, resolve.exp = 80'120, resolve.marker = false;
  ASSERT_TRUE(journal_->intent(resolve));
  const auto now = journal_->find("A").value();
  EXPECT_EQ(now->fence, 5);
  EXPECT_EQ(now->op, protocol::Op::reset);
  EXPECT_EQ(now->exp, first.exp);
  EXPECT_EQ(now->iat, 900);
  EXPECT_TRUE(now->marker);
}

TEST_F(AJournal, KnowsWhatAJobsLinesInTheLogAreFoundBy) {
  auto first = entry("A", 1);
  first.domain = "corp.example", first.pre = protocol::Pre{"dc1", 7, "1", std::nullopt};
  first.trace = {"01ARZ3NDEKTSV4RRFFQ69G5FAV", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"};
  ASSERT_TRUE(journal_->intent(first));
  auto later = entry("A", 2);
  later.trace = {"01BX5ZZKBKACTAV9WEVGEMMVRZ", ""};
  ASSERT_TRUE(journal_->intent(later));
  ASSERT_TRUE(journal_->intent(entry("B", 1)));
  reopen();
  EXPECT_EQ(journal_->find("A").value()->trace, first.trace);
  ASSERT_EQ(journal_->open_intents("corp.example", 10).value().size(), 1U);
  EXPECT_EQ(journal_->open_intents("corp.example", 10).value()[0].trace, first.trace);
  EXPECT_EQ(journal_->find("B").value()->trace, protocol::Trace{}) << "nothing is known of it";
}

TEST_F(AJournal, HoldsAnUnflushedOutcomeWhateverBecomesOfTheProgram) {
  ASSERT_TRUE(journal_->intent(entry("A", 1)));
  ASSERT_TRUE(journal_->done("A", 1, 1, "the.result"));
  const auto copy = folder_ / "as-it-is-now";  // what a SIGKILL would leave: nothing is closed, nothing flushed
  std::filesystem::create_directory(copy);
  for (const auto* end : {"", "-wal"}) std::filesystem::copy_file(file().string() + end, (copy / "journal.sqlite").string() + end);
  EXPECT_EQ(Journal::open(copy / "journal.sqlite").value().find("A").value()->result_jws, "the.result");
  EXPECT_TRUE(journal_->sync());
}

TEST_F(AJournal, TakesOverOneOfTheFirstVersion) {
  journal_.reset();
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directory(folder_);
  {
    auto old = Database::open(file());
    ASSERT_TRUE(old->migrate({
        "CREATE TABLE job(jti TEXT PRIMARY KEY, fence INTEGER NOT NULL, att INTEGER NOT NULL, op TEXT NOT NULL, sub TEXT NOT NULL, "
        "exp INTEGER NOT NULL, result_jws TEXT, acked INTEGER NOT NULL, created INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT; INSERT INTO counter VALUES('epoch', 6), ('commits', 0)"}));
    ASSERT_TRUE(old->run("INSERT INTO job VALUES('A', 1, 1, 'reset', 's', 5, NULL, 0, 4)"));
  }
  reopen();
  EXPECT_EQ(journal_->next_epoch().value(), 7);
  const auto row = journal_->find("A").value();
  ASSERT_TRUE(row);
  EXPECT_FALSE(row->pre) << "a redelivery reads first; nothing is known to look at it by";
  EXPECT_TRUE(journal_->open_intents("", 10).value().empty());
}

TEST_F(AJournal, ForgetsAfterThirtyDays) {
  const UnixSeconds now = 100 * 86'400;
  ASSERT_TRUE(journal_->intent(entry("OLD", 1, now - Journal::kept_seconds - 1)));
  ASSERT_TRUE(journal_->intent(entry("NEW", 1, now - Journal::kept_seconds + 1)));
  EXPECT_EQ(journal_->prune(now).value(), 1);
  EXPECT_FALSE(journal_->find("OLD").value());
  EXPECT_TRUE(journal_->find("NEW").value());
}

TEST_F(AJournal, NeverGivesAnEpochTwice) {
  EXPECT_EQ(journal_->next_epoch().value(), 1);
  EXPECT_EQ(journal_->next_epoch().value(), 2);
  reopen();
  EXPECT_EQ(journal_->next_epoch().value(), 3);
}

TEST_F(AJournal, IsReadableByUsAlone) {
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(file()).permissions() & (perms::group_all | perms::others_all), perms::none);
}

// A file size limit stands in for a full disk: the same failing write, without a disk to fill.
TEST_F(AJournal, SaysSoWhenTheDiskIsFullAndWorksAgainWhenItIsNot) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit tight = before;
  tight.rlim_cur = 128 * 1024;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  std::optional<Fault> why;
  int written = 0;
  while (!why && written < 10'000) {
    auto done = journal_->intent(entry("J" + std::to_string(written), 1));
    if (!done) why = done.error();
    else ++written;
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_TRUE(why) << "the limit was never reached";
  EXPECT_EQ(why->kind, Fault::Kind::internal);
  ASSERT_GT(written, 0);
  EXPECT_TRUE(journal_->try_commit());
  reopen();
  EXPECT_TRUE(journal_->find("J" + std::to_string(written - 1)).value()) << "what was committed is there";
  EXPECT_FALSE(journal_->find("J" + std::to_string(written)).value()) << "what was refused is not";
}

TEST(AFileThatIsNoJournal, IsRefused) {
  char name[] = "/tmp/wb-journal-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  std::ofstream(folder / "j") << std::string(8192, 'x');
  auto opened = Journal::open(folder / "j");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().where, "journal.damaged");
  EXPECT_NE(opened.error().detail.find("A damaged journal"), std::string::npos) << "says where to read what to do";
  std::filesystem::remove_all(folder);
}

TEST_F(AJournal, IsRefusedWhenAPageOfItIsDamaged) {
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(journal_->intent(entry("J" + std::to_string(i), 1)));
  journal_.reset();  // the last handle folds the log into the file
  {
    std::fstream bytes(file(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(3 * 4096);
    bytes << std::string(512, '\x7f');
  }
  auto opened = Journal::open(file());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().where, "journal.damaged") << opened.error().detail;
  EXPECT_EQ(opened.error().kind, Fault::Kind::malformed);
}

}  // namespace
}  // namespace wb::queue
