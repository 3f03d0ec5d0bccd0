// One of every signed object, rightly made, with the very code that believes it: for tests that make bad ones of them.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/job_check.hpp"
#include "core/async.hpp"
#include "service/agent_session.hpp"
#include "service/handshake.hpp"
#include "tests/support/crypto_world.hpp"
#include "tests/support/job_maker.hpp"

namespace wb::test {

// Turns the right payload into what is judged. sign() of the object is the honest one.
using Make = std::function<std::string(const std::string& payload)>;

struct SignedObject {
  std::string name;
  std::string_view typ;
  const crypto::PrivateKey* key = nullptr;
  crypto::CarryKey carry = crypto::CarryKey::no;
  std::string_view number;                        // a member of the payload that is a number
  std::vector<std::string> names;                 // of refusals that it may get
  std::function<std::string(const Make&)> judge;  // "" when it is believed, else the name of the refusal
  std::string sign(const std::string& payload) const { return crypto::sign(*key, typ, payload, carry).value(); }
};

// A peer that says one thing and hears what is answered.
class OneMessage : public link::Link {
 public:
  using Say = std::function<std::string(const std::string& heard)>;
  OneMessage(asio::any_io_executor executor, Say say, std::vector<std::string>& heard) : executor_(executor), say_(std::move(say)), heard_(heard) {}
  Awaitable<Result<std::string>> read() override {
    for (int turns = 0; turns < (said_ ? 100 : 1); ++turns) co_await asio::post(executor_, asio::use_awaitable);  // whoever writes has a turn
    if (!said_) {
      said_ = true;
      co_return say_(heard_.empty() ? std::string() : heard_.back());
    }
    co_return fault(Fault::Kind::lost, "test.read", "it said all");
  }
  Awaitable<Result<void>> write(std::string text) override {
    heard_.push_back(std::move(text));
    co_return Result<void>();
  }
  Awaitable<> close(link::Close, std::string why) override {
    heard_.push_back(protocol::message_text("error", protocol::Error{"closed: " + why, "", std::nullopt}));
    co_return;
  }
  void abort() override {}
  void message_limit(std::size_t) override {}
  std::string channel_binding() const override { return std::string(32, 'b'); }
  std::string peer() const override { return "192.0.2.1:1"; }
  const link::Route& route() const override { return route_; }

 private:
  link::Route route_;
  asio::any_io_executor executor_;
  Say say_;
  std::vector<std::string>& heard_;
  bool said_ = false;
};

class SignedObjects : public service::Listener {
 public:
  SignedObjects();
  const std::vector<SignedObject>& all() const { return all_; }
  const SignedObject& find(std::string_view name) const;

  // A sealed password in its job, which the service has signed with whatever hash the text has now.
  struct Sealed {
    protocol::Job job;
    std::string sec;
  };
  Sealed sealed(std::string_view password = "New-Passw0rd-1") const;
  // "" when it is opened.
  std::string judge_sealed(protocol::Job job, const std::string& sec) const;

  static constexpr UnixSeconds now = crypto::test_now;

 private:
  std::string judge_hello(const Make& make);
  std::string judge_job(const Make& make) const;
  std::string judge_result(const Make& make);
  void accepted(const std::string&, const protocol::JobRef&) override {}
  void progressed(const std::string&, const protocol::Progress&) override {}
  void answered(const std::string&, const protocol::JobResult&, const std::string&) override { ++answers_; }
  void link_lost(const std::string&) override {}
  void agents_changed(const std::string&) override {}

  JobMaker maker_;
  crypto::PrivateKey as_ = crypto::new_key(), ae_ = crypto::new_key();
  crypto::Folder folder_;
  service::Settings settings_;
  service::Store store_ = service::Store::open(folder_ / "store.sqlite").value();
  service::Rosters rosters_{store_, "demo"};
  Refusals refusals_;
  service::AgentRow agent_;
  agent::Trust trust_;
  std::vector<SignedObject> all_;
  int answers_ = 0;
};

}  // namespace wb::test
