#include "agent/enroll.hpp"

#include <algorithm>
#include <ostream>

#include "agent/identity.hpp"
#include "agent/membership.hpp"
#include "agent/service_url.hpp"
#include "core/ids.hpp"
#include "crypto/jws.hpp"
#include "platform/private_files.hpp"
#include "platform/process.hpp"
#include "protocol/codec.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {
namespace json = protocol::json;

Fault no_enrolment(std::string where, std::string detail) { return fault(Fault::Kind::refused, std::move(where), std::move(detail)); }

Result<Token> read_token(const std::filesystem::path& file) {
  auto text = platform::read_file(file, 4096);
  if (!text) return text.error();
  auto token = parse_token(*text);
  if (!token) return no_enrolment("enroll.token", file.string() + " holds no enrolment token (wbe1....)");
  return *token;
}

Result<EnrollAnswer> ask_to_enroll(const config::AgentConfig& config, const std::string& service, const Token& token, const Keys& keys) {
  const protocol::EnrollClaims claims{crypto::sha256_url(token.secret), keys.ae.public_key().jwk(), platform::host_name(), "writeback-agent/" WB_VERSION, unix_now()};
  auto jws = crypto::sign(keys.as, protocol::typ_enroll, protocol::encode(claims), crypto::CarryKey::yes);
  if (!jws) return jws.error();
  auto [body, status] = ask(config, ways_to(config, service), "/agent/v1/enroll", json::serialize(json::object{{"token", "wbe1." + token.id + "." + token.secret}, {"jws", *jws}}));
  if (!body && status == 401) return no_enrolment("enroll.token", body.error().detail);
  if (!body) return body.error();
  return read_enroll_answer(*body);
}

}  // namespace

// ---- enroll -------------------------------------------------------------------------------------------------
namespace {
struct Enrolled {
  EnrollAnswer answer;
  Identity identity;  // in this domain alone
};
Result<Enrolled> enroll_with(const config::AgentConfig& config, const std::string& service, const Token& token, const Keys& keys) {
  auto answer = ask_to_enroll(config, service, token, keys);
  if (!answer) return answer.error();
  const auto root = crypto::PublicKey::from_jwk(answer->sr);
  if (!root) return root.error();
  if (root->kid() != token.sr) return no_enrolment("enroll.sr", "the service's root key is not the one the token names: this is not the service that made it");
  auto issuer = issuer_of(answer->sk, root->kid(), unix_now());
  if (!issuer) return issuer.error();
  Identity identity{answer->agent, answer->tenant, service, *issuer, root->kid(), {{answer->domain, {}}}};
  return Enrolled{std::move(*answer), std::move(identity)};
}

// What the person does next. `before`: the agent that this host was.
void say_enrolled(const config::AgentConfig& config, const Enrolled& enrolled, const Keys& keys, const std::string& before, std::ostream& out) {
  const auto& domain = enrolled.answer.domain;
  out << "agent: " << enrolled.identity.agent << "\nfingerprint: " << keys.as.kid() << "\ntenant: " << enrolled.identity.tenant << "\ndomain: " << domain << "\n";
  const bool configured = std::any_of(config.domains.begin(), config.domains.end(), [&](const auto& d) { return d.directory.domain == domain; });
  if (!configured) out << "note: the configuration has no domain " << domain << " yet; nothing can be served before it has\n";
  if (!enrolled.answer.dr) out << "The domain has no root yet. On one machine of yours:\n  " << platform::own_command() << " domain init --domain " << domain << "\n";
  else out << "Pending. On the machine that has the domain root (" << *enrolled.answer.dr << "):\n  " << platform::own_command() << " approve " << enrolled.identity.agent << " --fingerprint " << keys.as.kid()
           << (before.empty() ? std::string() : " --instead-of " + before) << " --domain " << domain << "\n";
}

// What an agent was: its identity, its keys and its journal, whose answers nobody would believe under another name.
// A domain's root stays where it is.
bool is_of_agent(const std::string& name) {
  return name == "identity.json" || name == "keys.json" || name == "as.pem" || name == "as-next.pem" || name.starts_with("ae") || name.starts_with("journal.sqlite");
}
Result<void> move_all(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code ec;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(from, ec))
    if (is_of_agent(entry.path().filename().string())) files.push_back(entry.path());
  // The identity goes last and comes last: a host that was cut off in between is not enrolled, and says so.
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return (a.filename() == "identity.json") < (b.filename() == "identity.json"); });
  for (const auto& file : files) {
    if (!ec) std::filesystem::rename(file, to / file.filename(), ec);
  }
  if (ec) return fault(Fault::Kind::internal, "enroll.again", from.string() + ": " + ec.message());
  return {};
}
}  // namespace

Result<void> enroll(const config::AgentConfig& config, const std::string& service, const std::filesystem::path& token_file, std::ostream& out) {
  const auto url = parse_service_url(service);
  if (!url) return no_enrolment("enroll.service", "expected https://host[:port]");
  auto token = read_token(token_file);
  if (!token) return token.error();
  if (auto made = platform::private_folder(config.state_dir); !made) return made;
  auto known = load_identity(config.state_dir);
  if (!known && known.error().kind != Fault::Kind::unreachable) return known.error();
  const auto same = known ? ways_of(config, *known) : std::vector<std::string>();  // other ways to the same service: its root is checked
  if (known && std::find(same.begin(), same.end(), url->text) == same.end()) return no_enrolment("enroll.service", "this agent is enrolled at " + known->service + "; another service needs another state_dir");
  if (known && known->domains.size() >= domains_max) return no_enrolment("enroll", "an agent serves at most 16 domains");  // the token is not spent
  auto keys = load_or_make_keys(config.state_dir);
  if (!keys) return keys.error();
  auto enrolled = enroll_with(config, url->text, *token, *keys);
  if (!enrolled) return enrolled.error();
  auto identity = enrolled->identity;
  if (known) {
    if (auto joined = join(*known, identity); !joined) return joined.error();
    identity = std::move(*known);
  }
  if (auto saved = save_identity(config.state_dir, identity); !saved) return saved;
  say_enrolled(config, *enrolled, *keys, {}, out);
  return {};
}

Result<void> enroll_again(const config::AgentConfig& config, const std::string& service, const std::filesystem::path& token_file, std::ostream& out) {
  const auto url = parse_service_url(service);
  if (!url) return no_enrolment("enroll.service", "expected https://host[:port]");
  auto token = read_token(token_file);
  if (!token) return token.error();
  auto lock = platform::FileLock::take(config.state_dir / "agent.lock");
  if (!lock && lock.error().kind == Fault::Kind::refused) return no_enrolment("enroll.again", "stop the agent first: it runs with the keys that shall go");
  if (!lock) return lock.error();
  auto known = load_identity(config.state_dir);
  if (!known && known.error().kind == Fault::Kind::unreachable) return no_enrolment("enroll.again", "this host is not enrolled: enroll, without --again");
  if (!known) return known.error();
  const auto fresh = config.state_dir / "again", former = config.state_dir / ("former-" + known->agent);
  for (const auto& folder : {fresh, former})
    if (auto made = platform::private_folder(folder); !made) return made;
  auto keys = load_or_make_keys(fresh);
  if (!keys) return keys.error();
  auto enrolled = enroll_with(config, url->text, *token, *keys);
  if (!enrolled) return enrolled.error();
  auto& pins = enrolled->identity.domains;  // what was pinned stays pinned, under the same service
  if (const auto pin = known->domains.find(enrolled->answer.domain); pin != known->domains.end() && enrolled->identity.tenant == known->tenant) pins[pin->first] = pin->second;
  if (auto saved = save_identity(fresh, enrolled->identity); !saved) return saved;
  if (auto moved = move_all(config.state_dir, former); !moved) return moved;
  if (auto moved = move_all(fresh, config.state_dir); !moved) return moved;
  std::error_code ignored;
  std::filesystem::remove_all(fresh, ignored);
  say_enrolled(config, *enrolled, *keys, known->agent, out);
  out << "The former identity lies in " << former.string() << "; destroy it when the new one works.\n";
  for (const auto& [domain, pin] : known->domains)
    if (!pins.contains(domain)) out << "note: enroll for " << domain << " too, with a token of its own\n";
  return {};
}

}  // namespace wb::agent
