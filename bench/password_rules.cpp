// What the password rules cost per password: a lookup among COUNT breached hashes in a file on disk, against
// std::binary_search over the same hashes in memory; and the banned words with a list of WORDS words, against the same
// rules with a list of 1,000. Made-up data; prints one line of JSON.
//   build/release/bench_password_rules [COUNT=10000000] [WORDS=100000]
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "platform/random_file.hpp"
#include "policy/banned_words.hpp"
#include "policy/breached.hpp"

namespace {
using namespace wb;
using Hash = std::array<std::byte, 20>;

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024 / 1024;
}

Hash random_hash(std::mt19937_64& random) {
  Hash out;
  for (std::size_t i = 0; i < out.size(); i += 4) {
    const auto word = static_cast<std::uint32_t>(random());
    std::memcpy(out.data() + i, &word, 4);
  }
  return out;
}

struct Spread {
  double p50 = 0, p99 = 0, most = 0;
};
template <class F> Spread timed(int times, F work) {
  std::vector<double> us;
  for (int i = 0; i < times; ++i) {
    const Stopwatch watch;
    work(i);
    us.push_back(watch.ms() * 1000);
  }
  std::sort(us.begin(), us.end());
  return {us[us.size() / 2], us[us.size() * 99 / 100], us.back()};
}

void breached(std::size_t count) {
  std::mt19937_64 random(1);
  std::vector<Hash> hashes(count);
  for (auto& hash : hashes) hash = random_hash(random);
  std::sort(hashes.begin(), hashes.end());
  const auto file = std::filesystem::temp_directory_path() / ("wb-bench-" + std::to_string(::getpid()));
  const Stopwatch compiling;
  {
    std::ofstream out(file, std::ios::binary);
    policy::BreachedWriter writer(policy::breached::Digest::sha1, count, [&out](std::span<const std::byte> bytes) {
      out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
      return out.good();
    });
    for (const auto& hash : hashes)
      if (!writer.add(hash)) std::exit(1);
    if (!writer.finish()) std::exit(1);
  }
  const auto compiled_s = compiling.ms() / 1000;
  std::vector<Hash> asked;
  for (int i = 0; i < 40'000; ++i) asked.push_back(i % 2 ? hashes[random() % count] : random_hash(random));
  long found_in_memory = 0, found_in_file = 0;
  const auto yardstick = timed(static_cast<int>(asked.size()), [&](int i) { found_in_memory += std::binary_search(hashes.begin(), hashes.end(), asked[static_cast<std::size_t>(i)]) ? 1 : 0; });
  hashes = {};
  const auto before = resident_mib();
  auto opened = platform::RandomFile::open(file);
  if (!opened) std::exit(1);
  const Stopwatch opening;
  auto set = policy::BreachedSet::open([&](std::uint64_t at, std::span<std::byte> out) { return opened->read_at(at, out); }, opened->size());
  if (!set) std::exit(1);
  const auto open_ms = opening.ms();
  const auto ours = timed(static_cast<int>(asked.size()), [&](int i) { found_in_file += set->contains(asked[static_cast<std::size_t>(i)]).value() ? 1 : 0; });
  const Stopwatch verifying;
  const bool whole = set->verify().has_value();
  std::printf(R"({"breached":{"hashes":%zu,"file_mib":%.1f,"bytes_each":%.2f,"compile_s":%.1f,"open_ms":%.3f,"verify_s":%.2f,"whole":%s,"resident_mib":%.1f,)"
              R"("lookup_us":{"p50":%.2f,"p99":%.2f,"max":%.1f},"binary_search_us":{"p50":%.2f,"p99":%.2f},"ratio_p50":%.2f,"same_answers":%s},)",
      count, static_cast<double>(opened->size()) / 1024 / 1024, static_cast<double>(opened->size()) / static_cast<double>(count), compiled_s, open_ms, verifying.ms() / 1000,
      whole ? "true" : "false", resident_mib() - before, ours.p50, ours.p99, ours.most, yardstick.p50, yardstick.p99, ours.p50 / yardstick.p50,
      found_in_file == found_in_memory ? "true" : "false");
  std::filesystem::remove(file);
}

std::string made_up_word(std::mt19937_64& random, std::size_t least, std::size_t most) {
  std::string out(least + random() % (most - least + 1), ' ');
  for (auto& c : out) c = "etaoinshrdlucmfwypvbgkjqxz"[std::min<std::uint64_t>(random() % 26, random() % 26)];  // some letters are more frequent
  return out;
}

void banned(std::size_t count) {
  const auto made = [](std::size_t words) {
    std::mt19937_64 random(2);
    std::string text;
    for (std::size_t i = 0; i < words; ++i) text += made_up_word(random, 4, 16) + '\n';
    return text;
  };
  const auto before = resident_mib();
  const Stopwatch reading;
  const auto large = policy::BannedWords::parse(made(count));
  const auto read_s = reading.ms() / 1000;
  const auto memory = resident_mib() - before;
  const auto small = policy::BannedWords::parse(made(1'000));
  std::mt19937_64 random(3);
  std::vector<std::string> passwords;
  for (int i = 0; i < 4'000; ++i) passwords.push_back(made_up_word(random, 8, 20));
  long points = 0;
  const auto cost = [&](const policy::BannedWords& list) {
    return timed(static_cast<int>(passwords.size()), [&](int i) { points += list.judge(passwords[static_cast<std::size_t>(i)], {}).score; });
  };
  const auto of_small = cost(*small), of_large = cost(*large);
  const std::string longest(256, 'x');
  const auto of_longest = timed(20, [&](int) { points += large->judge(longest, {}).score; });
  std::printf(R"("banned":{"words":%zu,"read_s":%.2f,"memory_mib":%.1f,"judge_us":{"p50":%.1f,"p99":%.1f},"judge_1000_words_us":{"p50":%.1f},"ratio_p50":%.2f,"longest_password_us":%.0f,"points":%ld}})"
              "\n",
      large->size(), read_s, memory, of_large.p50, of_large.p99, of_small.p50, of_large.p50 / of_small.p50, of_longest.p50, points);
}

}  // namespace

int main(int argc, char** argv) {
  breached(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000'000);
  banned(argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100'000);
}
