// Somebody who signs in with the directory's password, over HTTPS with an agent made of nothing but the contract: what their browser and
// the agent say.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/sspr/people.hpp"
#include "tests/support/reset_world.hpp"

namespace wb::test {

class APersonWhoSignsIn : public testing::Test {
 protected:
  using Code = protocol::Code;
  using Op = protocol::Op;
  static constexpr const char* password = "Canary-4c1d-Passw0rd!";
  ResetWorld reset;
  std::string token, device;  // device: what the browser keeps

  // How many rows of the audit there are of this: "activity reason".
  auto rows(const std::string& of) {
    const auto all = reset.audit();
    return std::count(all.begin(), all.end(), of);
  }
  HttpReply call(const std::string& method, const std::string& path, const json::object& body = {}) {
    const std::vector<std::string> kept = device.empty() ? std::vector<std::string>() : std::vector{"Cookie: wbd=" + device};
    auto reply = https(method, reset.world.url() + "/api/v1/" + path, method == "POST" ? json::serialize(body) : std::string(), token, kept);
    if (const auto at = reply.headers.find("wbd="); at != std::string::npos) device = reply.headers.substr(at + 4, reply.headers.find(';', at) - at - 4);
    return reply;
  }
  // Up to the account's look-up. An empty sub: nobody has the name.
  void begin(const std::string& name, const std::string& sub = alices_sub, Browser::Edit edit = {}) {
    Browser browser{reset};
    const auto begun = call("POST", "sspr/sign-ins", {{"name", name}, {"captcha", browser.solved_captcha("sign_in")}});
    ASSERT_EQ(begun.status, 201) << begun.text("code");
    token = begun.text("token");
    const auto probe = reset.agent->next_job();
    ASSERT_TRUE(probe && probe->job.op == Op::probe);
    if (sub.empty()) reset.agent->answer(probe->job, Code::failed, [](protocol::JobResult& r) { r.reason = "not_found"; });
    else browser.answer_probe(probe->job, sub, edit);
  }
  struct Offer {
    HttpReply reply;
    ServiceWorld::Probed probed;
  };
  Offer offer(bool known = true) {
    auto asking = std::async(std::launch::async, [&] { return call("POST", "sspr/sign-in/seal"); });
    if (known) {
      const auto probe = reset.agent->next_job();
      EXPECT_TRUE(probe);
      if (probe) Browser(reset).answer_probe(probe->job);
    }
    Offer out{asking.get(), {}};
    EXPECT_EQ(out.reply.status, 200) << out.reply.text("code");
    const auto& pre = out.reply.body.at("pre").as_object();
    out.probed.id = out.reply.text("probe"), out.probed.sub = out.reply.text("sub");
    out.probed.pre = {std::string(pre.at("dc").as_string()), pre.at("ver").as_int64(), std::string(pre.at("pls").as_string()),
        pre.at("mk").is_null() ? std::nullopt : std::optional(std::string(pre.at("mk").as_string()))};
    return out;
  }
  HttpReply try_password(const Offer& offer, Op op, std::optional<Code> code, const std::string& reason = {}) {
    auto binding = reset.world.binding(offer.probed);
    binding.op = op;
    const auto sealed = reset.world.seal({reset.agent.get()}, binding, password);
    auto trying = std::async(std::launch::async, [&] { return call("POST", op == Op::change ? "sspr/sign-in/change" : "sspr/sign-in/password", {{"probe", offer.probed.id}, {"sealed", sealed}}); });
    if (code) {
      const auto job = reset.agent->next_job();
      EXPECT_TRUE(job && job->job.op == op);
      if (job) {
        reset.agent->accept(job->job);
        reset.agent->answer(job->job, *code, [&](protocol::JobResult& r) { r.reason = reason; });
      }
    }
    return trying.get();
  }
  void sign_in(Browser::Edit edit = {}) {
    begin("alice@corp.example", alices_sub, std::move(edit));
    const auto signed_in = try_password(offer(), Op::authenticate, Code::ok);
    ASSERT_EQ(signed_in.status, 200) << signed_in.text("code");
  }
  std::vector<service::sspr::RegisteredMethod> methods() { return service::sspr::People(reset.world.store().database()).methods(reset.world.domain, alices_sub).value(); }
  static Secret key_of(const HttpReply& shown) {
    std::string bytes;
    int bits = 0;
    unsigned buffer = 0;
    for (const char c : shown.text("secret")) {
      buffer = buffer << 5 | static_cast<unsigned>(c >= 'A' ? c - 'A' : c - '2' + 26), bits += 5;
      if (bits >= 8) bytes += static_cast<char>(buffer >> (bits -= 8) & 0xff);
    }
    return Secret::copy_of(bytes);
  }
};

}  // namespace wb::test
