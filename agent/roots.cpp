#include "agent/roots.hpp"

#include <algorithm>
#include <ostream>

#include "agent/membership.hpp"
#include "crypto/jws.hpp"
#include "crypto/trust.hpp"
#include "platform/private_files.hpp"
#include "platform/process.hpp"
#include "protocol/codec.hpp"

namespace wb::agent {
namespace {
using std::filesystem::path;

Fault root_refused(std::string where, std::string detail) { return fault(Fault::Kind::refused, std::move(where), std::move(detail)); }

// The key of a root that is being made lives under this name until the service has its first roster: an init that was
// cut off goes on with the same key.
Result<crypto::PrivateKey> root_in_the_making(const std::filesystem::path& file) {
  auto found = crypto::PrivateKey::load(file);
  if (found || found.error().kind != Fault::Kind::unreachable) return found;
  auto made = crypto::PrivateKey::generate();
  if (!made) return made;
  if (auto saved = made->save(file); !saved) return saved.error();
  return made;
}

// The first line of a file that nobody else may read.
Result<Secret> passphrase_in(const path& file) {
  if (file.empty()) return Secret();
  auto text = platform::read_file(file, 1024);
  if (!text) return text.error();
  auto line = Secret::copy_of(std::string_view(*text).substr(0, text->find_first_of("\r\n")));
  cleanse(text->data(), text->size());
  return line;
}

Result<crypto::PrivateKey> root_at(const config::AgentConfig& config, const RootPlace& place, const std::string& domain) {
  if (!place.file.empty()) {
    auto passphrase = passphrase_in(place.passphrase_file);
    if (!passphrase) return passphrase.error();
    return crypto::PrivateKey::load_sealed(place.file, *passphrase);
  }
  auto root = crypto::PrivateKey::load(root_key_file(config.state_dir, domain));
  if (!root && root.error().kind == Fault::Kind::unreachable) return root_refused("root", "the root of " + domain + " is not on this machine: --root FILE, where it was exported to, or the machine of `domain init`");
  return root;
}

struct Holder {
  Member member;
  crypto::PrivateKey root;
  protocol::Roster roster;  // the newest, by this root
};
Result<Holder> as_holder(const config::AgentConfig& config, const RootPlace& place, const std::string& domain) {
  auto member = as_member(config, domain);
  if (!member) return member.error();
  auto root = root_at(config, place, member->domain);
  if (!root) return root.error();
  if (!member->list.roster) return root_refused("roster", "the service has no roster of " + member->domain);
  // One that is out of date is renewed all the same: its root and number are what counts.
  auto payload = crypto::verify_pinned(*member->list.roster, protocol::typ_roster, root->kid());
  if (!payload) return root_refused("roster", "the service's roster of " + member->domain + " is not by this root (" + root->kid() + ")");
  auto roster = protocol::decode<protocol::Roster>(*payload);
  if (!roster) return roster.error();
  if (roster->ten != member->identity.tenant || roster->dom != member->domain) return root_refused("roster", "the service's roster is of another tenant or domain");
  if (roster->rsn < member->identity.domains[member->domain].rsn) return root_refused("roster", "the service shows an older roster than this agent has seen");
  return Holder{std::move(*member), std::move(*root), std::move(*roster)};
}

Result<void> publish_next(const config::AgentConfig& config, const Holder& holder, const protocol::Roster& next, const std::string& what, std::ostream& out) {
  if (auto done = publish(config, holder.member, holder.root, next); !done) return done;
  out << what << "\nroster: " << next.rsn << "\nagents: " << next.agents.size() << "\n";
  return {};
}

}  // namespace

// ---- rosters ------------------------------------------------------------------------------------------------
Result<void> approve(const config::AgentConfig& config, const RootPlace& root, const std::string& domain, const std::string& agent, const std::string& fingerprint,
    const std::string& instead_of, std::ostream& out) {
  auto holder = as_holder(config, root, domain);
  if (!holder) return holder.error();
  const auto& listed = holder->member.list.agents;
  const auto found = std::find_if(listed.begin(), listed.end(), [&](const auto& a) { return a.id == agent; });
  if (found == listed.end()) return root_refused("approve", "the service knows no such agent in " + holder->member.domain);
  const bool by_next = found->next && crypto::thumbprint(*found->next) == fingerprint;
  if (!by_next && crypto::thumbprint(found->as) != fingerprint) return root_refused("approve.fingerprint", "the service shows another key for that agent: do not approve it; compare what `enroll`, or `keys rotate --signing`, printed there");
  auto before = holder->roster;
  if (!instead_of.empty() && (instead_of == agent || std::erase_if(before.agents, [&](const auto& a) { return a.id == instead_of; }) == 0)) return root_refused("approve", "--instead-of: no such other agent in the roster");
  auto next = roster_with_key(std::move(before), {found->id, by_next ? *found->next : found->as}, unix_now());
  if (!next) return next.error();
  return publish_next(config, *holder, *next, "approved: " + agent + (by_next ? ", with its next signing key" : ""), out);
}

Result<void> revoke(const config::AgentConfig& config, const RootPlace& root, const std::string& domain, const std::string& agent, std::ostream& out) {
  auto holder = as_holder(config, root, domain);
  if (!holder) return holder.error();
  auto next = roster_without(holder->roster, agent, unix_now());
  if (!next) return next.error();
  return publish_next(config, *holder, *next, "revoked: " + agent, out);
}

Result<void> renew_roster(const config::AgentConfig& config, const RootPlace& root, const std::string& domain, std::ostream& out) {
  auto holder = as_holder(config, root, domain);
  if (!holder) return holder.error();
  return publish_next(config, *holder, roster_renewed(holder->roster, unix_now()), "renewed for 30 days: " + holder->member.domain, out);
}

// ---- a root made --------------------------------------------------------------------------------------------
Result<void> domain_init(const config::AgentConfig& config, const std::string& domain, bool lost, std::ostream& out) {
  platform::FileLock lock;
  if (lost) {  // the running agent would write its pin back
    auto taken = platform::FileLock::take(config.state_dir / "agent.lock");
    if (!taken) return root_refused("domain.init", "stop this agent first: it still believes the former root");
    lock = std::move(*taken);
  }
  auto member = as_member(config, domain);
  if (!member) return member.error();
  auto& pin = member->identity.domains[member->domain];
  const auto file = root_key_file(config.state_dir, member->domain);
  std::error_code ec;
  if (std::filesystem::exists(file, ec)) return root_refused("domain.init", "a domain root exists here: " + file.string());
  if (member->list.roster && lost) return root_refused("domain.init", "the service still has the former root; its operator gives it up: reset-service roots forget --domain " + member->domain);
  if (member->list.roster) return root_refused("domain.init", "the domain has a root already; to join it: " + platform::own_command() + " approve, on the machine that has it");
  if (!pin.dr.empty() && !lost) return root_refused("domain.init", "this agent knows a root of the domain (" + pin.dr + ") and the service does not: where it was lost, --root-lost makes another one, which everybody must be told");
  auto making = file;
  making += ".new";
  auto root = root_in_the_making(making);
  if (!root) return root.error();
  const protocol::Roster empty{member->identity.tenant, member->domain, lost ? pin.rsn : 0, 0, 0, {}};
  auto roster = roster_with(empty, {member->identity.agent, member->keys.as.public_key().jwk()}, unix_now());
  if (!roster) return roster.error();
  if (auto done = publish(config, *member, *root, *roster); !done) return done;
  std::filesystem::rename(making, file, ec);
  if (ec) return fault(Fault::Kind::internal, "domain.init", "rename " + making.string() + " to " + file.string() + ": " + ec.message());
  pin = {root->kid(), roster->rsn};
  if (auto saved = save_identity(config.state_dir, member->identity); !saved) return saved;
  out << "domain: " << member->domain << "\nroot: " << root->kid() << "\nroster: " << roster->rsn << "\n"
      << "The root's private key is " << file.string() << ": back it up; whoever has it decides who may open passwords.\n";
  if (lost) out << "Nobody believes it yet. On each other agent of the domain, stopped: " << platform::own_command() << " keys pin-root " << root->kid() << " --domain " << member->domain
                << ", then approve it here. Each client needs a new credential, each person a new link with #dr=" << root->kid() << ".\n";
  return {};
}

// ---- a root succeeded ---------------------------------------------------------------------------------------
Result<void> succeed_root(const config::AgentConfig& config, const RootPlace& place, const std::string& domain, std::ostream& out) {
  auto holder = as_holder(config, place, domain);
  if (!holder) return holder.error();
  const auto file = root_key_file(config.state_dir, holder->member.domain);
  auto making = file, former = file;
  making += ".new";
  former.replace_extension(".former.pem");
  std::error_code ec;
  if (std::filesystem::exists(former, ec)) return root_refused("keys.succeed", former.string() + " is there from an earlier succession: destroy it first");
  auto root = root_in_the_making(making);
  if (!root) return root.error();
  const auto now = unix_now();
  const auto& identity = holder->member.identity;
  const protocol::Succession claims{identity.tenant, holder->member.domain, root->public_key().jwk(), now};
  auto succession = crypto::sign(holder->root, protocol::typ_root, protocol::encode(claims), crypto::CarryKey::yes);
  if (!succession) return succession.error();
  const auto next = roster_renewed(holder->roster, now);
  if (auto done = publish(config, holder->member, *root, next, *succession); !done) return done;
  if (std::filesystem::exists(file, ec)) std::filesystem::rename(file, former, ec);
  if (!ec) std::filesystem::rename(making, file, ec);
  if (ec) return fault(Fault::Kind::internal, "keys.succeed", "the new root is in force and lies in " + making.string() + ": " + ec.message());
  out << "root: " << root->kid() << "\nroster: " << next.rsn << "\n"
      << "Agents and clients follow by themselves, since the root of before has named it. New links and credentials name the new one.\n"
      << "Back up " << file.string() << ", and destroy the former root, wherever it lies.\n";
  return {};
}

// ---- a root moved -------------------------------------------------------------------------------------------
Result<void> export_root(const config::AgentConfig& config, const RootPlace& to, const std::string& domain, bool remove, std::ostream& out) {
  auto identity = load_identity(config.state_dir);
  if (!identity) return identity.error();
  auto name = chosen_domain(*identity, domain);
  if (!name) return name.error();
  auto root = root_at(config, {}, *name);
  if (!root) return root.error();
  auto passphrase = passphrase_in(to.passphrase_file);
  if (!passphrase) return passphrase.error();
  if (passphrase->size() < 12) return root_refused("keys.export", "the passphrase has fewer than 12 bytes");
  if (auto saved = root->save_sealed(to.file, *passphrase); !saved) return saved;
  auto back = crypto::PrivateKey::load_sealed(to.file, *passphrase);
  if (!back || back->kid() != root->kid()) return fault(Fault::Kind::internal, "keys.export", to.file.string() + " can't be read back");
  out << "domain: " << *name << "\nroot: " << root->kid() << "\nexported: " << to.file.string() << "\n";
  if (!remove) return {};
  std::error_code ec;
  std::filesystem::remove(root_key_file(config.state_dir, *name), ec);
  if (ec) return fault(Fault::Kind::internal, "keys.export", ec.message());
  out << "It is no longer on this machine. approve, revoke and roster renew take it by --root FILE --passphrase-file FILE.\n";
  return {};
}

Result<void> import_root(const config::AgentConfig& config, const RootPlace& from, const std::string& domain, std::ostream& out) {
  auto identity = load_identity(config.state_dir);
  if (!identity) return identity.error();
  auto name = chosen_domain(*identity, domain);
  if (!name) return name.error();
  auto root = root_at(config, from, *name);
  if (!root) return root.error();
  if (identity->domains[*name].dr != root->kid()) return root_refused("keys.import", "this agent believes another root of " + *name + " (" + identity->domains[*name].dr + ")");
  if (auto saved = root->save(root_key_file(config.state_dir, *name)); !saved) return saved;
  out << "domain: " << *name << "\nroot: " << root->kid() << "\n";
  return {};
}

Result<void> pin_root(const config::AgentConfig& config, const std::string& domain, const std::string& root, std::ostream& out) {
  auto lock = platform::FileLock::take(config.state_dir / "agent.lock");
  if (!lock) return root_refused("keys.pin", "stop the agent first: it would write back what it believes now");
  auto identity = load_identity(config.state_dir);
  if (!identity) return identity.error();
  auto name = chosen_domain(*identity, domain);
  if (!name) return name.error();
  const auto was = identity->domains[*name];
  identity->domains[*name].dr = root;
  if (auto saved = save_identity(config.state_dir, *identity); !saved) return saved;
  out << "domain: " << *name << "\nroot before: " << (was.dr.empty() ? "none" : was.dr) << "\nroot: " << root << "\n";
  return {};
}

}  // namespace wb::agent
