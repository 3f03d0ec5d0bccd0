#include "service/endorsements.hpp"

#include <algorithm>
#include <set>

#include "crypto/jws.hpp"
#include "protocol/codec.hpp"
#include "protocol/shapes.hpp"

namespace wb::service {
namespace {

constexpr std::int64_t skew = 60, future_max = 300, begin_max = 400 * 86'400;

Fault refused(std::string where, std::string detail) { return fault(Fault::Kind::refused, std::move(where), std::move(detail)); }

}  // namespace

std::string encode(const KeyRequest& request) {
  namespace json = protocol::json;
  json::array keys;
  for (const auto& key : request.sk) keys.push_back(protocol::shape(key));
  return json::serialize(json::object{{"v", 1}, {"iss", request.iss}, {"sr", request.sr}, {"from", request.from}, {"sk", std::move(keys)}});
}

Result<KeyRequest> decode_request(std::string_view text) {
  auto value = protocol::parse_json(text);
  if (!value) return value.error();
  KeyRequest request;
  protocol::Members members(*value, protocol::Members::Unknown::refused);
  members.version().text("iss", request.iss).text("sr", request.sr).integer("from", request.from);
  protocol::read_list(members, "sk", request_keys_max, request.sk, protocol::read_jwk);
  if (auto read = members.finish(); !read) return read.error();
  std::set<std::string> kids;
  for (const auto& key : request.sk) {
    if (auto point = crypto::PublicKey::from_jwk(key); !point) return point.error();
    if (!kids.insert(crypto::thumbprint(key)).second) return fault(Fault::Kind::malformed, "keys.request", "a key stands in it twice");
  }
  if (request.sk.empty()) return fault(Fault::Kind::malformed, "keys.request", "no key in it");
  return request;
}

Result<EndorsedKey> read_endorsement(std::string jws, std::string_view sr, std::string_view iss) {
  constexpr auto where = "keys.endorsement";
  auto payload = crypto::verify_pinned(jws, protocol::typ_endorse, sr);
  if (!payload && payload.error().kind == Fault::Kind::malformed) return fault(Fault::Kind::malformed, where, "not an endorsement, or not all of one");
  if (!payload) return refused(where, "not signed by this service's root (" + std::string(sr) + ")");
  auto claims = protocol::decode<protocol::Endorsement>(*payload);
  if (!claims) return claims.error();
  if (claims->iss != iss) return refused(where, "for another service: its public_url is not ours");
  auto key = crypto::PublicKey::from_jwk(claims->sk);
  if (!key) return key.error();
  // Made in advance: nobody is told before all clocks agree that it has begun.
  const auto begins = claims->nbf > claims->iat ? claims->nbf + skew : claims->nbf - skew;
  return EndorsedKey{std::move(jws), key->kid(), *claims, {std::max(claims->iat, claims->nbf + skew), claims->exp}, begins};
}

Result<EndorsedKey> check_offered(std::string jws, std::string_view sr, std::string_view iss, UnixSeconds now) {
  constexpr auto where = "keys.endorsement";
  auto read = read_endorsement(std::move(jws), sr, iss);
  if (!read) return read;
  const auto& claims = read->claims;
  if (claims.exp <= now) return refused(where, "its time is over");
  if (claims.iat > now + future_max) return refused(where, "made in the future: compare this machine's clock with that of the root's");
  if (claims.exp <= claims.nbf || claims.exp - claims.nbf > sk_life_s + skew) return refused(where, "not the 30 days of a signing key");
  if (claims.nbf > now + 2 * begin_max) return refused(where, "begins years from now");
  return read;
}

Result<std::string> endorse(const crypto::PrivateKey& root, std::string_view iss, const protocol::Jwk& key, UnixSeconds begins, UnixSeconds now) {
  const protocol::Endorsement claims{std::string(iss), key, now, begins - skew, begins + sk_life_s};
  return crypto::sign(root, protocol::typ_endorse, protocol::encode(claims), crypto::CarryKey::yes);
}

Result<std::vector<std::string>> endorse(const crypto::PrivateKey& root, const KeyRequest& request, UnixSeconds now) {
  if (request.sr != root.kid()) return refused("keys.endorse", "the request is for another root than " + root.kid());
  if (request.from > now + begin_max) return refused("keys.endorse", "the request begins more than 400 days from now: compare this machine's clock with the service's");
  std::vector<std::string> all;
  auto begins = std::max(now, request.from);
  for (const auto& key : request.sk) {
    auto jws = endorse(root, request.iss, key, begins, now);
    if (!jws) return jws.error();
    all.push_back(std::move(*jws));
    begins += sk_turn_s;
  }
  return all;
}

}  // namespace wb::service
