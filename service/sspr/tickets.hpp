// Credentials of people that last for a while: a sign-in, a link in a mail, a temporary access pass. "<kind>.<id>.<secret>", of which the
// hash is kept (service/credentials). On the service's own database, on its event loop.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "queue/database.hpp"
#include "service/credentials.hpp"

namespace wb::service::sspr {

// The words stand in the store.
enum class Purpose { sign_in,  // wbp1: who has signed in with the directory's password
  not_me,                      // wbn1: "this wasn't me", in a notification
  pass,                        // a temporary access pass, typed instead of a method: found by what is kept of it (methods/pass)
  temporary_password,          // no credential: an administrator's reset that is on its way
  own_change,                  // no credential: a change of the own password that is on its way
  in_doubt,                    // no credential: a reset that ended in doubt, for whoever is told by mail what became of it
  invitation };                // wbi1: a link to the registration
std::string_view to_string(Purpose purpose);
std::string_view kind_of(Purpose purpose);  // "wbp1"; "": no credential

struct Ticket {
  std::string id, domain, sub;
  Purpose purpose = Purpose::sign_in;
  std::string state;  // JSON of whoever made it
  UnixSeconds expires = 0;
};

constexpr int tickets_max = 200'000;       // of all people
constexpr int tickets_of_person_max = 20;  // of one person and purpose: the oldest go

class Tickets {
 public:
  explicit Tickets(queue::Database& database) : database_(database) {}

  // `ticket.id` is made here; the credential's whole text is returned, once. nullopt: there are too many.
  Result<std::optional<std::string>> add(Ticket& ticket);
  // One without a credential, within the caller's transaction; `hash` is what it is found by, if anything. False: there are too many.
  Result<bool> put_within(Ticket& ticket, std::string_view hash = {});
  Result<std::optional<Ticket>> find_by(std::string_view domain, std::string_view sub, Purpose purpose, std::string_view hash, UnixSeconds now);
  // nullopt: none of that purpose, or over.
  Result<std::optional<Ticket>> find(Purpose purpose, std::string_view text, UnixSeconds now);
  Result<void> keep(const Ticket& ticket);        // its state and its end
  Result<void> belongs_to(const Ticket& ticket);  // whose it is, known now
  Result<bool> drop(std::string_view id);         // false: it was gone; whoever drops a ticket first has used it
  Result<std::int64_t> drop_all(std::string_view domain, std::string_view sub, Purpose purpose);
  Result<std::vector<Ticket>> of(std::string_view domain, std::string_view sub);
  Result<std::vector<Ticket>> all(Purpose purpose, int most);
  Result<void> prune(UnixSeconds now);

 private:
  Result<bool> insert(const Ticket& ticket, std::string_view hash);
  queue::Database& database_;
};

}  // namespace wb::service::sspr
