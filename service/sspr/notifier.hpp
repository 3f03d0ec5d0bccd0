// Tells people by mail what was done with their account, and administrators what they should know of.
//
// * A person's letter goes to the address that the organisation keeps for them and to every address outside it that they have registered
//   (and to one that is none any more, Occasion::also): whoever holds one of the mailboxes does not hold the others. All carry the same link
//   ("this wasn't me", sspr/not_me), which is good for seven days.
// * administrator_reset, frozen and help_wanted go to the administrators: all that the store knows of, but for the account's owner. The first is
//   the organisation's choice (settings), the others are not.
// * The audit says of each occasion how many letters went out and how many did not, and why; of an address neither it nor the log says a word.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/in_use.hpp"
#include "service/sspr/self_service.hpp"

namespace wb::service::sspr {

constexpr std::chrono::hours not_me_life{24 * 7};
constexpr int administrators_looked_max = 1'000'000;  // people of whom a group is known, that are looked through for administrators
constexpr std::size_t administrators_told_max = 100;

class Notifier {
 public:
  explicit Notifier(SelfService& self) : self_(self) {}

  // Returns at once. The letters are handed to SelfService::mail by a task of SelfService::tasks, to be of no use after a day.
  void tell(Occasion occasion);

 private:
  static constexpr std::size_t going_max = 200;  // occasions at once
  // Somebody's mailbox and how they are spoken to.
  struct To {
    EmailAddress address;
    std::string language;
  };
  // How it went; what is not zero is audited.
  struct Count {
    std::int64_t sent = 0, limited = 0, refused = 0;
    std::string cause = {};  // why there is nobody to write to
  };
  static Awaitable<> go(Notifier* notifier, Occasion occasion);
  Awaitable<> tell_person(const Occasion& occasion, const Settings& rules);
  Awaitable<> tell_administrators(const Occasion& occasion, const Settings& rules);
  Awaitable<Result<std::optional<Person>>> person(const Occasion& occasion);
  Result<std::vector<To>> addresses(const Occasion& occasion, const Person& person) const;
  // All that the store knows, without the account's owner. `complete`: it was looked through to its end.
  Awaitable<Result<std::vector<To>>> administrators(const Occasion& occasion, const Settings& rules, bool* complete);
  std::string link(const Occasion& occasion);
  void send(const Occasion& occasion, const Settings& rules, std::vector<To> to, bool with_link);
  void say(const Occasion& occasion, const Count& count);
  std::string spoken(const std::string& directory, const std::string& otherwise) const;

  SelfService& self_;
  InUseCount going_ = nothing_in_use();
};

}  // namespace wb::service::sspr
