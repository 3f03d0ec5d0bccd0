// The queue of mails, in front of a relay that does what the test says.
#include "service/notify/post.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "tests/support/mail_relay.hpp"

namespace wb::service {
namespace {
using namespace std::chrono_literals;
using test::Relay;

constexpr auto generous = 60s;  // no test waits this long unless it fails

struct APost : testing::Test {
  APost() {
    link::SmtpSettings smtp;
    smtp.host = "127.0.0.1";
    smtp.port = relay_.acceptor.local_endpoint().port();
    smtp.security = link::SmtpSettings::Security::none;
    smtp.deadline = 10s;
    settings_.relay = smtp;
    settings_.from = {"Contoso", {"no-reply", "contoso.example"}};
    settings_.first_pause = 1ms;
    settings_.last_pause = 4ms;
  }

  // Runs `body` to its end, and what it began.
  void run(Awaitable<> (*body)(APost*)) {
    std::exception_ptr error;
    bool ended = false;
    post_.emplace(io_.get_executor(), settings_);
    asio::co_spawn(io_, whole(this, body), [&](std::exception_ptr e) { error = e, ended = true; });
    io_.run_for(generous);
    EXPECT_TRUE(ended) << "it hangs";
    if (error) std::rethrow_exception(error);
  }
  static Awaitable<> whole(APost* t, Awaitable<> (*body)(APost*)) {
    auto test = body(t);
    co_await std::move(test);
    auto stopping = t->post_->stop();
    co_await std::move(stopping);
    EXPECT_EQ(t->post_->waiting(), 0U);
    boost::system::error_code no;
    (void)t->relay_.acceptor.close(no);
    t->relay_.go_on.cancel();
  }
  bool send(const std::string& name, UnixSeconds lasts = 600) {
    const Letter letter{"Your code", "The code is " + code + "\n", "", "en"};
    return post_->send({name, "example.org"}, letter, unix_now() + lasts, [this, name](Sent sent) {
      told_.push_back(name + ' ' + std::string(to_string(sent)));
      EXPECT_TRUE(word_.try_send(told_.back()));
    });
  }
  // The next word on any letter.
  Awaitable<std::string> word() {
    auto waiting = word_.receive();
    auto got = co_await std::move(waiting);
    co_return got.value_or("none");
  }
  // Waits until the relay has got a message.
  Awaitable<> got_one() {
    auto waiting = relay_.came.receive();
    (void)co_await std::move(waiting);
  }

  static inline const std::string code = "48151623";
  asio::io_context io_{1};
  Relay relay_{io_};
  PostSettings settings_;
  std::optional<Post> post_;
  std::vector<std::string> told_;
  Queue<std::string> word_{io_.get_executor(), 100};
};

TEST_F(APost, DeliversALetterAndSaysSo) {
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->send("alice"));
    EXPECT_TRUE(t->told_.empty()) << "never from within send()";
    const auto word = co_await t->word();
    EXPECT_EQ(word, "alice accepted");
  });
  ASSERT_EQ(relay_.mails.size(), 1U);
  EXPECT_EQ(relay_.mails[0].first, "alice@example.org");
  EXPECT_NE(relay_.mails[0].second.find(code), std::string::npos);
  EXPECT_NE(relay_.mails[0].second.find("<no-reply@contoso.example>"), std::string::npos);
}

TEST_F(APost, TriesAgainWhenTheRelaySaysLater) {
  relay_.to_recipient["alice@example.org"] = {"451 4.7.1 greylisted", "421 4.3.2 busy"};
  relay_.to_message["alice@example.org"] = {"452 4.3.1 full"};
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->send("alice"));
    const auto word = co_await t->word();
    EXPECT_EQ(word, "alice accepted");
  });
  EXPECT_EQ(relay_.conversations, 4);
}

TEST_F(APost, TriesAgainWhenTheRelayWasNotReached) {
  relay_.hang_up = 2;
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->send("alice"));
    const auto word = co_await t->word();
    EXPECT_EQ(word, "alice accepted");
  });
  EXPECT_EQ(relay_.conversations, 3);
  EXPECT_EQ(relay_.mails.size(), 1U);
}

TEST_F(APost, NeverSendsTwiceWhatWasHandedOver) {
  relay_.lose = true;
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->send("alice"));
    const auto word = co_await t->word();
    EXPECT_EQ(word, "alice given_up");
  });
  EXPECT_EQ(relay_.mails.size(), 1U);
}

TEST_F(APost, TellsARefusalAtOnce) {
  relay_.to_recipient["nobody@example.org"] = {"550 5.1.1 no such mailbox"};
  relay_.to_message["spam@example.org"] = {"554 5.7.1 spam"};
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->send("nobody"));
    const auto first = co_await t->word();
    EXPECT_EQ(first, "nobody recipient_refused");
    EXPECT_TRUE(t->send("spam"));
    const auto second = co_await t->word();
    EXPECT_EQ(second, "spam message_refused");
  });
  EXPECT_EQ(relay_.conversations, 2);
}

TEST_F(APost, DoesNotLetALetterThatRestsHoldUpOthers) {
  settings_.senders = 1;
  settings_.first_pause = 300s;
  relay_.to_recipient["slow@example.org"] = {"451 4.7.1 greylisted"};
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->send("slow"));
    EXPECT_TRUE(t->send("alice"));
    const auto word = co_await t->word();
    EXPECT_EQ(word, "alice accepted");
    EXPECT_EQ(t->post_->waiting(), 1U);
  });
  EXPECT_EQ(told_, (std::vector<std::string>{"alice accepted", "slow given_up"}));
}

TEST_F(APost, ThatIsFullSaysSoAtOnceAndTakesLettersAgainLater) {
  settings_.senders = 1;
  settings_.waiting_max = 3;
  relay_.frozen = true;
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->send("a"));
    co_await t->got_one();  // in the sender's hands: it counts, too
    EXPECT_TRUE(t->send("b") && t->send("c"));
    EXPECT_FALSE(t->send("d"));
    EXPECT_EQ(t->post_->waiting(), 3U);
    t->relay_.frozen = false;
    t->relay_.go_on.cancel();
    for (int i = 0; i < 3; ++i) (void)co_await t->word();
    EXPECT_TRUE(t->send("e"));
    (void)co_await t->word();
  });
  EXPECT_EQ(told_, (std::vector<std::string>{"a accepted", "b accepted", "c accepted", "e accepted"}));
}

TEST_F(APost, CountsWhatRestsBetweenTries) {
  settings_.senders = 1;
  settings_.waiting_max = 2;
  settings_.first_pause = 300s;
  for (const auto* to : {"a@example.org", "b@example.org"}) relay_.to_message[to] = {"451 4.3.0 later"};
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->send("a") && t->send("b"));
    co_await t->got_one();
    co_await t->got_one();  // b's: so a rests
    EXPECT_FALSE(t->send("c"));
  });
  EXPECT_EQ(told_.size(), 2U);
}

TEST_F(APost, FinishesWhatItIsSendingWhenItStopsAndGivesUpTheRest) {
  settings_.senders = 1;
  relay_.frozen = true;
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->send("a") && t->send("b") && t->send("c"));
    co_await t->got_one();
    asio::co_spawn(t->io_, t->post_->stop(), [t](std::exception_ptr) { t->told_.emplace_back("stopped"); });
    EXPECT_FALSE(t->send("d"));
    t->relay_.go_on.cancel();
    for (int i = 0; i < 3; ++i) (void)co_await t->word();
  });
  EXPECT_EQ(told_, (std::vector<std::string>{"a accepted", "b given_up", "c given_up", "stopped"}));
  EXPECT_EQ(relay_.mails.size(), 1U);
}

TEST_F(APost, TriesNothingAgainOnceItStops) {
  relay_.frozen = true;
  relay_.to_message["a@example.org"] = {"451 4.3.0 later"};
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->send("a"));
    co_await t->got_one();
    asio::co_spawn(t->io_, t->post_->stop(), [](std::exception_ptr) {});
    t->relay_.go_on.cancel();
    const auto word = co_await t->word();
    EXPECT_EQ(word, "a given_up");
  });
  EXPECT_EQ(relay_.conversations, 1);
}

TEST_F(APost, StopsWithinTheDeadlineOfAMailThatNobodyAnswers) {
  settings_.relay->deadline = 500ms;
  relay_.frozen = true;
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->send("a"));
    co_await t->got_one();
    const Stopwatch watch;
    auto stopping = t->post_->stop();
    co_await std::move(stopping);
    EXPECT_LT(watch.ms(), 5'000) << "the deadline, a second of libcurl's, and some to spare";
  });
  EXPECT_EQ(told_, (std::vector<std::string>{"a given_up"}));
}

TEST_F(APost, SendsNothingWhoseTimeIsOver) {
  testing::internal::CaptureStderr();
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->send("a", 0));
    EXPECT_TRUE(t->send("b", -600));
    for (int i = 0; i < 2; ++i) (void)co_await t->word();
  });
  const auto log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("mail.given_up why=too_late attempts=0"), std::string::npos) << log;
  EXPECT_EQ(log.find("mail.failed"), std::string::npos) << log;
  EXPECT_EQ(told_, (std::vector<std::string>{"a given_up", "b given_up"}));
  EXPECT_EQ(relay_.conversations, 0);
}

TEST_F(APost, DoesNotRestBeyondALettersTime) {
  settings_.first_pause = 600s;
  relay_.to_recipient["a@example.org"] = {"451 4.7.1 greylisted"};
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->send("a", 300));
    const auto word = co_await t->word();
    EXPECT_EQ(word, "a given_up");
  });
  EXPECT_EQ(relay_.conversations, 1);
}

TEST_F(APost, LastsNoLongerThanALettersTime) {
  settings_.relay->deadline = 60s;
  relay_.frozen = true;
  run([](APost* t) -> Awaitable<> {
    const Stopwatch watch;
    EXPECT_TRUE(t->send("a", 2));
    const auto word = co_await t->word();
    EXPECT_EQ(word, "a given_up");
    EXPECT_LT(watch.ms(), 10'000);
  });
}

TEST_F(APost, OutlivesACallerThatThrows) {
  settings_.senders = 1;
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->post_->send({"a", "example.org"}, {"s", "t\n", "", "en"}, unix_now() + 600, [](Sent) { throw std::runtime_error("no"); }));
    EXPECT_TRUE(t->post_->send({"b", "example.org"}, {"s", "t\n", "", "en"}, unix_now() + 600)) << "nobody need be told";
    EXPECT_TRUE(t->send("c"));
    const auto word = co_await t->word();
    EXPECT_EQ(word, "c accepted");
  });
  EXPECT_EQ(relay_.mails.size(), 3U);
}

TEST_F(APost, LogsWordsAndNeitherTextNorAddress) {
  settings_.senders = 1;
  relay_.to_recipient["nobody@example.org"] = {"550 5.1.1 nobody@example.org: no such mailbox"};
  relay_.to_message["later@example.org"] = {"451 4.3.0 later@example.org: not now, 48151623"};
  testing::internal::CaptureStderr();
  run([](APost* t) -> Awaitable<> {
    EXPECT_TRUE(t->send("alice") && t->send("nobody") && t->send("later"));
    for (int i = 0; i < 3; ++i) (void)co_await t->word();
    t->relay_.lose = true;
    EXPECT_TRUE(t->send("lost"));
    (void)co_await t->word();
  });
  const auto log = testing::internal::GetCapturedStderr();
  for (const auto* line : {"mail.tried result=accepted status=250 attempt=1", "mail.tried result=recipient_refused status=550", "mail.tried result=later status=451", "mail.failed where=smtp.answer kind=lost",
           "mail.given_up why=lost attempts=1"})
    EXPECT_NE(log.find(line), std::string::npos) << line << " in\n"
                                                 << log;
  for (const auto& secret : {code, std::string("example"), std::string("alice"), std::string("nobody"), std::string("mailbox"), std::string("Contoso"), std::string("Your code")})
    EXPECT_EQ(log.find(secret), std::string::npos) << secret << " in\n"
                                                   << log;
}

TEST_F(APost, WithoutARelayTakesNothingAndSaysSoOnce) {
  settings_.relay.reset();
  testing::internal::CaptureStderr();
  run([](APost* t) -> Awaitable<> {
    EXPECT_FALSE(t->post_->open());
    EXPECT_FALSE(t->send("a"));
    EXPECT_FALSE(t->send("b"));
    co_return;
  });
  const auto log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("warning mail.off"), std::string::npos) << log;
  EXPECT_EQ(log.find("mail.off"), log.rfind("mail.off")) << log;
  EXPECT_TRUE(told_.empty());
}

TEST(PostSettingsOfAConfig, AreTheRelayAndTheSender) {
  config::ServiceConfig config;
  auto none = post_settings(config);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->relay);
  config.mail.emplace().host = "smtp.example.com";
  config.mail_sender_address = "No-Reply@Example.COM";
  config.mail_sender_name = "Contoso";
  auto some = post_settings(config);
  ASSERT_TRUE(some);
  EXPECT_EQ(some->relay, config.mail);
  EXPECT_EQ(some->from.name, "Contoso");
  EXPECT_EQ(some->from.address.text(), "No-Reply@example.com");
}

TEST(PostSettingsOfAConfig, AreRefusedForASenderThatIsNone) {
  config::ServiceConfig config;
  config.mail.emplace().host = "smtp.example.com";
  for (const auto* address : {"", "a..b@example.com", ".a@example.com", "a@192.0.2.1", "a@b@example.com"}) {
    config.mail_sender_address = address;
    const auto settings = post_settings(config);
    ASSERT_FALSE(settings) << address;
    EXPECT_EQ(settings.error().kind, Fault::Kind::refused);
    EXPECT_EQ(settings.error().where, "mail.sender_address");
    EXPECT_TRUE(settings.error().detail.starts_with("mail.sender_address is no address that mail can come from")) << settings.error().detail;
  }
}

}  // namespace
}  // namespace wb::service
