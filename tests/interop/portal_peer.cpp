// The service behind the portal's test, with people who have registered and an agent made of nothing but the contract. Speaks JSON, a
// line each: first {url, pin}; then, of every password and unlock that reaches the directory, {sub, set}, {sub, unlocked}, {sub, tried} at a
// sign-in, or {sub, old, set} at a change. Everybody's password is "Present-Passw0rd-1"; grace's must be changed, ada is an
// administrator, as are mia, who has a proven address alone, and quinn, who has questions alone; mallory's display name is markup.
// On standard input: "code NAME" is answered with {code} of that person's app, "go" lets the held write go on, with {go}; "one" and "two" ask for so
// many methods from now on, with {one} or {two}; "letter NAME" with {token}, of a "this wasn't me" link; "pass NAME" and "link NAME" with {pass}, of a
// helpdesk's; "past" with {past}, after which the audit tells of three days more; "ready" and "because WHY" with {ready}, which
// the agent says from now on; "brand {name, colour, logo, helpdesk}" gives the organisation that look; "found BODY" with {found}, which the agent says of itself; "spare" with {spare}, another agent that is enrolled and nothing more; the end of it ends the program.
//   portal_peer PORTAL_DIR [SMTP_PORT]
#include <atomic>
#include <iostream>
#include <map>
#include <thread>

#include "crypto/jwe.hpp"
#include "service/methods/pass.hpp"
#include "service/sspr/tickets.hpp"
#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

// Who is there. The directory refuses this password by name, and answers about erin when it is let.
const std::map<std::string, std::string> people{{"alice@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d4e"}, {"bob@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d4f"},
    {"carol@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d50"}, {"dave@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d51"}, {"erin@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d52"}, {"frank@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d53"}, {"grace@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d54"}, {"ada@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d55"},
    {"heidi@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d56"}, {"ivan@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d57"}, {"judy@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d58"},
    {"mallory@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d59"}, {"mia@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d5a"}, {"quinn@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d5b"}};
const std::vector<std::string> in_charge{"ada@corp.example", "mia@corp.example", "quinn@corp.example"};
constexpr std::string_view hostile = R"(<img src=x onerror="document.title='owned'"><b>Mallory</b> {name})";  // mallory's, as the directory has it
const std::vector<std::string> with_app{"alice@corp.example", "bob@corp.example", "carol@corp.example", "dave@corp.example", "erin@corp.example", "frank@corp.example", "ada@corp.example", "judy@corp.example"};
constexpr std::string_view refused = "Refused-Passw0rd-1", present = "Present-Passw0rd-1", administrators = "CN=Admins,DC=corp,DC=example";

std::mutex speaking;
void say(const json::object& line) {
  std::lock_guard lock(speaking);
  std::cout << json::serialize(line) << std::endl;
}

json::object passwords_in(const std::string& sealed, const crypto::PrivateKey& key) {
  const auto opened = crypto::open_sealed(sealed, key).value();
  return opened.expose([](std::string_view text) { return protocol::parse_json(text).value().as_object(); });
}

void look_up(FakeAgent& agent, const protocol::Job& job) {
  const auto found = people.find(job.name.value_or(""));
  const auto sub = !job.sub.empty() ? job.sub : found == people.end() ? std::string()
                                                                      : found->second;
  if (sub.empty()) return agent.answer(job, protocol::Code::failed, [](protocol::JobResult& r) { r.reason = "not_found"; });
  agent.answer(job, protocol::Code::ok, [&](protocol::JobResult& r) {
    protocol::ProbeAnswer probe;
    probe.sub = sub, probe.dc = "dc1.corp.example", probe.display_name = sub == people.at("mallory@corp.example") ? std::string(hostile) : "Alice Liddell", probe.now = unix_now();
    probe.policy.min_length = 12, probe.policy.history = 24, probe.policy.complexity = true;
    probe.pre = {"dc1.corp.example", 3, "133000000000000000", "wb1;x;1;A"};
    if (std::any_of(in_charge.begin(), in_charge.end(), [&](const auto& name) { return sub == people.at(name); })) probe.groups = {std::string(administrators)};
    r.sub = sub, r.probe = probe;
  });
}

// The directory's passwords, as long as this program lives.
struct Passwords {
  std::map<std::string, std::string> of;  // by sub, where they are other than everybody's
  bool right(const std::string& sub, std::string_view given) const { return of.contains(sub) ? of.at(sub) == given : given == present; }
};

void sign_in(FakeAgent& agent, const FakeAgent::Received& got, const Passwords& passwords) {
  const auto& job = got.job;
  const std::string given(passwords_in(got.message.sec.value_or(""), agent.ae).at("pw").as_string());
  agent.accept(job);
  say({{"sub", job.sub}, {"tried", given}});
  if (!passwords.right(job.sub, given)) return agent.answer(job, protocol::Code::rejected, [](protocol::JobResult& r) { r.reason = "old_password_wrong"; });
  const bool old = job.sub == people.at("grace@corp.example") && !passwords.of.contains(job.sub);
  if (old) return agent.answer(job, protocol::Code::failed, [](protocol::JobResult& r) { r.reason = "must_change"; });
  agent.answer(job, protocol::Code::ok);
}

void change(FakeAgent& agent, const FakeAgent::Received& got, Passwords& passwords, const std::atomic<bool>& held) {
  const auto& job = got.job;
  const auto both = passwords_in(got.message.sec.value_or(""), agent.ae);
  const std::string old(both.at("old").as_string()), fresh(both.at("pw").as_string());
  agent.accept(job);
  say({{"sub", job.sub}, {"old", old}, {"set", fresh}});
  if (job.sub == people.at("erin@corp.example")) held.wait(true);
  if (fresh == refused || !passwords.right(job.sub, old)) return agent.answer(job, protocol::Code::rejected, [&](protocol::JobResult& r) { r.reason = fresh == refused ? "banned_word" : "old_password_wrong"; });
  passwords.of[job.sub] = fresh;
  agent.answer(job, protocol::Code::applied);
}

void write(FakeAgent& agent, const FakeAgent::Received& got, const std::atomic<bool>& held) {
  const auto& job = got.job;
  agent.accept(job);
  if (job.op == protocol::Op::unlock) {
    say({{"sub", job.sub}, {"unlocked", true}});
    return agent.answer(job, protocol::Code::applied);
  }
  const std::string password(passwords_in(got.message.sec.value_or(""), agent.ae).at("pw").as_string());
  say({{"sub", job.sub}, {"set", password}});
  if (job.sub == people.at("erin@corp.example")) held.wait(true);
  if (password == refused) agent.answer(job, protocol::Code::rejected, [](protocol::JobResult& r) { r.reason = "banned_word"; });
  else agent.answer(job, protocol::Code::applied);
}

// As the notifier makes it.
std::string letter(ResetWorld& reset, const std::string& name) {
  service::sspr::Ticket ticket;
  ticket.domain = reset.world.domain, ticket.sub = people.at(name), ticket.purpose = service::sspr::Purpose::not_me, ticket.expires = unix_now() + 600;
  ticket.state = R"({"occasion":"password_reset","at":1,"correlation_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"})";
  return service::sspr::Tickets(reset.world.store().database()).add(ticket).value().value();
}

// As a helpdesk makes it: "told", or "mailed" in a link.
std::string pass(ResetWorld& reset, const std::string& name, const std::string& how) {
  const auto vault = crypto::Vault::open(reset.world.config.state_dir).value();
  const auto fresh = service::new_pass(vault.derived("codes"), reset.world.domain, people.at(name));
  service::sspr::Ticket ticket;
  ticket.domain = reset.world.domain, ticket.sub = people.at(name), ticket.purpose = service::sspr::Purpose::pass, ticket.state = how, ticket.expires = unix_now() + 600;
  EXPECT_TRUE(service::sspr::Tickets(reset.world.store().database()).put_within(ticket, fresh.mac).value());
  return fresh.text.expose([](std::string_view text) { return std::string(text); });
}

// Five, three and forty days ago; between them nothing happened.
void past(ResetWorld& reset) {
  using service::Activity, service::StatusReason;
  auto log = reset.world.store().audit();
  constexpr std::int64_t day_ms = 86'400'000;
  const auto noon = unix_now_ms() / day_ms * day_ms + day_ms / 2;  // what belongs together never falls on two days
  const auto happened = [&](int days_ago, Activity activity, StatusReason reason, const std::string& way = {}, std::int64_t after_ms = 0) {
    service::AuditEntry entry;
    entry.activity = activity, entry.reason = reason, entry.success = reason == StatusReason::directory_applied || reason == StatusReason::none || reason == StatusReason::completed_app;
    entry.domain = reset.world.domain, entry.actor = {service::ActorKind::stranger}, entry.correlation_id = way;
    EXPECT_TRUE(log.append(entry, noon - days_ago * day_ms + after_ms));
  };
  for (const std::string way : {"01ARZ3NDEKTSV4RRFFQ69G5FA1", "01ARZ3NDEKTSV4RRFFQ69G5FA2", "01ARZ3NDEKTSV4RRFFQ69G5FA3"}) {
    happened(5, Activity::user_started_reset, StatusReason::none, way);
    happened(5, Activity::flow_progress, StatusReason::completed_app, way, 10);
    happened(5, Activity::reset_self_service, way.back() == '3' ? StatusReason::directory_rejected : StatusReason::directory_applied, way, way.back() == '1' ? 20'000 : 90'000);
  }
  happened(5, Activity::blocked, StatusReason::blocked_app);
  happened(3, Activity::unlock_self_service, StatusReason::directory_applied);
  happened(3, Activity::reset_by_admin, StatusReason::directory_applied);
  happened(40, Activity::reset_self_service, StatusReason::abandoned_after_user_name);
}

void because(FakeAgent& agent, const std::string& domain, const std::string& why) {
  protocol::AgentHeartbeat hb;
  hb.window = 8, hb.ready[domain] = {why.empty(), why, "dc1.corp.example", true, true};
  agent.send(protocol::message_text("hb", hb));
}

void work(FakeAgent& agent, const std::atomic<bool>& over, const std::atomic<bool>& held) {
  Passwords passwords;
  while (!over) {
    const auto got = agent.next_job(200ms);
    if (!got) continue;
    if (got->job.op == protocol::Op::probe) look_up(agent, got->job);
    else if (got->job.op == protocol::Op::authenticate) sign_in(agent, *got, passwords);
    else if (got->job.op == protocol::Op::change) change(agent, *got, passwords, held);
    else write(agent, *got, held);
  }
}

// What needs nothing but the world.
std::optional<json::object> told(ResetWorld& reset, std::optional<FakeAgent>& spare, const std::string& line) {
  if (line == "past") {
    past(reset);
    return json::object{{line, true}};
  }
  if (line == "ready" || line.starts_with("because ")) {
    because(*reset.agent, reset.world.domain, line == "ready" ? "" : line.substr(8));
    return json::object{{"ready", line == "ready"}};
  }
  if (line.starts_with("found ")) {
    reset.agent->send(R"({"t":"findings","id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","b":)" + line.substr(6) + "}");
    return json::object{{"found", true}};
  }
  if (line.starts_with("unspent ")) {  // the same code is right once more
    EXPECT_TRUE(reset.world.store().database().run("UPDATE person_methods SET last_step=0 WHERE sub=?", people.at(line.substr(8))));
    return json::object{{"unspent", true}};
  }
  if (line == "spare") {
    spare.emplace(reset.world);
    EXPECT_EQ(spare->enroll(reset.world.token()).status, 200);
    return json::object{{line, spare->id}};
  }
  if (line.starts_with("letter ")) return json::object{{"token", letter(reset, line.substr(7))}};
  if (line.starts_with("pass ") || line.starts_with("link ")) {
    if (line.starts_with("link ")) reset.register_email("somebody@home.example", people.at(line.substr(5)));
    return json::object{{"pass", pass(reset, line.substr(5), line.starts_with("link ") ? "mailed" : "told")}};
  }
  return std::nullopt;
}

int play(const char* portal_dir, const char* smtp_port) {
  using service::sspr::Method;
  const auto rules = [](service::sspr::Settings& s) {
    s.methods = {Method::app_code, Method::email, Method::questions, Method::pass};
    s.questions_to_register = 3, s.administrator_groups = {std::string(administrators)};
  };
  ResetWorld reset(rules, ResetWorld::quick(), [&](config::ServiceConfig& config) {
    if (!smtp_port) return;
    config.mail.emplace();
    config.mail->host = "127.0.0.1", config.mail->port = static_cast<unsigned short>(std::stoi(smtp_port)), config.mail->security = link::SmtpSettings::Security::none;
    config.mail_sender_address = "no-reply@corp.example";
  });
  std::map<std::string, Secret> keys;
  for (const auto& name : with_app) keys.emplace(name, reset.register_app(people.at(name)));
  reset.register_email("mia@home.example", people.at("mia@corp.example"));
  EXPECT_TRUE(reset.world.store().database().run("UPDATE person_methods SET proven=1 WHERE sub=?", people.at("mia@corp.example")));
  for (const auto* name : {"bob@corp.example", "frank@corp.example", "quinn@corp.example"}) reset.register_answers(people.at(name));
  // carol has registered long ago.
  EXPECT_TRUE(reset.world.store().database().run("UPDATE person_methods SET made=1 WHERE sub=?", people.at("carol@corp.example")));
  reset.world.stop();
  reset.world.config.portal_dir = portal_dir;
  reset.world.start();
  auto& agent = *reset.agent;
  agent.epoch++;
  if (agent.connect() != "welcome") return 1;
  agent.state(reset.world.rsn);
  agent.ready();
  std::atomic<bool> over = false, held = true;
  std::thread working([&] { work(agent, over, held); });
  say({{"url", "https://127.0.0.1:" + std::to_string(reset.world.port())}, {"pin", reset.world.dr.kid()}});
  std::optional<FakeAgent> spare;
  const auto let_go = [&held] {
    held = false;
    held.notify_all();
  };
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "go") {
      let_go();
      say({{"go", true}});
      continue;
    }
    if (line == "one" || line == "two") {
      reset.settings([&](service::sspr::Settings& s) { s.methods_required = line == "two" ? 2 : 1; });
      say({{line, true}});
      continue;
    }
    if (line.starts_with("brand ")) {
      const auto brand = protocol::parse_json(line.substr(6)).value().as_object();
      const auto of = [&](const char* name) { return std::string(brand.at(name).as_string()); };
      reset.settings([&](service::sspr::Settings& s) { s.brand_name = of("name"), s.brand_text = of("text"), s.brand_colour = of("colour"), s.brand_logo = of("logo"), s.helpdesk = of("helpdesk"); });
      say({{"brand", true}});
      continue;
    }
    if (auto done = told(reset, spare, line)) {
      say(*done);
      continue;
    }
    const auto key = line.starts_with("code ") ? keys.find(line.substr(5)) : keys.end();
    say({{"code", key == keys.end() ? "000000" : app_code(key->second)}});
  }
  let_go();
  over = true;
  working.join();
  return 0;
}

}  // namespace
}  // namespace wb::test

int main(int count, char** words) {
  if (count != 2 && count != 3) return 2;
  testing::InitGoogleTest();
  return wb::test::play(words[1], count == 3 ? words[2] : nullptr);
}
