#include "platform/line_file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <string>

namespace wb::platform {
namespace {
namespace fs = std::filesystem;

class ALineFile : public testing::Test {
 protected:
  ALineFile() {
    std::string name = (fs::temp_directory_path() / "wb-lines-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    settings = {folder / "lines", 100, 2};
  }
  ~ALineFile() override { fs::remove_all(folder); }
  LineFile open(LineFile::Torn torn = LineFile::Torn::ended) { return LineFile::open(settings, torn).value(); }
  void put(const std::string& text) const { std::ofstream(settings.file, std::ios::binary) << text; }
  std::string content(const std::string& name = "lines") const {
    std::ifstream in(folder / name, std::ios::binary);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
  }
  static unsigned mode(const fs::path& file) {
    struct stat its {};
    EXPECT_EQ(::stat(file.c_str(), &its), 0);
    return its.st_mode & 0777U;
  }
  fs::path folder;
  KeptFile settings;
};

TEST_F(ALineFile, IsOursAloneWhateverItWasBefore) {
  put("old\n");
  fs::permissions(settings.file, fs::perms(0644));
  auto file = open();
  EXPECT_TRUE(file.append("new"));
  EXPECT_EQ(content(), "old\nnew\n");
  EXPECT_EQ(mode(settings.file), 0600U);
}

TEST_F(ALineFile, IsTakenAsideWhenItIsFullAndTheOldestGoes) {
  auto file = open();
  for (const char c : std::string("abcd"))
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(file.append(std::string(49, c)));
  const auto two = [](char c) { return std::string(49, c) + "\n" + std::string(49, c) + "\n"; };
  EXPECT_EQ(content(), two('d'));
  EXPECT_EQ(content("lines.1"), two('c'));
  EXPECT_EQ(content("lines.2"), two('b'));
  EXPECT_FALSE(fs::exists(folder / "lines.3"));
  EXPECT_EQ(mode(folder / "lines.2"), 0600U);
  const auto kept = kept_files(settings);
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept.front(), folder / "lines.2");
  EXPECT_EQ(kept.back(), settings.file);
}

TEST_F(ALineFile, TakesALineLongerThanTheWholeByItself) {
  auto file = open();
  EXPECT_TRUE(file.append("a"));
  EXPECT_TRUE(file.append(std::string(500, 'b')));
  EXPECT_TRUE(file.append("c"));
  EXPECT_EQ(content("lines.2"), "a\n");
  EXPECT_EQ(content(), "c\n");
}

TEST_F(ALineFile, EndsOrCutsALineThatACrashLeftWithoutAnEnd) {
  put("whole\nto");
  EXPECT_TRUE(open(LineFile::Torn::cut).was_torn());
  EXPECT_EQ(content(), "whole\n");
  put("whole\nto");
  auto file = open(LineFile::Torn::ended);
  EXPECT_TRUE(file.was_torn());
  EXPECT_TRUE(file.append("next"));
  EXPECT_EQ(content(), "whole\nto\nnext\n");
  EXPECT_FALSE(open().was_torn());
  put("to");
  EXPECT_TRUE(open(LineFile::Torn::cut).was_torn());
  EXPECT_EQ(content(), "");
}

TEST_F(ALineFile, IsMadeAnewWhenSomebodyTookItAway) {
  auto file = open();
  EXPECT_TRUE(file.append("a"));
  fs::remove(settings.file);
  EXPECT_TRUE(file.append("b"));
  EXPECT_EQ(content(), "b\n");
}

TEST_F(ALineFile, RefusesALinkAFolderAndAPipe) {
  fs::create_symlink(folder / "elsewhere", settings.file);
  EXPECT_TRUE(LineFile::open(settings, LineFile::Torn::ended).has_error());
  EXPECT_FALSE(fs::exists(folder / "elsewhere"));
  fs::remove(settings.file);
  ASSERT_EQ(::mkfifo(settings.file.c_str(), 0600), 0);
  EXPECT_TRUE(LineFile::open(settings, LineFile::Torn::ended).has_error());
  settings.file = folder;
  EXPECT_TRUE(LineFile::open(settings, LineFile::Torn::ended).has_error());
}

// Half a line fits: none of it stays.
TEST_F(ALineFile, IsAsItWasWhenTheDiskIsFull) {
  settings.bytes_max = 1'000;
  auto file = open();
  EXPECT_TRUE(file.append("first"));
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit little{10, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
  const bool kept = file.append("longer than that");
  const auto there = content();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_FALSE(kept);
  EXPECT_EQ(there, "first\n");
  EXPECT_TRUE(file.append("again"));
  EXPECT_EQ(content(), "first\nagain\n");
}

TEST_F(ALineFile, IsPutAsideUnderANameOfItsOwnEachTime) {
  put("a");
  EXPECT_EQ(put_aside(settings.file, 7).value(), folder / "lines.damaged-7");
  put("b");
  EXPECT_EQ(put_aside(settings.file, 7).value(), folder / "lines.damaged-7-1");
  EXPECT_TRUE(put_aside(settings.file, 7).has_error());
}

}  // namespace
}  // namespace wb::platform
