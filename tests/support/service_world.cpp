#include "tests/support/service_world.hpp"

#include <boost/asio/use_future.hpp>
#include <curl/curl.h>

#include <algorithm>

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "service/credentials.hpp"
#include "tests/support/test_certificates.hpp"

namespace wb::test {

using protocol::message_text;

// ---- HTTPS --------------------------------------------------------------------------------------------------
std::string HttpReply::text(std::string_view member) const {
  const auto* object = body.if_object();
  const auto* value = object ? object->if_contains(member) : nullptr;
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}
std::string HttpReply::error() const {
  const auto* object = body.if_object();
  const auto* value = object ? object->if_contains("error") : nullptr;
  return value && value->is_object() ? std::string(value->at("code").as_string()) : std::string();
}

namespace {
HttpReply ask(const std::string& method, const std::string& url, const std::string& body, const std::string& bearer, const std::vector<std::string>& more, bool may_be_cut, CURL* kept = nullptr) {
  const auto let_go = [kept](CURL* handle) { kept ? curl_easy_reset(handle) : curl_easy_cleanup(handle); };
  std::unique_ptr<CURL, decltype(let_go)> curl(kept ? kept : curl_easy_init(), let_go);
  std::string answer;
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
  headers = curl_slist_append(headers, "Expect:");
  if (!bearer.empty()) headers = curl_slist_append(headers, ("Authorization: Bearer " + bearer).c_str());
  for (const auto& header : more) headers = curl_slist_append(headers, header.c_str());
  const auto take = +[](char* data, std::size_t size, std::size_t count, void* out) { static_cast<std::string*>(out)->append(data, size * count); return size * count; };
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CAINFO, test_certificates().ca.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 60L);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  if (!body.empty() || method == "POST") {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
  }
  HttpReply reply;
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, take);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &reply.headers);
  const auto code = curl_easy_perform(curl.get());
  EXPECT_TRUE(may_be_cut || code == CURLE_OK) << curl_easy_strerror(code) << " " << url;
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(headers);
  reply.status = static_cast<int>(status);
  if (auto value = protocol::parse_json(answer, 12)) reply.body = *value;
  reply.raw = std::move(answer);
  return reply;
}
}  // namespace

HttpReply https(const std::string& method, const std::string& url, const std::string& body, const std::string& bearer, const std::vector<std::string>& more) { return ask(method, url, body, bearer, more, false); }
HttpReply https_kept(const std::string& method, const std::string& url, const std::string& body, const std::string& bearer, const std::vector<std::string>& more) {
  thread_local std::unique_ptr<CURL, void (*)(CURL*)> kept(curl_easy_init(), curl_easy_cleanup);
  return ask(method, url, body, bearer, more, false, kept.get());
}
HttpReply https_or_cut(const std::string& method, const std::string& url, const std::string& body, const std::string& bearer) { return ask(method, url, body, bearer, {}, true); }

// ---- the agent ----------------------------------------------------------------------------------------------
FakeAgent::FakeAgent(ServiceWorld& world) : as(crypto::PrivateKey::generate().value()), ae(crypto::PrivateKey::generate().value()), world_(world) {}

HttpReply FakeAgent::enroll(const std::string& token) {
  const auto secret = token.substr(token.rfind('.') + 1);
  const protocol::EnrollClaims claims{crypto::sha256_url(secret), ae.public_key().jwk(), "fake.host", "test", unix_now()};
  const auto jws = crypto::sign(as, protocol::typ_enroll, protocol::encode(claims), crypto::CarryKey::yes).value();
  auto reply = https("POST", world_.url() + "/agent/v1/enroll", json::serialize(json::object{{"token", token}, {"jws", jws}}));
  if (reply.status == 200) id = reply.text("agent");
  return reply;
}

HttpReply FakeAgent::post_signed(const std::string& path, const std::string& member, const std::string& text, const std::string& domain) {
  const protocol::SubmitClaims claims{id, domain, crypto::sha256_url(text), unix_now()};
  const auto jws = crypto::sign(as, protocol::typ_submit, protocol::encode(claims)).value();
  return https("POST", world_.url() + path, json::serialize(json::object{{member, text}, {"jws", jws}}));
}

std::string FakeAgent::connect(Tweak tweak) {
  return greet([this, tweak](const protocol::Challenge& challenge) {
    const auto cb = challenge.cb == "exporter" ? base64url(link_->channel_binding()) : std::string();
    protocol::HelloClaims claims{id, "default", {world_.domain}, challenge.nonce, challenge.gateway, cb, epoch, "test", {"probe", "reset", "unlock", "change", "authenticate", "resolve"}, {ae.kid()}, 8};
    if (tweak) tweak(claims);
    last_hello = crypto::sign(as, protocol::typ_hello, protocol::encode(claims)).value();
    return last_hello;
  });
}

std::string FakeAgent::replay(const std::string& hello_jws) {
  return greet([hello_jws](const protocol::Challenge&) { return hello_jws; });
}

std::string FakeAgent::greet(std::function<std::string(const protocol::Challenge&)> make_hello) {
  cut();
  inbox_.clear();
  gone_ = false;
  io_ = std::make_unique<asio::io_context>(1);
  work_.emplace(io_->get_executor());
  auto answer = asio::co_spawn(*io_, open(this, std::move(make_hello)), asio::use_future);
  thread_ = std::thread([this] { io_->run(); });
  return answer.get();
}

Awaitable<std::string> FakeAgent::open(FakeAgent* self, std::function<std::string(const protocol::Challenge&)> make_hello) {
  link::DialSettings settings;
  settings.host = "127.0.0.1";
  settings.port = self->world_.port();
  settings.trust.ca_file = test_certificates().ca;
  auto dialling = link::dial(settings);
  auto link = co_await std::move(dialling);
  if (!link) co_return link.error().where + ": " + link.error().detail;
  self->link_ = std::move(*link);
  auto first = co_await self->link_->read();
  if (!first) co_return "no challenge";
  auto envelope = protocol::decode_envelope(*first);
  if (envelope && envelope->type == "error") co_return protocol::decode<protocol::Error>(envelope->body).value().code;
  if (!envelope || envelope->type != "challenge") co_return "no challenge";
  auto hello = message_text("hello", protocol::Hello{make_hello(protocol::decode<protocol::Challenge>(envelope->body).value())});
  (void)co_await self->link_->write(std::move(hello));
  auto second = co_await self->link_->read();
  if (!second) co_return "closed";
  envelope = protocol::decode_envelope(*second);
  if (!envelope) co_return "malformed";
  if (envelope->type == "error") co_return protocol::decode<protocol::Error>(envelope->body).value().code;
  if (auto welcome = protocol::decode<protocol::Welcome>(envelope->body)) self->session = welcome->session, self->service_caps = welcome->caps;
  auto executor = co_await asio::this_coro::executor;
  self->listening_ = true;
  asio::co_spawn(executor, listen(self), [](std::exception_ptr) {});
  co_return envelope->type;
}

Awaitable<> FakeAgent::listen(FakeAgent* self) {
  for (;;) {
    auto text = co_await self->link_->read();
    std::lock_guard lock(self->mutex_);
    if (!text) {
      self->link_.reset();  // its timers would keep the loop alive
      self->listening_ = false;
      self->gone_ = true;
      self->arrived_.notify_all();
      co_return;
    }
    auto envelope = protocol::decode_envelope(*text);
    EXPECT_TRUE(envelope);
    if (envelope) self->inbox_.push_back(std::move(*envelope));
    self->arrived_.notify_all();
  }
}

Awaitable<> FakeAgent::say(FakeAgent* self, std::string text) {
  if (self->link_) (void)co_await self->link_->write(std::move(text));
}

void FakeAgent::send(std::string text) {
  if (!io_) return;
  asio::co_spawn(*io_, say(this, std::move(text)), asio::use_future).wait_for(10s);
}

void FakeAgent::cut() {
  if (!io_) return;
  asio::post(*io_, [this] {
    if (link_) link_->abort();
    if (!listening_) link_.reset();  // else listen() does it, when its read has come back
    work_.reset();
  });
  if (thread_.joinable()) thread_.join();
  link_.reset();
  io_.reset();
}

std::optional<std::string> FakeAgent::next(const std::string& type, std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  const auto wanted = [&](const protocol::Envelope& e) { return e.type == type; };
  arrived_.wait_for(lock, wait, [&] { return gone_ || std::any_of(inbox_.begin(), inbox_.end(), wanted); });
  auto found = std::find_if(inbox_.begin(), inbox_.end(), wanted);
  if (found == inbox_.end()) return std::nullopt;
  auto body = std::move(found->body);
  inbox_.erase(found);
  return body;
}

std::optional<FakeAgent::Received> FakeAgent::next_job(std::chrono::milliseconds wait) {
  auto body = next("job", wait);
  if (!body) return std::nullopt;
  Received received;
  received.message = protocol::decode<protocol::JobMessage>(*body).value();
  received.job = protocol::decode<protocol::Job>(crypto::parse_jws(received.message.jws, protocol::typ_job, crypto::CarryKey::no).value().payload).value();
  return received;
}

bool FakeAgent::gone(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  return arrived_.wait_for(lock, wait, [&] { return gone_; });
}

void FakeAgent::state(std::int64_t rsn) {
  const protocol::Statement statement{"default", world_.domain, id, rsn, {{ae.kid(), ae.public_key().jwk()}}, unix_now(), unix_now() + 3'600};
  protocol::AgentKeys keys;
  keys.statements[world_.domain] = crypto::sign(as, protocol::typ_statement, protocol::encode(statement)).value();
  send(message_text("keys", keys));
}

void FakeAgent::ready(bool is_ready, int window, int inflight) {
  protocol::AgentHeartbeat hb;
  hb.window = window, hb.inflight = inflight;
  hb.ready[world_.domain] = {is_ready, "", "dc1.corp.example", true, true};
  send(message_text("hb", hb));
}

void FakeAgent::answer(const protocol::Job& job, protocol::Code code, Edit edit) {
  protocol::JobResult result;
  result.jti = job.jti, result.fence = job.fence, result.att = job.att, result.agent = id, result.op = job.op;
  if (!job.sub.empty()) result.sub = job.sub;
  result.code = code, result.text = "words for the person", result.dc = "dc1.corp.example", result.at = unix_now();
  if (edit) edit(result);
  send(message_text("result", protocol::ResultMessage{crypto::sign(as, protocol::typ_result, protocol::encode(result)).value()}));
}

void FakeAgent::answer_probe(const protocol::Job& job, const std::string& sub) {
  answer(job, protocol::Code::ok, [&sub](protocol::JobResult& r) {
    protocol::ProbeAnswer probe;
    probe.sub = sub, probe.dc = "dc1.corp.example", probe.display_name = "Alice", probe.now = unix_now();
    probe.pre = {"dc1.corp.example", 3, "133000000000000000", "wb1;x;1;A"};
    r.sub = probe.sub, r.probe = probe;
  });
}

// ---- the world ----------------------------------------------------------------------------------------------
service::Settings ServiceWorld::quick() {
  service::Settings shape;
  shape.hello_pause = 0ms;
  shape.enrol_per_minute = 1'000;
  shape.release_look = 50ms;
  return shape;
}

ServiceWorld::ServiceWorld(service::Settings with, const Configure& configure) : shape(std::move(with)) {
  std::string name = (std::filesystem::temp_directory_path() / "wb-service-XXXXXX").string();
  folder_ = ::mkdtemp(name.data());
  config.listen_address = "127.0.0.1";
  config.listen_port = 0;
  config.certificate_file = test_certificates().cert;
  config.key_file = test_certificates().key;
  config.public_url = "https://reset.example";
  config.state_dir = folder_ / "state";
  if (configure) configure(config);
  start();
}

ServiceWorld::~ServiceWorld() {
  stop();
  store_.reset();
  std::filesystem::remove_all(folder_);
}

void ServiceWorld::start() {
  io_ = std::make_unique<asio::io_context>(1);
  auto service = service::Service::start(*io_, config, shape);
  ASSERT_TRUE(service) << service.error().where << ": " << service.error().detail;
  service_ = std::move(*service);
  port_ = service_->port();
  thread_ = std::thread([this] { io_->run(); });
  if (!store_) store_.emplace(service::Store::open(store_file()).value());
}

void ServiceWorld::stop() {
  if (!service_) return;
  auto stopped = asio::co_spawn(*io_, service_->stop(), asio::use_future);
  EXPECT_EQ(stopped.wait_for(20s), std::future_status::ready);
  io_->stop();
  thread_.join();
  service_.reset();
  io_.reset();
}

void ServiceWorld::kill() {
  io_->stop();
  thread_.join();
  service_.reset();
  io_.reset();
}

std::size_t ServiceWorld::waiting_calls() {
  return asio::post(*io_, asio::use_future([this] { return service_->waiting_calls(); })).get();
}

std::size_t ServiceWorld::watching_calls(const std::string& jti) {
  return asio::post(*io_, asio::use_future([this, jti] { return service_->watching_calls(jti); })).get();
}

std::string ServiceWorld::token(const std::string& of) {
  const auto credential = service::new_credential();
  EXPECT_TRUE(store_->add_token(credential.id, service::hash_of(credential), of, unix_now() + 600));
  return "wbe1." + credential.id + "." + credential.secret;
}

std::string ServiceWorld::client(const std::string& of, const service::Scopes& scopes) {
  const auto credential = service::new_credential();
  EXPECT_TRUE(store_->add_client(credential.id, service::hash_of(credential), of, scopes));
  return "wbc1." + credential.id + "." + credential.secret;
}

HttpReply ServiceWorld::post_roster(std::vector<FakeAgent*> agents) {
  protocol::Roster roster{"default", domain, ++rsn, unix_now(), unix_now() + 86'400, {}};
  for (auto* agent : agents) roster.agents.push_back({agent->id, agent->as.public_key().jwk()});
  const auto jws = crypto::sign(dr, protocol::typ_roster, protocol::encode(roster), crypto::CarryKey::yes).value();
  return agents.front()->post_signed("/agent/v1/roster", "roster", jws);
}

std::unique_ptr<FakeAgent> ServiceWorld::active_agent() {
  auto agent = std::make_unique<FakeAgent>(*this);
  EXPECT_EQ(agent->enroll(token()).status, 200);
  members_.push_back(agent.get());
  EXPECT_EQ(post_roster(members_).status, 200);
  EXPECT_EQ(agent->connect(), "welcome");
  for (auto* member : members_) member->state(rsn);
  agent->ready();
  return agent;
}

int ServiceWorld::ready_now(const std::string& bearer) { return static_cast<int>(https("GET", url() + "/api/v1/keys", {}, bearer).body.at("ready_agents").as_int64()); }

protocol::SealBinding ServiceWorld::binding(const Probed& probed) {
  return {new_ulid(), "default", domain, probed.sub, protocol::Op::reset, unix_now(), unix_now() + 120, rsn, probed.pre, base64url(random_bytes(16))};
}

std::string ServiceWorld::seal(std::vector<FakeAgent*> agents, const protocol::SealBinding& binding, std::string_view password) {
  std::vector<crypto::PublicKey> keys;
  for (auto* agent : agents) keys.push_back(agent->ae.public_key());
  return crypto::seal(keys, binding, crypto::make_plaintext(Secret::copy_of(password))).value();
}

ServiceWorld::Probed ServiceWorld::probe(FakeAgent& agent, const std::string& bearer, const std::string& name, const std::string& sub) {
  auto reply = std::async(std::launch::async, [&] { return https("POST", url() + "/api/v1/probes", json::serialize(json::object{{"name", name}}), bearer); });
  auto got = agent.next_job();
  EXPECT_TRUE(got);
  if (!got) return {};
  agent.accept(got->job);
  agent.answer_probe(got->job, sub);
  const auto r = reply.get();
  EXPECT_EQ(r.status, 200) << json::serialize(r.body);
  EXPECT_EQ(r.text("outcome"), "ok");
  const auto answer = protocol::decode<protocol::ProbeAnswer>(json::serialize(r.body.at("answer"))).value();
  return {r.text("probe"), answer.pre, answer.sub};
}

HttpReply ServiceWorld::submit(const std::string& bearer, const std::string& probe, const std::string& sealed, int wait_ms, json::object more) {
  more["probe"] = probe, more["sealed"] = sealed;
  return https("POST", url() + "/api/v1/jobs" + (wait_ms > 0 ? "?wait_ms=" + std::to_string(wait_ms) : ""), json::serialize(more), bearer);
}

HttpReply ServiceWorld::look(const std::string& bearer, const std::string& jti, int wait_ms) {
  return https("GET", url() + "/api/v1/jobs/" + jti + "?wait_ms=" + std::to_string(wait_ms), {}, bearer);
}

}  // namespace wb::test
