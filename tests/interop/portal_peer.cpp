// The service behind the portal's test, with people who have registered and an agent made of nothing but the contract. Speaks JSON, a
// line each: first {url, pin}; then, of every password and unlock that reaches the directory, {sub, set} or {sub, unlocked}.
// On standard input: "code NAME" is answered with {code} of that person's app, "go" lets the held write go on, with {go}; "two" asks for two
// methods from now on, with {two}; "letter NAME" with {token}, of a "this wasn't me" link; the end of it ends the program.
//   portal_peer PORTAL_DIR
#include <atomic>
#include <iostream>
#include <map>
#include <thread>

#include "crypto/jwe.hpp"
#include "service/sspr/tickets.hpp"
#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

// Who is there. The directory refuses this password by name, and answers about erin when it is let.
const std::map<std::string, std::string> people{{"alice@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d4e"}, {"bob@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d4f"},
    {"carol@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d50"}, {"dave@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d51"}, {"erin@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d52"}, {"frank@corp.example", "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d53"}};
constexpr std::string_view refused = "Refused-Passw0rd-1";

std::mutex speaking;
void say(const json::object& line) {
  std::lock_guard lock(speaking);
  std::cout << json::serialize(line) << std::endl;
}

std::string password_in(const std::string& sealed, const crypto::PrivateKey& key) {
  const auto opened = crypto::open_sealed(sealed, key).value();
  return opened.expose([](std::string_view text) { return std::string(protocol::parse_json(text).value().as_object().at("pw").as_string()); });
}

void look_up(FakeAgent& agent, const protocol::Job& job) {
  const auto found = people.find(job.name.value_or(""));
  const auto sub = !job.sub.empty() ? job.sub : found == people.end() ? std::string()
                                                                      : found->second;
  if (sub.empty()) return agent.answer(job, protocol::Code::failed, [](protocol::JobResult& r) { r.reason = "not_found"; });
  agent.answer(job, protocol::Code::ok, [&](protocol::JobResult& r) {
    protocol::ProbeAnswer probe;
    probe.sub = sub, probe.dc = "dc1.corp.example", probe.display_name = "Alice Liddell", probe.now = unix_now();
    probe.policy.min_length = 12, probe.policy.history = 24, probe.policy.complexity = true;
    probe.pre = {"dc1.corp.example", 3, "133000000000000000", "wb1;x;1;A"};
    r.sub = sub, r.probe = probe;
  });
}

void write(FakeAgent& agent, const FakeAgent::Received& got, const std::atomic<bool>& held) {
  const auto& job = got.job;
  agent.accept(job);
  if (job.op == protocol::Op::unlock) {
    say({{"sub", job.sub}, {"unlocked", true}});
    return agent.answer(job, protocol::Code::applied);
  }
  const auto password = password_in(got.message.sec.value_or(""), agent.ae);
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

int play(const char* portal_dir) {
  using service::sspr::Method;
  ResetWorld reset([](service::sspr::Settings& s) { s.methods = {Method::app_code, Method::email, Method::questions}; });
  std::map<std::string, Secret> keys;
  for (const auto& [name, sub] : people) keys.emplace(name, reset.register_app(sub));
  for (const auto* name : {"bob@corp.example", "frank@corp.example"}) reset.register_answers(people.at(name));
  reset.world.stop();
  reset.world.config.portal_dir = portal_dir;
  reset.world.start();
  auto& agent = *reset.agent;
  agent.epoch++;
  if (agent.connect() != "welcome") return 1;
  agent.state(reset.world.rsn);
  agent.ready();
  std::atomic<bool> over = false, held = true;
  std::thread working([&] {
    while (!over)
      if (const auto got = agent.next_job(200ms)) got->job.op == protocol::Op::probe ? look_up(agent, got->job) : write(agent, *got, held);
  });
  say({{"url", "https://127.0.0.1:" + std::to_string(reset.world.port())}, {"pin", reset.world.dr.kid()}});
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
    if (line == "two") {
      reset.settings([](service::sspr::Settings& s) { s.methods_required = 2; });
      say({{"two", true}});
      continue;
    }
    if (line.starts_with("letter ")) {
      say({{"token", letter(reset, line.substr(7))}});
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
  if (count != 2) return 2;
  testing::InitGoogleTest();
  return wb::test::play(words[1]);
}
