#include "service/sspr/shapes.hpp"

#include "core/base64url.hpp"

namespace wb::service::sspr {

namespace json = protocol::json;

json::array words_of(const std::vector<Method>& methods) {
  json::array out;
  for (const auto method : methods) out.emplace_back(to_string(method));
  return out;
}

json::object shown(const RegisteredMethod& m) { return {{"id", m.id}, {"kind", to_string(m.kind)}, {"label", m.label}, {"made", m.made}, {"proven", m.proven}}; }

json::object shown(const Person& p) {
  return {{"sub", p.sub}, {"name", p.name}, {"display_name", p.display_name}, {"mail", p.mail}, {"language", p.language}, {"seen", p.seen}, {"confirmed", p.confirmed}, {"frozen", p.frozen}};
}

json::value kept(const std::optional<SentCode>& code) {
  if (!code) return nullptr;
  return json::object{{"mac", base64url(code->mac)}, {"sent", code->sent}, {"expires", code->expires}, {"tries_left", code->tries_left}, {"used", code->used}};
}

Result<SentCode> sent_code_from(const json::value& value) {
  SentCode code;
  std::string mac;
  protocol::Members m(value, protocol::Members::Unknown::refused);
  m.text("mac", mac).integer("sent", code.sent).integer("expires", code.expires).number("tries_left", code.tries_left).flag("used", code.used);
  auto bytes = from_base64url(mac);
  if (m.ok() && !bytes) m.problem("mac", "expected base64url");
  if (auto done = m.finish(); !done) return done.error();
  code.mac = std::move(*bytes);
  return code;
}

}  // namespace wb::service::sspr
