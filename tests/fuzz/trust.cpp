// Rosters, statements and endorsements that are rightly signed and say anything: only a mistaken or malicious holder of
// the key makes them, and they must be believed by rule alone. First line: roster, statement or endorsement.
#include "crypto/trust.hpp"

#include "protocol/codec.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {
namespace {
using namespace crypto;
constexpr UnixSeconds now = 1'795'176'010;  // shortly after the golden messages

std::string signed_by(const PrivateKey& key, std::string_view typ, std::string_view payload, CarryKey carry) { return sign(key, typ, payload, carry).value(); }
}  // namespace

void run(std::string_view input) {
  static const auto root = PrivateKey::generate().value(), agent = PrivateKey::generate().value();
  if (input.size() > 16 * 1024) return;
  const auto kind = take_line(input);
  if (kind == "roster") {
    const auto roster = check_roster(signed_by(root, protocol::typ_roster, input, CarryKey::yes), root.kid(), "default", "corp.example", 2, now);
    if (!roster) return;
    hold(roster->rsn >= 2 && roster->exp > now && roster->dom == "corp.example" && !roster->agents.empty(), "a roster within the rules");
    for (const auto& member : roster->agents) hold(PublicKey::from_jwk(member.as).has_value(), "keys on the curve");
  } else if (kind == "statement") {
    protocol::Roster roster{"default", "corp.example", 2, now, now + 60, {{"01ARZ3NDEKTSV4RRFFQ69G5FAV", agent.public_key().jwk()}}};
    const auto statement = check_statement(signed_by(agent, protocol::typ_statement, input, CarryKey::no), roster, now);
    if (!statement) return;
    hold(statement->agent == roster.agents[0].id && statement->rsn == 2 && statement->exp > now, "a statement within the rules");
    for (const auto& ae : statement->ae) hold(PublicKey::from_jwk(ae.jwk).has_value() && thumbprint(ae.jwk) == ae.kid, "keys on the curve, under their names");
  } else if (kind == "endorsement") {
    const auto key = check_endorsement(signed_by(root, protocol::typ_endorse, input, CarryKey::yes), root.kid(), "https://sspr.example", now);
    if (key) hold(PublicKey::from_jwk(key->key.jwk()).has_value(), "a key on the curve");
  }
}

}  // namespace wb::fuzz
