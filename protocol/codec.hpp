// JSON <-> the types of messages.hpp. Rejects and never guesses: a missing member, a wrong type, a number out of range
// or a duplicate name is Fault malformed whose detail names the member (never its value).
#pragma once
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "protocol/messages.hpp"

namespace wb::protocol {

// decode<T>(text) reads the JSON text of one T. Link messages ignore unknown members; payloads of signed objects
// (HelloClaims ... JobResult, SealBinding) refuse them, and want "v":1.
template <class T> Result<T> decode(std::string_view json);
// The JSON text of one value; members in the contract's order.
template <class T> std::string encode(const T& value);

// The envelope: at most `limit` bytes. encode_envelope makes a new ulid for `id` when it is empty.
Result<Envelope> decode_envelope(std::string_view text, std::size_t limit = message_bytes_max);
std::string encode_envelope(const Envelope& envelope);

// A message with its type name: message_text(JobRef{...}, "accept").
template <class T> std::string message_text(std::string_view type, const T& body, std::optional<std::string> re = std::nullopt) {
  return encode_envelope(Envelope{std::string(type), {}, std::move(re), encode(body)});
}

// Length in UTF-16 code units of well-formed UTF-8 without U+0000; nullopt for anything else (section 4).
std::optional<std::size_t> utf16_units(std::string_view utf8);

}  // namespace wb::protocol
