// A whole reset service in one process, with self-service on and an agent that does what the name of an account says, for tests that
// are strangers to us: openapi_conformance_test.py, hostile_http_test.py, the examples. Prints one line of JSON (where, and which
// credentials there are), serves until its standard input ends.
//   alice, u00 ... u19: a reset and an unlock work;  fresh: too, and nothing is registered;  short: every password is refused;  slow: it takes two seconds;  locked: it is;
//   chief: an administrator of the organisation;  nobody: there is none. All of them have registered security questions, the answer to which is "answer <question's id>".
#include <atomic>
#include <iostream>

#include "core/log.hpp"
#include "tests/support/reset_world.hpp"
#include "tests/support/test_certificates.hpp"

namespace {
using namespace wb;
using namespace wb::test;

std::vector<std::string> names() {
  std::vector<std::string> all{"alice", "short", "slow", "locked", "chief", "fresh"};
  for (int n = 0; n < 20; ++n) all.push_back((n < 10 ? "u0" : "u") + std::to_string(n));
  return all;
}
std::string sub_of(std::size_t at) { return "6f1c2f0e-8a57-4d0f-9a1b-0000000000" + std::string(at < 10 ? "0" : "") + std::to_string(at); }

// Plays the agent until `over`.
class Directory {
 public:
  explicit Directory(ResetWorld& world) : world_(world) {
    for (const auto& name : names()) {
      subs_[name] = sub_of(subs_.size());
      names_[subs_[name]] = name;
    }
  }
  void serve(const std::atomic<bool>& over) {
    while (!over) {
      if (const auto got = world_.agent->next_job(50ms)) take(got->job);
      while (!late_.empty() && std::chrono::steady_clock::now() >= late_.front().first) {
        world_.agent->answer(late_.front().second, protocol::Code::applied);
        late_.erase(late_.begin());
      }
    }
  }
  const std::map<std::string, std::string>& subs() const { return subs_; }

 private:
  void take(const protocol::Job& job) {
    auto& agent = *world_.agent;
    agent.accept(job);
    if (job.op == protocol::Op::probe) return look(job);
    agent.applying(job);
    const auto& name = names_[job.sub];
    if (name == "slow") late_.emplace_back(std::chrono::steady_clock::now() + 2s, job);
    else if (name == "short" && job.op == protocol::Op::reset) agent.answer(job, protocol::Code::rejected, [](auto& r) { r.reason = "too_short"; });
    else agent.answer(job, job.op == protocol::Op::authenticate ? protocol::Code::ok : protocol::Code::applied, [](auto& r) { r.usn = 7; });
  }
  void look(const protocol::Job& job) {
    const auto name = job.name ? job.name->substr(0, job.name->find('@')) : names_[job.sub];
    const auto known = subs_.find(name);
    if (known == subs_.end()) return world_.agent->answer(job, protocol::Code::failed, [](auto& r) { r.reason = "not_found"; });
    world_.agent->answer(job, protocol::Code::ok, [&](protocol::JobResult& r) {
      protocol::ProbeAnswer probe;
      probe.sub = known->second, probe.dc = "dc1.corp.example", probe.display_name = "Somebody", probe.now = unix_now(), probe.language = "en";
      probe.policy.min_length = 12, probe.policy.history = 24, probe.policy.lockout_threshold = 5;
      probe.state.locked = name == "locked";
      probe.groups = {name == "chief" ? "CN=Chiefs,DC=corp,DC=example" : "CN=Staff,DC=corp,DC=example"}, probe.contacts = {{"mail", {(name == "fresh" ? "fresh" : "somebody") + std::string("@corp.example")}}};
      probe.pre = {"dc1.corp.example", 3, "133000000000000000", "wb1;x;1;A"};
      r.sub = probe.sub, r.probe = probe;
    });
  }

  ResetWorld& world_;
  std::map<std::string, std::string> subs_, names_;
  std::vector<std::pair<std::chrono::steady_clock::time_point, protocol::Job>> late_;
};

json::object client(ResetWorld& world, const service::Scopes& scopes, const std::string& domain) {
  const auto made = service::new_credential();
  EXPECT_TRUE(world.world.store().add_client(made.id, service::hash_of(made), domain, scopes));
  return {{"id", made.id}, {"secret", made.secret}, {"url", world.world.url()}, {"domain", domain}, {"tenant", "default"}, {"dr", world.world.dr.kid()}};
}
}  // namespace

// PORT CA_FILE PASSWORD_FILE: how mail leaves, if it does.
int main(int argc, char** argv) {
  log::start(log::Level::error);
  auto shape = ResetWorld::quick();
  shape.settle_wait = 250ms, shape.events_beat = 100ms;
  ResetWorld world([](service::sspr::Settings& s) { s.methods = {service::sspr::Method::app_code, service::sspr::Method::email, service::sspr::Method::questions, service::sspr::Method::pass}, s.questions_alone = true, s.administrator_groups = {"CN=Chiefs,DC=corp,DC=example"}; }, shape, [&](config::ServiceConfig& config) {
    if (argc < 4) return;
    config.mail.emplace();
    config.mail->host = "127.0.0.1", config.mail->port = static_cast<unsigned short>(std::stoi(argv[1]));
    config.mail->ca_file = argv[2], config.mail->user = "writeback", config.mail->password_file = argv[3];
    config.mail_sender_address = "no-reply@corp.example", config.mail_sender_name = "Corp"; });
  Directory directory(world);
  for (const auto& [name, sub] : directory.subs())
    if (name != "fresh") world.register_answers(sub);
  FakeAgent spare(world.world);  // enrolled, and good for nothing but to be revoked
  EXPECT_EQ(spare.enroll(world.world.token()).status, 200);
  std::atomic<bool> over = false;
  std::thread agent([&] { directory.serve(over); });
  using service::Scope;
  const json::object told{{"ca", test_certificates().ca.string()}, {"store", world.world.store_file().string()}, {"spare_agent", spare.id}, {"writeback", client(world, {Scope::writeback}, world.world.domain)},
      {"settings", client(world, {Scope::settings}, world.world.domain)},
      {"helpdesk", client(world, {Scope::helpdesk}, world.world.domain)}, {"registration", client(world, {Scope::registration}, world.world.domain)}, {"audit", client(world, {Scope::audit}, world.world.domain)}, {"stranger", client(world, {Scope::writeback, Scope::audit}, "other.example")}};
  std::cout << json::serialize(told) << std::endl;
  while (std::cin.get() != EOF) {}
  over = true;
  agent.join();
  return testing::Test::HasFailure() ? 1 : 0;
}
