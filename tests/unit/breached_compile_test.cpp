#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "platform/random_file.hpp"
#include "tools/breached_compile.hpp"

namespace wb::tools {
namespace {

namespace fs = std::filesystem;

class AList : public testing::Test {
 protected:
  AList() { fs::create_directories(folder_); }
  ~AList() override { fs::remove_all(folder_); }
  fs::path write(const std::string& text) {
    std::ofstream(folder_ / "list.txt", std::ios::binary) << text;
    return folder_ / "list.txt";
  }
  Result<Compiled> compile(const std::string& text, std::uint64_t at_least = 1) { return compile_breached(write(text), folder_ / "out", at_least); }
  bool holds(std::string_view hash) {
    auto file = platform::RandomFile::open(folder_ / "out");
    auto set = policy::BreachedSet::open([&](std::uint64_t at, std::span<std::byte> out) { return file->read_at(at, out); }, file->size());
    EXPECT_TRUE(set && set->verify());
    policy::BreachedLine line;
    EXPECT_TRUE(policy::read_breached_line(hash, line));
    return set->contains(std::span(line.bytes).first(policy::breached::bytes_of(line.digest))).value();
  }
  const fs::path folder_ = fs::temp_directory_path() / ("wb-breached-" + std::to_string(::getpid()));
};

const std::string first = "000000005AD76BD555C1D6D771DE417A4B87E4B4", second = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8", third = "A94A8FE5CCB19BA61C4C0873D391E987982FBBD3";

TEST_F(AList, OrderedByHashIsCompiled) {
  const auto made = compile(first + ":10\r\n" + second + ":9545824\r\n" + third + ":3");
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(made->taken, 3U);
  EXPECT_EQ(made->digest, policy::breached::Digest::sha1);
  for (const auto& hash : {first, second, third}) EXPECT_TRUE(holds(hash)) << hash;
  EXPECT_FALSE(holds("5BAA61E5C9B93F3F0682250B6CF8331B7EE68FD8"));
}

TEST_F(AList, MayBeCutToWhatWasSeenOften) {
  const auto made = compile(first + ":10\n" + second + ":9545824\n" + third + ":3\n", 10);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->lines, 3U);
  EXPECT_EQ(made->taken, 2U);
  EXPECT_FALSE(holds(third));
}

TEST_F(AList, ThatIsWrongIsRefusedWithItsLineAndLeavesTheOldFile) {
  ASSERT_TRUE(compile(first));
  const std::string list = (folder_ / "list.txt").string();
  const auto problem = [&](const std::string& text) {
    const auto made = compile(text);
    return made ? std::string("compiled") : made.error().detail.substr(list.size());
  };
  EXPECT_EQ(problem(second + "\n" + first + "\n"), ":2: not in the order of the hash: take the list that is \"ordered by hash\"");
  EXPECT_EQ(problem(first + "\n" + first + "\n"), ":2: the same hash twice");
  EXPECT_EQ(problem(first + "\n31d6cfe0d16ae931b73c59d7e0c089c0\n"), ":2: another kind of hash than before");
  EXPECT_EQ(problem("password\n"), ":1: not a SHA-1 or NTLM hash in hexadecimal, with or without :count");
  EXPECT_EQ(problem(std::string(3 << 20, 'A')), ":1: not a SHA-1 or NTLM hash in hexadecimal, with or without :count");
  EXPECT_FALSE(compile(""));
  EXPECT_FALSE(compile_breached(folder_ / "none", folder_ / "out", 1));
  EXPECT_TRUE(holds(first)) << "what was there stays";
  EXPECT_FALSE(fs::exists(folder_ / "out.new"));
}

}  // namespace
}  // namespace wb::tools
