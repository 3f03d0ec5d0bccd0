// The plaintext of a sealed password, read by a JSON reader of our own: never laxer than the ordinary strict one, and of
// the same opinion about what stands there.
#include "crypto/jwe.hpp"
#include "protocol/json.hpp"
#include "protocol/password.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {
namespace {
bool same(const Secret& secret, const protocol::json::value* value) {
  const auto* text = value ? value->if_string() : nullptr;
  return text && secret.expose([&](std::string_view s) { return s == std::string_view(text->data(), text->size()); });
}
}  // namespace

void run(std::string_view input) {
  const auto ours = crypto::read_passwords(Secret::copy_of(input));
  if (!ours) return;
  const auto theirs = protocol::parse_json(input);
  hold(theirs.has_value() && theirs->is_object(), "what is read is strict JSON");
  const auto& object = theirs->get_object();
  hold(object.size() == (ours->old ? 3U : 2U) && same(ours->pw, object.if_contains("pw")), "the password is the one that stands there");
  hold(!ours->old || same(*ours->old, object.if_contains("old")), "and the old one");
  hold(ours->pw.expose([](std::string_view s) { return protocol::check_password(s); }) == protocol::PasswordProblem::none, "it is one that may be");
  const auto again = crypto::read_passwords(crypto::make_plaintext(ours->pw, ours->old ? &*ours->old : nullptr));
  hold(again.has_value() && again->pw == ours->pw && again->old.has_value() == ours->old.has_value(), "sealed anew it is the same");
}

}  // namespace wb::fuzz
