#include "agent/membership.hpp"

#include "core/ids.hpp"
#include "crypto/jws.hpp"
#include "link/https_client.hpp"
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

}  // namespace

Result<std::string> post_signed(const config::AgentConfig& config, const Identity& identity, const Keys& keys, const std::string& path, const std::string& member,
    const std::string& text, const std::string& domain, json::object more) {
  const protocol::SubmitClaims claims{identity.agent, domain, crypto::sha256_url(text), unix_now()};
  auto jws = crypto::sign(keys.as, protocol::typ_submit, protocol::encode(claims));
  if (!jws) return jws.error();
  more[member] = text, more["jws"] = *jws;
  return post(config, identity.service, path, json::serialize(more));
}

Result<std::string> chosen_domain(const Identity& identity, const std::string& domain) {
  if (!domain.empty() && !identity.domains.contains(domain)) return refused("domain", "this agent is not enrolled in " + domain);
  if (!domain.empty()) return domain;
  if (identity.domains.size() != 1) return refused("domain", "say which with --domain");
  return identity.domains.begin()->first;
}

Result<Member> as_member(const config::AgentConfig& config, const std::string& domain) {
  auto identity = load_identity(config.state_dir);
  if (!identity) return identity.error().kind == Fault::Kind::unreachable ? refused("agent.identity", "not enrolled: writeback-agent enroll comes first") : identity.error();
  auto keys = load_keys(config.state_dir);
  if (!keys) return keys.error();
  auto name = chosen_domain(*identity, domain);
  if (!name) return name.error();
  auto body = post_signed(config, *identity, *keys, "/agent/v1/agents", "domain", *name, *name);
  if (!body) return body.error();
  auto list = read_agent_list(*body);
  if (!list) return list.error();
  return Member{std::move(*identity), std::move(*keys), std::move(*name), std::move(*list)};
}

Result<void> publish(const config::AgentConfig& config, const Member& member, const crypto::PrivateKey& root, const protocol::Roster& roster, const std::string& succession) {
  auto jws = crypto::sign(root, protocol::typ_roster, protocol::encode(roster), crypto::CarryKey::yes);
  if (!jws) return jws.error();
  json::object more;
  if (!succession.empty()) more["root"] = succession;
  auto stored = post_signed(config, member.identity, member.keys, "/agent/v1/roster", "roster", *jws, member.domain, std::move(more));
  if (!stored) return stored.error();
  return {};
}

Result<std::string> post(const config::AgentConfig& config, const std::string& service, const std::string& path, const std::string& body) {
  auto answer = link::https_post(service + path, body, config.trust, config.proxy);
  if (!answer) return answer.error();
  if (answer->status != 200) return service_refused("service" + path, *answer);
  return answer->body;
}

}  // namespace wb::agent
