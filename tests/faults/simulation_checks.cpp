// What the product promises, against what happened (docs/DELIVERY.md).
#include <algorithm>

#include "tests/faults/simulation_world.hpp"

namespace wb::simulation {
namespace {

bool applied(const std::string& outcome) { return outcome == "applied" || outcome == "applied_but"; }
bool open_word(const std::string& outcome) { return outcome == "in_doubt" || outcome == "unknown"; }

constexpr Span write_takes = 500ms;

}  // namespace

// ---- while it runs ------------------------------------------------------------------------------------------
// A change in the directory: ours, or somebody else's.
void World::changed(const Modify& order, const Reading& before, const Reading& now) {
  trace([&] {
    const auto who = order.job < 0 ? std::string("somebody") : orders[static_cast<std::size_t>(order.job)].jti;
    return "  in the directory " + who + (order.password ? " sets the password" : " sets the marker") + " of account " + std::to_string(order.account) + ": version " + std::to_string(now.ver) + ", pls " +
        std::to_string(now.pls) + ", marker " + now.mk.value_or("-");
  });
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (orders[i].account != order.account || static_cast<int>(i) == order.job) continue;
    auto& record = records_[i];
    if (order.password) record.moved_by_others = true;
    if (before.mk != now.mk || order.mk_new) record.foreign_marker = true;
    if (order.job < 0 && !order.password) record.marker_touched = true, record.void_removed = record.void_removed || record.voided;
  }
  if (order.job < 0) return;
  const auto& ours = orders[static_cast<std::size_t>(order.job)];
  auto& record = records_[static_cast<std::size_t>(order.job)];
  if (!order.password) {
    record.voided = true;
    // A void on its way while our write landed stands over that write's proof only where an administrator cleared it.
    if (record.marker_touched && !record.written.empty() && order.sent < record.written.front()) record.void_removed = true;
    return;
  }
  record.written.push_back(loop.now());
  // 0 over 0 is the one swap that AD can't see fail: must-change before, must-change again (docs/DELIVERY.md).
  const bool blind = before.pls == 0 && ours.probed.pls == 0;
  if (blind && (record.written.size() > 1 || before.ver != ours.probed.ver)) {
    ++tally_.blind_swaps;
    return;
  }
  if (record.written.size() > 1) violation(ours.jti + " took effect twice");
  else if (before.ver != ours.probed.ver) violation(ours.jti + " overwrote a newer password");
}

// Each wrong one counts towards the lock; and that it was right the first time proves nothing of the second.
void World::shown(const Modify& order) {
  auto& record = records_[static_cast<std::size_t>(order.job)];
  if (++record.shown > 1) violation(orders[static_cast<std::size_t>(order.job)].jti + " showed the old password twice");
}

void World::told(int number, const std::string& outcome, const std::string& reason) {
  const auto at = static_cast<std::size_t>(number);
  const auto& order = orders[at];
  auto& record = records_[at];
  trace([&] { return order.jti + " is told: " + outcome + " " + reason; });
  record.told.push_back({loop.now(), outcome, reason});
  if (applied(outcome) && record.written.empty()) violation(order.jti + " was told " + outcome + ", and nothing was written");
  if (reason == "old_password_wrong" && order.old != mistyped && !record.moved_by_others) violation(order.jti + " was told that its old password is wrong, and it was not");
  if (record.told.size() > 1) return;
  const auto latest = std::max(time_of(order.exp) + 30s, service_up_) + write_takes;
  if (loop.now() > latest) violation(order.jti + " was told nothing until " + std::to_string(seconds_of(loop.now())));
  check_bound(at);
}

void World::outcome_known(int agent, const Answer& answer) {
  auto& record = records_[static_cast<std::size_t>(order_of(answer.jti))];
  if (answer.code == protocol::Code::applied || answer.code == protocol::Code::applied_but) record.known_to = agent;
}

void World::power_lost(int agent) {
  for (auto& record : records_)
    if (record.known_to == agent) record.journal_lost = true;
}

// With one other agent healthy, and the directory: 2 s after a kill, the lease after a freeze.
void World::check_bound(std::size_t at) {
  if (plan.shape == Shape::chaos) return;
  if (orders[at].old && !plan.marker) return;  // what an agent left behind can't be voided, nor sent again: until exp
  const auto took = loop.now() - *orders[at].submitted;
  const bool kill = plan.shape == Shape::one_kill;
  auto& slowest = kill ? tally_.slowest_kill : tally_.slowest_freeze;
  slowest = std::max(slowest, took);
  if (took > (kill ? Span(2s) : Span(5s)) + write_takes) violation(orders[at].jti + " took " + std::to_string(std::chrono::duration<double>(took).count()) + " s");
}

// ---- at the end ---------------------------------------------------------------------------------------------
// With a marker that nobody else touches, everything is settled; unless the password was changed by somebody else while
// the marker's own age does not prove whose change it was, or another job of the account wrote its marker meanwhile.
bool World::may_stay_unknown(std::size_t at) const {
  const auto& record = records_[at];
  return !plan.marker || record.marker_touched || record.foreign_marker || record.moved_by_others;
}

void World::check_record(std::size_t at) {
  const auto& order = orders[at];
  const auto& record = records_[at];
  if (!order.submitted) return;
  if (record.told.empty()) return violation(order.jti + " was never told anything: " + service.state_of(order.number));
  const bool done = !record.written.empty();
  for (const auto& said : record.told) {
    if (applied(said.outcome) || open_word(said.outcome) || !done) continue;
    if (record.void_removed) ++tally_.late_after_interference;
    else violation(order.jti + " was told " + said.outcome + " " + said.reason + ", and was applied at " + std::to_string(seconds_of(record.written.front())));
  }
  const auto& last = record.told.back();
  if (open_word(last.outcome) && !may_stay_unknown(at)) violation(order.jti + " was never settled: " + last.outcome);
  // The service keeps no list of resolves: what one of them found and could not say before the end counts no more.
  const bool resolved = std::any_of(record.told.begin(), record.told.end(), [](const auto& said) { return said.outcome == "in_doubt"; });
  if (!resolved && record.known_to >= 0 && !record.journal_lost && !record.void_removed && !applied(last.outcome)) violation(order.jti + " is in a journal as applied, and its caller was told " + last.outcome);
  if (order.old) ++tally_.changes, tally_.changed += applied(last.outcome);
  if (applied(last.outcome)) ++tally_.applied;
  else if (last.outcome == "rejected") ++tally_.refused;
  else if (last.outcome == "superseded") ++tally_.superseded;
  else if (open_word(last.outcome)) ++tally_.unknown;
  else ++tally_.not_done;
  if (record.told.front().outcome == "in_doubt") ++tally_.in_doubt_told;
  if (record.told.size() > 1 && open_word(record.told.front().outcome) && applied(last.outcome)) ++tally_.upgraded;
}

void World::count_into(Tally& total) const {
  total.schedules += tally_.schedules, total.orders += tally_.orders, total.events += tally_.events;
  total.applied += tally_.applied, total.refused += tally_.refused, total.superseded += tally_.superseded, total.not_done += tally_.not_done;
  total.in_doubt_told += tally_.in_doubt_told, total.unknown += tally_.unknown, total.upgraded += tally_.upgraded;
  total.blind_swaps += tally_.blind_swaps, total.late_after_interference += tally_.late_after_interference;
  total.changes += tally_.changes, total.changed += tally_.changed;
  total.slowest_kill = std::max(total.slowest_kill, tally_.slowest_kill);
  total.slowest_freeze = std::max(total.slowest_freeze, tally_.slowest_freeze);
}

}  // namespace wb::simulation
