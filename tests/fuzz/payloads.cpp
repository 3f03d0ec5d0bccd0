// The payloads of signed objects (docs/PROTOCOL.md sections 3 to 5): strict, and one spelling of each value on our side.
#include "protocol/codec.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {
namespace {
using namespace protocol;

template <class T> int payload(std::string_view text) {
  const auto read = decode<T>(text);
  if (!read) return 0;
  const auto written = encode(*read);
  const auto again = decode<T>(written);
  hold(again.has_value() && encode(*again) == written, "a payload survives being written");
  return 1;
}
}  // namespace

void run(std::string_view input) {
  const int kinds = payload<HelloClaims>(input) + payload<EnrollClaims>(input) + payload<Roster>(input) + payload<Statement>(input) + payload<SubmitClaims>(input) + payload<SigningClaims>(input) +
      payload<Endorsement>(input) + payload<Job>(input) + payload<SealBinding>(input) + payload<JobResult>(input);
  hold(kinds <= 1, "no text is two kinds of payload: a typ that is mistaken must not help anybody");
}

}  // namespace wb::fuzz
