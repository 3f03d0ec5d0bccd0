// reset-service people invite.
#include <iostream>

#include "core/ids.hpp"
#include "service/sspr/invited.hpp"
#include "service/sspr/settings_store.hpp"
#include "service/verbs.hpp"

namespace wb::service {
namespace {

constexpr int people_a_page = 100;
const Actor by{ActorKind::operator_};

std::string_view sentence(sspr::NotInvited why) {
  switch (why) {
    case sspr::NotInvited::not_needed: return "needs no invitation: registered, frozen, or self-service is not meant for them";
    case sspr::NotInvited::lately: return "an invitation is ordered already";
    case sspr::NotInvited::no_mailbox: return "no mailbox of theirs is known";
  }
  return {};
}

int invite_one(sspr::InvitedBook& book, const sspr::Settings& rules, Store& store, const Call& call) {
  auto person = sspr::People(store.database()).find(call.domain, account_id(call.words[0]));
  if (!person) return failed(person.error());
  if (!*person) return refuse("nobody of that id is known in this domain; `people list` prints who is");
  auto no = book.order(rules, **person, by, unix_now(), true);
  if (!no) return failed(no.error());
  if (*no) return refuse(std::string(sentence(**no)));
  std::cout << "ordered: the running service writes to them\n";
  return exit_done;
}

int invite_missing(sspr::InvitedBook& book, const sspr::Settings& rules, const Call& call) {
  std::int64_t ordered = 0;
  std::string after;
  do {
    auto some = book.order_missing(rules, call.domain, after, people_a_page, by, unix_now());
    if (!some) return failed(some.error());
    ordered += some->ordered, after = some->next;
  } while (!after.empty());
  std::cout << "ordered: " << ordered << " letters, which the running service sends\n";
  return exit_done;
}

}  // namespace

int invite_people(const config::ServiceConfig& config, const Call& call) {
  if (call.words.empty() != call.has("missing")) return refuse("either an account's id, or --missing", exit_usage);
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto rules = sspr::SettingsStore(store->database()).current(call.domain);
  if (!rules) return failed(rules.error());
  sspr::InvitedBook book(*store);
  return call.has("missing") ? invite_missing(book, rules->settings, call) : invite_one(book, rules->settings, *store, call);
}

}  // namespace wb::service
