#include "policy/verdict_text.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace wb::policy {
namespace {

using protocol::Code;
using protocol::Op;

std::string counted(std::int64_t number, std::string_view unit) {
  return std::to_string(number) + ' ' + std::string(unit) + (number == 1 ? "" : "s");
}

// 86400 -> "1 day", 5400 -> "90 minutes": the largest unit that says it exactly, seconds rounded up to minutes.
std::string span(std::int64_t seconds) {
  if (seconds % 86'400 == 0) return counted(seconds / 86'400, "day");
  if (seconds % 3'600 == 0) return counted(seconds / 3'600, "hour");
  return counted((seconds + 59) / 60, "minute");
}

// "09:14 UTC on 22 November", rounded up to the minute so that a try then is not too early.
std::string moment(std::int64_t unix_seconds) {
  using namespace std::chrono;
  static constexpr std::array<const char*, 12> months = {"January", "February", "March", "April", "May", "June", "July",
      "August", "September", "October", "November", "December"};
  const sys_seconds at{seconds((unix_seconds + 59) / 60 * 60)};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  char text[64];
  std::snprintf(text, sizeof text, "%02d:%02d UTC on %u %s", static_cast<int>(time.hours().count()),
      static_cast<int>(time.minutes().count()), static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1]);
  return text;
}

bool plausible(const std::optional<std::int64_t>& unix_seconds) { return unix_seconds && *unix_seconds > 0 && *unix_seconds < 253'402'300'000; }

const VerdictRow* row_of(Code code, std::string_view reason) {
  for (const auto& row : verdict_rows())
    if (row.code == code && row.reason == reason) return &row;
  return nullptr;
}

std::string_view done_text(Op op) { return op == Op::unlock ? "Your account is unlocked." : "Your new password is set."; }

std::string too_young(const Details& d) {
  std::string out = d.min_age_s && *d.min_age_s > 0 ? "Your password was changed less than " + span(*d.min_age_s) + " ago."
                                                    : std::string(row_of(Code::rejected, "too_young")->text);
  if (plausible(d.retry_after)) out += " Try again after " + moment(*d.retry_after) + '.';
  return out;
}

// What a sign-in comes to where its words differ from a change's; empty: they do not.
std::string_view of_sign_in(Code code, std::string_view reason) {
  if (code == Code::ok) return "Your password is right.";
  if (code == Code::rejected && reason == "old_password_wrong") return "The password is not right.";
  if (code == Code::denied && reason == "too_often") return "The password of this account was tried too often in a short time.";
  if (code == Code::in_doubt || code == Code::unknown) return "It is not known whether the password is right: try again.";
  return {};
}

std::string applied_but(std::string_view reason, const Details& d) {
  std::string out(done_text(d.op));
  const auto add = [&out](std::string_view what) {
    const auto* row = row_of(Code::applied_but, what);
    if (row && !what.empty() && out.find(row->text) == std::string::npos) out.append(" ").append(row->text);
  };
  add(reason);
  for (const auto& what : d.also) add(what);
  return out;
}

}  // namespace

// clang-format off
const std::vector<VerdictRow>& verdict_rows() {
  static const std::vector<VerdictRow> rows = {
      {Code::ok, "", "Your account was found."},
      {Code::applied, "", "Your new password is set."},
      {Code::applied_but, "", "It worked, but not everything is as it was asked for."},  // the next follow "Your new password is set."
      {Code::applied_but, "still_locked", "Your account is still locked: ask your administrator to unlock it."},
      {Code::applied_but, "must_change_moot", "You will not be asked to change it at the next sign-in."},
      {Code::applied_but, "account_disabled", "Your account is disabled: ask your administrator to enable it."},
      {Code::applied_but, "read_back_failed", "Your directory did not confirm it a second time: if it does not work, ask your administrator."},
      {Code::rejected, "", "Your organisation's rules refuse this password. Choose another one."},
      {Code::rejected, "too_short", "Too short: a longer password is needed."},
      {Code::rejected, "not_complex", "Too simple: mix capital letters, small letters, digits and symbols, and leave your name out."},
      {Code::rejected, "contains_name", "It contains your name, your account name or that of your organisation: leave names out."},
      {Code::rejected, "banned", "Too easy to guess: it is little more than common words or those of your organisation. Use several words that have nothing to do with each other."},
      {Code::rejected, "breached", "This password is known from stolen data, and attackers try it: choose one that you use nowhere else."},
      {Code::rejected, "in_history", "You have used this password before. Choose a new one."},
      {Code::rejected, "too_young", "Your password was changed too recently to be changed again."},
      {Code::rejected, "too_long", "Too long: at most 256 characters are possible."},
      {Code::rejected, "empty", "The password is empty."},
      {Code::rejected, "not_unicode", "The password holds a character that can't be used."},
      {Code::rejected, "refused_by_filter", "You have used this password before, or a filter of your organisation refuses it. Choose another one."},
      {Code::rejected, "old_password_wrong", "The current password is not right."},
      {Code::rejected, "policy", "Your organisation's password policy refuses this password. Choose a longer and less usual one."},
      {Code::denied, "", "This account can't be reset here: ask your administrator."},
      {Code::denied, "protected", "This account is specially protected and can't be reset here: ask your administrator."},
      {Code::denied, "out_of_scope", "Your organisation has not opened this service for this account: ask your administrator."},
      {Code::denied, "disabled", "This account is disabled: ask your administrator to enable it first."},
      {Code::denied, "lockout_near", "Too many wrong passwords were tried, and more would lock the account. Reset your password, or wait."},
      {Code::denied, "too_often", "Too much was asked for this account in a short time."},
      {Code::superseded, "", "Your password was changed by somebody else in the meantime, and that change was kept. If it was not you, tell your administrator."},
      {Code::failed, "", "Your organisation's directory could not do this. Nothing was changed."},
      {Code::failed, "not_found", "There is no such account."},
      {Code::failed, "ambiguous", "The name fits several accounts: use your full sign-in name."},
      {Code::failed, "cannot_change", "Your account is not allowed to change its own password: ask your administrator."},
      {Code::failed, "locked", "Your account is locked: unlock it, or wait until the lock ends."},
      {Code::failed, "must_change", "Your password is right, and must be changed before you can sign in."},
      {Code::failed, "password_expired", "Your password is right, but it has expired: change it."},
      {Code::failed, "account_expired", "Your account has expired: ask your administrator."},
      {Code::failed, "disabled", "Your account is disabled: ask your administrator."},
      {Code::failed, "logon_hours", "Your account may not sign in at this hour."},
      {Code::failed, "workstation", "Your account may sign in at certain computers only."},
      {Code::failed, "read_only", "Your organisation's directory server takes no changes: tell your administrator."},
      {Code::failed, "no_rights", "The agent in your organisation has no right to do this for your account: tell your administrator."},
      {Code::failed, "dc_busy", "Your organisation's directory is busy. Nothing was changed: try again in a moment."},
      {Code::failed, "clock_skew", "The clocks of your organisation's agent and its directory differ too much, and nothing was changed: tell your administrator."},
      {Code::failed, "dc_unavailable", "Your organisation's directory can't be reached right now. Nothing was changed: try again in a few minutes."},
      {Code::failed, "void", "This request was given up before it took effect. Nothing was changed: start again."},
      {Code::failed, "not_encrypted", "The connection to your organisation's directory is not encrypted, so nothing was sent: tell your administrator."},
      {Code::failed, "rules_unavailable", "Your organisation's password rules can't be checked right now, so nothing was changed: tell your administrator."},
      {Code::failed, "directory_error", "Your organisation's directory answered with an error: tell your administrator."},
      {Code::reprobe, "", "Your organisation's directory has moved to another server. Nothing was changed: start again."},
      {Code::invalid, "", "This request can't be trusted, and nothing was changed. Start again."},
      {Code::invalid, "signature", "The signature of this request is not valid, and nothing was changed. Start again."},
      {Code::invalid, "audience", "This request was made for another organisation, and nothing was changed. Start again."},
      {Code::invalid, "binding", "This request does not match what was asked for, and nothing was changed. Start again."},
      {Code::invalid, "decrypt", "The password could not be opened, and nothing was changed. Start again."},
      {Code::invalid, "expired", "This request has expired, and nothing was changed. Start again."},
      {Code::invalid, "replay", "This request was already used. Start again if your password does not work."},
      {Code::invalid, "clock_skew", "The clocks of the service and of the agent differ too much, and nothing was changed: tell your administrator."},
      {Code::invalid, "version", "The service and the agent speak different versions, and nothing was changed: tell your administrator."},
      {Code::invalid, "malformed", "This request is damaged, and nothing was changed. Start again."},
      {Code::busy, "", "The agents of your organisation are busy: try again in a moment."},
      {Code::busy, "window", "The agents of your organisation have their hands full: try again in a moment."},
      {Code::busy, "account", "Another request for your account is under way: wait for it."},
      {Code::busy, "volume", "More is being asked for in your organisation than it allows: try again later."},
      {Code::in_doubt, "", "Your new password may already work: try it. Its effect is being checked."},
      {Code::unknown, "", "Your new password may already work: try it. If it does not, start again."},
  };
  return rows;
}
// clang-format on

std::string verdict_text(Code code, std::string_view reason, const Details& details) {
  if (code == Code::applied) return std::string(done_text(details.op));
  if (code == Code::applied_but && (row_of(code, reason) && (!reason.empty() || !details.also.empty()))) return applied_but(reason, details);
  if (code == Code::rejected && reason == "too_young") return too_young(details);
  if (code == Code::rejected && reason == "too_short" && details.min_length && *details.min_length > 0)
    return "Too short: at least " + counted(*details.min_length, "character") + (*details.min_length == 1 ? " is needed." : " are needed.");
  if (code == Code::rejected && reason == "in_history" && details.history.value_or(0) > 1)
    return "You have used this password before: your last " + std::to_string(*details.history) + " passwords can't be used again.";
  if (code == Code::rejected && reason == "not_complex" && details.kinds && *details.kinds < 3)
    return "Too simple: it has " + counted(*details.kinds, "kind") + " of characters, and 3 of these are needed: capital letters, small letters, digits, symbols.";
  if ((code == Code::in_doubt || code == Code::unknown) && details.op == Op::unlock)
    return "Your account may already be unlocked: try to sign in.";
  if (code == Code::unknown && (details.op == Op::probe || details.op == Op::resolve)) return "It is not known what your organisation's directory did: start again.";
  const auto* row = row_of(code, reason);
  std::string text(row ? row->text : row_of(code, "")->text);
  if (const auto own = of_sign_in(code, reason); details.op == Op::authenticate && !own.empty()) text = own;
  const bool later = code == Code::busy || (code == Code::denied && (reason == "too_often" || reason == "lockout_near"));
  if (later && plausible(details.retry_after)) text += " Next try: after " + moment(*details.retry_after) + '.';
  return text;
}

}  // namespace wb::policy
