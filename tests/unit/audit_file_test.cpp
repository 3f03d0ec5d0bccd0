#include "agent/audit_file.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "core/log.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {
namespace fs = std::filesystem;

constexpr std::int64_t now = 1'900'000'000'000;

class AnAuditFile : public testing::Test {
 protected:
  AnAuditFile() {
    std::string name = (fs::temp_directory_path() / "wb-audit-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    settings = {folder / "audit.jsonl", 1'000'000, 3};
    log::start(log::Level::debug);
    log::send(log::Format::text, {log::Output::Shape::message, [this](log::Level, std::string_view record) {
                                    said += std::string(record.substr(0, record.find(' '))) + " ";
                                    return true;
                                  }});
  }
  ~AnAuditFile() override {
    log::send(log::Format::text);
    log::start(log::Level::info);
    fs::remove_all(folder);
  }
  static protocol::JobResult result(int number) {
    protocol::JobResult r;
    r.jti = "01J" + std::to_string(number), r.att = 1, r.agent = "A", r.op = protocol::Op::reset, r.sub = "6f1c2f0e", r.code = protocol::Code::rejected, r.reason = "in_history", r.text = "of the person", r.dc = "dc1.corp.example";
    r.total_ms = 47.6;
    return r;
  }
  AuditFile open() const { return AuditFile::open(settings, "A", now).value(); }
  void fill(int from, int to) const {
    auto file = open();
    for (int i = from; i < to; ++i) ASSERT_TRUE(file.append(result(i), "corp.example", "01JC", now + i));
  }
  AuditFinding found(const std::optional<crypto::AuditHead>& known = std::nullopt) const { return verify_audit_files(platform::kept_files(settings), known).value(); }
  std::string verdict(const std::string& head = "") const {
    std::ostringstream out;
    const auto sound = tell_audit(platform::kept_files(settings), head, out);
    return (!sound ? "?" : *sound ? "+ "
                                  : "- ") +
        out.str();
  }
  std::string content(const fs::path& file) const {
    std::ifstream in(file, std::ios::binary);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
  }
  void put(const std::string& text) const { std::ofstream(settings.file, std::ios::binary | std::ios::trunc) << text; }
  int aside() const {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(folder)) count += entry.path().string().find(".damaged-") != std::string::npos ? 1 : 0;
    return count;
  }
  fs::path folder;
  KeptFile settings;
  std::string said;
};

TEST_F(AnAuditFile, TellsOfAJobsEndByIdsAndCodesAlone) {
  fill(0, 1);
  std::istringstream lines(content(settings.file));
  std::string first, second;
  std::getline(lines, first), std::getline(lines, second);
  EXPECT_EQ(crypto::audit_row_from(first).value().row, R"({"activity":"audit.begun","agent":"A","at_ms":1900000000000,"because":"first","seq":1})");
  EXPECT_EQ(crypto::audit_row_from(second).value().row,
      R"({"activity":"job.settled","agent":"A","at_ms":1900000000000,"att":1,"code":"rejected","correlation_id":"01JC","dc":"dc1.corp.example","domain":"corp.example","duration_ms":48,"jti":"01J0","op":"reset","reason":"in_history","seq":2,"target":"6f1c2f0e"})");
  struct stat its {};
  ASSERT_EQ(::stat(settings.file.c_str(), &its), 0);
  EXPECT_EQ(its.st_mode & 0777U, 0600U);
}

TEST_F(AnAuditFile, TakesNoTextThatEndsItsLine) {
  auto file = open();
  auto r = result(0);
  r.jti = "a\n{\"hash\":\"\xff", r.dc = std::string(5'000, 'x');
  ASSERT_TRUE(file.append(r, "corp.example\r\n", "01JC", now));
  EXPECT_EQ(found().report.rows, 2);
}

TEST_F(AnAuditFile, GoesOnWithItsChainAfterARestart) {
  fill(0, 3);
  fill(3, 6);
  EXPECT_EQ(found().report.rows, 7);
  EXPECT_EQ(verdict().substr(0, 27), "+ sound: 7 rows behind 0, h");
  EXPECT_EQ(said, "audit.begun audit.head audit.head ");
}

TEST_F(AnAuditFile, StaysOneChainOverTheFilesThatWereTakenAside) {
  settings.bytes_max = 1'000;
  for (int i = 0; i < 20; i += 5) fill(i, i + 5);
  EXPECT_EQ(platform::kept_files(settings).size(), 4U);
  const auto is = found();
  EXPECT_FALSE(is.report.broken);
  EXPECT_EQ(is.report.last.seq, 21);
  EXPECT_GT(is.report.first.seq, 0) << "the oldest went";
  auto files = platform::kept_files(settings);
  std::reverse(files.begin(), files.end());
  EXPECT_FALSE(verify_audit_files(files, std::nullopt).value().report.broken) << "in whatever order";
  files.erase(files.begin() + 1);
  EXPECT_TRUE(verify_audit_files(files, std::nullopt).value().report.broken) << "one from the middle is missing";
}

TEST_F(AnAuditFile, GoesOnWhereItWasTakenAsideAndTheNextOneWasNotBegun) {
  fill(0, 3);
  fs::rename(settings.file, folder / "audit.jsonl.1");
  fill(3, 4);
  EXPECT_EQ(found().report.rows, 5);
  fs::rename(settings.file, folder / "audit.jsonl.0");
  fs::rename(folder / "audit.jsonl.1", folder / "audit.jsonl.2"), fs::rename(folder / "audit.jsonl.0", folder / "audit.jsonl.1");
  put("");
  fill(4, 5);
  EXPECT_EQ(found().report.rows, 6) << "begun, and nothing written yet";
  EXPECT_FALSE(found().report.broken);
}

// Wherever the power went: what is whole stays and goes on, and it is not taken for tampering.
TEST_F(AnAuditFile, IsSoundWithALastLineThatACrashLeftUnfinished) {
  fill(0, 2);
  const auto whole = content(settings.file);
  const auto last = whole.rfind('\n', whole.size() - 2) + 1;
  for (std::size_t cut = last + 1; cut < whole.size(); cut += 40) {
    put(whole.substr(0, cut));
    EXPECT_TRUE(found().torn) << cut;
    EXPECT_EQ(found().report.rows, 2);
    EXPECT_EQ(verdict().front(), '+');
    fill(1, 2);
    EXPECT_FALSE(found().torn);
    EXPECT_EQ(content(settings.file), whole) << cut;
  }
  EXPECT_EQ(aside(), 0);
  EXPECT_NE(said.find("audit.torn"), std::string::npos);
}

TEST_F(AnAuditFile, SurvivesAKillWhileItIsWritten) {
  for (int round = 0; round < 3; ++round) {
    const auto before = round == 0 ? 0 : static_cast<std::int64_t>(fs::file_size(settings.file));
    const auto child = ::fork();
    if (child == 0) {
      log::send(log::Format::text, {log::Output::Shape::message, [](log::Level, std::string_view) { return true; }});
      auto file = open();
      for (int i = 0;; ++i) (void)file.append(result(i), "corp.example", "01JC", now);
    }
    ASSERT_GT(child, 0);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::error_code none;
    while (std::chrono::steady_clock::now() < until && (!fs::exists(settings.file) || static_cast<std::int64_t>(fs::file_size(settings.file, none)) < before + 20'000)) std::this_thread::yield();
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_FALSE(found().report.broken) << verdict();
  }
  fill(0, 1);
  EXPECT_FALSE(found().torn);
  EXPECT_EQ(aside(), 0);
}

TEST_F(AnAuditFile, ShowsEachTampering) {
  fill(0, 4);
  const auto head = text_of(found().report.last);
  EXPECT_EQ(verdict(head).front(), '+');
  const auto whole = content(settings.file);
  auto changed = whole;
  changed.replace(changed.find("in_history"), 10, "too_simple");
  put(changed);
  EXPECT_EQ(verdict().substr(0, 44), "- broken at row 2: its hash is not that of i") << verdict();
  const auto second = whole.find('\n') + 1, third = whole.find('\n', second) + 1;
  put(whole.substr(0, second) + whole.substr(third));
  EXPECT_EQ(verdict().substr(0, 26), "- broken at row 2: it is m") << verdict();
  put(whole.substr(second));
  EXPECT_EQ(verdict().front(), '+') << "as if the oldest had gone; the first head says";
  put(whole.substr(0, third));
  EXPECT_EQ(verdict().front(), '+') << "the end was cut off; only a head tells";
  EXPECT_EQ(verdict(head).substr(0, 18), "- broken at row 5:");
  put("no line of ours\n" + whole);
  EXPECT_EQ(verdict().front(), '-');
  put(whole + std::string(200'000, 'x') + "\n");
  EXPECT_EQ(verdict().front(), '-');
  EXPECT_EQ(verdict("nonsense").front(), '?');
}

TEST_F(AnAuditFile, IsPutAsideWhenItIsDamagedAndANewChainBegins) {
  settings.bytes_max = 1'000;
  fill(0, 6);
  const auto files = platform::kept_files(settings).size();
  auto text = content(settings.file);
  text[text.find("rejected")] = 'R';
  put(text);
  said.clear();
  fill(0, 1);
  EXPECT_EQ(said, "audit.damaged audit.begun audit.head ");
  EXPECT_EQ(static_cast<std::size_t>(aside()), files) << "none is thrown away";
  EXPECT_EQ(found().report.rows, 2);
  EXPECT_NE(content(settings.file).find(R"("because":"damaged")"), std::string::npos);
}

TEST_F(AnAuditFile, SaysHowManyLinesAFullDiskCost) {
  auto file = open();
  ASSERT_TRUE(file.append(result(0), "corp.example", "01JC", now));
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit full{fs::file_size(settings.file) + 100, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  const bool second = file.append(result(1), "corp.example", "01JC", now), third = file.append(result(2), "corp.example", "01JC", now);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_FALSE(second || third);
  ASSERT_TRUE(file.append(result(3), "corp.example", "01JC", now));
  EXPECT_EQ(found().report.rows, 3);
  EXPECT_FALSE(found().torn);
  EXPECT_NE(content(settings.file).find(R"("jti":"01J3","lost":2,)"), std::string::npos) << content(settings.file);
}

TEST_F(AnAuditFile, IsWrittenToTheEndByTheTrailThatDoesNotWait) {
  {
    AuditTrail trail(open());
    for (int i = 0; i < 100; ++i) trail.note(result(i), "corp.example", "01JC");
  }
  EXPECT_EQ(found().report.rows, 101);
}

TEST_F(AnAuditFile, RefusesALink) {
  fs::create_symlink(folder / "elsewhere", settings.file);
  EXPECT_TRUE(AuditFile::open(settings, "A", now).has_error());
}

TEST_F(AnAuditFile, ThatCantBeReadIsNoSoundOne) {
  std::ostringstream out;
  EXPECT_TRUE(tell_audit({folder / "none"}, "", out).has_error());
}

}  // namespace
}  // namespace wb::agent
