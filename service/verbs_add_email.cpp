// reset-service people add-email NAME|GUID ADDRESS
#include <iostream>

#include "core/ids.hpp"
#include "service/sspr/pre_registration.hpp"
#include "service/verbs.hpp"

namespace wb::service {
namespace {

std::string said_of(sspr::NotAdded why, const std::string& domain) {
  switch (why) {
    case sspr::NotAdded::administrator: return "this person is an administrator of " + domain + ": administrators register themselves";
    case sspr::NotAdded::frozen: return "this person is frozen; find out what happened, and thaw them first";
    case sspr::NotAdded::method: return "the settings of " + domain + " allow no codes by mail (methods)";
    case sspr::NotAdded::malformed: return "expected an address such as somebody@home.example";
    case sspr::NotAdded::inside: return "this address belongs to " + domain + ": who can't sign in can't read its mail";
    case sspr::NotAdded::known: return "this person has registered this address";
    case sspr::NotAdded::too_many: return "this person has as many methods as may be; `people remove-method` takes one away";
  }
  return "not added";
}

}  // namespace

int add_email(const config::ServiceConfig& config, const Call& call) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto vault = crypto::Vault::open(config.state_dir);
  if (!vault) return failed(vault.error());
  sspr::People people(store->database());
  const auto id = account_id(call.words[0]);
  auto named = id.empty() ? people.named(call.domain, call.words[0], 2) : Result<std::vector<sspr::Person>>(std::vector<sspr::Person>());
  if (!named) return failed(named.error());
  auto one = people.find(call.domain, id);
  if (!one) return failed(one.error());
  if (*one) named->push_back(std::move(**one));
  if (named->empty()) return refuse("nobody of that name or id is known in this domain; `people list` prints who is");
  if (named->size() > 1) return refuse("several accounts came under this name: `people show` prints their ids, one of which is to be given");
  auto added = sspr::add_email(*store, *vault, {{ActorKind::operator_}, {}}, named->front(), call.words[1], unix_now());
  if (!added) return failed(added.error());
  if (const auto* no = std::get_if<sspr::NotAdded>(&*added)) return refuse(said_of(*no, call.domain), *no == sspr::NotAdded::malformed ? exit_usage : exit_failed);
  const auto& method = std::get<sspr::RegisteredMethod>(*added);
  std::cout << "registered: " << method.id << "  " << method.label << " for " << printable(named->front().name, 256) << "\n";
  return exit_done;
}

}  // namespace wb::service
