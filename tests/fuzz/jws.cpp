// Signed objects: taken apart, never believed. Whoever makes the input has no key of ours.
#include "core/base64url.hpp"
#include "crypto/jws.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {
using namespace crypto;

void run(std::string_view input) {
  static const auto ours = PrivateKey::generate().value();
  for (const auto typ : {protocol::typ_job, protocol::typ_roster}) {
    for (const auto carry : {CarryKey::no, CarryKey::yes}) {
      const auto parsed = parse_jws(input, typ, carry);
      if (!parsed) continue;
      hold(parsed->signing_input + "." + base64url(parsed->signature) == input, "one spelling of a signed object");
      hold(parsed->signing_input.ends_with("." + base64url(parsed->payload)), "the payload is what was signed");
      hold(parsed->jwk.has_value() == (carry == CarryKey::yes) && (!parsed->jwk || parsed->jwk->kid() == parsed->kid), "the key it carries is the one it names");
    }
    hold(!verify(input, typ, ours.public_key()) && !verify_pinned(input, typ, ours.kid()), "nobody signs for us");
    if (const auto self = verify_self_signed(input, typ)) hold(verify_pinned(input, typ, self->key.kid()).has_value(), "self-signed is pinned to itself");
  }
}

}  // namespace wb::fuzz
