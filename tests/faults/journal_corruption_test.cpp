// A journal that the disk has damaged: every truncation and every flipped byte, of the file and of its write-ahead log, is
// recovered or refused. The one thing that must never happen: an answer that is not what was recorded, without a word.
//
// What "recovered" means for the log: the state is one that the journal really had, at some commit; the tail is gone, as
// after a power cut. For the file itself nothing may be gone. Every byte of the file is
// flipped, and of the log, which has checksums of its own, the headers and a sample; sanitized builds take samples of both.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "queue/journal.hpp"

namespace wb::queue {
namespace {
namespace fs = std::filesystem;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
constexpr std::size_t stride = 101, log_stride = 1501, log_step = 5;
#else
constexpr std::size_t stride = 1, log_stride = 61, log_step = 1;
#endif
constexpr std::size_t page = 4096, page_header = 64, frame = page + 24;
constexpr int jobs = 12;

// The next place to damage: every byte of a page's header, `step` by `step` behind it.
std::size_t next_in_file(std::size_t at, std::size_t step = stride) {
  return at % page < page_header ? at + 1 : std::min(at + step, (at / page + 1) * page);
}
std::size_t next_in_log(std::size_t at) {
  constexpr std::size_t log_header = 32, frame_header = 24 + 8;  // and the first bytes of its page
  if (at < log_header || (at - log_header) % frame < frame_header) return at + log_step;
  return std::min(at + log_stride, log_header + ((at - log_header) / frame + 1) * frame);
}

std::string jti(int i) { return "01M7YQ000000000000000000" + std::string(1, static_cast<char>('A' + i / 10)) + std::string(1, static_cast<char>('0' + i % 10)); }

JournalEntry entry(int i, std::int64_t fence) {
  JournalEntry e;
  e.jti = jti(i), e.fence = fence, e.att = static_cast<int>(fence), e.sub = "6fd0a2c4-0000-0000-0000-00000000000" + std::to_string(i % 10);
  e.exp = 1'700'000'120 + i, e.created = 1'700'000'000 + i, e.domain = "corp.example", e.iat = 1'700'000'000;
  e.pre = protocol::Pre{"dc1.corp.example", 3 + i, "13439726972883" + std::to_string(1000 + i), i % 2 ? std::optional<std::string>("wb1;OLD;1;A") : std::nullopt};
  e.marker = i % 2 == 0;
  return e;
}

std::string text_of(const JournalEntry& e) {
  std::ostringstream out;
  out << e.jti << ' ' << e.fence << ' ' << e.att << ' ' << protocol::to_string(e.op) << ' ' << e.sub << ' ' << e.exp << ' ' << e.created << ' ' << e.domain << ' ' << e.iat << ' '
      << (e.pre ? e.pre->dc + ' ' + std::to_string(e.pre->ver) + ' ' + e.pre->pls + ' ' + e.pre->mk.value_or("-") : "-") << ' ' << e.marker << ' ' << e.result_jws.value_or("-") << ' ' << e.acked;
  return out.str();
}

// All that a journal answers, by question. A fault is a loud answer: that question is left out, and counted.
struct Answers {
  std::map<std::string, std::string> said;
  int faults = 0;
};

Answers ask(Journal& journal) {
  Answers a;
  for (int i = 0; i < jobs; ++i) {
    auto found = journal.find(jti(i));
    if (!found) ++a.faults;
    else a.said["find " + jti(i)] = *found ? text_of(**found) : "none";
  }
  if (auto open = journal.open_intents("corp.example", 100); open) {
    auto& text = a.said["open"];
    for (const auto& e : *open) text += text_of(e) + '\n';
  } else {
    ++a.faults;
  }
  if (auto unacked = journal.unacked(100); unacked) {
    auto& text = a.said["unacked"];
    for (const auto& u : *unacked) text += u.jti + ' ' + std::to_string(u.fence) + ' ' + u.result_jws + '\n';
  } else {
    ++a.faults;
  }
  return a;
}

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const fs::path& file, const std::string& bytes) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class ADamagedJournal : public testing::Test {
 protected:
  ADamagedJournal() {
    char name[] = "/dev/shm/wb-damage-XXXXXX";
    char elsewhere[] = "/tmp/wb-damage-XXXXXX";
    const char* made = ::mkdtemp(name);
    folder_ = made ? made : ::mkdtemp(elsewhere);
    make();
  }
  ~ADamagedJournal() override { fs::remove_all(folder_); }

  fs::path file() const { return folder_ / "journal.sqlite"; }
  fs::path wal() const { return folder_ / "journal.sqlite-wal"; }

  // A life of a journal; `past_` is what it would have answered after each commit, `epochs_` the same of the epoch.
  void make() {
    auto journal = Journal::open(file()).value();
    const auto note = [&] { past_.push_back(ask(journal).said); };
    note();
    epoch_ = journal.next_epoch().value();
    for (int i = 0; i < jobs; ++i) {
      ASSERT_TRUE(journal.intent(entry(i, 1)));
      note();
      if (i % 4 == 3) continue;  // stays open
      ASSERT_TRUE(journal.done(jti(i), 1, 1, "result.of." + jti(i) + std::string(300, static_cast<char>('a' + i))));
      note();
      if (i % 4 == 2) continue;  // stays unacked
      ASSERT_TRUE(journal.acked({{jti(i), 1}}));
      note();
    }
    ASSERT_TRUE(journal.intent(entry(0, 5)));
    note();
    ASSERT_TRUE(journal.sync());
    db_with_wal_ = bytes_of(file());
    wal_bytes_ = bytes_of(wal());
    ASSERT_GT(wal_bytes_.size(), 10 * frame);
    {
      auto last = std::move(journal);  // the last one out checkpoints
    }
    db_ = bytes_of(file());
    ASSERT_EQ(db_.size() % page, 0U);
  }

  // Puts these files there and asks. Nothing: refused by open(), loudly.
  std::optional<Answers> answers(const std::string& db, const std::string& log) {
    fs::remove(folder_ / "journal.sqlite-shm");
    put(file(), db);
    if (log.empty()) fs::remove(wal());
    else put(wal(), log);
    auto journal = Journal::open(file());
    if (!journal) {
      EXPECT_FALSE(journal.error().where.empty());
      return std::nullopt;
    }
    return ask(*journal);
  }

  // Every answer is the truth of the end.
  void expect_no_lie_of_file(const std::optional<Answers>& got, const std::string& what) {
    ++(!got ? refused_ : got->faults ? partly_
                                     : recovered_);
    if (!got) return;
    for (const auto& [question, answer] : got->said)
      ASSERT_EQ(answer, past_.back().at(question)) << what << ": " << question;
  }
  // Every answer is the truth of one and the same commit.
  void expect_a_past(const std::optional<Answers>& got, const std::string& what) {
    ++(!got ? refused_ : got->faults ? partly_
                                     : recovered_);
    if (!got) return;
    const auto fits = [&](const auto& then) {
      return std::all_of(got->said.begin(), got->said.end(), [&](const auto& one) { return then.at(one.first) == one.second; });
    };
    ASSERT_TRUE(std::any_of(past_.begin(), past_.end(), fits)) << what << ": a state that never was";
  }
  void tell() { std::cout << "recovered " << recovered_ << ", refused when opened " << refused_ << ", refused when asked " << partly_ << "\n"; }

  fs::path folder_;
  std::vector<std::map<std::string, std::string>> past_;
  std::int64_t epoch_ = 0;
  std::string db_, db_with_wal_, wal_bytes_;
  int recovered_ = 0, refused_ = 0, partly_ = 0;
};

TEST_F(ADamagedJournal, IsWholeToBeginWith) {
  auto got = answers(db_, "");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->said, past_.back());
  got = answers(db_with_wal_, wal_bytes_);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->said, past_.back());
  EXPECT_EQ(got->faults, 0);
  EXPECT_EQ(std::set(past_.begin(), past_.end()).size(), past_.size()) << "each commit is told from all others, or this suite sees less than it says";
}

TEST_F(ADamagedJournal, NeverMisreadsAFlippedByteOfItsFile) {
  std::size_t mask = 1;
  for (std::size_t at = 0; at < db_.size(); at = next_in_file(at)) {
    auto damaged = db_;
    damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(mask));
    mask = mask == 0x80 ? 1 : mask << 1;
    ASSERT_NO_FATAL_FAILURE(expect_no_lie_of_file(answers(damaged, ""), "byte " + std::to_string(at)));
  }
  tell();
  EXPECT_GT(refused_ + partly_, 0) << "nothing was damaged";
}

TEST_F(ADamagedJournal, NeverMisreadsATruncatedFile) {
  for (std::size_t length = 1; length < db_.size(); length = next_in_file(length))
    ASSERT_NO_FATAL_FAILURE(expect_no_lie_of_file(answers(db_.substr(0, length), ""), "length " + std::to_string(length)));
  tell();
  EXPECT_EQ(recovered_, 0) << "a file that lost its end has lost something";
}

TEST_F(ADamagedJournal, GoesBackToACommitWhenAByteOfItsLogFlips) {
  std::size_t mask = 1;
  for (std::size_t at = 0; at < wal_bytes_.size(); at = next_in_log(at)) {
    auto damaged = wal_bytes_;
    damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(mask));
    mask = mask == 0x80 ? 1 : mask << 1;
    ASSERT_NO_FATAL_FAILURE(expect_a_past(answers(db_with_wal_, damaged), "byte " + std::to_string(at) + " of the log"));
  }
  tell();
}

TEST_F(ADamagedJournal, GoesBackToACommitWhenItsLogIsTruncated) {
  for (std::size_t length = 1; length < wal_bytes_.size(); length = next_in_log(length))
    ASSERT_NO_FATAL_FAILURE(expect_a_past(answers(db_with_wal_, wal_bytes_.substr(0, length)), "length " + std::to_string(length) + " of the log"));
  tell();
}

TEST_F(ADamagedJournal, NeverGivesAnEpochAgain) {
  for (std::size_t at = 0; at < db_.size(); at = next_in_file(at, 7 * stride)) {
    auto damaged = db_;
    damaged[at] = static_cast<char>(~damaged[at]);
    fs::remove(wal());
    fs::remove(folder_ / "journal.sqlite-shm");
    put(file(), damaged);
    auto journal = Journal::open(file());
    if (!journal) continue;
    const auto epoch = journal->next_epoch();
    ASSERT_EQ(epoch ? *epoch : epoch_ + 1, epoch_ + 1) << "byte " << at;
  }
}

}  // namespace
}  // namespace wb::queue
