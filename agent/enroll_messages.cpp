// The pure parts of enrolment: what is read, what is made of it.
#include <algorithm>

#include "agent/enroll.hpp"
#include "core/ids.hpp"
#include "crypto/evp.hpp"
#include "crypto/jws.hpp"
#include "protocol/codec.hpp"
#include "protocol/json.hpp"
#include "protocol/shapes.hpp"

namespace wb::agent {
namespace {
using protocol::Members;

constexpr std::int64_t roster_seconds = 30 * 86'400;
constexpr std::size_t listed_max = 1'024;

// What we will print, sign and store: short and plain.
bool is_name(std::string_view text) { return !text.empty() && text.size() <= 253 && printable(text, 253) == text && text.find(' ') == std::string_view::npos; }

Result<ListedAgent> read_listed(const protocol::json::value& value) {
  Members m(value, Members::Unknown::ignored);
  ListedAgent a;
  m.text("id", a.id).text("host", a.host).text("state", a.state);
  protocol::read_member(m, "as", a.as);
  if (value.is_object() && value.get_object().contains("next")) protocol::read_member(m, "next", a.next.emplace());
  if (auto done = m.finish(); !done) return done.error();
  return a;
}

}  // namespace

std::optional<Token> parse_token(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return std::nullopt;
  text.remove_prefix(first);
  text = text.substr(0, text.find_first_of(blanks));
  std::string parts[4];
  std::size_t count = 0;
  for (;;) {
    const auto dot = text.find('.');
    if (count == 4) return std::nullopt;
    parts[count++] = text.substr(0, dot);
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  if (count != 4 || parts[0] != "wbe1" || parts[1].empty() || parts[2].empty() || !crypto::is_thumbprint(parts[3])) return std::nullopt;
  return Token{parts[1], parts[2], parts[3]};
}

Result<EnrollAnswer> read_enroll_answer(std::string_view text) {
  auto parsed = protocol::parse_json(text);
  if (!parsed) return parsed.error();
  Members m(*parsed, Members::Unknown::ignored);
  EnrollAnswer a;
  m.text("agent", a.agent).text("tenant", a.tenant).text("domain", a.domain).texts("sk", a.sk, 8).text("dr", a.dr);
  protocol::read_member(m, "sr", a.sr);
  if (m.ok() && !is_name(a.agent)) m.problem("agent", "expected a plain name");
  if (m.ok() && !is_name(a.tenant)) m.problem("tenant", "expected a plain name");
  if (m.ok() && (a.domain.empty() || domain_name(a.domain) != a.domain)) m.problem("domain", "expected a domain name in lower case");
  if (m.ok() && a.dr && !crypto::is_thumbprint(*a.dr)) m.problem("dr", "expected a thumbprint");
  if (auto done = m.finish(); !done) return done.error();
  return a;
}

Result<void> join(Identity& known, const Identity& answer) {
  const auto refused = [](const char* where, std::string why) { return fault(Fault::Kind::refused, where, std::move(why)); };
  if (answer.agent != known.agent || answer.tenant != known.tenant) return refused("enroll", "the service gave this agent another name or tenant: its store is not the one it was enrolled in");
  if (answer.sr != known.sr) return refused("enroll.sr", "the service's root key is not the one that was pinned");
  for (const auto& [domain, pin] : answer.domains)
    if (!known.domains.emplace(domain, pin).second) return refused("enroll", "already enrolled in " + domain);
  known.issuer = answer.issuer;
  return {};
}

Result<AgentList> read_agent_list(std::string_view text) {
  auto parsed = protocol::parse_json(text);
  if (!parsed) return parsed.error();
  Members m(*parsed, Members::Unknown::ignored);
  AgentList list;
  m.text("roster", list.roster).optional_texts("roots", list.roots, protocol::roots_max);
  protocol::read_list(m, "agents", listed_max, list.agents, read_listed);
  if (auto done = m.finish(); !done) return done.error();
  return list;
}

Result<std::string> issuer_of(const std::vector<std::string>& endorsements, std::string_view sr_pin, UnixSeconds now) {
  for (const auto& jws : endorsements) {
    auto payload = crypto::verify_pinned(jws, protocol::typ_endorse, sr_pin);
    if (!payload) continue;
    auto endorsement = protocol::decode<protocol::Endorsement>(*payload);
    if (endorsement && endorsement->exp > now && is_name(endorsement->iss)) return endorsement->iss;
  }
  return fault(Fault::Kind::refused, "enroll.sk", "no signing key endorsed by the service's root");
}

Result<protocol::Roster> roster_with(protocol::Roster roster, const protocol::RosterAgent& agent, UnixSeconds now) {
  const auto found = std::find_if(roster.agents.begin(), roster.agents.end(), [&](const auto& a) { return a.id == agent.id; });
  if (found != roster.agents.end() && !(found->as == agent.as)) return fault(Fault::Kind::refused, "roster", "that agent stands in the roster with another key");
  if (found == roster.agents.end()) {
    if (roster.agents.size() >= protocol::recipients_max) return fault(Fault::Kind::refused, "roster", "a roster holds at most 32 agents");
    roster.agents.push_back(agent);
  }
  return roster_renewed(std::move(roster), now);
}

Result<protocol::Roster> roster_with_key(protocol::Roster roster, const protocol::RosterAgent& agent, UnixSeconds now) {
  for (auto& known : roster.agents)
    if (known.id == agent.id) known.as = agent.as;
  return roster_with(std::move(roster), agent, now);
}

Result<protocol::Roster> roster_without(protocol::Roster roster, const std::string& agent, UnixSeconds now) {
  if (std::erase_if(roster.agents, [&](const auto& a) { return a.id == agent; }) == 0) return fault(Fault::Kind::refused, "roster", "that agent does not stand in the roster");
  if (roster.agents.empty()) return fault(Fault::Kind::refused, "roster", "it is the last one: approve another first (--instead-of), or have the service's operator revoke it");
  return roster_renewed(std::move(roster), now);
}

protocol::Roster roster_renewed(protocol::Roster roster, UnixSeconds now) {
  roster.rsn += 1;
  roster.iat = now;
  roster.exp = now + roster_seconds;
  return roster;
}

}  // namespace wb::agent
