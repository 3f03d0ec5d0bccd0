// The two sheets that go between the service and the machine where its root (SR) is, when that is another one: a request with
// the public halves of signing keys (SK), and the endorsements that SR gives them (docs/PROTOCOL.md section 3). Pure: takes now.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "crypto/keys.hpp"
#include "protocol/messages.hpp"
#include "service/key_schedule.hpp"

namespace wb::service {

constexpr std::size_t request_keys_max = 13;  // a year
constexpr std::size_t endorsements_max = 4;   // valid at once: what agents are told

// JSON: {"v":1,"iss":...,"sr":thumbprint,"from":seconds,"sk":[jwk...]}. Not signed: who endorses it compares the keys' thumbprints.
struct KeyRequest {
  std::string iss, sr;
  UnixSeconds from = 0;  // when the first key begins; each further one 28 days after the one before
  std::vector<protocol::Jwk> sk;
};
std::string encode(const KeyRequest& request);
// Fault malformed: not a request, no keys or too many, a key that is none, one key twice.
Result<KeyRequest> decode_request(std::string_view text);

// What an endorsement says, and the times by which service/key_schedule decides.
struct EndorsedKey {
  std::string jws, kid;
  protocol::Endorsement claims;
  SigningKeyTimes times;
  UnixSeconds begins = 0;  // agents of any clock that we tolerate believe it from then on
};
// Signed by this root, for this issuer; its times are not looked at. Fault malformed / refused, where "keys.endorsement".
Result<EndorsedKey> read_endorsement(std::string jws, std::string_view sr, std::string_view iss);
// As read_endorsement, and fit to be installed: not over, not made in the future, with the life of a signing key.
Result<EndorsedKey> check_offered(std::string jws, std::string_view sr, std::string_view iss, UnixSeconds now);

// One endorsement: `key` from `begins` on, for 30 days.
Result<std::string> endorse(const crypto::PrivateKey& root, std::string_view iss, const protocol::Jwk& key, UnixSeconds begins, UnixSeconds now);
// One for each key, in the request's order. Fault refused: for another root, or one that begins more than 400 days from now.
Result<std::vector<std::string>> endorse(const crypto::PrivateKey& root, const KeyRequest& request, UnixSeconds now);

}  // namespace wb::service
