#include "service/sspr/signed_in.hpp"

#include "core/ids.hpp"
#include "protocol/json.hpp"
#include "service/sspr/settings.hpp"
#include "service/sspr/shapes.hpp"

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

Result<DirectoryEntry> entry_of(const json::value& value) {
  DirectoryEntry entry;
  auto read = Members(value, Members::Unknown::refused).text("display_name", entry.display_name).text("mail", entry.mail).text("language", entry.language).finish();
  if (!read) return read.error();
  return entry;
}

}  // namespace

std::string to_json(const SignedIn& s) {
  return json::serialize(json::object{{"name", s.name}, {"name_key", s.name_key}, {"language", s.language}, {"address", s.address}, {"begun_ms", s.told_ms}, {"seen", s.seen}, {"exists", s.exists},
      {"administrator", s.administrator}, {"proven", s.proven}, {"level", s.level}, {"device", s.device}, {"sub", s.sub}, {"groups", json::array(s.groups.begin(), s.groups.end())}, {"entry", json::object{{"display_name", s.entry.display_name}, {"mail", s.entry.mail}, {"language", s.entry.language}}}, {"probe", s.probe}, {"looks", s.looks}, {"tries", s.tries}, {"pending", shape(s.pending)}, {"code", kept(s.code)}});
}

Result<SignedIn> signed_in_from(std::string_view text) {
  auto parsed = protocol::parse_json(text);
  if (!parsed) return parsed.error();
  SignedIn s;
  Members m(*parsed, Members::Unknown::refused);
  std::optional<std::string> name_key;
  m.text("name", s.name).text("name_key", name_key).text("language", s.language).text("address", s.address).integer("begun_ms", s.told_ms).flag("seen", s.seen).flag("exists", s.exists);
  m.flag("administrator", s.administrator).flag("proven", s.proven).number("level", s.level).text("device", s.device).text("sub", s.sub).optional_texts("groups", s.groups, 3 * groups_max).text("probe", s.probe).integer("looks", s.looks).integer("tries", s.tries);
  if (const auto* entry = m.any("entry")) m.take("entry", entry_of(*entry), s.entry);
  if (const auto* pending = m.any("pending"); pending && !pending->is_null()) m.take("pending", method_of(*pending), s.pending.emplace());
  if (const auto* code = m.any("code"); code && !code->is_null()) m.take("code", sent_code_from(*code), s.code.emplace());
  if (auto done = m.finish(); !done) return fault(Fault::Kind::malformed, "sspr.signed_in", done.error().detail);
  s.name_key = name_key.value_or(lowered(s.name));  // of a ticket of before 2026-11-28
  return s;
}

}  // namespace wb::service::sspr
