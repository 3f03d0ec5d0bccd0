#include "policy/breached.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>

namespace wb::policy {
namespace {

using breached::Digest;
using Hash = std::vector<std::byte>;
using File = std::vector<std::byte>;

std::vector<Hash> made_up(std::size_t count, Digest kind = Digest::sha1, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::set<Hash> out;
  while (out.size() < count) {
    Hash hash(breached::bytes_of(kind));
    for (auto& b : hash) b = static_cast<std::byte>(random());
    out.insert(hash);
  }
  return {out.begin(), out.end()};
}

File compiled(const std::vector<Hash>& hashes, Digest kind = Digest::sha1) {
  File file;
  BreachedWriter writer(kind, hashes.size(), [&](std::span<const std::byte> bytes) {
    file.insert(file.end(), bytes.begin(), bytes.end());
    return true;
  });
  for (const auto& hash : hashes) EXPECT_TRUE(writer.add(hash));
  EXPECT_TRUE(writer.finish());
  return file;
}

BreachedSet::ReadAt reading(const File& file) {
  return [&file](std::uint64_t at, std::span<std::byte> out) {
    if (at + out.size() > file.size()) return false;
    std::memcpy(out.data(), file.data() + at, out.size());
    return true;
  };
}
Result<BreachedSet> opened(const File& file) { return BreachedSet::open(reading(file), file.size()); }

TEST(ACompiledFile, HoldsEveryHashAndNoOther) {
  for (const std::size_t count : {1U, 2U, 17U, 1023U, 1024U, 20'000U}) {
    const auto hashes = made_up(count);
    const auto file = compiled(hashes);
    const auto set = opened(file);
    ASSERT_TRUE(set) << set.error().detail;
    EXPECT_EQ(set->size(), count);
    EXPECT_TRUE(set->verify());
    for (std::size_t i = 0; i < hashes.size(); i += 1 + hashes.size() / 600) EXPECT_TRUE(set->contains(hashes[i]).value());
    for (const auto& hash : made_up(300, Digest::sha1, 99)) EXPECT_FALSE(set->contains(hash).value());
  }
}

TEST(ACompiledFile, IsSmall) {
  const auto file = compiled(made_up(50'000));
  EXPECT_LT(static_cast<double>(file.size()) / 50'000, 4.6) << "bytes a hash";
}

TEST(ACompiledFile, KnowsItsKindOfHash) {
  const auto hashes = made_up(100, Digest::ntlm);
  const auto file = compiled(hashes, Digest::ntlm);
  const auto set = opened(file);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->digest(), Digest::ntlm);
  EXPECT_TRUE(set->contains(hashes[50]).value());
  EXPECT_FALSE(set->contains(made_up(1)[0])) << "a SHA-1 is not looked up among NTLM hashes";
}

TEST(HashesThatShareTheirBeginning, AreToldApart) {
  auto hashes = made_up(3'000);
  for (auto& hash : hashes) std::fill_n(hash.begin(), 3, std::byte{0x42});  // one bucket that spans blocks
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  const auto file = compiled(hashes);
  const auto set = opened(file);
  ASSERT_TRUE(set);
  EXPECT_TRUE(set->verify());
  for (std::size_t i = 0; i < hashes.size(); i += 5) EXPECT_TRUE(set->contains(hashes[i]).value());
  EXPECT_FALSE(set->contains(made_up(1, Digest::sha1, 5)[0]).value());
}

TEST(ACutFile, IsRefusedAtOnce) {
  const auto whole = compiled(made_up(5'000));
  for (const std::size_t left : {std::size_t{0}, std::size_t{1}, std::size_t{4095}, std::size_t{4096}, whole.size() - 4096, whole.size() - 1}) {
    File file(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(left));
    EXPECT_FALSE(opened(file)) << left;
  }
  auto longer = whole;
  longer.resize(whole.size() + 4096);
  EXPECT_FALSE(opened(longer));
}

TEST(AFlippedBit, IsNeverTakenForAnAnswer) {
  const auto hashes = made_up(4'000);
  const auto whole = compiled(hashes);
  for (std::size_t at = 0; at < whole.size(); at += 1021) {
    auto file = whole;
    file[at] ^= std::byte{0x10};
    const auto set = opened(file);
    if (at < breached::block_bytes) {
      EXPECT_FALSE(set) << at;
      continue;
    }
    ASSERT_TRUE(set);
    EXPECT_FALSE(set->verify()) << at;
    for (std::size_t i = 0; i < hashes.size(); i += 61) {
      const auto answer = set->contains(hashes[i]);
      EXPECT_TRUE(!answer || *answer) << "a breached password passed at " << at;
    }
  }
}

TEST(BlocksInTheWrongPlace, AreNoticed) {
  auto file = compiled(made_up(5'000));
  std::swap_ranges(file.begin() + 4096, file.begin() + 8192, file.begin() + 8192);
  EXPECT_FALSE(opened(file)->verify());
}

TEST(SomethingElse, IsNotTakenForACompiledFile) {
  std::string text;
  while (text.size() < 8192) text += "000000005AD76BD555C1D6D771DE417A4B87E4B4:10\n";
  File file(text.size());
  std::memcpy(file.data(), text.data(), text.size());
  EXPECT_EQ(opened(file).error().detail, "not a compiled file: make one with writeback-passwords compile");
  const File good = compiled(made_up(10));
  EXPECT_EQ(BreachedSet::open([](auto, auto) { return false; }, good.size()).error().kind, Fault::Kind::internal);
}

TEST(AReadThatFails, IsAFaultAndNoAnswer) {
  const auto hashes = made_up(100);
  const auto file = compiled(hashes);
  bool works = true;
  const auto from = reading(file);
  const auto set = BreachedSet::open([&](std::uint64_t at, std::span<std::byte> out) { return works && from(at, out); }, file.size());
  ASSERT_TRUE(set);
  works = false;
  EXPECT_EQ(set->contains(hashes[0]).error().kind, Fault::Kind::internal);
}

TEST(TheWriter, RefusesWhatIsNotInOrderAndWhatWasNotAnnounced) {
  const auto hashes = made_up(3);
  const auto nowhere = [](std::span<const std::byte>) { return true; };
  BreachedWriter backwards(Digest::sha1, 2, nowhere);
  EXPECT_TRUE(backwards.add(hashes[1]));
  EXPECT_FALSE(backwards.add(hashes[0]));
  BreachedWriter twice(Digest::sha1, 2, nowhere);
  EXPECT_TRUE(twice.add(hashes[1]));
  EXPECT_FALSE(twice.add(hashes[1]));
  BreachedWriter few(Digest::sha1, 2, nowhere);
  EXPECT_TRUE(few.add(hashes[0]));
  EXPECT_FALSE(few.finish());
  EXPECT_TRUE(few.add(hashes[1]));
  EXPECT_FALSE(few.add(hashes[2]));
  EXPECT_FALSE(BreachedWriter(Digest::sha1, 0, nowhere).finish()) << "an empty list is a mistake, not a list";
  BreachedWriter full(Digest::sha1, 1, [](std::span<const std::byte>) { return false; });
  EXPECT_FALSE(full.add(hashes[0]));
}

TEST(ALine, IsAHashAndPerhapsACount) {
  BreachedLine line;
  EXPECT_TRUE(read_breached_line("000000005AD76BD555C1D6D771DE417A4B87E4B4:10\r", line));
  EXPECT_EQ(line.digest, Digest::sha1);
  EXPECT_EQ(line.seen, 10U);
  EXPECT_EQ(line.bytes[5], std::byte{0xD7});
  EXPECT_TRUE(read_breached_line("31d6cfe0d16ae931b73c59d7e0c089c0", line));
  EXPECT_EQ(line.digest, Digest::ntlm);
  EXPECT_EQ(line.seen, 1U);
  for (const auto* bad : {"", ":1", "000000005AD76BD555C1D6D771DE417A4B87E4B", "000000005AD76BD555C1D6D771DE417A4B87E4BG:1", "31d6cfe0d16ae931b73c59d7e0c089c0:",
           "31d6cfe0d16ae931b73c59d7e0c089c0:x", "31d6cfe0d16ae931b73c59d7e0c089c0:1 ", "00 000005AD76BD555C1D6D771DE417A4B87E4B4", "password"})
    EXPECT_FALSE(read_breached_line(bad, line)) << bad;
}

}  // namespace
}  // namespace wb::policy
