// Who was invited to register, how often and when, and whose letter is ordered: the table `invited`. The command line and the API order;
// the running service writes the letters (sspr/invitations), since the queue of mails is its own.
//
// `times` < 0: one more letter is ordered, and -times - 1 were written before; `at` is when it was ordered, or the last was written.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/sspr/people.hpp"
#include "service/sspr/settings.hpp"
#include "service/store.hpp"

namespace wb::service::sspr {

constexpr std::int64_t invited_again_s = 7 * 86'400;

struct Invited {
  std::string domain, sub;
  UnixSeconds at = 0;
  int written = 0;
  bool ordered = false;
};

// The words of to_string() are problems' codes.
enum class NotInvited { not_needed,  // registered, not in scope, or frozen
  lately,
  no_mailbox };
std::string_view to_string(NotInvited why);
// Pure. `again`: however lately it was.
std::optional<NotInvited> not_invited(const Settings& rules, const Person& person, const std::vector<Method>& registered, const std::optional<Invited>& before, UnixSeconds now, bool again);

class InvitedBook {
 public:
  explicit InvitedBook(Store& store) : store_(store) {}
  Result<std::optional<Invited>> of(std::string_view domain, std::string_view sub);
  // One letter more, with the audit's row `user.invited` in one transaction; the reason why not, or nothing.
  Result<std::optional<NotInvited>> order(const Settings& rules, const Person& person, const Actor& by, UnixSeconds now, bool again);
  // All of a page who are due, from behind `after` on: how many were ordered, and where the next page begins (empty: nobody is left).
  struct Page {
    std::int64_t ordered = 0;
    std::string next = {};
  };
  Result<Page> order_missing(const Settings& rules, std::string_view domain, std::string_view after, int people, const Actor& by, UnixSeconds now);
  Result<std::vector<Invited>> waiting(int most);
  Result<void> settle(const Invited& order, bool written, UnixSeconds now);

 private:
  Result<std::optional<NotInvited>> put(const Settings& rules, const Person& person, const Actor& by, UnixSeconds now, bool again);
  Store& store_;
};

}  // namespace wb::service::sspr
