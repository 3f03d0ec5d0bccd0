// Every row: what was read, decided and answered; what the agent must do or say (docs/PROTOCOL.md section 6). What shows a
// password that may be wrong to the directory is in attempt_password_test.cpp.
#include "tests/support/attempt_story.hpp"

namespace wb::agent {
namespace {

TEST(AFirstAttempt, WritesOnlyWhatTheProbeSaw) {
  check({
      {"untouched", attempt(), {read(untouched)}, "write"},
      {"untouched, no marker", attempt(false, false), {read(untouched)}, "write"},
      {"gone", attempt(), {read(std::nullopt)}, "failed/not_found"},
      {"protected", attempt(), {read(untouched, Denial::protected_account)}, "denied/protected"},
      {"out of scope", attempt(), {read(untouched, Denial::out_of_scope)}, "denied/out_of_scope"},
      {"moved before anything was sent", attempt(), {read(moved)}, "superseded"},
      {"moved, and nobody knows since when the marker stands", attempt(), {read(marker_written(moved, std::nullopt))}, "superseded"},
      {"moved by another job", attempt(), {read(foreign)}, "superseded"},
      {"only the version moved", attempt(), {read(account(8, "1000"))}, "superseded"},
      {"only the marker changed", attempt(), {read(remarked)}, "reprobe"},
      {"another DC answered", attempt(), {read(on("dc2", untouched))}, "reprobe"},
      {"it was voided meanwhile", attempt(), {read(voided)}, "failed/void"},
      {"our marker stands: the journal was lost", attempt(), {read(marked)}, "applied"},
  });
}

TEST(AnUnknownVersion, ComparesByPwdLastSetAlone) {
  auto a = attempt();
  a.job.pre->ver = -1;
  EXPECT_EQ(story(a, {read(account(9, "1000"))}), "read, write");
  EXPECT_EQ(story(a, {read(account(9, "1001"))}), "read, superseded");
}

// OpenLDAP's password_write: exop leaves it behind where a writer died between its steps.
TEST(AMarkerThatSaysBegun, IsProofOfNothingAndNeverWrittenOver) {
  const std::string begun = "wb1;" + attempt().job.jti + ";1;B";
  for (const auto& seen : {account(7, "1000", begun), account(8, "2000", begun)}) {
    for (const auto& work : {attempt(true), resolve(), look()}) EXPECT_EQ(story(work, {read(seen)}), "read, unknown");
    EXPECT_EQ(story(attempt(), {read(untouched), lost(Kind::timed_out, seen)}), "read, write, unknown");
  }
  EXPECT_EQ(story(attempt(), {read(untouched), lost(Kind::timed_out, std::nullopt)}), "read, write, in_doubt");
}

TEST(AFirstAttempt, SaysWhatTheDirectorySays) {
  const auto row = [](Refusal refusal, const ldap::Account& after, const char* told) { return Row{told, attempt(), {read(untouched), answer(refusal, after)}, told}; };
  check({
      row(Refusal::none, marked, "write, applied"),
      row(Refusal::too_short, untouched, "write, rejected/too_short"),
      row(Refusal::not_complex, untouched, "write, rejected/not_complex"),
      row(Refusal::in_history, untouched, "write, rejected/in_history"),
      row(Refusal::too_young, untouched, "write, rejected/too_young"),
      row(Refusal::policy, untouched, "write, rejected/policy"),
      row(Refusal::refused_by_filter, untouched, "write, rejected/refused_by_filter"),
      row(Refusal::no_rights, untouched, "write, failed/no_rights"),
      row(Refusal::read_only, untouched, "write, failed/read_only"),
      row(Refusal::not_encrypted, untouched, "write, failed/not_encrypted"),
      row(Refusal::directory_error, untouched, "write, failed/directory_error"),
      row(Refusal::swap_failed, moved, "write, superseded"),
      row(Refusal::swap_failed, remarked, "write, reprobe"),
      row(Refusal::swap_failed, untouched, "write, failed/directory_error"),
      row(Refusal::swap_failed, voided, "write, failed/void"),
      row(Refusal::swap_failed, marked, "write, applied"),
      {"swap failed, unreadable", attempt(), {read(untouched), answer(Refusal::swap_failed, std::nullopt)}, "write, superseded"},
      {"gone meanwhile", attempt(), {read(untouched), answer(Refusal::not_found, std::nullopt)}, "write, failed/not_found"},
  });
}

TEST(ALaterAttempt, ReadsFirst) {
  const auto slack = probed - 300;
  check({
      {"our marker", attempt(true), {read(marked)}, "applied"},
      {"our marker, guardrail changed since", attempt(true), {read(marked, Denial::out_of_scope)}, "applied"},
      {"voided", attempt(true), {read(voided)}, "failed/void"},
      {"voided, and moved by somebody else later", attempt(true), {read(moved_and_voided)}, "failed/void"},
      {"untouched", attempt(true), {read(untouched)}, "write"},
      {"untouched, no marker", attempt(true, false), {read(untouched)}, "write"},
      {"moved under an untouched marker", attempt(true), {read(moved)}, "void 2;V"},
      {"moved, marker written long before", attempt(true), {read(marker_written(moved, slack - 1))}, "void 2;V"},
      {"moved, marker cleared or rewritten since", attempt(true), {read(marker_written(moved, slack))}, "unknown"},
      {"moved, marker written nobody knows when", attempt(true), {read(marker_written(moved, std::nullopt))}, "unknown"},
      {"moved without a marker", attempt(true, false), {read(moved)}, "unknown"},
      {"a foreign marker", attempt(true), {read(foreign)}, "unknown"},
      {"a foreign marker, not moved", attempt(true), {read(remarked)}, "unknown"},
      {"another DC answered", attempt(true), {read(on("dc2", untouched))}, "in_doubt"},
      {"forbidden now: nothing is written, nothing is claimed", attempt(true), {read(untouched, Denial::protected_account)}, "unknown"},
      {"voided, forbidden now", attempt(true), {read(voided, Denial::protected_account)}, "failed/void"},
  });
}

TEST(ALaterAttempt, SaysFinallyOnlyWhatNoLateWriteCanMakeUntrue) {
  const auto done = answer(Refusal::none, voided);
  check({
      {"refused by the directory", attempt(true), {read(untouched), answer(Refusal::too_short, untouched), done}, "write, void 2;V, rejected/too_short"},
      {"refused by the directory, no rights", attempt(true), {read(untouched), answer(Refusal::no_rights, untouched), done}, "write, void 2;V, failed/no_rights"},
      {"refused here", attempt(true), {read(untouched), NotAPassword{{Code::rejected, "too_long", {}}}, done}, "write, void 2;V, rejected/too_long"},
      {"not ours to open", attempt(true), {read(untouched), NotAPassword{{Code::invalid, "decrypt", {}}}, done}, "write, void 2;V, invalid/decrypt"},
      {"superseded", attempt(true), {read(moved), answer(Refusal::none, moved_and_voided)}, "void 2;V, superseded"},
      {"refused, no marker to void with", attempt(true, false), {read(untouched), answer(Refusal::too_short, untouched)}, "write, rejected/too_short"},
      {"refused for now, no marker to void with", attempt(true, false), {read(untouched), answer(Refusal::no_rights, untouched)}, "write, in_doubt"},
      {"refused, but the first one landed", attempt(true), {read(untouched), answer(Refusal::in_history, marked)}, "write, applied"},
      {"refused, voided by another", attempt(true), {read(untouched), answer(Refusal::in_history, voided)}, "write, failed/void"},
      {"refused, moved, no marker", attempt(true, false), {read(untouched), answer(Refusal::in_history, moved)}, "write, unknown"},
      {"refused, unreadable", attempt(true), {read(untouched), answer(Refusal::in_history, std::nullopt)}, "write, in_doubt"},
      {"refused, foreign marker", attempt(true), {read(untouched), answer(Refusal::in_history, remarked)}, "write, unknown"},
      {"swap failed: the first one landed", attempt(true), {read(untouched), answer(Refusal::swap_failed, marked)}, "write, applied"},
      {"swap failed: somebody else", attempt(true), {read(untouched), answer(Refusal::swap_failed, moved), answer(Refusal::none, moved_and_voided)}, "write, void 2;V, superseded"},
      {"swap failed, no marker", attempt(true, false), {read(untouched), answer(Refusal::swap_failed, moved)}, "write, unknown"},
      {"swap failed, foreign marker", attempt(true), {read(untouched), answer(Refusal::swap_failed, foreign)}, "write, unknown"},
      {"swap failed, unreadable", attempt(true), {read(untouched), answer(Refusal::swap_failed, std::nullopt)}, "write, in_doubt"},
      {"swap failed, untouched", attempt(true), {read(untouched), answer(Refusal::swap_failed, untouched)}, "write, in_doubt"},
  });
}

TEST(AVoid, IsItselfSettledByReading) {
  const Events refused{read(untouched), answer(Refusal::too_short, untouched)};
  const auto row = [&](const char* what, Event event, const char* told) {
    auto events = refused;
    events.push_back(std::move(event));
    return Row{what, attempt(true), std::move(events), told};
  };
  check({
      row("stands, unread", answer(Refusal::none, std::nullopt), "write, void 2;V, rejected/too_short"),
      row("the late write came first", answer(Refusal::swap_failed, marked), "write, void 2;V, applied"),
      row("another voided first", answer(Refusal::swap_failed, voided), "write, void 2;V, rejected/too_short"),
      row("foreign", answer(Refusal::swap_failed, remarked), "write, void 2;V, unknown"),
      row("no rights to the marker", answer(Refusal::no_rights, untouched), "write, void 2;V, in_doubt"),
      row("refused and unreadable", answer(Refusal::swap_failed, std::nullopt), "write, void 2;V, in_doubt"),
      row("moved while we voided", answer(Refusal::none, moved_and_voided), "write, void 2;V, unknown"),
      row("no answer, and it stands", lost(Kind::lost, voided), "write, void 2;V, rejected/too_short"),
      row("no answer, and it does not stand", lost(Kind::timed_out, untouched), "write, void 2;V, in_doubt"),
      row("no answer, our write landed", lost(Kind::lost, marked), "write, void 2;V, applied"),
      row("no answer, unreadable", lost(Kind::unreachable), "write, void 2;V, in_doubt"),
      row("no answer, another DC's word", lost(Kind::lost, on("dc2", voided)), "write, void 2;V, in_doubt"),
      row("cancelled", Cancelled{}, "write, void 2;V, nothing"),
      row("too late", TooLate{}, "write, void 2;V, in_doubt"),
  });
}

TEST(AReadingThatFailed, SentNothing) {
  for (const auto kind : {Kind::unreachable, Kind::timed_out, Kind::lost, Kind::exhausted}) {
    EXPECT_EQ(story(attempt(), {unread(kind)}), "read, reprobe");
    EXPECT_EQ(story(attempt(true), {unread(kind)}), "read, in_doubt") << "an earlier attempt may have been sent";
    EXPECT_EQ(story(resolve(), {unread(kind)}), "read, in_doubt");
    EXPECT_EQ(story(look(), {unread(kind)}), "read, again");
  }
  check({
      {"refused", attempt(), {unread(Kind::refused)}, "failed/dc_unavailable"},
      {"a right is missing", attempt(), {unread(Kind::refused, "ldap.groups")}, "failed/no_rights"},
      {"malformed", attempt(), {unread(Kind::malformed)}, "failed/directory_error"},
      {"a look that will never be answered", look(), {unread(Kind::refused)}, "in_doubt"},
  });
}

TEST(AWriteWithoutAnAnswer, IsSettledByOneReadingOrLeftInDoubt) {
  const auto row = [](const char* what, const Attempt& a, Event event, const char* told) { return Row{what, a, {read(untouched), std::move(event)}, told}; };
  check({
      row("our marker stands", attempt(), lost(Kind::lost, marked), "write, applied"),
      row("voided", attempt(), lost(Kind::lost, voided), "write, failed/void"),
      row("it may still land", attempt(), lost(Kind::lost, untouched), "write, in_doubt"),
      row("it may still land, no marker", attempt(false, false), lost(Kind::timed_out, untouched), "write, in_doubt"),
      row("unreadable", attempt(), lost(Kind::timed_out), "write, in_doubt"),
      row("another DC's word", attempt(), lost(Kind::lost, on("dc2", marked)), "write, in_doubt"),
      row("somebody else, under an untouched marker", attempt(), lost(Kind::timed_out, moved), "write, void 1;V"),
      row("somebody else, or we, with the marker cleared", attempt(), lost(Kind::timed_out, marker_written(moved, probed + 1)), "write, unknown"),
      row("moved, nobody knows by whom", attempt(false, false), lost(Kind::lost, moved), "write, unknown"),
      row("a foreign marker", attempt(), lost(Kind::lost, foreign), "write, unknown"),
      row("never sent", attempt(), lost(Kind::unreachable), "write, reprobe"),
      row("never sent this time", attempt(true), lost(Kind::unreachable), "write, in_doubt"),
      row("refused before it was sent", attempt(), lost(Kind::refused, untouched), "write, failed/dc_unavailable"),
  });
}

TEST(AFrozenAttempt, SendsNothing) {
  check({
      {"too late", attempt(), {read(untouched), TooLate{}}, "write, invalid/expired"},
      {"too late, an earlier one may have been sent", attempt(true), {read(untouched), TooLate{}}, "write, in_doubt"},
      {"cancelled", attempt(), {read(untouched), Cancelled{}}, "write, nothing"},
      {"resolve, too late", resolve(), {read(untouched), TooLate{}}, "void 9;V, in_doubt"},
  });
}

TEST(BeforeSending, TheClocksAreLookedAtOnceMore) {
  const Limits limits{1'000, std::chrono::milliseconds(500)};
  const auto verdict = [&](UnixSeconds now, int age_ms, bool cancelled) -> std::string {
    const auto event = before_sending(limits, now, std::chrono::milliseconds(age_ms), cancelled);
    if (!event) return "send";
    return std::holds_alternative<TooLate>(*event) ? "too late" : "cancelled";
  };
  EXPECT_EQ(verdict(999, 500, false), "send");
  EXPECT_EQ(verdict(1'000, 0, false), "too late") << "exp";
  EXPECT_EQ(verdict(0, 501, false), "too late") << "ttl";
  EXPECT_EQ(verdict(0, 0, true), "cancelled");
}

TEST(AResolve, FindsOutOrVoids) {
  const auto long_before = marker_written(moved, probed - 86'400);
  check({
      {"applied", resolve(), {read(marked)}, "applied"},
      {"voided", resolve(), {read(voided)}, "failed/void"},
      {"nothing to see: voided now", resolve(), {read(untouched), answer(Refusal::none, voided)}, "void 9;V, failed/void"},
      {"the late write came first", resolve(), {read(untouched), answer(Refusal::swap_failed, marked)}, "void 9;V, applied"},
      {"somebody else voided first", resolve(), {read(untouched), answer(Refusal::swap_failed, voided)}, "void 9;V, failed/void"},
      {"the void got no answer", resolve(), {read(untouched), lost(Kind::lost, untouched)}, "void 9;V, in_doubt"},
      {"moved under an untouched marker", resolve(), {read(long_before), answer(Refusal::none, moved_and_voided)}, "void 9;V, superseded"},
      {"moved, marker written while it may have been ours", resolve(), {read(marker_written(moved, probed - 1))}, "unknown"},
      {"a foreign marker", resolve(), {read(foreign)}, "unknown"},
      {"a foreign marker, not moved", resolve(), {read(remarked)}, "unknown"},
      {"no marker in use, a write may still land", resolve(false), {read(untouched)}, "in_doubt"},
      {"no marker in use, moved", resolve(false), {read(moved)}, "unknown"},
      {"another DC", resolve(), {read(on("dc2", marked))}, "in_doubt"},
      {"gone", resolve(), {read(std::nullopt)}, "unknown"},
      {"forbidden now, applied", resolve(), {read(marked, Denial::out_of_scope)}, "applied"},
      {"forbidden now, voided", resolve(), {read(voided, Denial::out_of_scope)}, "failed/void"},
      {"forbidden now, nothing to see", resolve(), {read(untouched, Denial::out_of_scope)}, "unknown"},
      {"forbidden now, moved", resolve(), {read(moved, Denial::protected_account)}, "unknown"},
  });
}

TEST(AResolve, TrustsAnUntouchedMarkerSinceTheJobNotSinceItself) {
  const auto yesterday = marker_written(moved, probed + 60);  // long before the resolve's iat, after the job's
  EXPECT_EQ(story(resolve(), {read(yesterday)}), "read, unknown");
  auto known = resolve();
  known.first_exp = probed + 120;  // our journal knows the job
  EXPECT_EQ(story(known, {read(marker_written(moved, probed - 301)), answer(Refusal::none, moved_and_voided)}), "read, void 9;V, superseded");
  EXPECT_EQ(story(known, {read(marker_written(moved, probed - 300))}), "read, unknown") << "a void would read as proof that nothing was done";
}

TEST(ALookAtAnOpenIntent, ReadsAndNeverWrites) {
  check({
      {"applied", look(), {read(marked)}, "applied"},
      {"applied, forbidden now", look(), {read(marked, Denial::protected_account)}, "applied"},
      {"voided", look(), {read(voided)}, "failed/void"},
      {"nothing to see so far", look(), {read(untouched)}, "in_doubt"},
      {"nothing to see, no marker", look(false), {read(untouched)}, "in_doubt"},
      {"somebody else", look(), {read(moved)}, "superseded"},
      {"somebody else, and must-change is as before: a late write is not kept out", look(), {read(account(8, "1000"))}, "in_doubt"},
      {"somebody else, or we, with the marker cleared", look(), {read(marker_written(moved, probed))}, "unknown"},
      {"moved, no marker", look(false), {read(moved)}, "unknown"},
      {"a foreign marker", look(), {read(foreign)}, "unknown"},
      {"gone", look(), {read(std::nullopt)}, "unknown"},
      {"another DC", look(), {read(on("dc2", untouched))}, "in_doubt"},
  });
}

TEST(AProbeThatFailed, TellsAMissingRightFromAMissingDomainController) {
  const auto told = [](const Fault& why) { return name(after_probe_fault(why)); };
  EXPECT_EQ(told(fault(Kind::refused, "ldap.find", "ambiguous")), "failed/ambiguous");
  EXPECT_EQ(told(fault(Kind::refused, "ldap.groups", "x")), "failed/no_rights");
  EXPECT_EQ(told(fault(Kind::unreachable, "ldap.connect", "x")), "failed/dc_unavailable");
  EXPECT_EQ(told(fault(Kind::unreachable, "ldap.search", "the DC is busy or going down")), "failed/dc_busy");
  EXPECT_EQ(told(fault(Kind::refused, "kerberos.clock", "dc1: clock_skew: ...")), "failed/clock_skew");
  EXPECT_EQ(told(fault(Kind::malformed, "ldap.account", "x")), "failed/directory_error");
}

TEST(AnAppliedWrite, SaysWhatIsDifferentFromWhatWasAsked) {
  auto after = marked;
  after.state = {true, true, false, false, true};
  auto a = attempt();
  a.job.opts.must_change = true;
  EXPECT_EQ(story(a, {read(untouched), answer(Refusal::none, after)}), "read, write, applied_but+still_locked+must_change_moot+account_disabled");
  EXPECT_EQ(story(attempt(), {read(untouched), answer(Refusal::none, std::nullopt)}), "read, write, applied_but+read_back_failed");
}

TEST(AnUnlock, DependsOnNothingAndIsSettledByTheLock) {
  auto a = attempt(true);
  a.job.op = Op::unlock;
  a.job.pre.reset();
  auto locked = moved;
  locked.state.locked = true;
  check({
      {"done", a, {read(moved), answer(Refusal::none, moved)}, "write, applied"},
      {"denied", a, {read(moved, Denial::protected_account)}, "denied/protected"},
      {"refused", a, {read(moved), answer(Refusal::no_rights, moved)}, "write, failed/no_rights"},
      {"unanswered, unlocked", a, {read(moved), lost(Kind::lost, moved)}, "write, applied"},
      {"unanswered, locked", a, {read(moved), lost(Kind::lost, locked)}, "write, in_doubt"},
      {"unreadable", a, {unread(Kind::unreachable)}, "reprobe"},
  });
}

TEST(AMarker, IsOursWhateverItsFence) {
  EXPECT_EQ(marker_text(jti, 3), "wb1;" + jti + ";3;A");
  EXPECT_EQ(void_text(jti, 3), "wb1;" + jti + ";3;V");
  EXPECT_EQ(read_marker(marker_text(jti, 17), jti), Marker::applied);
  EXPECT_EQ(read_marker(void_text(jti, 3), jti), Marker::voided) << "a voided attempt is not an applied one";
  EXPECT_EQ(read_marker(other, jti), Marker::none_of_ours);
  EXPECT_EQ(read_marker(std::nullopt, jti), Marker::none_of_ours);
  EXPECT_EQ(read_marker("wb1;" + jti + ";3;X", jti), Marker::none_of_ours);
}

}  // namespace
}  // namespace wb::agent
