// Verbs about keys: what is valid, what is given up. The running service takes it over within a second.
#include <cstdio>
#include <ctime>
#include <iostream>

#include "service/keys.hpp"
#include "service/verbs.hpp"

namespace wb::service {
namespace {

const char* name_of(Keys::State state) {
  switch (state) {
    case Keys::State::signs: return "signs";
    case Keys::State::valid: return "valid";
    case Keys::State::later: return "later";
  }
  return "";
}

}  // namespace

std::string day_of(UnixSeconds at) {
  const std::time_t time = at;
  std::tm parts{};
  char text[32] = {};
  if (::gmtime_r(&time, &parts)) std::strftime(text, sizeof text, "%Y-%m-%dT%H:%MZ", &parts);
  return text;
}

int revoke_agent(const config::ServiceConfig& config, const std::string& agent) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto done = store->revoke(agent);
  if (!done) return failed(done.error());
  if (!*done) return failed(fault(Fault::Kind::refused, "agents.revoke", "no such agent"));
  std::cout << "revoked: " << agent << "\nIts link is cut within a second. Who holds the domain's root takes it out of the roster too: runuser -u writeback-agent -- writeback-agent revoke " << agent << "\n";
  return exit_done;
}

int drain_agent(const config::ServiceConfig& config, const std::string& agent, bool force) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  const auto done = store->drain(agent, force);
  if (!done) return failed(done.error());
  if (!done->known) return failed(fault(Fault::Kind::refused, "agents.drain", "no such agent, or it is revoked"));
  if (!done->last_of.empty() && !force)
    return refuse("nobody else takes jobs of " + done->last_of + ": people could reset no password until this agent, or another one, is ready. --force drains it all the same");
  std::cout << "drained: " << agent << "\nWithin a second it gets no new jobs, and what it has it finishes. Jobs again: reset-service agents resume " << agent << "\n";
  return exit_done;
}

int resume_agent(const config::ServiceConfig& config, const std::string& agent) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  const auto done = store->resume(agent);
  if (!done) return failed(done.error());
  if (!*done) return failed(fault(Fault::Kind::refused, "agents.resume", "no such agent"));
  std::cout << "resumed: " << agent << "\n";
  return exit_done;
}

int list_keys(const config::ServiceConfig& config) {
  const auto now = unix_now();
  auto keys = Keys::open(config.state_dir, config.public_url, now, Keys::Needs::root);
  if (!keys) return failed(keys.error());
  std::printf("root     %s%s\n", keys->root().kid().c_str(), keys->root_is_here() ? "" : "  not on this machine");
  for (const auto& key : keys->list())
    std::printf("signing  %s  %s  %s  %s\n", key.kid.c_str(), day_of(key.times.iat).c_str(), day_of(key.times.exp).c_str(), name_of(key.state));
  if (const auto end = keys->ends_soon(now)) std::printf("%s %s: reset-service keys request, keys endorse where the root is, keys install\n", *end > now ? "the last endorsement ends" : "no signing key is endorsed at", day_of(*end).c_str());
  return exit_done;
}

int rotate_keys(const config::ServiceConfig& config, bool withdraw) {
  const auto now = unix_now();
  auto keys = Keys::open(config.state_dir, config.public_url, now);
  if (!keys) return failed(keys.error());
  if (auto done = keys->rotate(now, withdraw); !done) return failed(done.error());
  auto store = open_store(config);
  if (!store) return failed(store.error());
  AuditEntry entry;
  entry.activity = Activity::keys_rotated, entry.actor = {ActorKind::operator_}, entry.target = keys->list().front().kid;
  entry.details = {{DetailKey::op, withdraw ? "withdraw" : "rotate"}};
  if (auto said = store->audit().record(entry, now * 1'000); !said) return failed(said.error());
  std::cout << "signing: " << keys->list().front().kid << (withdraw ? "\nThe others are withdrawn; jobs are signed by it from now on.\n" : "\nAnnounced; jobs are signed by it in a day.\n");
  return exit_done;
}

int forget_root(const config::ServiceConfig& config, const std::string& domain, bool accepted) {
  if (!accepted) {
    std::cerr << "reset-service: this gives up the root of " << domain << ": no password can be sealed there until a new one is made, and every agent,\n"
              << "client and link that knows the former one must be told the new one. For a root that was lost or stolen. --accept-risk does it.\n";
    return exit_usage;
  }
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto done = store->forget_root(domain);
  if (!done) return failed(done.error());
  if (!*done) return failed(fault(Fault::Kind::refused, "roots.forget", "that domain has no root"));
  std::cout << "forgotten: the root of " << domain << "\nNext, on one agent's machine of the domain: runuser -u writeback-agent -- writeback-agent domain init --root-lost\n";
  return exit_done;
}

}  // namespace wb::service
