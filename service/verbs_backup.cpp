// reset-service vault, backup and restore: the keys of what people registered, and copies of everything.
#include <algorithm>
#include <iostream>

#include "core/ids.hpp"
#include "crypto/vault.hpp"
#include "service/backup.hpp"
#include "service/sspr/people.hpp"
#include "service/verbs.hpp"

namespace wb::service {
namespace {

constexpr int batch = 200;               // methods sealed anew in one transaction: milliseconds in which nobody else writes
constexpr std::size_t closed_max = 100;  // named one by one

struct Resealed {
  std::string last;  // the id of the last method looked at
  std::int64_t methods = 0, closed_count = 0;
  std::vector<std::string> closed;  // ids of methods that no key opens
};

// One batch. Read and written in one transaction: what the running service seals meanwhile is not overwritten. False: nothing is left.
Result<bool> reseal_some(Store& store, const crypto::Vault& vault, Resealed& out) {
  sspr::People people(store.database());
  auto guard = store.database().begin();
  if (!guard) return guard.error();
  auto old = people.not_under("wv1." + std::to_string(vault.newest()) + ".", batch, out.last);
  if (!old) return old.error();
  for (const auto& [domain, sub, method] : *old) {
    out.last = method.id;
    auto anew = vault.renewed(method.sealed, sspr::context(domain, sub, method));
    if (!anew || !*anew) {
      ++out.closed_count;
      if (out.closed.size() < closed_max) out.closed.push_back(method.id);
      continue;
    }
    if (auto written = people.reseal(method.id, **anew); !written) return written.error();
    ++out.methods;
  }
  if (auto done = guard->commit(); !done) return done.error();
  return old->size() == batch;
}

void print(const backup::Manifest& manifest) {
  std::cout << "made " << utc(manifest.made) << " by " << printable(manifest.version) << ", tenant " << printable(manifest.tenant) << ", " << printable(manifest.public_url) << "\n";
  for (const auto& file : manifest.files) std::cout << "  " << file.name << "  " << file.bytes << " bytes\n";
}

}  // namespace

int list_vault(const config::ServiceConfig& config) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto vault = crypto::Vault::open(config.state_dir);
  if (!vault) return failed(vault.error());
  auto used = sspr::People(store->database()).keys_in_use();
  if (!used) return failed(used.error());
  for (const int number : vault->numbers()) {
    std::cout << "vault-" << number << ".key  " << (*used)[number] << " methods" << (number == vault->newest() ? ", seals\n" : "\n");
    used->erase(number);
  }
  for (const auto& [number, methods] : *used) std::cerr << "reset-service: " << methods << " methods are sealed under key " << number << ", which is not in " << config.state_dir.string() << "\n";
  return used->empty() ? exit_done : exit_failed;
}

int rotate_vault(const config::ServiceConfig& config) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto vault = crypto::Vault::open(config.state_dir);
  if (!vault) return failed(vault.error());
  auto left = sspr::People(store->database()).not_under("wv1." + std::to_string(vault->newest()) + ".", 1);
  if (!left) return failed(left.error());
  const bool goes_on = !left->empty();  // an earlier run was interrupted, or the running service sealed one while it was under way
  if (goes_on) std::cout << "not every method is under key " << vault->newest() << " yet: this run sees to that. Run it again for a new key\n";
  else if (auto made = vault->rotate(); !made) return failed(made.error());
  Resealed done;
  for (;;) {
    auto some = reseal_some(*store, *vault, done);
    if (!some) return failed(some.error());
    if (!*some) break;
  }
  AuditEntry entry;
  entry.activity = Activity::keys_rotated, entry.actor = {ActorKind::operator_}, entry.target = "vault-" + std::to_string(vault->newest());
  entry.details = {{DetailKey::op, goes_on ? "reseal" : "rotate"}, {DetailKey::counters, done.methods}};
  if (auto said = store->audit().record(entry, unix_now_ms()); !said) return failed(said.error());
  std::cout << "key " << vault->newest() << ": " << done.methods << " methods sealed anew\n";
  if (done.closed_count > 0) {
    std::cerr << "reset-service: " << done.closed_count << " methods open under no key that is here, and were left as they are:\n";
    for (const auto& id : done.closed) std::cerr << "  " << printable(id) << "\n";
    return refuse("put the missing vault-*.key file back and run this again; or take the methods away (people remove-method)");
  }
  std::cout << "The former keys stay in " << config.state_dir.string() << ": backups of before need them.\n";
  return exit_done;
}

int back_up(const config::ServiceConfig& config, const Call& call) {
  auto made = backup::make(config, call.words[0]);
  if (!made) return failed(made.error());
  print(*made);
  std::cout << "in " << call.words[0] << ". It holds the service's keys and opens what people registered: keep it as you keep a password.\n"
            << "Not in it: the configuration, and the certificate of the service's address.\n";
  return exit_done;
}

int restore(const config::ServiceConfig& config, const Call& call) {
  auto done = backup::put_back(config, call.words[0], call.has("replace"));
  if (!done) return failed(done.error());
  print(done->manifest);
  std::cout << "is in " << config.state_dir.string() << " again.\n";
  if (!done->aside.empty()) std::cout << "What was there lies in " << done->aside.string() << " until you remove it.\n";
  if (done->manifest.tenant != config.tenant || done->manifest.public_url != config.public_url) std::cout << "It was made under another tenant or public_url than the configuration names: agents enrolled there believe the former.\n";
  std::cout << "What was done since then is not known any more: agents revoked, people frozen or erased since must be so again.\n";
  return exit_done;
}

}  // namespace wb::service
