#include "agent/enroll.hpp"

#include <algorithm>
#include <ostream>

#include "agent/identity.hpp"
#include "agent/service_url.hpp"
#include "core/ids.hpp"
#include "crypto/jws.hpp"
#include "crypto/trust.hpp"
#include "link/https_client.hpp"
#include "platform/private_files.hpp"
#include "platform/process.hpp"
#include "protocol/codec.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {
namespace json = protocol::json;

Fault refused(std::string where, std::string detail) { return fault(Fault::Kind::refused, std::move(where), std::move(detail)); }

// The service's own words when it refuses, as far as they are printable.
Fault service_refused(const std::string& where, const link::HttpsAnswer& answer) {
  std::string why = "HTTP " + std::to_string(answer.status);
  if (auto parsed = protocol::parse_json(answer.body); parsed && parsed->is_object())
    if (const auto* error = parsed->get_object().if_contains("error"); error && error->is_object())
      if (const auto* text = error->get_object().if_contains("message"); text && text->is_string()) why += ": " + printable(std::string_view(text->get_string()), 200);
  return refused(where, why);
}

Result<std::string> post(const config::AgentConfig& config, const std::string& service, const std::string& path, const json::object& body) {
  auto answer = link::https_post(service + path, json::serialize(body), config.trust, config.proxy);
  if (!answer) return answer.error();
  if (answer->status != 200) return service_refused("service" + path, *answer);
  return answer->body;
}

// A request about a domain, signed by us over the text it is about.
Result<std::string> post_signed(const config::AgentConfig& config, const Identity& identity, const Keys& keys, const std::string& path, const std::string& member,
    const std::string& text, const std::string& domain) {
  const protocol::SubmitClaims claims{identity.agent, domain, crypto::sha256_url(text), unix_now()};
  auto jws = crypto::sign(keys.as, protocol::typ_submit, protocol::encode(claims));
  if (!jws) return jws.error();
  return post(config, identity.service, path, {{member, text}, {"jws", *jws}});
}

Result<Token> read_token(const std::filesystem::path& file) {
  auto text = platform::read_file(file, 4096);
  if (!text) return text.error();
  auto token = parse_token(*text);
  if (!token) return refused("enroll.token", file.string() + " holds no enrolment token (wbe1....)");
  return *token;
}

Result<EnrollAnswer> ask_to_enroll(const config::AgentConfig& config, const std::string& service, const Token& token, const Keys& keys) {
  const protocol::EnrollClaims claims{crypto::sha256_url(token.secret), keys.ae.public_key().jwk(), platform::host_name(), "writeback-agent/" WB_VERSION, unix_now()};
  auto jws = crypto::sign(keys.as, protocol::typ_enroll, protocol::encode(claims), crypto::CarryKey::yes);
  if (!jws) return jws.error();
  auto body = post(config, service, "/agent/v1/enroll", {{"token", "wbe1." + token.id + "." + token.secret}, {"jws", *jws}});
  if (!body) return body.error();
  return read_enroll_answer(*body);
}

// Which domain a verb is about: the one named, or the only one there is.
Result<std::string> chosen(const Identity& identity, const std::string& domain) {
  if (!domain.empty() && !identity.domains.contains(domain)) return refused("domain", "this agent is not enrolled in " + domain);
  if (!domain.empty()) return domain;
  if (identity.domains.size() != 1) return refused("domain", "say which with --domain");
  return identity.domains.begin()->first;
}

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

struct Member {
  Identity identity;
  Keys keys;
  std::string domain;
  AgentList list;
};
// Who we are, and what the service says about the domain.
Result<Member> as_member(const config::AgentConfig& config, const std::string& domain) {
  auto identity = load_identity(config.state_dir);
  if (!identity) return identity.error().kind == Fault::Kind::unreachable ? refused("agent.identity", "not enrolled: writeback-agent enroll comes first") : identity.error();
  auto keys = load_keys(config.state_dir);
  if (!keys) return keys.error();
  auto name = chosen(*identity, domain);
  if (!name) return name.error();
  auto body = post_signed(config, *identity, *keys, "/agent/v1/agents", "domain", *name, *name);
  if (!body) return body.error();
  auto list = read_agent_list(*body);
  if (!list) return list.error();
  return Member{std::move(*identity), std::move(*keys), std::move(*name), std::move(*list)};
}

Result<void> publish(const config::AgentConfig& config, const Member& member, const crypto::PrivateKey& root, const protocol::Roster& roster) {
  auto jws = crypto::sign(root, protocol::typ_roster, protocol::encode(roster), crypto::CarryKey::yes);
  if (!jws) return jws.error();
  auto stored = post_signed(config, member.identity, member.keys, "/agent/v1/roster", "roster", *jws, member.domain);
  if (!stored) return stored.error();
  return {};
}

}  // namespace

// ---- enroll -------------------------------------------------------------------------------------------------
Result<void> enroll(const config::AgentConfig& config, const std::string& service, const std::filesystem::path& token_file, std::ostream& out) {
  const auto url = parse_service_url(service);
  if (!url) return refused("enroll.service", "expected https://host[:port]");
  auto token = read_token(token_file);
  if (!token) return token.error();
  if (auto made = platform::private_folder(config.state_dir); !made) return made;
  auto known = load_identity(config.state_dir);
  if (!known && known.error().kind != Fault::Kind::unreachable) return known.error();
  if (known && known->service != url->text) return refused("enroll.service", "this agent is enrolled at " + known->service + "; another service needs another state_dir");
  if (known && known->domains.size() >= domains_max) return refused("enroll", "an agent serves at most 16 domains");  // the token is not spent
  auto keys = load_or_make_keys(config.state_dir);
  if (!keys) return keys.error();
  auto answer = ask_to_enroll(config, url->text, *token, *keys);
  if (!answer) return answer.error();
  const auto root = crypto::PublicKey::from_jwk(answer->sr);
  if (!root) return root.error();
  if (root->kid() != token->sr) return refused("enroll.sr", "the service's root key is not the one the token names: this is not the service that made it");
  auto issuer = issuer_of(answer->sk, root->kid(), unix_now());
  if (!issuer) return issuer.error();
  Identity identity{answer->agent, answer->tenant, url->text, *issuer, root->kid(), {{answer->domain, {}}}};
  if (known) {
    if (auto joined = join(*known, identity); !joined) return joined.error();
    identity = std::move(*known);
  }
  if (auto saved = save_identity(config.state_dir, identity); !saved) return saved;
  out << "agent: " << identity.agent << "\nfingerprint: " << keys->as.kid() << "\ntenant: " << identity.tenant << "\ndomain: " << answer->domain << "\n";
  const bool configured = std::any_of(config.domains.begin(), config.domains.end(), [&](const auto& d) { return d.directory.domain == answer->domain; });
  if (!configured) out << "note: the configuration has no domain " << answer->domain << " yet; nothing can be served before it has\n";
  if (!answer->dr) out << "The domain has no root yet. On one machine of yours:\n  writeback-agent domain init --domain " << answer->domain << "\n";
  else out << "Pending. On the machine that has the domain root (" << *answer->dr << "):\n  writeback-agent approve " << identity.agent << " --fingerprint " << keys->as.kid()
           << " --domain " << answer->domain << "\n";
  return {};
}

// ---- domain init --------------------------------------------------------------------------------------------
Result<void> domain_init(const config::AgentConfig& config, const std::string& domain, std::ostream& out) {
  auto member = as_member(config, domain);
  if (!member) return member.error();
  const auto file = root_key_file(config.state_dir, member->domain);
  std::error_code ec;
  if (std::filesystem::exists(file, ec)) return refused("domain.init", "a domain root exists here: " + file.string());
  if (member->list.roster) return refused("domain.init", "the domain has a root already; to join it: writeback-agent approve, on the machine that has it");
  auto making = file;
  making += ".new";
  auto root = root_in_the_making(making);
  if (!root) return root.error();
  const auto now = unix_now();
  const protocol::Roster empty{member->identity.tenant, member->domain, 0, 0, 0, {}};
  auto roster = roster_with(empty, {member->identity.agent, member->keys.as.public_key().jwk()}, now);
  if (!roster) return roster.error();
  if (auto done = publish(config, *member, *root, *roster); !done) return done;
  std::filesystem::rename(making, file, ec);
  if (ec) return fault(Fault::Kind::internal, "domain.init", "rename " + making.string() + " to " + file.string() + ": " + ec.message());
  member->identity.domains[member->domain] = {root->kid(), roster->rsn};
  if (auto saved = save_identity(config.state_dir, member->identity); !saved) return saved;
  out << "domain: " << member->domain << "\nroot: " << root->kid() << "\nroster: " << roster->rsn << "\n"
      << "The root's private key is " << file.string() << ": back it up; whoever has it decides who may open passwords.\n";
  return {};
}

// ---- approve ------------------------------------------------------------------------------------------------
Result<void> approve(const config::AgentConfig& config, const std::string& agent, const std::string& fingerprint, const std::string& domain, std::ostream& out) {
  auto member = as_member(config, domain);
  if (!member) return member.error();
  auto root = crypto::PrivateKey::load(root_key_file(config.state_dir, member->domain));
  if (!root) {
    if (root.error().kind == Fault::Kind::unreachable) return refused("approve", "the root of " + member->domain + " is not on this machine");
    return root.error();
  }
  const auto& listed = member->list.agents;
  const auto found = std::find_if(listed.begin(), listed.end(), [&](const auto& a) { return a.id == agent; });
  if (found == listed.end()) return refused("approve", "the service knows no such agent in " + member->domain);
  if (crypto::thumbprint(found->as) != fingerprint) return refused("approve.fingerprint", "the service shows another key for that agent: do not approve it; compare what `enroll` printed there");
  if (!member->list.roster) return refused("approve", "the service has no roster of " + member->domain);
  auto& pin = member->identity.domains[member->domain];
  auto roster = crypto::check_roster(*member->list.roster, root->kid(), member->identity.tenant, member->domain, pin.rsn, unix_now());
  if (!roster) return roster.error();
  auto next = roster_with(*roster, {found->id, found->as}, unix_now());
  if (!next) return next.error();
  if (auto done = publish(config, *member, *root, *next); !done) return done;
  out << "approved: " << agent << "\nroster: " << next->rsn << "\nagents: " << next->agents.size() << "\n";
  return {};
}

}  // namespace wb::agent
