// The envelope and every message of the link (docs/PROTOCOL.md sections 2 and 5).
#include "protocol/codec.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {
namespace {
using namespace protocol;

// What was read, written and read again is the same.
template <class T> void body(const std::string& text) {
  const auto read = decode<T>(text);
  if (!read) return;
  const auto written = encode(*read);
  const auto again = decode<T>(written);
  hold(again.has_value() && encode(*again) == written, "a message survives being written");
}
}  // namespace

void run(std::string_view input) {
  const auto envelope = decode_envelope(input);
  if (!envelope) return hold(envelope.error().detail.size() < 200, "a refusal says little");
  hold(input.size() <= message_bytes_max, "nothing larger than the limit");
  const auto again = decode_envelope(encode_envelope(*envelope), 2 * message_bytes_max);  // escapes may make it longer
  hold(again.has_value() && again->type == envelope->type && again->id == envelope->id && again->re == envelope->re && again->body == envelope->body, "an envelope survives being written");
  const auto& b = envelope->body;
  body<Challenge>(b), body<Hello>(b), body<Welcome>(b), body<ServiceKeys>(b), body<AgentKeys>(b), body<JobMessage>(b), body<JobRef>(b), body<Progress>(b);
  body<ResultMessage>(b), body<AgentHeartbeat>(b), body<AgentFindings>(b), body<ServiceHeartbeat>(b), body<Drain>(b), body<Draining>(b), body<Error>(b);
}

}  // namespace wb::fuzz
