// A job that is rightly signed and says anything (a service in wrong hands), with any text as its sealed password.
// Before the first NUL: the payload. Behind it: the sealed password.
#include "agent/job_check.hpp"

#include "crypto/jws.hpp"
#include "protocol/codec.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {

void run(std::string_view input) {
  static const auto sk = crypto::PrivateKey::generate().value();
  static const agent::Trust trust{"default", "https://sspr.example", {{sk.kid(), {sk.public_key(), 4'000'000'000}}}};
  constexpr agent::Moment moment{1'795'176'010, 0};
  if (input.size() > 16 * 1024) return;
  const auto end = input.find('\0');
  const auto checked = agent::believe(crypto::sign(sk, protocol::typ_job, input.substr(0, end)).value(), trust, moment);
  const auto* believed = std::get_if<agent::Believed>(&checked);
  if (!believed) return hold(!std::get<agent::Invalid>(checked).reason.empty(), "a refusal has a name");
  const auto& job = believed->job;
  hold(job.aud == "default/" + believed->domain && !believed->domain.empty() && job.exp > moment.now && job.fence > 0 && job.att > 0, "believed within the rules");
  hold(!protocol::is_sealed(job.op) || (job.pre && job.sh), "what is sealed is bound");
  std::optional<std::string> sec;
  if (end != std::string_view::npos) sec = std::string(input.substr(end + 1));
  using std::chrono::milliseconds;
  const auto no = agent::check_binding(*believed, sec, std::nullopt, milliseconds(0), milliseconds(1'000), moment);
  if (!no && protocol::is_sealed(job.op)) hold(sec && crypto::sha256_url(*sec) == *job.sh, "nothing is opened but what was signed for");
}

}  // namespace wb::fuzz
