#include "service/sspr/sessions.hpp"

#include <array>

#include "core/ids.hpp"
#include "crypto/mac.hpp"
#include "protocol/json.hpp"
#include "service/sspr/shapes.hpp"

namespace wb::service::sspr {
namespace {

namespace json = protocol::json;
using protocol::Members;

json::array shape(const std::vector<std::string>& list) {
  json::array out;
  for (const auto& text : list) out.emplace_back(text);
  return out;
}
json::value shape(const std::optional<UnixSeconds>& time) { return time ? json::value(*time) : json::value(nullptr); }

void read_methods(Members& m, std::string_view name, std::vector<Method>& out) {
  std::vector<std::string> texts;
  m.texts(name, texts, 8);
  for (const auto& text : texts) {
    const auto method = method_from(text);
    if (!method) return m.problem(name, "expected methods");
    out.push_back(*method);
  }
}

// A word of a closed list, found by its name.
template <class Enum, std::size_t N> void read_word(Members& m, std::string_view name, const std::array<Enum, N>& all, Enum& out) {
  std::string text;
  m.text(name, text);
  for (const auto one : all)
    if (to_string(one) == text) {
      out = one;
      return;
    }
  if (m.ok()) m.problem(name, "expected a known word");
}

constexpr std::array phases{Phase::proving, Phase::choosing, Phase::new_password, Phase::writing, Phase::done, Phase::over};
constexpr std::array reasons{Reason::none, Reason::wrong_answer, Reason::code_expired, Reason::too_soon, Reason::too_many_codes, Reason::method_unavailable, Reason::wrong_step,
    Reason::unlock_not_allowed, Reason::password_refused, Reason::try_again, Reason::session_expired, Reason::cancelled, Reason::too_many_tries, Reason::blocked, Reason::passwords_spent,
    Reason::in_doubt, Reason::write_failed, Reason::not_enabled, Reason::not_registered, Reason::administrator, Reason::frozen, Reason::account_refused, Reason::too_young, Reason::unreachable};

json::object shape(const Account& a) {
  return {{"sub", a.sub}, {"registered", words_of(a.registered)}, {"administrator", a.administrator}, {"locked", a.locked}, {"barrier", to_string(a.barrier)}, {"detail", a.detail},
      {"until", shape(a.until)}, {"change_from", shape(a.change_from)}};
}
Result<Account> account_from(const json::value& value) {
  Account a;
  Members m(value, Members::Unknown::refused);
  m.text("sub", a.sub).flag("administrator", a.administrator).flag("locked", a.locked).text("detail", a.detail).integer("until", a.until).integer("change_from", a.change_from);
  read_methods(m, "registered", a.registered);
  read_word(m, "barrier", reasons, a.barrier);
  if (auto done = m.finish(); !done) return done.error();
  return a;
}

json::object shape(const Session& s) {
  return {{"phase", to_string(s.phase)}, {"expires", s.expires}, {"account", shape(s.account)}, {"passed", words_of(s.passed)},
      {"current", s.current ? json::value(to_string(*s.current)) : json::value(nullptr)}, {"code_until", s.code_until}, {"resend_from", s.resend_from}, {"wrong", s.wrong}, {"codes", s.codes},
      {"passwords", s.passwords}, {"writes", s.writes}, {"unlock", s.unlock}, {"end", to_string(s.end)}};
}
Result<Session> flow_from(const json::value& value) {
  Session s;
  std::optional<std::string> current;
  Members m(value, Members::Unknown::refused);
  read_word(m, "phase", phases, s.phase);
  m.integer("expires", s.expires);
  if (const auto* account = m.any("account")) m.take("account", account_from(*account), s.account);
  read_methods(m, "passed", s.passed);
  m.text("current", current).integer("code_until", s.code_until).integer("resend_from", s.resend_from).number("wrong", s.wrong).number("codes", s.codes);
  m.number("passwords", s.passwords).number("writes", s.writes).flag("unlock", s.unlock);
  read_word(m, "end", reasons, s.end);
  if (current) {
    s.current = method_from(*current);
    if (!s.current) m.problem("current", "expected a method");
  }
  if (auto done = m.finish(); !done) return done.error();
  return s;
}

json::array shape(const std::vector<RegisteredMethod>& found) {
  json::array out;
  for (const auto& one : found) out.push_back(json::object{{"id", one.id}, {"label", one.label}, {"sealed", one.sealed}});
  return out;
}
Result<std::vector<RegisteredMethod>> found_from(const json::value& value) {
  std::vector<RegisteredMethod> out;
  if (!value.is_array() || value.get_array().size() > methods_max) return fault(Fault::Kind::malformed, "sspr.session", "found");
  for (const auto& one : value.get_array()) {
    RegisteredMethod method;
    method.kind = Method::email;
    if (auto read = Members(one, Members::Unknown::refused).text("id", method.id).text("label", method.label).text("sealed", method.sealed).finish(); !read) return read.error();
    out.push_back(std::move(method));
  }
  return out;
}

}  // namespace

void remember(KeptSession& session, const protocol::PasswordPolicy& policy) {
  session.min_length = policy.min_length, session.history = policy.history, session.min_age_s = policy.min_age_s;
}

std::string to_json(const KeptSession& k) {
  return json::serialize(json::object{{"id", k.id}, {"domain", k.domain}, {"name", k.name}, {"name_key", k.name_key}, {"language", k.language}, {"settings_version", k.settings_version}, {"flow", shape(k.flow)},
      {"code", kept(k.code)}, {"method", k.method}, {"asked", shape(k.asked)}, {"probe", k.probe}, {"jti", k.jti}, {"looks", k.looks},
      {"said", to_string(k.said)}, {"said_code", k.said_code}, {"said_reason", k.said_reason}, {"said_until", shape(k.said_until)}, {"seen", k.seen}, {"helped", k.helped}, {"begun_ms", k.begun_ms}, {"address", k.address}, {"device", k.device},
      {"found", shape(k.found)}, {"min_length", k.min_length}, {"history", k.history}, {"min_age_s", k.min_age_s}});
}

Result<KeptSession> session_from(std::string_view text) {
  auto parsed = protocol::parse_json(text);
  if (!parsed) return parsed.error();
  KeptSession k;
  Members m(*parsed, Members::Unknown::refused);
  std::optional<std::string> name_key;
  m.text("id", k.id).text("name_key", name_key).text("domain", k.domain).text("name", k.name).text("language", k.language).integer("settings_version", k.settings_version);
  if (const auto* flow = m.any("flow")) m.take("flow", flow_from(*flow), k.flow);
  if (const auto* code = m.any("code"); code && !code->is_null()) {
    k.code.emplace();
    m.take("code", sent_code_from(*code), *k.code);
  }
  m.text("method", k.method).texts("asked", k.asked, 8).text("probe", k.probe).text("jti", k.jti).number("looks", k.looks);
  read_word(m, "said", reasons, k.said);
  m.text("said_code", k.said_code).text("said_reason", k.said_reason).integer("said_until", k.said_until).flag("seen", k.seen).integer("begun_ms", k.begun_ms);
  if (const auto* found = m.any("found")) m.take("found", found_from(*found), k.found);
  m.flag("helped", k.helped);
  m.text("address", k.address).text("device", k.device).number("min_length", k.min_length).number("history", k.history).integer("min_age_s", k.min_age_s);
  if (auto done = m.finish(); !done) return fault(Fault::Kind::malformed, "sspr.session", done.error().detail);
  k.name_key = name_key.value_or(lowered(k.name));  // of a session of before 2026-11-28
  return k;
}

Result<bool> Sessions::add(const KeptSession& session) {
  const auto relaxed = database_.unsynced();
  auto q = database_.query("SELECT count(*) FROM sspr_sessions");
  auto row = q.next();
  if (!row) return row.error();
  if (q.number(0) >= sessions_max) return false;
  auto done = database_.run("INSERT INTO sspr_sessions(id, hash, domain, sub, state, expires) VALUES(?,?,?,?,?,?)", session.id, queue::Blob{session.hash}, session.domain, session.flow.account.sub,
      to_json(session), session.flow.expires);
  if (!done) return done.error();
  return true;
}

Result<std::optional<KeptSession>> Sessions::find(std::string_view id, std::string_view hash) {
  auto session = find(id);
  if (session && *session && !crypto::same_bytes((*session)->hash, hash)) return std::optional<KeptSession>();
  return session;
}

Result<std::vector<std::string>> Sessions::writing() {
  std::vector<std::string> out;
  auto q = database_.query("SELECT id FROM sspr_sessions WHERE json_extract(state, '$.flow.phase')='writing'");
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back(q.text(0));
  }
}

Result<std::optional<KeptSession>> Sessions::find(std::string_view id) {
  auto q = database_.query("SELECT state, hash FROM sspr_sessions WHERE id=?", id);
  auto row = q.next();
  if (!row) return row.error();
  if (!*row) return std::optional<KeptSession>();
  auto session = session_from(q.text(0));
  if (!session) return session.error();
  session->hash = q.text(1);
  return std::optional(std::move(*session));
}

Result<void> Sessions::keep(const KeptSession& session) {
  const auto relaxed = database_.unsynced();
  return keep_within(session);
}

Result<void> Sessions::keep_within(const KeptSession& session) {
  return database_.run("UPDATE sspr_sessions SET state=?, sub=? WHERE id=?", to_json(session), session.flow.account.sub, session.id);
}

Result<std::vector<KeptSession>> Sessions::take_ended(UnixSeconds now, int most) {
  std::vector<KeptSession> out;
  {
    auto q = database_.query("SELECT state FROM sspr_sessions WHERE expires<=? ORDER BY expires LIMIT ?", now, most);
    for (;;) {
      auto row = q.next();
      if (!row) return row.error();
      if (!*row) break;
      if (auto session = session_from(q.text(0)); session) out.push_back(std::move(*session));
    }
  }
  const auto relaxed = database_.unsynced();
  auto done = database_.run("DELETE FROM sspr_sessions WHERE id IN (SELECT id FROM sspr_sessions WHERE expires<=? ORDER BY expires LIMIT ?)", now, most);
  if (!done) return done.error();
  return out;
}

}  // namespace wb::service::sspr
