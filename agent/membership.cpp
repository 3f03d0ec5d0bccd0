#include "agent/membership.hpp"

#include <algorithm>

#include "agent/service_url.hpp"
#include "core/ids.hpp"
#include "crypto/jws.hpp"
#include "link/https_client.hpp"
#include "protocol/codec.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {
namespace json = protocol::json;

Fault refused(std::string where, std::string detail) { return fault(Fault::Kind::refused, std::move(where), std::move(detail)); }

// The service's own words when it refuses, as far as they are printable. Empty: it was not the service that answered.
std::string words_of(const link::HttpsAnswer& answer) {
  if (auto parsed = protocol::parse_json(answer.body); parsed && parsed->is_object())
    if (const auto* error = parsed->get_object().if_contains("error"); error && error->is_object())
      if (const auto* text = error->get_object().if_contains("message"); text && text->is_string()) return printable(std::string_view(text->get_string()), 200);
  return {};
}

Asked ask_once(const config::AgentConfig& config, const std::string& service, const std::string& path, const std::string& body) {
  auto answer = link::https_post(service + path, body, config.trust, config.proxy);
  if (!answer) return {answer.error()};
  if (answer->status == 200) return {std::move(answer->body), answer->status};
  const auto words = words_of(*answer);
  const bool spoken = !words.empty() && answer->status < 500;
  const auto kind = spoken ? Fault::Kind::refused : Fault::Kind::unreachable;
  return {fault(kind, "service" + path, "HTTP " + std::to_string(answer->status) + (words.empty() ? "" : ": " + words)), spoken ? answer->status : 0};
}

std::vector<std::string> configured(const config::AgentConfig& config) {
  std::vector<std::string> ways;
  const auto add = [&](const std::string& text) {
    const auto url = parse_service_url(text);
    if (url && std::find(ways.begin(), ways.end(), url->text) == ways.end()) ways.push_back(url->text);
  };
  add(config.service_url);
  for (const auto& text : config.more_urls) add(text);
  return ways;
}

}  // namespace

Result<std::string> post_signed(const config::AgentConfig& config, const Identity& identity, const Keys& keys, const std::string& path, const std::string& member,
    const std::string& text, const std::string& domain, json::object more) {
  const protocol::SubmitClaims claims{identity.agent, domain, crypto::sha256_url(text), unix_now()};
  auto jws = crypto::sign(keys.as, protocol::typ_submit, protocol::encode(claims));
  if (!jws) return jws.error();
  more[member] = text, more["jws"] = *jws;
  return post(config, ways_of(config, identity), path, json::serialize(more));
}

Result<std::string> chosen_domain(const Identity& identity, const std::string& domain) {
  if (!domain.empty() && !identity.domains.contains(domain)) return refused("domain", "this agent is not enrolled in " + domain);
  if (!domain.empty()) return domain;
  if (identity.domains.size() != 1) return refused("domain", "say which with --domain");
  return identity.domains.begin()->first;
}

Result<Member> as_member(const config::AgentConfig& config, const std::string& domain) {
  auto identity = load_identity(config.state_dir);
  if (!identity) return identity.error().kind == Fault::Kind::unreachable ? refused("agent.identity", "not enrolled: runuser -u writeback-agent -- writeback-agent enroll comes first") : identity.error();
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

std::vector<std::string> ways_to(const config::AgentConfig& config, const std::string& named) {
  auto ways = configured(config);
  const auto found = std::find(ways.begin(), ways.end(), named);
  if (found == ways.end()) return {named};
  std::rotate(ways.begin(), found, found + 1);  // the named one first, the others as they stand
  return ways;
}

std::vector<std::string> ways_of(const config::AgentConfig& config, const Identity& identity) {
  auto ways = configured(config);
  if (std::find(ways.begin(), ways.end(), identity.service) == ways.end()) ways.push_back(identity.service);
  return ways;
}

Asked ask(const config::AgentConfig& config, const std::vector<std::string>& ways, const std::string& path, const std::string& body) {
  std::string reasons;
  int tries = 0, status = 0;
  auto last = fault(Fault::Kind::unreachable, "service" + path, "no address");
  for (const auto& way : ways) {
    ++tries;
    auto tried = ask_once(config, way, path, body);
    if (tried.body) return tried;
    last = tried.body.error();
    reasons += (reasons.empty() ? "" : "; ") + way + ": " + last.where + ": " + (last.detail.empty() ? std::string(to_string(last.kind)) : last.detail);
    if ((status = tried.status) != 0) break;  // another way to it says the same
  }
  if (tries < 2) return {last, status};
  return {fault(status == 0 ? Fault::Kind::unreachable : last.kind, "service" + path, std::move(reasons)), status};
}

}  // namespace wb::agent
