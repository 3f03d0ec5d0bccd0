#include "ldap/controllers.hpp"

#include <algorithm>
#include <tuple>

namespace wb::ldap {

void Controllers::set(const std::vector<Endpoint>& list, const std::string& pdc) {
  std::vector<One> next;
  for (const auto& endpoint : list) {
    const bool again = std::any_of(next.begin(), next.end(), [&](const One& one) { return one.endpoint.uri == endpoint.uri; });
    if (again || next.size() == most) continue;
    const auto* known = find(endpoint.uri);
    next.push_back(known ? *known : One{endpoint, {}, 0, {}, {}, {}, {}});
    // What DNS says is for those we have not spoken to: the controller itself knows better.
    if (next.back().facts.dc.empty()) next.back().facts.pdc = endpoint.uri == pdc;
  }
  all_ = std::move(next);
  if (!find(current_uri_)) current_uri_.clear(), current_.clear();
}

Controllers::One* Controllers::find(const std::string& uri) {
  const auto at = std::find_if(all_.begin(), all_.end(), [&](const One& one) { return one.endpoint.uri == uri; });
  return at == all_.end() ? nullptr : &*at;
}

const Controllers::One* Controllers::preferred() const {
  const One* first = nullptr;
  for (const auto& one : all_) {
    if (one.facts.read_only) continue;
    if (prefer_pdc_ && one.facts.pdc) return &one;
    if (!first) first = &one;
  }
  return first;
}

// The preferred one leads when it leads already, has never failed, or has been well for long enough again.
bool Controllers::may_lead(const One& one, Deadline now) const {
  if (is_shut(one, now)) return false;
  if (one.endpoint.uri == current_uri_ || (one.failures == 0 && one.why.empty())) return true;
  return one.well_since && now - *one.well_since >= timings_.fail_back;
}

std::vector<Endpoint> Controllers::order(const std::string& dc, Deadline now) const {
  const auto* first = preferred();
  using Rank = std::tuple<int, Deadline>;
  const auto rank = [&](const One& one) -> Rank {
    if (!dc.empty()) return {one.facts.dc == dc || one.endpoint.host == dc ? 0 : 1, {}};
    if (is_shut(one, now)) return {3, one.shut_until};  // the one that has been left alone for longest
    if (&one == first && may_lead(one, now)) return {0, {}};
    return {one.endpoint.uri == current_uri_ ? 1 : 2, {}};
  };
  std::vector<const One*> some;
  for (const auto& one : all_) {
    const bool fits = dc.empty() ? !one.facts.read_only : one.facts.dc.empty() || one.facts.dc == dc;
    if (fits) some.push_back(&one);
  }
  std::stable_sort(some.begin(), some.end(), [&](const One* a, const One* b) { return rank(*a) < rank(*b); });
  std::vector<Endpoint> out;
  for (const auto* one : some) out.push_back(one->endpoint);
  return out;
}

std::optional<std::string> Controllers::shut(const std::string& dc, Deadline now) const {
  if (all_.size() < 2) return std::nullopt;
  const auto at = std::find_if(all_.begin(), all_.end(), [&](const One& one) { return one.facts.dc == dc; });
  if (at == all_.end() || !is_shut(*at, now)) return std::nullopt;
  return at->why;
}

std::optional<Endpoint> Controllers::to_look_at(Deadline now) const {
  const auto* first = preferred();
  const One* longest = nullptr;
  for (const auto& one : all_) {
    if (one.endpoint.uri == current_uri_ || is_shut(one, now)) continue;
    const bool soon = &one == first || one.failures > 0;
    if (now - one.looked < (soon ? timings_.look_soon : timings_.look)) continue;
    if (!longest || one.looked < longest->looked) longest = &one;
  }
  return longest ? std::optional(longest->endpoint) : std::nullopt;
}

void Controllers::looking(const std::string& uri, Deadline now) {
  if (auto* one = find(uri)) one->looked = now;
}

void Controllers::answered(const std::string& uri, const Facts& facts, Deadline now) {
  auto* one = find(uri);
  if (!one) return;
  one->facts = facts;
  one->looked = now;
  one->failures = 0;
  one->shut_until = {};
  if (!one->well_since) one->well_since = now;
}

void Controllers::use(const std::string& uri) {
  const auto* one = find(uri);
  if (!one || one->facts.dc.empty()) return;
  current_uri_ = uri;
  current_ = one->facts.dc;
}

void Controllers::failed(const std::string& uri, const std::string& why, Deadline now, double dice) {
  auto* one = find(uri);
  if (!one) return;
  if (is_shut(*one, now)) {  // several were waiting for it: that counts once
    one->why = why;
    return;
  }
  const auto longest = timings_.shut_first * (1U << std::min(one->failures, 10U));
  const auto shut = std::min<std::chrono::milliseconds>(longest, timings_.shut_most);
  one->shut_until = now + std::chrono::duration_cast<std::chrono::milliseconds>(shut * (0.5 + 0.5 * dice));
  ++one->failures;
  one->well_since.reset();
  one->why = why;
}

void Controllers::failed_dc(const std::string& dc, const std::string& why, Deadline now, double dice) {
  for (const auto& one : all_)
    if (one.facts.dc == dc) failed(one.endpoint.uri, why, now, dice);
}

void Controllers::roles(const std::string& dc, bool pdc) {
  for (auto& one : all_)
    if (one.facts.dc == dc) one.facts.pdc = pdc;
}

std::vector<ControllerState> Controllers::states(Deadline now) const {
  std::vector<ControllerState> out;
  for (const auto& one : all_) {
    ControllerState state;
    state.dc = one.facts.dc.empty() ? one.endpoint.host : one.facts.dc;
    state.current = one.endpoint.uri == current_uri_;
    state.pdc = one.facts.pdc;
    state.read_only = one.facts.read_only;
    state.up = one.failures == 0 && one.well_since.has_value();
    state.shut_ms = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(one.shut_until - now).count());
    state.latency_ms = one.facts.latency_ms;
    state.certificate_ends = one.facts.certificate_ends;
    state.why = one.failures > 0 ? one.why : std::string();
    out.push_back(std::move(state));
  }
  return out;
}

}  // namespace wb::ldap
