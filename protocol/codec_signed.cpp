// Payloads of signed objects (docs/PROTOCOL.md sections 3 to 5): strict, a member nobody knows is refused.
#include "protocol/codec.hpp"
#include "protocol/shapes.hpp"

namespace wb::protocol {
namespace {

template <class T, class F> Result<T> read_value(const json::value& value, F body) {
  Members members(value, Members::Unknown::refused);
  T out{};
  body(members, out);
  if (auto done = members.finish(); done.has_error()) return done.error();
  return out;
}
template <class T, class F> Result<T> read_strict(std::string_view text, F body) {
  auto parsed = parse_json(text);
  if (parsed.has_error()) return parsed.error();
  return read_value<T>(parsed.value(), body);
}

json::object shape_roster_agent(const RosterAgent& a) { return {{"id", a.id}, {"as", shape(a.as)}}; }
Result<RosterAgent> read_roster_agent(const json::value& v) {
  return read_value<RosterAgent>(v, [](Members& m, RosterAgent& a) { m.text("id", a.id); read_member(m, "as", a.as); });
}
json::object shape_statement_key(const StatementKey& k) { return {{"kid", k.kid}, {"jwk", shape(k.jwk)}}; }
Result<StatementKey> read_statement_key(const json::value& v) {
  return read_value<StatementKey>(v, [](Members& m, StatementKey& k) { m.text("kid", k.kid); read_member(m, "jwk", k.jwk); });
}
void read_op(Members& m, Op& out) {
  std::string name;
  m.text("op", name);
  if (!m.ok()) return;
  if (auto op = op_from(name)) out = *op;
  else m.problem("op", "expected an operation of the contract");
}
void read_optional_pre(Members& m, std::optional<Pre>& out) {
  const auto* value = m.any("pre");
  if (!value || value->is_null()) return;
  m.take("pre", read_pre(*value), out.emplace());
}

}  // namespace

json::object shape(const Jwk& k) { return {{"kty", "EC"}, {"crv", "P-256"}, {"x", k.x}, {"y", k.y}}; }
json::value shape(const std::optional<Pre>& p) {
  if (!p) return nullptr;
  return json::object{{"dc", p->dc}, {"ver", p->ver}, {"pls", p->pls}, {"mk", or_null(p->mk)}};
}
json::array shape(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& t : texts) out.emplace_back(t);
  return out;
}
json::value or_null(const std::optional<std::string>& text) {
  if (!text) return nullptr;
  return json::string(view(*text));
}

Result<Jwk> read_jwk(const json::value& value) {
  return read_value<Jwk>(value, [](Members& m, Jwk& k) {
    std::string kty, crv;
    m.text("kty", kty).text("crv", crv).text("x", k.x).text("y", k.y);
    if (m.ok() && (kty != "EC" || crv != "P-256")) m.problem("kty", "expected an EC key on P-256");
    if (m.ok() && (k.x.size() != 43 || k.y.size() != 43)) m.problem("x", "expected 32 bytes in base64url");
  });
}
Result<Pre> read_pre(const json::value& value) {
  return read_value<Pre>(value, [](Members& m, Pre& p) {
    m.text("dc", p.dc).integer("ver", p.ver).text("pls", p.pls);
    const auto* mk = m.any("mk");
    if (mk && !mk->is_null()) m.text("mk", p.mk.emplace());
    const bool digits = !p.pls.empty() && p.pls.size() <= 19 && p.pls.find_first_not_of("0123456789") == std::string::npos;
    if (m.ok() && !digits) m.problem("pls", "expected a decimal string");
  });
}
void read_member(Members& m, std::string_view name, Jwk& out) {
  if (const auto* v = m.any(name)) m.take(name, read_jwk(*v), out);
}

std::string_view to_string(Op op) {
  switch (op) {
    case Op::probe: return "probe";
    case Op::reset: return "reset";
    case Op::unlock: return "unlock";
    case Op::change: return "change";
    case Op::authenticate: return "authenticate";
    case Op::resolve: return "resolve";
  }
  return "probe";
}
std::optional<Op> op_from(std::string_view text) {
  for (const auto op : {Op::probe, Op::reset, Op::unlock, Op::change, Op::authenticate, Op::resolve})
    if (to_string(op) == text) return op;
  return std::nullopt;
}

template <> std::string encode(const HelloClaims& h) {
  json::object out{{"v", 1}, {"agent", h.agent}, {"ten", h.ten}, {"domains", shape(h.domains)}, {"nonce", h.nonce}, {"gateway", h.gateway}, {"cb", h.cb},
      {"epoch", h.epoch}, {"sw", h.sw}, {"caps", shape(h.caps)}, {"ae_kids", shape(h.ae_kids)}, {"window", h.window}};
  if (h.from) out["from"] = *h.from;
  return json::serialize(out);
}
template <> Result<HelloClaims> decode(std::string_view text) {
  return read_strict<HelloClaims>(text, [](Members& m, HelloClaims& h) {
    m.version().text("agent", h.agent).text("ten", h.ten).texts("domains", h.domains, 16).text("nonce", h.nonce).text("gateway", h.gateway);
    m.text("cb", h.cb).integer("epoch", h.epoch).text("from", h.from).text("sw", h.sw).texts("caps", h.caps, 16).texts("ae_kids", h.ae_kids, 4).number("window", h.window);
  });
}

template <> std::string encode(const EnrollClaims& e) {
  return json::serialize(json::object{{"v", 1}, {"token", e.token}, {"ae", shape(e.ae)}, {"host", e.host}, {"sw", e.sw}, {"iat", e.iat}});
}
template <> Result<EnrollClaims> decode(std::string_view text) {
  return read_strict<EnrollClaims>(text, [](Members& m, EnrollClaims& e) {
    m.version().text("token", e.token).text("host", e.host).text("sw", e.sw).integer("iat", e.iat);
    read_member(m, "ae", e.ae);
  });
}

template <> std::string encode(const SigningClaims& s) {
  return json::serialize(json::object{{"v", 1}, {"agent", s.agent}, {"as", s.as}, {"iat", s.iat}});
}
template <> Result<SigningClaims> decode(std::string_view text) {
  return read_strict<SigningClaims>(text, [](Members& m, SigningClaims& s) { m.version().text("agent", s.agent).text("as", s.as).integer("iat", s.iat); });
}

template <> std::string encode(const Roster& r) {
  json::array agents;
  for (const auto& a : r.agents) agents.emplace_back(shape_roster_agent(a));
  return json::serialize(json::object{{"v", 1}, {"ten", r.ten}, {"dom", r.dom}, {"rsn", r.rsn}, {"iat", r.iat}, {"exp", r.exp}, {"agents", agents}});
}
template <> Result<Roster> decode(std::string_view text) {
  return read_strict<Roster>(text, [](Members& m, Roster& r) {
    m.version().text("ten", r.ten).text("dom", r.dom).integer("rsn", r.rsn).integer("iat", r.iat).integer("exp", r.exp);
    read_list(m, "agents", recipients_max, r.agents, read_roster_agent);
  });
}

template <> std::string encode(const Succession& s) {
  return json::serialize(json::object{{"v", 1}, {"ten", s.ten}, {"dom", s.dom}, {"dr", shape(s.dr)}, {"iat", s.iat}});
}
template <> Result<Succession> decode(std::string_view text) {
  return read_strict<Succession>(text, [](Members& m, Succession& s) {
    m.version().text("ten", s.ten).text("dom", s.dom).integer("iat", s.iat);
    read_member(m, "dr", s.dr);
  });
}

template <> std::string encode(const Statement& s) {
  json::array keys;
  for (const auto& k : s.ae) keys.emplace_back(shape_statement_key(k));
  return json::serialize(json::object{{"v", 1}, {"ten", s.ten}, {"dom", s.dom}, {"agent", s.agent}, {"rsn", s.rsn}, {"ae", keys}, {"iat", s.iat}, {"exp", s.exp}});
}
template <> Result<Statement> decode(std::string_view text) {
  return read_strict<Statement>(text, [](Members& m, Statement& s) {
    m.version().text("ten", s.ten).text("dom", s.dom).text("agent", s.agent).integer("rsn", s.rsn).integer("iat", s.iat).integer("exp", s.exp);
    read_list(m, "ae", 4, s.ae, read_statement_key);
  });
}

template <> std::string encode(const SubmitClaims& s) {
  return json::serialize(json::object{{"v", 1}, {"agent", s.agent}, {"dom", s.dom}, {"sh", s.sh}, {"iat", s.iat}});
}
template <> Result<SubmitClaims> decode(std::string_view text) {
  return read_strict<SubmitClaims>(text, [](Members& m, SubmitClaims& s) { m.version().text("agent", s.agent).text("dom", s.dom).text("sh", s.sh).integer("iat", s.iat); });
}

template <> std::string encode(const Endorsement& e) {
  return json::serialize(json::object{{"v", 1}, {"iss", e.iss}, {"sk", shape(e.sk)}, {"iat", e.iat}, {"nbf", e.nbf}, {"exp", e.exp}});
}
template <> Result<Endorsement> decode(std::string_view text) {
  return read_strict<Endorsement>(text, [](Members& m, Endorsement& e) {
    m.version().text("iss", e.iss).integer("iat", e.iat).integer("nbf", e.nbf).integer("exp", e.exp);
    read_member(m, "sk", e.sk);
  });
}

template <> std::string encode(const Job& j) {
  json::object out{{"v", 1}, {"iss", j.iss}, {"aud", j.aud}, {"jti", j.jti}, {"fence", j.fence}, {"att", j.att}, {"op", view(to_string(j.op))}, {"sub", j.sub}};
  if (j.name) out["name"] = *j.name;
  if (!j.want.empty()) out["want"] = shape(j.want);
  if (!j.groups.empty()) out["groups"] = shape(j.groups);
  out["iat"] = j.iat;
  out["exp"] = j.exp;
  out["pre"] = shape(j.pre);
  out["sh"] = or_null(j.sh);
  out["acr"] = j.acr;
  out["amr"] = shape(j.amr);
  out["opts"] = json::object{{"unlock", j.opts.unlock}, {"must_change", j.opts.must_change}, {"enforce_history", j.opts.enforce_history}};
  return json::serialize(out);
}
template <> Result<Job> decode(std::string_view text) {
  return read_strict<Job>(text, [](Members& m, Job& j) {
    m.version().text("iss", j.iss).text("aud", j.aud).text("jti", j.jti).integer("fence", j.fence).number("att", j.att);
    read_op(m, j.op);
    m.text("sub", j.sub).text("name", j.name).optional_texts("want", j.want).optional_texts("groups", j.groups, named_groups_max).integer("iat", j.iat).integer("exp", j.exp);
    read_optional_pre(m, j.pre);
    const auto* sh = m.any("sh");
    if (sh && !sh->is_null()) m.text("sh", j.sh.emplace());
    m.text("acr", j.acr).texts("amr", j.amr, 16);
    if (const auto* opts = m.any("opts")) {
      m.take("opts", read_value<JobOptions>(*opts, [](Members& o, JobOptions& v) {
        o.flag("unlock", v.unlock).flag("must_change", v.must_change).flag("enforce_history", v.enforce_history);
      }),
          j.opts);
    }
  });
}

template <> std::string encode(const SealBinding& b) {
  return json::serialize(json::object{{"v", 1}, {"jti", b.jti}, {"ten", b.ten}, {"dom", b.dom}, {"sub", b.sub}, {"op", view(to_string(b.op))}, {"iat", b.iat},
      {"exp", b.exp}, {"rsn", b.rsn}, {"pre", shape(std::optional<Pre>(b.pre))}, {"nce", b.nce}});
}
template <> Result<SealBinding> decode(std::string_view text) {
  return read_strict<SealBinding>(text, [](Members& m, SealBinding& b) {
    m.version().text("jti", b.jti).text("ten", b.ten).text("dom", b.dom).text("sub", b.sub);
    read_op(m, b.op);
    m.integer("iat", b.iat).integer("exp", b.exp).integer("rsn", b.rsn).text("nce", b.nce);
    if (const auto* pre = m.any("pre")) m.take("pre", read_pre(*pre), b.pre);
  });
}

}  // namespace wb::protocol
