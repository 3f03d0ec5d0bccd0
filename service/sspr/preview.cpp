#include "service/sspr/preview.hpp"

#include <algorithm>

#include "service/sspr/account.hpp"

namespace wb::service::sspr {
namespace {

constexpr int page = 200;

void look(Preview& out, const Person& person, const std::vector<RegisteredMethod>& methods, const Settings& before, const Settings& after, std::size_t most) {
  ++out.registered;
  out.oldest = out.oldest == 0 ? person.seen : std::min(out.oldest, person.seen);
  out.newest = std::max(out.newest, person.seen);
  if (person.frozen != 0) {
    ++out.frozen;
    return;
  }
  const auto was = standing(before, person.groups, kinds_of(before, methods)).barrier, will = standing(after, person.groups, kinds_of(after, methods)).barrier;
  const bool now = was == Reason::none, then = will == Reason::none;
  out.now += now ? 1 : 0, out.then += then ? 1 : 0;
  if (now == then) return;
  ++(now ? out.losing : out.gaining);
  auto& list = now ? out.loses : out.gains;
  if (list.size() < most) list.push_back({person.sub, person.name, now ? will : was, person.seen});
}

}  // namespace

Result<bool> look_on(Preview& so_far, People& people, std::string_view domain, const Settings& before, const Settings& after, std::size_t most, std::string& last) {
  auto some = people.list(domain, last, page);
  if (!some) return some.error();
  for (const auto& person : *some) {
    auto methods = people.methods(domain, person.sub);
    if (!methods) return methods.error();
    if (!methods->empty()) look(so_far, person, *methods, before, after, most);
  }
  if (some->size() < page) return false;
  last = some->back().sub;
  return true;
}

Result<Preview> preview(People& people, std::string_view domain, const Settings& before, const Settings& after, std::size_t most) {
  Preview out;
  for (std::string last;;) {
    auto more = look_on(out, people, domain, before, after, most, last);
    if (!more) return more.error();
    if (!*more) return out;
  }
}

}  // namespace wb::service::sspr
