#include "service/sspr/signed_in.hpp"

#include "core/base64url.hpp"
#include "protocol/json.hpp"

namespace wb::service::sspr {
namespace {

namespace json = protocol::json;
using protocol::Members;

json::value shape(const std::optional<RegisteredMethod>& method) {
  if (!method) return nullptr;
  return json::object{{"id", method->id}, {"kind", to_string(method->kind)}, {"label", method->label}, {"sealed", method->sealed}, {"made", method->made}};
}
Result<RegisteredMethod> method_of(const json::value& value) {
  RegisteredMethod method;
  std::string kind;
  auto read = Members(value, Members::Unknown::refused).text("id", method.id).text("kind", kind).text("label", method.label).text("sealed", method.sealed).integer("made", method.made).finish();
  if (!read) return read.error();
  const auto known = method_from(kind);
  if (!known) return fault(Fault::Kind::malformed, "sspr.signed_in", "kind");
  method.kind = *known;
  return method;
}

json::value shape(const std::optional<SentCode>& code) {
  if (!code) return nullptr;
  return json::object{{"mac", base64url(code->mac)}, {"sent", code->sent}, {"expires", code->expires}, {"tries_left", code->tries_left}, {"used", code->used}};
}
Result<SentCode> code_of(const json::value& value) {
  SentCode code;
  std::string mac;
  auto read = Members(value, Members::Unknown::refused).text("mac", mac).integer("sent", code.sent).integer("expires", code.expires).number("tries_left", code.tries_left).flag("used", code.used).finish();
  if (!read) return read.error();
  auto bytes = from_base64url(mac);
  if (!bytes) return fault(Fault::Kind::malformed, "sspr.signed_in", "mac");
  code.mac = std::move(*bytes);
  return code;
}

}  // namespace

std::string to_json(const SignedIn& s) {
  return json::serialize(json::object{{"name", s.name}, {"language", s.language}, {"address", s.address}, {"begun_ms", s.begun_ms}, {"seen", s.seen}, {"exists", s.exists},
      {"administrator", s.administrator}, {"proven", s.proven}, {"level", s.level}, {"sub", s.sub}, {"probe", s.probe}, {"looks", s.looks}, {"tries", s.tries}, {"pending", shape(s.pending)}, {"code", shape(s.code)}});
}

Result<SignedIn> signed_in_from(std::string_view text) {
  auto parsed = protocol::parse_json(text);
  if (!parsed) return parsed.error();
  SignedIn s;
  Members m(*parsed, Members::Unknown::refused);
  m.text("name", s.name).text("language", s.language).text("address", s.address).integer("begun_ms", s.begun_ms).flag("seen", s.seen).flag("exists", s.exists);
  m.flag("administrator", s.administrator).flag("proven", s.proven).number("level", s.level).text("sub", s.sub).text("probe", s.probe).integer("looks", s.looks).integer("tries", s.tries);
  if (const auto* pending = m.any("pending"); pending && !pending->is_null()) m.take("pending", method_of(*pending), s.pending.emplace());
  if (const auto* code = m.any("code"); code && !code->is_null()) m.take("code", code_of(*code), s.code.emplace());
  if (auto done = m.finish(); !done) return fault(Fault::Kind::malformed, "sspr.signed_in", done.error().detail);
  return s;
}

}  // namespace wb::service::sspr
