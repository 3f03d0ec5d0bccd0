#include "agent/identity.hpp"

#include "platform/private_files.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {
namespace json = protocol::json;
using protocol::Members;

void read_domains(Members& m, std::map<std::string, DomainPin>& out) {
  const auto* value = m.any("domains");
  if (!value) return;
  const auto* object = value->if_object();
  if (!object || object->size() > domains_max) return m.problem("domains", "expected an object of at most 16 domains");
  for (const auto& member : *object) {
    Members pin(member.value(), Members::Unknown::ignored);
    DomainPin read;
    pin.text("dr", read.dr).integer("rsn", read.rsn);
    if (auto done = pin.finish(); !done) return m.problem("domains", done.error().detail);
    out.emplace(std::string(member.key()), read);
  }
}

}  // namespace

std::filesystem::path identity_file(const std::filesystem::path& state_dir) { return state_dir / "identity.json"; }
std::filesystem::path root_key_file(const std::filesystem::path& state_dir, const std::string& domain) { return state_dir / ("dr-" + domain + ".pem"); }

std::string encode_identity(const Identity& identity) {
  json::object domains;
  for (const auto& [name, pin] : identity.domains) domains[name] = json::object{{"dr", pin.dr}, {"rsn", pin.rsn}};
  return json::serialize(json::object{{"v", 1}, {"agent", identity.agent}, {"tenant", identity.tenant}, {"service", identity.service},
             {"issuer", identity.issuer}, {"sr", identity.sr}, {"domains", domains}}) +
      "\n";
}

Result<Identity> decode_identity(std::string_view text) {
  auto parsed = protocol::parse_json(text);
  if (!parsed) return parsed.error();
  Members m(*parsed, Members::Unknown::ignored);
  Identity out;
  m.version().text("agent", out.agent).text("tenant", out.tenant).text("service", out.service).text("issuer", out.issuer).text("sr", out.sr);
  read_domains(m, out.domains);
  if (auto done = m.finish(); !done) return done.error();
  return out;
}

Result<Identity> load_identity(const std::filesystem::path& state_dir) {
  auto text = platform::read_file(identity_file(state_dir));
  if (!text) return text.error();
  return decode_identity(*text);
}

Result<void> save_identity(const std::filesystem::path& state_dir, const Identity& identity) {
  return platform::write_private_file(identity_file(state_dir), encode_identity(identity));
}

}  // namespace wb::agent
