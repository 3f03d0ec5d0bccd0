// Names for things: ULIDs (sortable, 26 characters) for jobs, messages, sessions; random tokens for secrets.
#pragma once
#include <string>
#include <string_view>

namespace wb {

// A ULID: 48 bits of milliseconds, 80 random bits, Crockford base 32. https://github.com/ulid/spec
std::string new_ulid();
bool is_ulid(std::string_view text);
std::string ulid_hex(std::string_view ulid);  // its 128 bits as 32 lower-case hex digits; of what is no ULID, zeros
// Cryptographically random bytes (OpenSSL RAND_bytes). Aborts if the machine has none: nothing safe can follow.
std::string random_bytes(std::size_t count);
// Cleaned for a log line or a message to an operator: printable ASCII only, at most `limit` characters.
std::string printable(std::string_view text, std::size_t limit = 80);
// ASCII letters in lower case, all other bytes as they are.
std::string lowered(std::string_view text);
// A DNS domain name as operators write it (letters, digits, hyphens, dots; at most 253): lower-cased, or empty.
std::string domain_name(std::string_view text);

}  // namespace wb
