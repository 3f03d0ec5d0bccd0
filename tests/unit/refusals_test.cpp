// docs/REFUSALS.md says what the program says: texts, times and Microsoft's numbers (its tests' names: tests/tidy.py).
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "policy/microsoft_events.hpp"
#include "policy/verdict_text.hpp"

namespace wb::policy {
namespace {

using protocol::Code;
using protocol::Op;

struct Row {
  std::string told, time, event;
};
// "| `code/reason` | when | told | time | Microsoft | tests |"
std::map<std::string, Row> table() {
  std::map<std::string, Row> rows;
  std::ifstream in(WB_SOURCE_DIR "/docs/REFUSALS.md");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| `")) continue;
    std::vector<std::string> cells;
    for (std::size_t at = 2; at < line.size();) {
      const auto end = line.find(" | ", at);
      if (end == std::string::npos) break;
      cells.push_back(line.substr(at, end - at));
      at = end + 3;
    }
    if (cells.size() == 5) rows[cells[0].substr(1, cells[0].size() - 2)] = {cells[2], cells[3], cells[4]};
  }
  return rows;
}

std::string name_of(const VerdictRow& row) { return std::string(protocol::to_string(row.code)) + (row.reason.empty() ? "" : "/") + std::string(row.reason); }

TEST(TheTableOfRefusals, HasEveryReasonWithItsText) {
  const auto rows = table();
  EXPECT_EQ(rows.size(), verdict_rows().size());
  for (const auto& verdict : verdict_rows()) {
    const auto name = name_of(verdict);
    ASSERT_TRUE(rows.contains(name)) << name;
    EXPECT_TRUE(rows.at(name).told.starts_with(verdict.text)) << name << ": " << verdict.text;
  }
}

// What stands in italics is what the program makes of these.
TEST(TheTableOfRefusals, ShowsWhatIsSaidWhereTheNumbersAreKnown) {
  Details known{.min_length = 12, .min_age_s = 86'400, .history = 24, .kinds = 2, .retry_after = 1'795'338'840};
  for (const auto& [name, row] : table()) {
    const auto from = row.told.find(" *");
    if (from == std::string::npos) continue;
    const auto italics = row.told.substr(from + 2, row.told.size() - from - 3);
    const auto slash = name.find('/');
    const auto code = protocol::code_from(name.substr(0, slash));
    ASSERT_TRUE(code) << name;
    bool said = false;
    for (const auto op : {Op::reset, Op::unlock, Op::authenticate}) {
      known.op = op;
      said |= verdict_text(*code, slash == std::string::npos ? "" : name.substr(slash + 1), known).ends_with(italics);
    }
    EXPECT_TRUE(said) << name << ": " << italics;
  }
}

TEST(TheTableOfRefusals, SaysWhereATimeIsTold) {
  const auto rows = table();
  for (const auto& verdict : verdict_rows()) {
    const auto name = name_of(verdict);
    const bool can = verdict_text(verdict.code, verdict.reason, {.retry_after = 1'795'338'840}) != verdict_text(verdict.code, verdict.reason);
    const bool never_given = verdict.code == Code::busy && verdict.reason != "volume";
    EXPECT_EQ(rows.at(name).time, can && !never_given ? "yes" : "no") << name;
  }
}

TEST(TheTableOfRefusals, HasMicrosoftsNumbers) {
  const auto rows = table();
  for (const auto& verdict : verdict_rows()) {
    const auto name = name_of(verdict);
    const auto reset = microsoft_event(Op::reset, verdict.code, verdict.reason), change = microsoft_event(Op::change, verdict.code, verdict.reason);
    auto wanted = reset == 0 ? std::string("\xe2\x80\x93") : std::to_string(reset);
    if (change != reset) wanted += " (reset), " + std::to_string(change) + " (change)";
    EXPECT_EQ(rows.at(name).event, wanted) << name;
  }
}

}  // namespace
}  // namespace wb::policy
