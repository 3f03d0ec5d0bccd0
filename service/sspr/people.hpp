// Who has registered what: people by domain and objectGUID, and the methods by which they prove that they are themselves.
// A method's secret (an authenticator's key, an address, answers' hashes) is sealed by crypto/vault before it comes here.
// On the service's own database, on its event loop, like service/store. Faults are the database's.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "queue/database.hpp"
#include "service/sspr/flow.hpp"

namespace wb::service::sspr {

// As the directory showed the account last.
struct Person {
  std::string domain, sub;          // sub: objectGUID in text
  std::string name, display_name;   // name: what they signed in or came with
  std::string mail, language;       // their address inside the organisation; as the directory spells the language
  std::vector<std::string> groups;  // nested
  UnixSeconds seen = 0;
  UnixSeconds confirmed = 0;   // when they said last that their methods are right; 0: never
  UnixSeconds frozen = 0;      // since when self-service is off for them ("this wasn't me"); 0: it is not
  UnixSeconds distrusted = 0;  // when it was switched off last, also when it is on again: devices known before then are strangers
  bool operator==(const Person&) const = default;
};

struct RegisteredMethod {
  std::string id;  // ULID
  Method kind = Method::app_code;
  std::string label;                        // to tell one from another, masked: "a...@e...com"
  std::string sealed;                       // crypto::Vault, context() of it
  std::int64_t last_step = 0;               // app codes: the last step that was used
  UnixSeconds made = 0, proven = 0;         // proven: 0 until it was used once, or an administrator said so
  std::vector<std::string> questions = {};  // questions: the ids of those that were answered, at most 5
  bool operator==(const RegisteredMethod&) const = default;
};
// What a method's secret is sealed for.
std::string context(std::string_view domain, std::string_view sub, const RegisteredMethod& method);

// Which address codes go to: the one proven last, who has lost a mailbox registers another. Then those that only others have named, the newest first.
bool before_in_codes(const RegisteredMethod& one, const RegisteredMethod& other);

constexpr int methods_max = 10;  // of one person
constexpr int most_of_a_kind = 4;

class People {
 public:
  explicit People(queue::Database& database) : database_(database) {}

  // What the directory showed; `confirmed` and `frozen` of somebody who is known stay as they are.
  Result<void> saw(const Person& person);
  Result<std::optional<Person>> find(std::string_view domain, std::string_view sub);
  // Who came under this name, whatever its case: an account that was renamed may have left it to another.
  Result<std::vector<Person>> named(std::string_view domain, std::string_view name, int most);
  // By objectGUID, from behind `after` on.
  Result<std::vector<Person>> list(std::string_view domain, std::string_view after, int most);
  Result<std::vector<Person>> with_groups(std::string_view domain, std::string_view after, int most);  // of whom a group is known
  Result<void> confirm(std::string_view domain, std::string_view sub, UnixSeconds now);
  Result<void> freeze(std::string_view domain, std::string_view sub, UnixSeconds since);  // 0 thaws; `distrusted` stays
  Result<bool> frozen(std::string_view domain, std::string_view sub);                     // takes as long for somebody who is not known
  // When each of their unfinished visits ends.
  Result<std::vector<UnixSeconds>> sessions(std::string_view domain, std::string_view sub);
  // All about one person is gone. False when nothing was there.
  Result<bool> erase(std::string_view domain, std::string_view sub);

  // False when the person has as many as may be.
  Result<bool> add(std::string_view domain, std::string_view sub, const RegisteredMethod& method);
  Result<void> add_within(std::string_view domain, std::string_view sub, const RegisteredMethod& method);  // the caller's transaction, which has counted
  Result<std::vector<RegisteredMethod>> methods(std::string_view domain, std::string_view sub);
  Result<bool> remove(std::string_view domain, std::string_view sub, std::string_view id);
  Result<void> prove(std::string_view id, UnixSeconds now);
  // An app code's step is used once, whoever is faster: false when this or a later one was used before.
  Result<bool> spend_step(std::string_view id, std::int64_t step);
  // For the vault's rotation: every method not sealed under `prefix`, and its new text.
  struct Sealed {
    std::string domain, sub;
    RegisteredMethod method;
  };
  Result<std::vector<Sealed>> not_under(std::string_view prefix, int most, std::string_view after = {});  // by id, from behind `after` on
  // How many methods are sealed under each of the vault's keys; 0: under something that is no key of it.
  Result<std::map<int, std::int64_t>> keys_in_use();
  Result<void> reseal(std::string_view id, std::string_view sealed);

 private:
  queue::Database& database_;
};

}  // namespace wb::service::sspr
