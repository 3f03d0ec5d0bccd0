// The result of a job and the probe's answer in it (docs/PROTOCOL.md section 5).
#include "protocol/codec.hpp"
#include "protocol/shapes.hpp"

namespace wb::protocol {
namespace {

json::object shape_probe(const ProbeAnswer& p) {
  json::object policy{{"min_length", p.policy.min_length}, {"complexity", p.policy.complexity}, {"history", p.policy.history},
      {"min_age_s", p.policy.min_age_s}, {"max_age_s", p.policy.max_age_s}};
  if (p.policy.change_from) policy["change_from"] = *p.policy.change_from;
  if (p.policy.lockout_threshold > 0)
    policy["lockout"] = json::object{{"threshold", p.policy.lockout_threshold}, {"window_s", p.policy.lockout_window_s}, {"duration_s", p.policy.lockout_duration_s}};
  json::object contacts;
  for (const auto& [name, values] : p.contacts) contacts[view(name)] = shape(values);
  const auto& s = p.state;
  json::object state{{"disabled", s.disabled}, {"locked", s.locked}, {"must_change", s.must_change}, {"expired", s.expired}, {"never_expires", s.never_expires},
      {"account_expired", s.account_expired}, {"cannot_change", s.cannot_change}, {"smart_card", s.smart_card}};
  if (s.locked_until) state["locked_until"] = *s.locked_until;
  json::object out{{"sub", p.sub}, {"dc", p.dc}, {"state", state}, {"policy", policy}, {"display_name", p.display_name}, {"groups", shape(p.groups)},
      {"contacts", contacts}, {"pre", shape(std::optional<Pre>(p.pre))}, {"now", p.now}};
  if (!p.privileged.empty()) out["privileged"] = p.privileged;
  if (!p.language.empty()) out["language"] = p.language;
  return out;
}

void read_nested(Members& m, std::string_view name, const std::function<void(Members&)>& body, bool needed = true) {
  const auto* value = m.any(name, needed);
  if (!value) return;
  Members inner(*value, Members::Unknown::refused);
  body(inner);
  if (auto done = inner.finish(); done.has_error()) m.problem(name, done.error().detail);
}

void read_contacts(Members& m, ProbeAnswer& p) {
  const auto* contacts = m.any("contacts");
  if (!contacts) return;
  if (!contacts->is_object() || contacts->get_object().size() > 16) return m.problem("contacts", "expected an object of at most 16 lists of strings");
  Members inner(*contacts, Members::Unknown::ignored);
  for (const auto& member : contacts->get_object()) inner.texts(member.key(), p.contacts[std::string(member.key())], 16);
  if (auto done = inner.finish(); done.has_error()) m.problem("contacts", done.error().detail);
}

Result<ProbeAnswer> read_probe(const json::value& value) {
  Members m(value, Members::Unknown::refused);
  ProbeAnswer p;
  m.text("sub", p.sub).text("dc", p.dc);
  read_nested(m, "state", [&p](Members& s) {
    s.flag("disabled", p.state.disabled).flag("locked", p.state.locked).flag("must_change", p.state.must_change);
    s.flag("expired", p.state.expired).flag("never_expires", p.state.never_expires).flag("account_expired", p.state.account_expired);
    s.flag("cannot_change", p.state.cannot_change).flag("smart_card", p.state.smart_card).integer("locked_until", p.state.locked_until);
  });
  read_nested(m, "policy", [&p](Members& o) {
    o.number("min_length", p.policy.min_length).flag("complexity", p.policy.complexity).number("history", p.policy.history);
    o.integer("min_age_s", p.policy.min_age_s).integer("max_age_s", p.policy.max_age_s).integer("change_from", p.policy.change_from);
    const auto lockout = [&p](Members& l) {
      l.number("threshold", p.policy.lockout_threshold).integer("window_s", p.policy.lockout_window_s).integer("duration_s", p.policy.lockout_duration_s);
    };
    read_nested(o, "lockout", lockout, false);
  });
  std::optional<std::string> privileged, language;
  m.text("display_name", p.display_name).text("privileged", privileged).text("language", language).texts("groups", p.groups, 1024);
  p.privileged = privileged.value_or(""), p.language = language.value_or("");
  read_contacts(m, p);
  if (const auto* pre = m.any("pre")) m.take("pre", read_pre(*pre), p.pre);
  m.integer("now", p.now);
  if (auto done = m.finish(); done.has_error()) return done.error();
  return p;
}

}  // namespace

std::string_view to_string(Code code) {
  switch (code) {
    case Code::ok: return "ok";
    case Code::applied: return "applied";
    case Code::applied_but: return "applied_but";
    case Code::rejected: return "rejected";
    case Code::denied: return "denied";
    case Code::superseded: return "superseded";
    case Code::failed: return "failed";
    case Code::reprobe: return "reprobe";
    case Code::invalid: return "invalid";
    case Code::busy: return "busy";
    case Code::in_doubt: return "in_doubt";
    case Code::unknown: return "unknown";
  }
  return "unknown";
}

std::optional<Code> code_from(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(Code::unknown); ++i)
    if (to_string(static_cast<Code>(i)) == text) return static_cast<Code>(i);
  return std::nullopt;
}

template <> std::string encode(const ProbeAnswer& p) { return json::serialize(shape_probe(p)); }
template <> Result<ProbeAnswer> decode(std::string_view text) {
  auto parsed = parse_json(text);
  if (parsed.has_error()) return parsed.error();
  return read_probe(parsed.value());
}

template <> std::string encode(const JobResult& r) {
  json::object out{{"v", 1}, {"jti", r.jti}, {"fence", r.fence}, {"att", r.att}, {"agent", r.agent}, {"op", view(to_string(r.op))}};
  if (r.sub) out["sub"] = *r.sub;
  out["code"] = view(to_string(r.code));
  if (!r.reason.empty()) out["reason"] = r.reason;
  out["text"] = r.text;
  if (r.retry_after) out["retry_after"] = *r.retry_after;
  if (r.dc) out["dc"] = *r.dc;
  if (r.pls) out["pls"] = *r.pls;
  if (r.ver) out["ver"] = *r.ver;
  if (r.usn) out["usn"] = *r.usn;
  if (!r.also.empty()) out["also"] = shape(r.also);
  if (r.probe) out["probe"] = shape_probe(*r.probe);
  out["took"] = json::object{{"total_ms", r.total_ms}, {"directory_ms", r.directory_ms}};
  out["at"] = r.at;
  return json::serialize(out);
}

template <> Result<JobResult> decode(std::string_view text) {
  auto parsed = parse_json(text);
  if (parsed.has_error()) return parsed.error();
  Members m(parsed.value(), Members::Unknown::refused);
  JobResult r;
  std::string op, code;
  std::optional<std::string> reason;
  m.version().text("jti", r.jti).integer("fence", r.fence).number("att", r.att).text("agent", r.agent).text("op", op).text("sub", r.sub).text("code", code);
  m.text("reason", reason).text("text", r.text).integer("retry_after", r.retry_after).text("dc", r.dc).text("pls", r.pls).integer("ver", r.ver).integer("usn", r.usn);
  m.optional_texts("also", r.also, 16).integer("at", r.at);
  read_nested(m, "took", [&r](Members& t) { t.decimal("total_ms", r.total_ms).decimal("directory_ms", r.directory_ms); });
  if (const auto* probe = m.any("probe", false)) m.take("probe", read_probe(*probe), r.probe.emplace());
  r.reason = reason.value_or("");
  if (auto o = op_from(op)) r.op = *o;
  else m.problem("op", "expected an operation of the contract");
  if (auto c = code_from(code)) r.code = *c;
  else m.problem("code", "expected a code of the contract");
  if (auto done = m.finish(); done.has_error()) return done.error();
  return r;
}

}  // namespace wb::protocol
