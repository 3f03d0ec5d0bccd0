// Every row: what was read, decided and answered; what the agent must do or say (docs/PROTOCOL.md section 6).
#include "agent/attempt_machine.hpp"

#include <gtest/gtest.h>

namespace wb::agent {
namespace {
using ldap::Refusal;
using protocol::Code;
using protocol::Op;

const std::string jti = "01JD0000000000000000000001";
const std::string other = "wb1;01JD0000000000000000000002;1;A";
const std::string ours = "wb1;" + jti + ";1;A";

Attempt attempt(bool second = false, bool marker = true) {
  Attempt a;
  a.job.jti = jti, a.job.fence = second ? 2 : 1, a.job.att = second ? 2 : 1, a.job.op = Op::reset;
  a.job.pre = protocol::Pre{"dc1", 7, "1000", std::nullopt};
  a.second = second, a.marker = marker;
  return a;
}
// The account as `pre` saw it, with what has changed since.
ldap::Account account(std::int64_t ver = 7, std::string pls = "1000", std::optional<std::string> mk = std::nullopt) {
  ldap::Account a;
  a.pre = {"dc1", ver, std::move(pls), std::move(mk)};
  return a;
}
const auto untouched = account();
const auto moved = account(8, "2000");
const auto marked = account(8, "2000", ours);
const auto foreign = account(8, "2000", other);
const auto cleared = account(7, "1000", "something else");

bool writes(const Step& step) { return std::holds_alternative<Write>(step); }
Say said(const Step& step) { return writes(step) ? Say{Code::ok, "WRITES", {}} : std::get<Say>(step); }
Say say(Code code, std::string reason = {}) { return {code, std::move(reason), {}}; }

struct Case {
  const char* what;
  Attempt attempt;
  std::optional<ldap::Account> account;
  policy::Denial denial;
  Say expected;
};
const Say write_it{Code::ok, "WRITES", {}};

TEST(BeforeTheWrite, EveryReadingHasItsAnswer) {
  const auto none = policy::Denial::none;
  ldap::Account elsewhere = untouched;
  elsewhere.pre.dc = "dc2";
  const Case cases[] = {
      {"untouched", attempt(), untouched, none, write_it},
      {"untouched, no marker", attempt(false, false), untouched, none, write_it},
      {"gone", attempt(), std::nullopt, none, say(Code::failed, "not_found")},
      {"protected", attempt(), untouched, policy::Denial::protected_account, say(Code::denied, "protected")},
      {"out of scope", attempt(), untouched, policy::Denial::out_of_scope, say(Code::denied, "out_of_scope")},
      {"moved before anything was sent", attempt(), moved, none, say(Code::superseded)},
      {"moved by another job", attempt(), foreign, none, say(Code::superseded)},
      {"only the version moved", attempt(), account(8, "1000"), none, say(Code::superseded)},
      {"only the marker changed", attempt(), cleared, none, say(Code::reprobe)},
      {"another DC answered", attempt(), elsewhere, none, say(Code::reprobe)},
      {"second, untouched", attempt(true), untouched, none, write_it},
      {"second, untouched, no marker", attempt(true, false), untouched, none, write_it},
      {"second, our marker", attempt(true), marked, none, say(Code::applied)},
      {"second, our marker, guardrail changed since", attempt(true), marked, policy::Denial::out_of_scope, say(Code::applied)},
      {"second, moved under an untouched marker", attempt(true), moved, none, say(Code::superseded)},
      {"second, moved without a marker", attempt(true, false), moved, none, say(Code::unknown)},
      {"second, a foreign marker", attempt(true), foreign, none, say(Code::unknown)},
      {"second, marker cleared", attempt(true), cleared, none, say(Code::unknown)},
      {"second, another DC answered", attempt(true), elsewhere, none, say(Code::in_doubt)},
  };
  for (const auto& c : cases) EXPECT_EQ(said(after_read(c.attempt, c.account, c.denial)), c.expected) << c.what;
}

TEST(BeforeTheWrite, AnUnknownVersionComparesByPwdLastSetAlone) {
  auto a = attempt();
  a.job.pre->ver = -1;
  EXPECT_TRUE(writes(after_read(a, account(9, "1000"), policy::Denial::none)));
  EXPECT_EQ(said(after_read(a, account(9, "1001"), policy::Denial::none)).code, Code::superseded);
}

TEST(AReadingThatFailed, SentNothing) {
  using Kind = Fault::Kind;
  for (const auto kind : {Kind::unreachable, Kind::timed_out, Kind::lost}) {
    EXPECT_EQ(after_read_fault(attempt(), fault(kind, "x")), say(Code::reprobe));
    EXPECT_EQ(after_read_fault(attempt(true), fault(kind, "x")), say(Code::in_doubt)) << "an earlier attempt may have been sent";
  }
  EXPECT_EQ(after_read_fault(attempt(), fault(Kind::refused, "x")), say(Code::failed, "dc_unavailable"));
  EXPECT_EQ(after_read_fault(attempt(), fault(Kind::malformed, "x")), say(Code::failed, "directory_error"));
}

TEST(AProbeThatFailed, TellsAMissingRightFromAMissingDomainController) {
  using Kind = Fault::Kind;
  EXPECT_EQ(after_probe_fault(fault(Kind::refused, "ldap.find", "ambiguous")), say(Code::failed, "ambiguous"));
  EXPECT_EQ(after_probe_fault(fault(Kind::refused, "ldap.groups", "x")), say(Code::failed, "no_rights"));
  EXPECT_EQ(after_probe_fault(fault(Kind::unreachable, "ldap.connect", "x")), say(Code::failed, "dc_unavailable"));
  EXPECT_EQ(after_probe_fault(fault(Kind::malformed, "ldap.account", "x")), say(Code::failed, "directory_error"));
}

ldap::WriteAnswer answer(Refusal refusal, std::optional<ldap::Account> after) {
  ldap::WriteAnswer a;
  a.refusal = refusal, a.after = std::move(after);
  return a;
}

TEST(TheDirectorysVerdict, BecomesTheResult) {
  struct Row {
    const char* what;
    Attempt attempt;
    ldap::WriteAnswer answer;
    Say expected;
  };
  const Row rows[] = {
      {"written", attempt(), answer(Refusal::none, marked), say(Code::applied)},
      {"too short", attempt(), answer(Refusal::too_short, untouched), say(Code::rejected, "too_short")},
      {"not complex", attempt(), answer(Refusal::not_complex, untouched), say(Code::rejected, "not_complex")},
      {"in history", attempt(), answer(Refusal::in_history, untouched), say(Code::rejected, "in_history")},
      {"too young", attempt(), answer(Refusal::too_young, untouched), say(Code::rejected, "too_young")},
      {"policy", attempt(), answer(Refusal::policy, untouched), say(Code::rejected, "policy")},
      {"filter", attempt(), answer(Refusal::refused_by_filter, untouched), say(Code::rejected, "refused_by_filter")},
      {"no rights", attempt(), answer(Refusal::no_rights, untouched), say(Code::failed, "no_rights")},
      {"not encrypted", attempt(), answer(Refusal::not_encrypted, untouched), say(Code::failed, "not_encrypted")},
      {"gone meanwhile", attempt(), answer(Refusal::not_found, std::nullopt), say(Code::failed, "not_found")},
      {"directory error", attempt(), answer(Refusal::directory_error, untouched), say(Code::failed, "directory_error")},
      {"swap failed, somebody else", attempt(), answer(Refusal::swap_failed, moved), say(Code::superseded)},
      {"swap failed, unreadable", attempt(), answer(Refusal::swap_failed, std::nullopt), say(Code::superseded)},
      {"swap failed, only the marker", attempt(), answer(Refusal::swap_failed, cleared), say(Code::reprobe)},
      {"swap failed for no reason", attempt(), answer(Refusal::swap_failed, untouched), say(Code::failed, "directory_error")},
      {"second, swap failed: the first one landed", attempt(true), answer(Refusal::swap_failed, marked), say(Code::applied)},
      {"second, swap failed: somebody else", attempt(true), answer(Refusal::swap_failed, moved), say(Code::superseded)},
      {"second, swap failed, no marker", attempt(true, false), answer(Refusal::swap_failed, moved), say(Code::unknown)},
      {"second, swap failed, foreign marker", attempt(true), answer(Refusal::swap_failed, foreign), say(Code::unknown)},
      {"second, swap failed, unreadable", attempt(true), answer(Refusal::swap_failed, std::nullopt), say(Code::unknown)},
      {"second, swap failed, untouched", attempt(true), answer(Refusal::swap_failed, untouched), say(Code::in_doubt)},
      {"second, refused, but the first one landed", attempt(true), answer(Refusal::in_history, marked), say(Code::applied)},
      {"second, refused and untouched", attempt(true), answer(Refusal::too_short, untouched), say(Code::rejected, "too_short")},
      {"second, refused, moved, no marker", attempt(true, false), answer(Refusal::in_history, moved), say(Code::unknown)},
      {"second, refused, unreadable", attempt(true), answer(Refusal::in_history, std::nullopt), say(Code::in_doubt)},
  };
  for (const auto& r : rows) EXPECT_EQ(after_write(r.attempt, r.answer), r.expected) << r.what;
}

TEST(AWriteWithoutAnAnswer, IsSettledByOneReadingOrLeftInDoubt) {
  using Kind = Fault::Kind;
  struct Row {
    const char* what;
    Attempt attempt;
    Kind kind;
    std::optional<ldap::Account> reread;
    Say expected;
  };
  auto elsewhere = marked;
  elsewhere.pre.dc = "dc2";
  const Row rows[] = {
      {"our marker stands", attempt(), Kind::lost, marked, say(Code::applied)},
      {"it may still land", attempt(), Kind::lost, untouched, say(Code::in_doubt)},
      {"it may still land, no marker", attempt(false, false), Kind::timed_out, untouched, say(Code::in_doubt)},
      {"unreadable", attempt(), Kind::timed_out, std::nullopt, say(Code::in_doubt)},
      {"another DC's word", attempt(), Kind::lost, elsewhere, say(Code::in_doubt)},
      {"somebody else, under an untouched marker", attempt(), Kind::timed_out, moved, say(Code::superseded)},
      {"moved, nobody knows by whom", attempt(false, false), Kind::lost, moved, say(Code::unknown)},
      {"a foreign marker", attempt(), Kind::lost, foreign, say(Code::unknown)},
      {"never sent", attempt(), Kind::unreachable, std::nullopt, say(Code::reprobe)},
      {"never sent this time", attempt(true), Kind::unreachable, std::nullopt, say(Code::in_doubt)},
      {"refused before it was sent", attempt(), Kind::refused, untouched, say(Code::failed, "dc_unavailable")},
  };
  for (const auto& r : rows) EXPECT_EQ(after_write_fault(r.attempt, fault(r.kind, "x"), r.reread), r.expected) << r.what;
}

TEST(AnAppliedWrite, SaysWhatIsDifferentFromWhatWasAsked) {
  auto after = marked;
  after.state = {true, true, false, false, true};
  auto a = attempt();
  a.job.opts.must_change = true;
  EXPECT_EQ(after_write(a, answer(Refusal::none, after)), (Say{Code::applied_but, {}, {"still_locked", "must_change_moot", "account_disabled"}}));
  EXPECT_EQ(after_write(attempt(), answer(Refusal::none, std::nullopt)), (Say{Code::applied_but, {}, {"read_back_failed"}}));
}

TEST(AnUnlock, DependsOnNothingAndIsSettledByTheLock) {
  auto a = attempt(true);
  a.job.op = Op::unlock;
  a.job.pre.reset();
  EXPECT_TRUE(writes(after_read(a, moved, policy::Denial::none)));
  EXPECT_EQ(after_write(a, answer(Refusal::none, moved)), say(Code::applied));
  EXPECT_EQ(after_write_fault(a, fault(Fault::Kind::lost, "x"), moved), say(Code::applied));
  auto locked = moved;
  locked.state.locked = true;
  EXPECT_EQ(after_write_fault(a, fault(Fault::Kind::lost, "x"), locked), say(Code::in_doubt));
  EXPECT_EQ(after_read_fault(a, fault(Fault::Kind::unreachable, "x")), say(Code::reprobe));
}

TEST(AMarker, IsOursWhateverItsFence) {
  EXPECT_EQ(marker_text(jti, 3), "wb1;" + jti + ";3;A");
  EXPECT_TRUE(is_our_marker(marker_text(jti, 17), jti));
  EXPECT_FALSE(is_our_marker("wb1;" + jti + ";3;V", jti)) << "a voided attempt is not an applied one";
  EXPECT_FALSE(is_our_marker(other, jti));
  EXPECT_FALSE(is_our_marker(std::nullopt, jti));
}

}  // namespace
}  // namespace wb::agent
