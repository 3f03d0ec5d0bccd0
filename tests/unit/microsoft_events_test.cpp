// The numbers of Microsoft's self-service password reset events (learn.microsoft.com, "Troubleshoot self-service password
// reset writeback"), for those who have alarms on them already.
#include "policy/microsoft_events.hpp"

#include <gtest/gtest.h>

#include "policy/verdict_text.hpp"

namespace wb::policy {
namespace {

using protocol::Code;
using protocol::Op;

TEST(AnAppliedJob, HasTheNumberOfItsOperation) {
  for (const auto code : {Code::applied, Code::applied_but}) {
    EXPECT_EQ(microsoft_event(Op::reset, code, ""), 31002);
    EXPECT_EQ(microsoft_event(Op::change, code, ""), 31007);
    EXPECT_EQ(microsoft_event(Op::unlock, code, ""), 0) << "theirs has none";
  }
}

TEST(ARefusal, HasTheNumberThatMicrosoftGivesIt) {
  struct Case {
    Code code;
    const char* reason;
    int event;
  };
  for (const auto& [code, reason, event] : {Case{Code::failed, "not_found", 33002}, {Code::failed, "ambiguous", 33003}, {Code::failed, "no_rights", 33004}, {Code::denied, "protected", 33004},
           {Code::failed, "cannot_change", 33004}, {Code::denied, "disabled", 33005}, {Code::failed, "disabled", 33005}, {Code::failed, "locked", 33006},
           {Code::rejected, "old_password_wrong", 33007}, {Code::rejected, "too_short", 33008}, {Code::rejected, "in_history", 33008}, {Code::rejected, "refused_by_filter", 33008},
           {Code::failed, "read_only", 33009}, {Code::failed, "not_encrypted", 33009}, {Code::failed, "dc_unavailable", 33001}, {Code::failed, "dc_busy", 33001}, {Code::failed, "clock_skew", 33001}, {Code::failed, "directory_error", 33001},
           {Code::invalid, "decrypt", 32004}, {Code::invalid, "malformed", 32003}, {Code::invalid, "signature", 32008}, {Code::in_doubt, "", 32000}, {Code::unknown, "", 32000}})
    for (const auto op : {Op::reset, Op::change, Op::unlock, Op::authenticate, Op::probe}) EXPECT_EQ(microsoft_event(op, code, reason), event) << reason;
}

TEST(WhatIsOursAlone, HasNoNumberOfMicrosofts) {
  for (const auto& [code, reason] : {std::pair(Code::denied, "out_of_scope"), {Code::denied, "too_often"}, {Code::denied, "lockout_near"}, {Code::superseded, ""}, {Code::reprobe, ""}, {Code::failed, "void"},
           {Code::busy, "volume"}, {Code::busy, "window"}, {Code::ok, ""}, {Code::failed, "a reason nobody knows"}})
    EXPECT_EQ(microsoft_event(Op::reset, code, reason), 0) << reason;
}

TEST(EveryRejectedPassword, HasANumber) {
  for (const auto& row : verdict_rows())
    if (row.code == Code::rejected || row.code == Code::invalid) { EXPECT_NE(microsoft_event(Op::reset, row.code, row.reason), 0) << row.reason; }
}

}  // namespace
}  // namespace wb::policy
