#include "tests/support/reset_world.hpp"

#include "core/base64url.hpp"
#include "crypto/mac.hpp"
#include "service/methods/sealed_methods.hpp"
#include "service/methods/totp.hpp"
#include "service/sspr/settings_store.hpp"

namespace wb::test {

namespace sspr = service::sspr;

std::string app_code(const Secret& key, int steps) { return service::hotp(key, static_cast<std::uint64_t>(unix_now() / service::totp_step_s + steps)); }

std::string phase_of(const HttpReply& reply) {
  const auto* session = reply.body.is_object() ? reply.body.as_object().if_contains("session") : nullptr;
  return session ? std::string(session->at("phase").as_string()) : std::string();
}

service::Settings ResetWorld::quick() {
  auto shape = ServiceWorld::quick();
  shape.captcha = {.easiest = 50, .hardest = 200, .free = 1'000};
  shape.argon2 = {.memory_kib = 64, .passes = 1};
  shape.look_span = 0ms, shape.answer_step = 0ms;
  return shape;
}

ResetWorld::ResetWorld(Edit edit, service::Settings shape, const ServiceWorld::Configure& configure) : world(std::move(shape), configure) {
  settings([&](sspr::Settings& s) {
    s.scope = sspr::Scope::all;
    if (edit) edit(s);
  });
  EXPECT_TRUE(sspr::SettingsStore(world.store().database()).route("corp.example", world.domain));
}

void ResetWorld::settings(const Edit& edit) {
  sspr::SettingsStore store(world.store().database());
  auto now = store.current(world.domain).value();
  edit(now.settings);
  EXPECT_TRUE(store.put(world.domain, now.version, now.settings, "test", unix_now()).value());
}

crypto::Vault ResetWorld::vault() { return crypto::Vault::open(world.config.state_dir).value(); }

void ResetWorld::known(const std::string& sub) {
  sspr::Person person;
  person.domain = world.domain, person.sub = sub, person.name = "alice@corp.example", person.seen = unix_now();
  EXPECT_TRUE(sspr::People(world.store().database()).saw(person));
}

Secret ResetWorld::register_app(const std::string& sub) {
  known(sub);
  auto key = service::new_totp_key();
  const auto method = sspr::sealed_app(vault(), world.domain, sub, key, "phone", unix_now()).value();
  EXPECT_TRUE(sspr::People(world.store().database()).add(world.domain, sub, method).value());
  return key;
}

void ResetWorld::register_email(const std::string& address, const std::string& sub) {
  known(sub);
  const auto method = sspr::sealed_email(vault(), world.domain, sub, *service::read_email(address), unix_now()).value();
  EXPECT_TRUE(sspr::People(world.store().database()).add(world.domain, sub, method).value());
}

void ResetWorld::register_answers(const std::string& sub, std::vector<std::string> ids) {
  known(sub);
  if (ids.empty()) ids.assign(service::predefined_questions().begin(), service::predefined_questions().begin() + 5);
  std::vector<service::GivenAnswer> given;
  for (const auto& id : ids) given.push_back({id, "Which?", Secret::copy_of("answer " + id)});
  const auto made = service::register_answers(given, {.to_register = static_cast<int>(ids.size()), .cost = world.shape.argon2}).value();
  const auto method = sspr::sealed_answers(vault(), world.domain, sub, made.kept, unix_now()).value();
  EXPECT_TRUE(sspr::People(world.store().database()).add(world.domain, sub, method).value());
}

std::vector<std::string> ResetWorld::audit() {
  std::vector<std::string> out;
  const auto page = world.store().audit().page({}, 0, 1'000).value();
  for (const auto& row : page.rows) {
    const auto said = protocol::parse_json(row.row, 12).value().as_object();
    out.push_back(std::string(said.at("activity").as_string()) + " " + std::string(said.at("reason").as_string()));
  }
  return out;
}

// ---- the browser --------------------------------------------------------------------------------------------
HttpReply Browser::call(const std::string& method, const std::string& path, const json::object& body) {
  std::vector<std::string> headers;
  if (!language.empty()) headers.push_back("Accept-Language: " + language);
  if (!cookie.empty()) headers.push_back("Cookie: wbd=" + cookie);
  auto reply = https_kept(method, world_.world.url() + "/api/v1/sspr/" + path, method == "POST" ? json::serialize(body) : std::string(), token, headers);
  if (const auto at = reply.headers.find("wbd="); at != std::string::npos) cookie = reply.headers.substr(at + 4, reply.headers.find(';', at) - at - 4);
  return reply;
}

std::string Browser::solved_captcha(const std::string& purpose) {
  const auto challenge = call("GET", "captcha?for=" + purpose).body.as_object();
  const std::string salt(challenge.at("salt").as_string()), wanted(challenge.at("challenge").as_string());
  for (std::int64_t number = 0; number <= challenge.at("maxnumber").as_int64(); ++number) {
    if (crypto::hex(crypto::sha256(salt + std::to_string(number))) != wanted) continue;
    const json::object solution{{"algorithm", "SHA-256"}, {"challenge", wanted}, {"number", number}, {"salt", salt}, {"signature", challenge.at("signature")}};
    return base64(json::serialize(solution));
  }
  ADD_FAILURE() << "no solution";
  return {};
}

HttpReply Browser::begin(const std::string& name) {
  auto reply = call("POST", "sessions", {{"name", name}, {"captcha", solved_captcha()}});
  if (reply.status == 201) token = reply.text("token");
  return reply;
}

void Browser::answer_probe(const protocol::Job& job, const std::string& sub, const Edit& edit) {
  world_.agent->answer(job, protocol::Code::ok, [&](protocol::JobResult& r) {
    protocol::ProbeAnswer probe;
    probe.sub = sub, probe.dc = "dc1.corp.example", probe.display_name = "Alice", probe.now = unix_now();
    probe.policy.min_length = 12, probe.policy.history = 24;
    probe.pre = {"dc1.corp.example", 3, "133000000000000000", "wb1;x;1;A"};
    r.sub = probe.sub, r.probe = probe;
    if (edit) edit(r);
  });
}

HttpReply Browser::begin_as(const std::string& name, const std::string& sub, Edit edit) {
  auto reply = begin(name);
  if (reply.status != 201) return reply;
  const auto got = world_.agent->next_job();
  EXPECT_TRUE(got && got->job.op == protocol::Op::probe) << "the account is looked up";
  if (!got) return reply;
  if (sub.empty()) {
    world_.agent->answer(got->job, protocol::Code::failed, [](protocol::JobResult& r) { r.reason = "not_found"; });
    return reply;
  }
  answer_probe(got->job, sub, edit);
  return reply;
}

HttpReply Browser::answers(const HttpReply& asked, const std::string& prefix) {
  json::array list;
  for (const auto& question : asked.body.at("session").at("questions").as_array()) list.push_back(json::object{{"question", question.at("id")}, {"answer", prefix + std::string(question.at("id").as_string())}});
  return call("POST", "session/answer", {{"answers", list}});
}

ServiceWorld::Probed Browser::seal_offer(const std::string& sub) {
  auto asking = std::async(std::launch::async, [this] { return call("POST", "session/seal"); });
  const auto got = world_.agent->next_job();
  EXPECT_TRUE(got && got->job.op == protocol::Op::probe);
  if (got) answer_probe(got->job, sub);
  const auto offer = asking.get();
  EXPECT_EQ(offer.status, 200) << offer.text("code");
  return {offer.text("probe"), protocol::decode<protocol::ProbeAnswer>(json::serialize(offer.body.at("answer"))).value().pre, sub};
}

std::future<HttpReply> Browser::submit(const ServiceWorld::Probed& probed, std::string_view password) {
  const auto sealed = world_.world.seal({world_.agent.get()}, world_.world.binding(probed), password);
  return std::async(std::launch::async, [this, probe = probed.id, sealed] { return call("POST", "session/password", {{"probe", probe}, {"sealed", sealed}}); });
}

double timed(const std::function<HttpReply()>& call, int status) {
  const Stopwatch watch;
  const auto reply = call();
  EXPECT_EQ(reply.status, status) << reply.text("code");
  return watch.ms();
}

}  // namespace wb::test
