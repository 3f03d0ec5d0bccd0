// What an agent reads of its service's answers and of its own files outside the link.
#include "agent/enroll.hpp"
#include "agent/service_url.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {

void run(std::string_view input) {
  if (const auto identity = agent::decode_identity(input)) {
    const auto written = agent::encode_identity(*identity);
    const auto again = agent::decode_identity(written);
    hold(again.has_value() && agent::encode_identity(*again) == written, "an identity survives being written");
  }
  (void)agent::read_enroll_answer(input);
  (void)agent::read_agent_list(input);
  (void)agent::parse_token(input);
  if (const auto url = agent::parse_service_url(input)) hold(agent::parse_service_url(url->text).has_value(), "a URL is a URL");
}

}  // namespace wb::fuzz
