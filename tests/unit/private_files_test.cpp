// The files that are ours alone, and how files are read at all.
#include "platform/private_files.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>

namespace wb::platform {
namespace {

TEST(APrivateFile, IsOursAloneAndReplacedAsAWhole) {
  char name[] = "/tmp/wb-files-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  EXPECT_TRUE(private_folder(folder));
  ASSERT_TRUE(write_private_file(folder / "f", "one"));
  ASSERT_TRUE(write_private_file(folder / "f", "two"));
  EXPECT_EQ(read_file(folder / "f").value(), "two");
  EXPECT_EQ(std::filesystem::status(folder / "f").permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(read_file(folder / "f", 2).error().kind, Fault::Kind::exhausted);
  EXPECT_EQ(read_file(folder / "g").error().kind, Fault::Kind::unreachable);
  std::filesystem::permissions(folder, std::filesystem::perms(0750));
  EXPECT_EQ(private_folder(folder).error().kind, Fault::Kind::refused);
  std::filesystem::remove_all(folder);
}

TEST(AFolderOfAnotherUser, IsLeftToItsOwnerWhoseCommandIsNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "root alone gives folders away";
  char name[] = "/tmp/wb-files-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  EXPECT_TRUE(run_by_owner(folder)) << "ours";
  EXPECT_TRUE(run_by_owner(folder / "to-be-made"));
  ASSERT_TRUE(write_private_file(folder / "f", "a secret"));
  ASSERT_EQ(::chown(folder.c_str(), 65534, 65534), 0);
  ASSERT_EQ(::chown((folder / "f").c_str(), 65534, 65534), 0);
  for (const auto& refused : {run_by_owner(folder), run_by_owner(folder / "to-be-made"), private_folder(folder)}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "folder.owner");
    EXPECT_NE(refused.error().detail.find("run it as its owner: runuser -u nobody -- "), std::string::npos) << refused.error().detail;
  }
  std::filesystem::permissions(folder, std::filesystem::perms(01777));
  EXPECT_TRUE(run_by_owner(folder / "to-be-made")) << "as in /tmp";
  EXPECT_EQ(read_private_line(folder / "f", "test").error().detail.find("chown"), std::string::npos) << "root must not take it away";
  std::filesystem::remove_all(folder);
}

TEST(AFileThatIsRead, TakesTheRoomThatItNeedsAndNotItsLimits) {
  char name[] = "/tmp/wb-files-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  for (const std::size_t size : {0, 1, 4095, 4096, 4097, 100'000}) {
    const auto text = std::string(size, 'x') + "end";
    std::ofstream(folder / "f") << text;
    const auto read = read_file(folder / "f", 64u << 20);
    ASSERT_TRUE(read) << size;
    EXPECT_EQ(*read, text);
    EXPECT_LE(read->capacity(), text.size() + 16);
    EXPECT_EQ(read_file(folder / "f", text.size()).value(), text);
    EXPECT_EQ(read_file(folder / "f", text.size() - 1).error().kind, Fault::Kind::exhausted);
  }
  std::filesystem::remove_all(folder);
}

TEST(AFileThatDoesNotSayHowLongItIs, IsReadToItsEnd) {
  const auto all = read_file("/proc/self/smaps", 64u << 20);
  ASSERT_TRUE(all);
  EXPECT_GT(all->size(), 4096u);
  EXPECT_TRUE(all->ends_with("\n"));
  EXPECT_EQ(read_file("/proc/self/smaps", 5000).error().kind, Fault::Kind::exhausted);
}

}  // namespace
}  // namespace wb::platform
