// Who could reset their password before a change of the settings and could not after it, and the other way round.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "service/sspr/people.hpp"
#include "service/sspr/settings.hpp"

namespace wb::service::sspr {

struct Affected {
  std::string sub, name;
  Reason reason = Reason::none;  // what would be in the way, or what was
  UnixSeconds seen = 0;          // how old our knowledge of their groups is
};
struct Preview {
  std::int64_t registered = 0;           // people with a method, who are all that is looked at
  std::int64_t frozen = 0;               // of them: settings change nothing for these
  std::int64_t now = 0, then = 0;        // may reset
  std::int64_t losing = 0, gaining = 0;  // all of them; the lists hold at most as many as were asked for
  std::vector<Affected> loses, gains;
  UnixSeconds oldest = 0, newest = 0;  // last looks at the directory; 0: nobody is registered
};
// One step of it: the next people after `last`, which moves on; false: that were all. For whoever must not keep others waiting.
Result<bool> look_on(Preview& so_far, People& people, std::string_view domain, const Settings& before, const Settings& after, std::size_t most, std::string& last);
Result<Preview> preview(People& people, std::string_view domain, const Settings& before, const Settings& after, std::size_t most);

}  // namespace wb::service::sspr
