// reset-service people list | show | freeze | thaw | remove-method.
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "core/ids.hpp"
#include "service/sspr/people.hpp"
#include "service/sspr/person_changes.hpp"
#include "service/verbs.hpp"

namespace wb::service {
namespace {

constexpr int page_people = 100, namesakes_max = 20;

int nobody() { return refuse("nobody of that name or id is known in this domain; `people list` prints who is"); }

Result<std::vector<sspr::Person>> who(sspr::People& people, const std::string& domain, const std::string& word) {
  const auto id = account_id(word);
  if (id.empty()) return people.named(domain, word, namesakes_max);
  auto one = people.find(domain, id);
  if (!one) return one.error();
  std::vector<sspr::Person> out;
  if (*one) out.push_back(std::move(**one));
  return out;
}

void print(const sspr::Person& p, const std::vector<sspr::RegisteredMethod>& methods) {
  std::cout << "account      " << p.sub << "\nname         " << printable(p.name, 256) << "\ncalled       " << text_for_people(p.display_name) << "\nmail         " << text_for_people(p.mail) << "\nlanguage     "
            << printable(p.language) << "\nlast seen    " << utc(p.seen) << "\nconfirmed    " << (p.confirmed == 0 ? "never" : utc(p.confirmed)) << "\nfrozen       "
            << (p.frozen == 0 ? "no" : "since " + utc(p.frozen)) << "\ngroups       " << p.groups.size() << "\nmethods      " << methods.size() << "\n";
  for (const auto& m : methods)
    std::cout << "  " << printable(m.id) << "  " << to_string(m.kind) << "  " << text_for_people(m.label) << "  registered " << utc(m.made) << ", " << (m.proven == 0 ? "never used" : "proven " + utc(m.proven)) << "\n";
}

}  // namespace

int list_people(const config::ServiceConfig& config, const Call& call) {
  const auto after = call.has("after") ? account_id(call.options.at("after")) : std::string();
  if (call.has("after") && after.empty()) return refuse("--after: expected an account's id, the last one of the page before", exit_usage);
  auto store = open_store(config);
  if (!store) return failed(store.error());
  sspr::People people(store->database());
  auto some = people.list(call.domain, after, page_people + 1);
  if (!some) return failed(some.error());
  if (some->empty()) std::cerr << "nobody\n";
  for (std::size_t i = 0; i < some->size() && i < page_people; ++i) {
    const auto& p = (*some)[i];
    auto methods = people.methods(call.domain, p.sub);
    if (!methods) return failed(methods.error());
    std::string kinds;
    for (const auto& m : *methods) kinds += (kinds.empty() ? "" : ",") + std::string(to_string(m.kind));
    std::printf("%s  %-9s  %-20s  %-24s  %s\n", p.sub.c_str(), p.frozen != 0 ? "frozen" : methods->empty() ? "seen"
                                                                                                           : "registered",
        utc(p.seen).c_str(), kinds.empty() ? "-" : kinds.c_str(), printable(p.name, 256).c_str());
  }
  if (some->size() > page_people) std::cerr << "(there are more: --after " << (*some)[page_people - 1].sub << ")\n";
  return exit_done;
}

int show_person(const config::ServiceConfig& config, const Call& call) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  sspr::People people(store->database());
  auto found = who(people, call.domain, call.words[0]);
  if (!found) return failed(found.error());
  if (found->empty()) return nobody();
  for (const auto& one : *found) {
    auto methods = people.methods(call.domain, one.sub);
    if (!methods) return failed(methods.error());
    print(one, *methods);
  }
  if (found->size() > 1) std::cerr << "(" << found->size() << " accounts came under this name; the one seen last is above)\n";
  return exit_done;
}

int freeze_person(const config::ServiceConfig& config, const Call& call, bool frozen) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  sspr::People people(store->database());
  auto known = people.find(call.domain, call.words[0]);
  if (!known) return failed(known.error());
  if (!*known) return nobody();
  if (((*known)->frozen != 0) == frozen) {
    std::cout << (frozen ? "frozen already, since " + utc((*known)->frozen) : std::string("not frozen")) << "\n";
    return exit_done;
  }
  const auto name = printable((*known)->name);
  if (auto done = sspr::set_frozen(*store, std::move(**known), frozen, {{ActorKind::operator_}, {}}); !done) return failed(done.error());
  std::cout << (frozen ? "frozen: no reset, unlock or change of methods" : "thawed: self-service works again") << " for " << name << "\n";
  return exit_done;
}

int remove_method(const config::ServiceConfig& config, const Call& call) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  sspr::People people(store->database());
  auto known = people.find(call.domain, call.words[0]);
  if (!known) return failed(known.error());
  auto methods = people.methods(call.domain, call.words[0]);
  if (!methods) return failed(methods.error());
  const auto method = std::find_if(methods->begin(), methods->end(), [&](const auto& m) { return m.id == call.words[1]; });
  const bool theirs = *known && method != methods->end();
  auto removed = theirs ? sspr::take_away(*store, **known, *method, {{ActorKind::operator_}, {}}) : Result<bool>(false);
  if (!removed) return failed(removed.error());
  if (!*removed) return refuse("this person has no such method; `people show` prints their methods and ids");
  std::cout << "removed: " << printable(call.words[1]) << "\n";
  return exit_done;
}

}  // namespace wb::service
