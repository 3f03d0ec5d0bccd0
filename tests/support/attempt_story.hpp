// What the stories of agent/attempt_machine are told with: attempts, readings, answers; and check(), which drives the whole
// machine, events in and the actions' names out, ending with what it says (docs/PROTOCOL.md section 6).
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/attempt_machine.hpp"

namespace wb::agent {

using ldap::Refusal;
using policy::Denial;
using protocol::Code;
using protocol::Op;
using Kind = Fault::Kind;
using Events = std::vector<Event>;

inline const std::string jti = "01JD0000000000000000000001";
inline const std::string other = "wb1;01JD0000000000000000000002;1;A";
inline const std::string ours = "wb1;" + jti + ";1;A";
inline const std::string void_of_another_fence = "wb1;" + jti + ";7;V";
constexpr UnixSeconds probed = 1'800'000'000;

inline Attempt attempt(bool second = false, bool marker = true) {
  Attempt a;
  a.job.jti = jti, a.job.fence = second ? 2 : 1, a.job.att = second ? 2 : 1, a.job.op = Op::reset;
  a.job.iat = probed, a.job.exp = probed + 120;
  a.job.pre = protocol::Pre{"dc1", 7, "1000", std::nullopt};
  a.second = second, a.marker = marker;
  return a;
}
// One day later: its own times, the same `pre`.
inline Attempt resolve(bool marker = true) {
  auto a = attempt(true, marker);
  a.work = Work::resolve, a.job.op = Op::resolve, a.job.fence = 9, a.job.iat = probed + 86'000, a.job.exp = a.job.iat + 120;
  return a;
}
inline Attempt look(bool marker = true) {
  auto a = attempt(false, marker);
  a.work = Work::look, a.first_exp = a.job.exp;
  return a;
}

// The account as `pre` saw it, with what has changed since. Its marker attribute was never written.
inline ldap::Account account(std::int64_t ver = 7, std::string pls = "1000", std::optional<std::string> mk = std::nullopt) {
  ldap::Account a;
  a.pre = {"dc1", ver, std::move(pls), std::move(mk)};
  a.marker_changed = 0;
  return a;
}
inline ldap::Account marker_written(ldap::Account a, std::optional<UnixSeconds> when) {
  a.marker_changed = when;
  return a;
}
inline ldap::Account on(const char* dc, ldap::Account a) {
  a.pre.dc = dc;
  return a;
}
inline const auto untouched = account();
inline const auto moved = account(8, "2000");
inline const auto marked = account(8, "2000", ours);
inline const auto voided = account(7, "1000", void_of_another_fence);
inline const auto moved_and_voided = account(8, "2000", void_of_another_fence);
inline const auto foreign = account(8, "2000", other);
inline const auto remarked = account(7, "1000", "something else");

inline Event read(std::optional<ldap::Account> a, Denial denial = Denial::none) { return ReadDone{std::move(a), denial}; }
inline Event unread(Kind kind, std::string where = "x") { return ReadFailed{fault(kind, std::move(where))}; }
inline Event answer(Refusal refusal, std::optional<ldap::Account> after) {
  ldap::WriteAnswer a;
  a.refusal = refusal, a.after = std::move(after);
  return Answered{std::move(a)};
}
inline Event lost(Kind kind, std::optional<ldap::Account> reread = std::nullopt) { return Unanswered{fault(kind, "x"), std::move(reread)}; }

inline std::string name(const Action& action) {
  if (std::holds_alternative<Read>(action)) return "read";
  if (std::holds_alternative<Write>(action)) return "write";
  if (std::holds_alternative<TrySignIn>(action)) return "sign in";
  if (const auto* v = std::get_if<Void>(&action)) return "void " + v->marker.substr(v->marker.find(';', 4) + 1);
  if (std::holds_alternative<Again>(action)) return "again";
  if (std::holds_alternative<Nothing>(action)) return "nothing";
  const auto& say = std::get<Say>(action);
  std::string text(protocol::to_string(say.code));
  if (!say.reason.empty()) text += "/" + say.reason;
  for (const auto& a : say.also) text += "+" + a;
  return text;
}
// "read, write, applied": all that it did and said, given these events.
inline std::string story(const Attempt& a, const Events& events) {
  AttemptMachine machine(a);
  std::string told = name(machine.start());
  for (const auto& event : events) told += ", " + name(machine.on(event));
  return told;
}

struct Row {
  const char* what;
  Attempt attempt;
  Events events;
  const char* told;
};
inline void check(const std::vector<Row>& rows) {
  for (const auto& row : rows) EXPECT_EQ(story(row.attempt, row.events), std::string("read, ") + row.told) << row.what;
}

}  // namespace wb::agent
