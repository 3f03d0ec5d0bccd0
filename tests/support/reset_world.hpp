// A reset service with self-service on for everybody, an agent made of nothing but the contract, people who have registered, and
// browsers: what they say is written here by hand, as docs/SSPR.md says it.
#pragma once
#include "crypto/vault.hpp"
#include "service/methods/questions.hpp"
#include "service/sspr/settings.hpp"
#include "tests/support/service_world.hpp"

namespace wb::test {

// "123456" for that key now; `steps` later than now.
std::string app_code(const Secret& key, int steps = 0);

class ResetWorld {
 public:
  using Edit = std::function<void(service::sspr::Settings&)>;
  explicit ResetWorld(Edit edit = {}, service::Settings shape = quick(), const ServiceWorld::Configure& configure = {});
  ~ResetWorld() { world.stop(); }
  static service::Settings quick();  // easy captcha, cheap hashes, no span for look-ups

  ServiceWorld world;
  std::unique_ptr<FakeAgent> agent = world.active_agent();

  void settings(const Edit& edit);
  // For alices_sub unless another is named.
  Secret register_app(const std::string& sub = alices_sub);  // its key
  void register_email(const std::string& address, const std::string& sub = alices_sub);
  // "answer <question's id>" to these questions, or to the first five.
  void register_answers(const std::string& sub = alices_sub, std::vector<std::string> ids = {});
  std::vector<std::string> audit();  // "activity reason", the oldest first

 private:
  crypto::Vault vault();
  void known(const std::string& sub);
};

// Somebody at the pages.
class Browser {
 public:
  explicit Browser(ResetWorld& world) : world_(world) {}
  std::string token, cookie, language;

  std::string solved_captcha(const std::string& purpose = "reset");
  HttpReply begin(const std::string& name);  // and remembers the session
  // begin(), while the agent answers its probe; `edit` changes the answer. An empty sub: there is no such account.
  using Edit = std::function<void(protocol::JobResult&)>;
  HttpReply begin_as(const std::string& name, const std::string& sub = alices_sub, Edit edit = {});
  // What the agent says of the account: 12 characters at least, none of the last 24.
  void answer_probe(const protocol::Job& job, const std::string& sub = alices_sub, const Edit& edit = {});
  HttpReply get() { return call("GET", "session"); }
  HttpReply choose(const std::string& method) { return call("POST", "session/method", {{"method", method}}); }
  HttpReply code(const std::string& text) { return call("POST", "session/answer", {{"code", text}}); }
  HttpReply answers(const HttpReply& asked, const std::string& prefix = "answer ");
  HttpReply pick(const std::string& choice) { return call("POST", "session/choice", {{"choice", choice}}); }
  // The offer to seal to, while the agent answers.
  ServiceWorld::Probed seal_offer(const std::string& sub = alices_sub);
  std::future<HttpReply> submit(const ServiceWorld::Probed& probed, std::string_view password);
  HttpReply call(const std::string& method, const std::string& path, const json::object& body = {});

 private:
  ResetWorld& world_;
};
// A member of the reply's session, as text.
std::string phase_of(const HttpReply& reply);

// Milliseconds until the answer, which must have this status.
double timed(const std::function<HttpReply()>& call, int status);

}  // namespace wb::test
