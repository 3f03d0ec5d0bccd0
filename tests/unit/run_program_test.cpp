#include "platform/run_program.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace wb::platform {
namespace {
using namespace std::chrono_literals;
using Kind = Fault::Kind;

Result<std::string> shell(const std::string& script, std::chrono::milliseconds limit = 20s, std::size_t bytes_max = 1'000) { return run_program("/bin/sh", {"-c", script, "sh", "an argument"}, limit, bytes_max); }

TEST(AProgram, IsRunForWhatItPrints) {
  ::setenv("WB_SECRET", "x", 1);
  const auto said = shell("read line; printf '%s|%s|%s' \"$1\" \"$line\" \"$LC_ALL$WB_SECRET\"; echo lost >&2");
  ASSERT_TRUE(said) << said.error().detail;
  EXPECT_EQ(*said, "an argument||C") << "its own argument, nothing to read, and an environment of its own";
}

TEST(AProgram, IsNotLookedForInThePath) {
  EXPECT_EQ(run_program("sh", {"-c", "true"}, 20s, 10).error().where, "program.start");
  EXPECT_EQ(run_program("/nonexistent/journalctl", {}, 20s, 10).error().kind, Kind::unreachable);
}

TEST(AProgram, ThatFailsIsAFault) {
  const auto code = shell("echo half; exit 3").error();
  EXPECT_EQ(code.kind, Kind::refused);
  EXPECT_EQ(code.detail, "exit code 3");
  EXPECT_EQ(shell("kill -TERM $$").error().detail, "signal 15");
}

TEST(AProgram, ThatDoesNotEndIsKilled) {
  EXPECT_EQ(shell("while :; do :; done", 50ms).error().kind, Kind::timed_out);
  EXPECT_EQ(shell("exec >&-; while :; do :; done", 50ms).error().kind, Kind::timed_out) << "it has closed its output, too";
}

TEST(AProgram, ThatSaysTooMuchIsKilled) {
  EXPECT_EQ(shell("while echo yes; do :; done").error().kind, Kind::exhausted);
  EXPECT_EQ(shell("printf 12345", 20s, 5).value(), "12345");
  EXPECT_TRUE(shell("printf 123456", 20s, 5).has_error());
}

}  // namespace
}  // namespace wb::platform
