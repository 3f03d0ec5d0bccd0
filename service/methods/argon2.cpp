#include "service/methods/argon2.hpp"

#include <argon2.h>

#include <charconv>

#include "core/ids.hpp"

namespace wb::service {
namespace {
constexpr std::uint32_t memory_kib_max = 64 * 1024, passes_max = 8, lanes = 1;
constexpr std::size_t salt_bytes = 16, hash_bytes = 32, encoded_bytes_max = 256;

// The number behind `name` ("m="), up to the next separator; 0 where there is none.
std::uint32_t parameter(std::string_view encoded, std::string_view name) {
  const auto at = encoded.find(name);
  std::uint32_t number = 0;
  if (at != std::string_view::npos) std::from_chars(encoded.data() + at + name.size(), encoded.data() + encoded.size(), number);
  return number;
}

// A stored text may not make us take all memory there is.
bool affordable(std::string_view encoded) {
  const auto memory = parameter(encoded, "$m="), passes = parameter(encoded, ",t="), wide = parameter(encoded, ",p=");
  return encoded.size() <= encoded_bytes_max && encoded.starts_with("$argon2id$v=19$") && memory > 0 && memory <= memory_kib_max && passes > 0 && passes <= passes_max && wide == lanes;
}
}  // namespace

Result<std::string> argon2id(std::string_view secret, const Argon2Cost& cost) {
  const auto salt = random_bytes(salt_bytes);
  std::string encoded(argon2_encodedlen(cost.passes, cost.memory_kib, lanes, salt_bytes, hash_bytes, Argon2_id), '\0');
  const int code = argon2id_hash_encoded(cost.passes, cost.memory_kib, lanes, secret.data(), secret.size(), salt.data(), salt.size(), hash_bytes, encoded.data(), encoded.size());
  if (code != ARGON2_OK) return fault(Fault::Kind::internal, "argon2.hash", argon2_error_message(code));
  encoded.resize(encoded.find('\0'));
  return encoded;
}

bool argon2id_fits(const std::string& encoded, std::string_view secret, const Argon2Cost& cost) {
  if (affordable(encoded)) return argon2id_verify(encoded.c_str(), secret.data(), secret.size()) == ARGON2_OK;
  (void)argon2id(secret, cost);
  return false;
}

}  // namespace wb::service
