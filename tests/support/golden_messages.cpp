#include "tests/support/golden_messages.hpp"

#include "protocol/codec.hpp"

namespace wb::test {
namespace {
using namespace protocol;

constexpr std::int64_t now = 1'795'176'000;
constexpr const char *agent = "01ARZ3NDEKTSV4RRFFQ69G5FAV", *jti = "01BX5ZZKBKACTAV9WEVGEMMVRZ", *sub = "9f0c6b5e-0000-4000-8000-000000000001", *domain = "corp.example";
const Jwk one{"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"};
const Jwk two{"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"};
const Pre pre{"dc1.corp.example", 7, "134396533468610800", "wb1;01ARZ3NDEKTSV4RRFFQ69G5FAV;1;A"};

template <class T> Result<std::string> again(std::string_view text) {
  auto read = decode<T>(text);
  if (!read) return read.error();
  return encode(*read);
}
template <class T> GoldenMessage link(std::string name, std::string_view type, const T& body) { return {std::move(name), type, false, false, encode(body), again<T>}; }
template <class T> GoldenMessage object(std::string name, std::string_view typ, const T& payload, bool carries_key = false) { return {std::move(name), typ, true, carries_key, encode(payload), again<T>}; }

void link_messages(std::vector<GoldenMessage>& all) {
  const JobRef ref{jti, 3};
  all.push_back(link("service.challenge", "challenge", Challenge{"bm9uY2U", "gw1", now, {1}, "exporter"}));
  all.push_back(link("agent.hello", "hello", Hello{"h.p.s"}));
  all.push_back(link("service.welcome", "welcome", Welcome{"01CX5ZZKBKACTAV9WEVGEMMVRZ", 1, 24'000, 5'001, 9, now + 1}));
  all.push_back(link("service.keys", "keys", ServiceKeys{{"e.p.s"}, {{domain, "r.p.s"}}, {{domain, {"o.p.s"}}}}));
  all.push_back(link("agent.keys", "keys", AgentKeys{{{domain, "s.p.s"}}}));
  all.push_back(link("service.job", "job", JobMessage{"j.p.s", R"({"protected":"e30"})", 118'000, {"01FX5ZZKBKACTAV9WEVGEMMVRZ", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}));
  all.push_back(link("agent.accept", "accept", ref));
  all.push_back(link("agent.progress", "progress", Progress{jti, 3, "applying"}));
  all.push_back(link("agent.result", "result", ResultMessage{"r.p.s"}));
  all.push_back(link("service.ack", "ack", ref));
  all.push_back(link("service.cancel", "cancel", ref));
  all.push_back(link("agent.hb", "hb", AgentHeartbeat{1, 8, {{domain, {true, "why", "dc1.corp.example", true, false}}}}));
  all.push_back(link("service.hb", "hb", ServiceHeartbeat{now + 2}));
  all.push_back(link("service.drain", "drain", Drain{5'002}));
  all.push_back(link("agent.draining", "draining", Draining{}));
  all.push_back(link("both.error", "error", Error{"slow_down", "try later", 501}));
}

void trust(std::vector<GoldenMessage>& all) {
  HelloClaims hello{agent, "default", {domain}, "bm9uY2U", "gw1", "Y2I", 4, "0.1.0", {"probe", "reset", "named_groups"}, {"kid1", "kid2"}, 8, "01CX5ZZKBKACTAV9WEVGEMMVRZ"};
  all.push_back(object("hello", typ_hello, hello));
  all.push_back(object("enroll", typ_enroll, EnrollClaims{"dG9r", one, "srv1", "0.1.0", now}, true));
  all.push_back(object("signing", typ_signing, SigningClaims{agent, "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U", now}, true));
  all.push_back(object("roster", typ_roster, Roster{"default", domain, 2, now, now + 86'400, {{agent, one}}}, true));
  all.push_back(object("root", typ_root, Succession{"default", domain, two, now}, true));
  all.push_back(object("statement", typ_statement, Statement{"default", domain, agent, 2, {{"kid", one}}, now, now + 3'600}));
  all.push_back(object("submit", typ_submit, SubmitClaims{agent, domain, "c2g", now}));
  all.push_back(object("endorse", typ_endorse, Endorsement{"https://sspr.example", two, now, now + 1, now + 86'400}, true));
}

Job job_of(Op op) {
  Job job;
  job.iss = "https://sspr.example", job.aud = "default/corp.example", job.jti = jti, job.fence = 3, job.att = 2, job.op = op, job.sub = sub;
  job.iat = now, job.exp = now + 120, job.acr = "2fa", job.amr = {"totp", "email"};
  job.opts = {true, false, true};
  if (op == Op::probe) job.sub = "", job.name = "alice", job.want = {"groups", "mail"}, job.groups = {"CN=Staff,DC=corp,DC=example"};
  else job.pre = pre;
  if (is_sealed(op)) job.sh = "c2g";
  return job;
}

JobResult result_of(Code code) {
  JobResult result;
  result.jti = jti, result.fence = 3, result.att = 2, result.agent = agent, result.op = Op::reset, result.sub = sub, result.code = code;
  result.reason = "too_short", result.text = "Too short.", result.retry_after = now + 60, result.dc = "dc1.corp.example", result.pls = "134396533468610801", result.ver = 8, result.usn = 12'345;
  result.also = {"still_locked"}, result.total_ms = 3.5, result.directory_ms = 2.25, result.at = now + 3;
  return result;
}

ProbeAnswer probe_answer() {
  ProbeAnswer probe;
  probe.sub = sub, probe.dc = "dc1.corp.example", probe.display_name = "Alice", probe.privileged = "adminCount=1", probe.language = "de-AT", probe.groups = {"CN=Staff,DC=corp,DC=example"};
  probe.state.disabled = true, probe.state.must_change = true, probe.state.never_expires = true, probe.state.cannot_change = true, probe.state.locked_until = now + 900;
  probe.policy = {8, true, 24, 86'400, 3'628'800, now + 4, 5, 1'800, 900};
  probe.contacts = {{"mail", {"a@example.org"}}, {"mobile", {"+43 1", "+43 2"}}};
  probe.pre = pre, probe.now = now + 5;
  return probe;
}

}  // namespace

SealBinding golden_binding() { return {jti, "default", domain, sub, Op::change, now, now + 120, 2, pre, "AAECAwQFBgcICQoLDA0ODw"}; }

std::vector<GoldenMessage> golden_messages() {
  std::vector<GoldenMessage> all;
  link_messages(all);
  trust(all);
  for (int op = 0; op <= static_cast<int>(Op::resolve); ++op) all.push_back(object("job." + std::string(to_string(static_cast<Op>(op))), typ_job, job_of(static_cast<Op>(op))));
  for (int code = 0; code <= static_cast<int>(Code::unknown); ++code) all.push_back(object("result." + std::string(to_string(static_cast<Code>(code))), typ_result, result_of(static_cast<Code>(code))));
  auto answered = result_of(Code::ok);
  answered.op = Op::probe, answered.probe = probe_answer();
  all.push_back(object("result.of_probe", typ_result, answered));
  return all;
}

}  // namespace wb::test
