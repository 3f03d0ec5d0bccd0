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
  ASSERT_TRUE(journal_->acked("A", 1));
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
  ASSERT_TRUE(journal_->acked("A", 1));
  ASSERT_TRUE(journal_->acked("B", 9)) << "an ack for another fence is no ack";
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
  EXPECT_FALSE(Journal::open(folder / "j"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace wb::queue
