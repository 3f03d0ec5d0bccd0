// What the journal's intent costs against the least that could make it durable: appending the same bytes to a file and
// fdatasync. Prints both and the ratio; ADR 3 argues from it.
//   journal_commit FOLDER [COUNT]
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "queue/journal.hpp"

namespace {
using Clock = std::chrono::steady_clock;

wb::queue::JournalEntry entry() {
  wb::queue::JournalEntry e;
  e.jti = wb::new_ulid();
  e.fence = e.att = 1;
  e.sub = "01234567-89ab-cdef-0123-456789abcdef";
  e.domain = "corp.example";
  e.created = e.iat = wb::unix_now();
  e.exp = e.iat + 120;
  e.pre = wb::protocol::Pre{"dc1.corp.example", 7, "133700000000000000", std::nullopt};
  e.marker = true;
  return e;
}

template <class Commit> double median_us(int count, Commit commit) {
  std::vector<double> us;
  for (int i = 0; i < count; ++i) {
    const auto e = entry();
    const auto start = Clock::now();
    if (!commit(e)) std::exit(1);
    us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::nth_element(us.begin(), us.begin() + count / 2, us.end());
  return us[static_cast<std::size_t>(count) / 2];
}
}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: journal_commit FOLDER [COUNT]\n"), 2;
  const std::filesystem::path folder = argv[1];
  const int count = std::max(1, argc > 2 ? std::atoi(argv[2]) : 2000);
  auto journal = wb::queue::Journal::open(folder / "bench-journal.db");
  if (!journal) return std::fprintf(stderr, "journal_commit: %s\n", journal.error().detail.c_str()), 1;
  const auto log = folder / "bench-append";
  const int fd = ::open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return std::perror("journal_commit"), 1;
  const auto appended = median_us(count, [&](const auto& e) {
    const auto line = e.jti + ' ' + e.sub + ' ' + e.domain + ' ' + e.pre->dc + ' ' + e.pre->pls + ' ' + std::to_string(e.exp) + '\n';
    return ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fdatasync(fd) == 0;
  });
  ::close(fd);
  const auto ours = median_us(count, [&](const auto& e) { return journal->admit(e).has_value(); });
  std::printf("intent, p50: journal %.0f us, append + fdatasync %.0f us, ratio %.2f (%d each)\n", ours, appended, ours / appended, count);
  for (const char* name : {"bench-journal.db", "bench-journal.db-wal", "bench-journal.db-shm", "bench-append"}) std::filesystem::remove(folder / name);
}
