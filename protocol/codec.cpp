// The envelope and the messages of the link (docs/PROTOCOL.md sections 2 and 5).
#include "protocol/codec.hpp"

#include "core/ids.hpp"
#include "protocol/shapes.hpp"

namespace wb::protocol {
namespace {

std::string text_of(const json::object& object) { return json::serialize(object); }

// Reads the object in `text` with `body`, which asks `Members` for what it needs.
template <class T, class F> Result<T> read_object(std::string_view text, F body) {
  auto parsed = parse_json(text);
  if (parsed.has_error()) return parsed.error();
  Members members(parsed.value(), Members::Unknown::ignored);
  T out{};
  body(members, out);
  if (auto done = members.finish(); done.has_error()) return done.error();
  return out;
}

void read_text_map(Members& m, std::string_view name, std::map<std::string, std::string>& out) {
  const auto* value = m.any(name);
  if (!value) return;
  const auto* object = value->if_object();
  if (!object || object->size() > 64) return m.problem(name, "expected an object of at most 64 strings");
  for (const auto& member : *object) {
    const auto* s = member.value().if_string();
    if (!s) return m.problem(name, "expected an object of strings");
    out.emplace(std::string(member.key()), std::string(s->data(), s->size()));
  }
}

std::string_view text_in(const json::value* value) {
  const auto* s = value ? value->if_string() : nullptr;
  return s ? std::string_view(s->data(), s->size()) : std::string_view();
}

json::object shape_map(const std::map<std::string, std::string>& map) {
  json::object out;
  for (const auto& [key, value] : map) out[view(key)] = value;
  return out;
}

}  // namespace

Result<Envelope> decode_envelope(std::string_view text, std::size_t limit) {
  if (text.size() > limit) return fault(Fault::Kind::malformed, "codec.envelope", "message over the size limit");
  auto parsed = parse_json(text);
  if (parsed.has_error()) return parsed.error();
  Members members(parsed.value(), Members::Unknown::refused);
  Envelope out;
  members.text("t", out.type).text("id", out.id).text("re", out.re);
  const auto* body = members.any("b");
  if (body && !body->is_object()) members.problem("b", "expected an object");
  if (members.ok() && (out.type.empty() || out.type.size() > 32)) members.problem("t", "expected 1 to 32 characters");
  if (members.ok() && (!is_ulid(out.id) || (out.re && !is_ulid(*out.re)))) members.problem("id", "expected a ulid");
  if (auto done = members.finish(); done.has_error()) return done.error();
  out.body = json::serialize(*body);
  return out;
}

std::string encode_envelope(const Envelope& envelope) {
  // Put together by hand: the body is JSON text already, and these three members need no escaping but the type.
  std::string out = "{\"t\":" + json::serialize(json::string(view(envelope.type))) + ",\"id\":\"" + (envelope.id.empty() ? new_ulid() : envelope.id) + "\"";
  if (envelope.re) out += ",\"re\":\"" + *envelope.re + "\"";
  return out + ",\"b\":" + envelope.body + "}";
}

template <> std::string encode(const Challenge& c) {
  json::array versions;
  for (const int v : c.versions) versions.emplace_back(v);
  return text_of({{"nonce", c.nonce}, {"gateway", c.gateway}, {"now", c.now}, {"versions", versions}, {"cb", c.cb}});
}
template <> Result<Challenge> decode(std::string_view text) {
  return read_object<Challenge>(text, [](Members& m, Challenge& c) {
    m.text("nonce", c.nonce).text("gateway", c.gateway).integer("now", c.now).numbers("versions", c.versions).text("cb", c.cb);
    if (m.ok() && c.cb != "exporter" && c.cb != "none") m.problem("cb", "expected exporter or none");
  });
}

template <> std::string encode(const Hello& h) { return text_of({{"jws", h.jws}}); }
template <> Result<Hello> decode(std::string_view text) {
  return read_object<Hello>(text, [](Members& m, Hello& h) { m.text("jws", h.jws); });
}

template <> std::string encode(const Welcome& w) {
  json::object out{{"session", w.session}, {"version", w.version}, {"heartbeat_ms", w.heartbeat_ms}, {"lease_ms", w.lease_ms}, {"window", w.window}, {"now", w.now}};
  if (!w.caps.empty()) out["caps"] = shape(w.caps);
  if (!w.software.empty()) out["software"] = w.software;
  return text_of(out);
}
template <> Result<Welcome> decode(std::string_view text) {
  return read_object<Welcome>(text, [](Members& m, Welcome& w) {
    m.text("session", w.session).number("version", w.version).number("heartbeat_ms", w.heartbeat_ms);
    m.number("lease_ms", w.lease_ms).number("window", w.window).integer("now", w.now).optional_texts("caps", w.caps);
    std::optional<std::string> software;
    m.text("software", software);
    if (software) w.software = printable(*software, 64);
    if (m.ok() && (w.heartbeat_ms < 10 || w.lease_ms < 100 || w.window < 1)) m.problem("heartbeat_ms, lease_ms, window", "out of range");
  });
}

template <> std::string encode(const ServiceKeys& k) {
  json::object out{{"sk", shape(k.sk)}, {"rosters", shape_map(k.rosters)}}, roots;
  for (const auto& [domain, chain] : k.roots) roots[view(domain)] = shape(chain);
  if (!roots.empty()) out["roots"] = std::move(roots);
  return text_of(out);
}
template <> Result<ServiceKeys> decode(std::string_view text) {
  return read_object<ServiceKeys>(text, [](Members& m, ServiceKeys& k) {
    m.texts("sk", k.sk, 8);
    read_text_map(m, "rosters", k.rosters);
    const auto* roots = m.any("roots", false);
    if (!roots || roots->is_null()) return;
    if (!roots->is_object() || roots->get_object().size() > 16) return m.problem("roots", "expected an object of at most 16 domains");
    Members each(*roots, Members::Unknown::ignored);
    for (const auto& member : roots->get_object()) each.texts(std::string_view(member.key()), k.roots[std::string(member.key())], roots_max);
    if (auto done = each.finish(); done.has_error()) m.problem("roots", done.error().detail);
  });
}

template <> std::string encode(const AgentKeys& k) { return text_of({{"statements", shape_map(k.statements)}}); }
template <> Result<AgentKeys> decode(std::string_view text) {
  return read_object<AgentKeys>(text, [](Members& m, AgentKeys& k) { read_text_map(m, "statements", k.statements); });
}

template <> std::string encode(const JobMessage& j) {
  json::object out{{"jws", j.jws}};
  if (j.sec) out["sec"] = *j.sec;
  out["ttl_ms"] = j.ttl_ms;
  if (!j.trace.correlation_id.empty()) out["correlation_id"] = j.trace.correlation_id;
  if (!j.trace.traceparent.empty()) out["traceparent"] = j.trace.traceparent;
  return text_of(out);
}
template <> Result<JobMessage> decode(std::string_view text) {
  return read_object<JobMessage>(text, [](Members& m, JobMessage& j) {
    m.text("jws", j.jws).text("sec", j.sec).number("ttl_ms", j.ttl_ms);
    // No job is refused for what it is called in a log.
    if (const auto id = text_in(m.any("correlation_id", false)); is_ulid(id)) j.trace.correlation_id = id;
    j.trace.traceparent = read_traceparent(text_in(m.any("traceparent", false))).value_or("");
  });
}

template <> std::string encode(const JobRef& r) { return text_of({{"jti", r.jti}, {"fence", r.fence}}); }
template <> Result<JobRef> decode(std::string_view text) {
  return read_object<JobRef>(text, [](Members& m, JobRef& r) { m.text("jti", r.jti).integer("fence", r.fence); });
}

template <> std::string encode(const Progress& p) { return text_of({{"jti", p.jti}, {"fence", p.fence}, {"state", p.state}}); }
template <> Result<Progress> decode(std::string_view text) {
  return read_object<Progress>(text, [](Members& m, Progress& p) {
    m.text("jti", p.jti).integer("fence", p.fence).text("state", p.state);
    if (m.ok() && p.state != "applying") m.problem("state", "expected applying");
  });
}

template <> std::string encode(const ResultMessage& r) { return text_of({{"jws", r.jws}}); }
template <> Result<ResultMessage> decode(std::string_view text) {
  return read_object<ResultMessage>(text, [](Members& m, ResultMessage& r) { m.text("jws", r.jws); });
}

template <> std::string encode(const AgentHeartbeat& h) {
  json::object ready;
  for (const auto& [domain, r] : h.ready)
    ready[view(domain)] = json::object{{"ready", r.ready}, {"reason", r.reason}, {"dc", r.dc}, {"marker", r.marker}, {"hints", r.hints}};
  return text_of({{"inflight", h.inflight}, {"window", h.window}, {"ready", ready}});
}
template <> Result<AgentHeartbeat> decode(std::string_view text) {
  return read_object<AgentHeartbeat>(text, [](Members& m, AgentHeartbeat& h) {
    m.number("inflight", h.inflight).number("window", h.window);
    const auto* ready = m.any("ready");
    if (!ready) return;
    if (!ready->is_object() || ready->get_object().size() > 64) return m.problem("ready", "expected an object of at most 64 domains");
    for (const auto& member : ready->get_object()) {
      Members inner(member.value(), Members::Unknown::ignored);
      Readiness r;
      inner.flag("ready", r.ready).text("reason", r.reason).text("dc", r.dc).flag("marker", r.marker).flag("hints", r.hints);
      if (auto done = inner.finish(); done.has_error()) return m.problem("ready", done.error().detail);
      h.ready.emplace(std::string(member.key()), std::move(r));
    }
  });
}

template <> std::string encode(const AgentFindings& f) {
  json::array findings;
  for (const auto& one : f.findings) {
    json::object out{{"result", to_string(one.result)}, {"code", one.code}};
    if (!one.domain.empty()) out["domain"] = one.domain;
    if (!one.subject.empty()) out["subject"] = one.subject;
    findings.push_back(std::move(out));
  }
  return text_of({{"age_s", f.age_s}, {"findings", std::move(findings)}});
}

template <> Result<AgentFindings> decode(std::string_view text) {
  const auto one = [](const json::value& value) -> Result<FoundThing> {
    Members m(value, Members::Unknown::ignored);
    FoundThing out;
    std::string result;
    std::optional<std::string> domain, subject;
    m.text("result", result).text("code", out.code).text("domain", domain).text("subject", subject);
    const auto read = check_result_from(result);
    out.result = read.value_or(CheckResult::skip), out.domain = domain.value_or(""), out.subject = subject.value_or("");
    if (m.ok() && !read) m.problem("result", "expected pass, warn, fail or skip");
    if (m.ok() && !is_finding_code(out.code)) m.problem("code", "expected a code");
    if (m.ok() && !is_finding_name(out.domain)) m.problem("domain", "expected a name");
    if (m.ok() && !is_finding_name(out.subject)) m.problem("subject", "expected a name");
    if (auto done = m.finish(); done.has_error()) return done.error();
    return out;
  };
  return read_object<AgentFindings>(text, [&](Members& m, AgentFindings& f) {
    m.integer("age_s", f.age_s);
    if (m.ok() && f.age_s < 0) m.problem("age_s", "expected seconds");
    read_list(m, "findings", findings_max, f.findings, one);
  });
}

template <> std::string encode(const ServiceHeartbeat& h) { return text_of({{"now", h.now}}); }
template <> Result<ServiceHeartbeat> decode(std::string_view text) {
  return read_object<ServiceHeartbeat>(text, [](Members& m, ServiceHeartbeat& h) { m.integer("now", h.now); });
}

template <> std::string encode(const Drain& d) { return text_of({{"deadline_ms", d.deadline_ms}}); }
template <> Result<Drain> decode(std::string_view text) {
  return read_object<Drain>(text, [](Members& m, Drain& d) { m.number("deadline_ms", d.deadline_ms); });
}

template <> std::string encode(const Draining&) { return "{}"; }
template <> Result<Draining> decode(std::string_view text) {
  return read_object<Draining>(text, [](Members&, Draining&) {});
}

template <> std::string encode(const Error& e) {
  json::object out{{"code", e.code}, {"message", e.message}};
  if (e.retry_after_ms) out["retry_after_ms"] = *e.retry_after_ms;
  return text_of(out);
}
template <> Result<Error> decode(std::string_view text) {
  return read_object<Error>(text, [](Members& m, Error& e) { m.text("code", e.code).text("message", e.message).number("retry_after_ms", e.retry_after_ms); });
}

std::optional<std::size_t> utf16_units(std::string_view utf8) {
  std::size_t units = 0;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const std::size_t length = lead < 0x80 ? 1 : (lead >= 0xc2 && lead <= 0xdf) ? 2
        : (lead >= 0xe0 && lead <= 0xef)                                        ? 3
        : (lead >= 0xf0 && lead <= 0xf4)                                        ? 4
                                                                                : 0;
    if (length == 0 || lead == 0 || i + length > utf8.size()) return std::nullopt;
    std::uint32_t point = length == 1 ? lead : lead & (0xffU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(utf8[i + k]);
      if ((next & 0xc0) != 0x80) return std::nullopt;
      point = (point << 6) | (next & 0x3f);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (overlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return std::nullopt;
    units += point >= 0x10000 ? 2 : 1;
    i += length;
  }
  return units;
}

}  // namespace wb::protocol
