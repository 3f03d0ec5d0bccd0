// Sealed passwords: taken apart, and what names us as its recipient is opened as far as it goes.
#include "crypto/jwe.hpp"
#include "protocol/codec.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {
using namespace crypto;

void run(std::string_view input) {
  static const auto ours = PrivateKey::generate().value();
  const auto read = read_sealed(input);
  hold(!open_sealed(input, ours), "nothing that is not for us is opened");
  if (!read) return;
  hold(input.size() <= protocol::job_bytes_max && !read->kids.empty() && read->kids.size() <= protocol::recipients_max, "within the limits");
  hold(protocol::decode<protocol::SealBinding>(protocol::encode(read->binding)).has_value(), "the binding survives being written");
  // As if to us: key agreement, unwrapping and all, with the sender's point.
  std::string to_us(input);
  const auto at = to_us.find(read->kids.front());
  if (at == std::string::npos) return;  // it was spelt with escapes
  to_us.replace(at, ours.kid().size(), ours.kid());
  const auto opened = open_sealed(to_us, ours);
  hold(opened.has_error() && (opened.error().kind == Fault::Kind::refused || opened.error().kind == Fault::Kind::malformed), "a key that was wrapped for another opens nothing");
}

}  // namespace wb::fuzz
