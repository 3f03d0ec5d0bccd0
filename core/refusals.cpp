#include "core/refusals.hpp"

namespace wb {

void Refusals::count(SecurityEvent event, std::initializer_list<log::Field> fields, Time now) {
  auto& seen = events_[event.id];
  ++seen.total;
  if (seen.total > 1 && now - seen.logged < pause) ++seen.held_back;
  else write(event.id, seen, fields, now);
}

void Refusals::tell(Time now) {
  for (auto& [id, seen] : events_)
    if (seen.held_back > 0 && now - seen.logged >= pause) write(id, seen, {}, now);
}

void Refusals::write(std::string_view id, Seen& seen, std::vector<log::Field> fields, Time now) {
  fields.push_back(log::field("total", seen.total));
  if (seen.held_back > 0) fields.push_back(log::field("suppressed", seen.held_back));
  log::write(log::Level::warn, id, fields);
  seen.logged = now;
  seen.held_back = 0;
}

std::uint64_t Refusals::total(SecurityEvent event) const {
  const auto found = events_.find(event.id);
  return found == events_.end() ? 0 : found->second.total;
}

std::map<std::string, std::uint64_t> Refusals::totals() const {
  std::map<std::string, std::uint64_t> out;
  for (const auto& [id, seen] : events_) out.emplace(id, seen.total);
  return out;
}

}  // namespace wb
