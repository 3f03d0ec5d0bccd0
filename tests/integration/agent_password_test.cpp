// The person's own change and the sign-in over a real link: each shows the directory a password once, whatever happens.
#include <gtest/gtest.h>

#include <future>

#include "tests/support/agent_world.hpp"

namespace wb::test {
namespace {
using ldap::SignIn;
using protocol::Code;
using protocol::Job;
using protocol::Op;
using Shared = FakeDirectory::Shared;

const std::string old_one = "Old-Passw0rd-1", new_one = "New-Passw0rd-1";

struct PasswordWorld : AgentWorld {
  PasswordWorld() { directory->passwords[alice] = old_one; }
  void give(const Reset& order) { post_job(order.job, order.sec); }
  int shown() const { return directory->count(&Shared::writes) + directory->count(&Shared::sign_ins); }
  // As a former life left it, killed right before or behind the sending.
  void leave_open(const Job& job) const {
    auto journal = queue::Journal::open(folder / "journal.sqlite");
    ASSERT_TRUE(journal);
    queue::JournalEntry e;
    e.jti = job.jti, e.fence = job.fence, e.att = job.att, e.op = job.op, e.sub = job.sub, e.exp = job.exp, e.iat = job.iat, e.created = unix_now();
    e.domain = maker.domain, e.pre = job.pre, e.marker = true;
    ASSERT_TRUE(journal->intent(e));
  }
};

// As AgentWorld::play, with the passwords known.
template <class F> void play(F body) {
  PasswordWorld world;
  world.play([&](AgentWorld&) { return body(world); });
}

// The same job once more, as the service offers it.
AgentWorld::Reset again(AgentWorld::Reset order, std::int64_t fence) {
  order.job.fence = fence, order.job.att = static_cast<int>(fence);
  return order;
}

// ---- change -------------------------------------------------------------------------------------------------
TEST(AChange, IsAppliedByWhoKnowsThePassword) {
  play([](PasswordWorld& w) -> Awaitable<> {
    auto order = w.change(old_one, "Grüße-🔑-1");
    w.give(order);
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::applied);
    EXPECT_EQ(r.op, Op::change);
    EXPECT_EQ(r.text, "Your new password is set.");
    EXPECT_EQ(w.directory->passwords[alice], "Grüße-🔑-1");
    EXPECT_EQ(w.directory->accounts.at(alice).pre.mk, "wb1;" + order.job.jti + ";1;A");
  });
}

TEST(AChange, IsRejectedWithAnotherOldPasswordAndSentOnce) {
  play([](PasswordWorld& w) -> Awaitable<> {
    w.give(w.change("not-the-one"));
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::rejected);
    EXPECT_EQ(r.reason, "old_password_wrong");
    EXPECT_EQ(w.directory->passwords[alice], old_one);
    EXPECT_EQ(w.shown(), 1);
  });
}

TEST(AChange, MeetsTheRulesOfTheAgentBeforeTheDirectorySeesIt) {
  play([](PasswordWorld& w) -> Awaitable<> {
    w.give(w.change(old_one, "short"));
    auto r = co_await w.result();
    EXPECT_EQ(r.reason, "too_short") << "by the policy that was read with the account";
    EXPECT_EQ(w.shown(), 0);
  });
}

TEST(AChange, IsNotTriedWhereItCanOnlyDoHarm) {
  play([](PasswordWorld& w) -> Awaitable<> {
    const auto last = unix_now() - 60;
    const std::pair<std::string, std::function<void(ldap::Account&)>> cases[] = {
        {"account_expired", [](auto& a) { a.state.account_expired = true; }},
        {"locked", [](auto& a) { a.state.locked = true; }},
        {"cannot_change", [](auto& a) { a.state.cannot_change = true; }},
        {"lockout_near", [last](auto& a) { a.wrong_passwords = 3, a.last_wrong_password = last; }},
    };
    w.directory->set([](Shared& s) { s.policy.lockout_threshold = 5, s.policy.lockout_window_s = 600; });
    const auto well = w.directory->accounts.at(alice);
    for (const auto& [reason, change] : cases) {
      w.directory->set([&change = change](Shared& s) { change(s.accounts.at(alice)); });
      w.give(w.change(old_one));
      auto r = co_await w.result();
      EXPECT_EQ(r.reason, reason);
      if (reason == "lockout_near") { EXPECT_EQ(r.retry_after, last + 600); }
      w.directory->set([&well](Shared& s) { s.accounts.at(alice) = well; });
    }
    EXPECT_EQ(w.shown(), 0);
  });
}

TEST(AChange, NeedsBothPasswordsAndAResetHasOne) {
  play([](PasswordWorld& w) -> Awaitable<> {
    for (const auto& order : {w.own(Op::change, new_one, std::nullopt), w.own(Op::reset, new_one, old_one), w.own(Op::authenticate, old_one, old_one)}) {
      w.give(order);
      auto r = co_await w.result();
      EXPECT_EQ(r.code, Code::invalid);
      EXPECT_EQ(r.reason, "malformed");
    }
    EXPECT_EQ(w.shown(), 0);
  });
}

TEST(ASecondAttemptAtAChange, VoidsInsteadOfSending) {
  play([](PasswordWorld& w) -> Awaitable<> {
    auto order = again(w.change(old_one), 2);
    w.give(order);
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::failed);
    EXPECT_EQ(r.reason, "void");
    EXPECT_EQ(w.directory->accounts.at(alice).pre.mk, "wb1;" + order.job.jti + ";2;V");
    EXPECT_EQ(w.shown(), 0);
  });
}

TEST(AChangeWhoseAnswerWasLost, IsAppliedWhereItLandedAndElseVoidedBeforeAnythingIsSaid) {
  play([](PasswordWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.write_fault = fault(Fault::Kind::lost, "ldap.modify"); });
    w.give(w.change(old_one));
    EXPECT_EQ((co_await w.result()).code, Code::applied);
    w.directory->set([](Shared& s) { s.write_lands = false; });
    auto order = w.change(new_one, "Newer-Passw0rd-1");
    w.give(order);
    EXPECT_EQ((co_await w.result()).code, Code::in_doubt);
    w.directory->set([](Shared& s) { s.write_fault.reset(); });
    w.give(again(order, 2));
    auto r = co_await w.result();
    EXPECT_EQ(r.reason, "void");
    EXPECT_EQ(w.shown(), 2) << "one each";
  });
}

TEST(AnOpenIntentOfAChange, IsLookedAtAndNeverSentAgain) {
  PasswordWorld world;
  auto order = world.change(old_one);
  world.leave_open(order.job);
  world.play([&](AgentWorld& w) -> Awaitable<> {
    auto looked = co_await w.result();
    EXPECT_EQ(looked.code, Code::in_doubt);
    w.post_job(again(order, 2).job, order.sec);
    auto r = co_await w.result();
    EXPECT_EQ(r.reason, "void");
    EXPECT_EQ(world.shown(), 0);
  });
}

TEST(AChangeInDoubt, IsResolvedAsAResetIs) {
  play([](PasswordWorld& w) -> Awaitable<> {
    auto order = w.change(old_one);
    w.post_job(w.maker.resolve(order.job, 3));
    auto r = co_await w.result();
    EXPECT_EQ(r.reason, "void");
    EXPECT_EQ(w.shown(), 0);
  });
}

// ---- sign-in ------------------------------------------------------------------------------------------------
TEST(ASignIn, TellsWhatThePasswordIsWorthAndWritesNothing) {
  play([](PasswordWorld& w) -> Awaitable<> {
    const auto before = w.directory->accounts.at(alice).pre;
    w.give(w.sign_in(old_one));
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::ok);
    EXPECT_EQ(r.text, "Your password is right.");
    EXPECT_FALSE(r.probe);
    EXPECT_EQ(r.dc, before.dc);
    w.give(w.sign_in("not-the-one"));
    auto wrong = co_await w.result();
    EXPECT_EQ(wrong.code, Code::rejected);
    EXPECT_EQ(wrong.reason, "old_password_wrong");
    w.directory->set([](Shared& s) { s.sign_in = SignIn::password_expired; });
    w.give(w.sign_in(old_one));
    auto expired = co_await w.result();
    EXPECT_EQ(expired.code, Code::failed);
    EXPECT_EQ(expired.reason, "password_expired");
    EXPECT_EQ(w.directory->accounts.at(alice).pre, before);
    EXPECT_EQ(w.directory->count(&Shared::writes), 0);
  });
}

TEST(ASignIn, IsNotTriedOnALockedAccountNorNearTheLock) {
  play([](PasswordWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.policy.lockout_threshold = 5, s.accounts.at(alice).wrong_passwords = 3; });
    w.give(w.sign_in(old_one));
    auto near = co_await w.result();
    EXPECT_EQ(near.code, Code::denied);
    EXPECT_EQ(near.reason, "lockout_near");
    EXPECT_FALSE(near.retry_after) << "no window: until a right one comes";
    w.directory->set([](Shared& s) { s.accounts.at(alice).state.locked = true; });
    w.give(w.sign_in(old_one));
    EXPECT_EQ((co_await w.result()).reason, "locked");
    EXPECT_EQ(w.shown(), 0);
  });
}

TEST(ASignInThatIsRedelivered, GetsTheJournaledAnswerWhoeverHadItSince) {
  play([](PasswordWorld& w) -> Awaitable<> {
    auto order = w.sign_in(old_one);
    for (const std::int64_t fence : {1, 2, 9}) {
      w.give(again(order, fence));
      auto r = co_await w.result();
      EXPECT_EQ(r.code, Code::ok) << fence;
      EXPECT_EQ(r.fence, fence);
    }
    EXPECT_EQ(w.shown(), 1);
  });
}

TEST(ASignInThatIsRedelivered, WhileItRunsIsAnsweredOnceUnderItsNewestFence) {
  play([](PasswordWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.hold_writes = true; });
    auto order = w.sign_in(old_one);
    w.post_job(order.job, order.sec);
    auto progress = w.next("progress");
    (void)co_await std::move(progress);
    w.post_job(again(order, 5).job, order.sec);  // 2 to 4 were somebody else's
    for (bool taken = false; !taken;) {
      auto accept = w.next("accept");
      auto accepted = co_await std::move(accept);
      taken = protocol::decode<protocol::JobRef>(accepted.body).value().fence == 5;
    }
    w.directory->set([](Shared& s) { s.hold_writes = false; });
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::ok);
    EXPECT_EQ(r.fence, 5);
    EXPECT_EQ(w.shown(), 1);
  });
}

TEST(ASecondAttemptAtASignIn, IsUnknownWithoutAskingTheDirectory) {
  play([](PasswordWorld& w) -> Awaitable<> {
    auto order = again(w.sign_in(old_one), 2);
    w.give(order);
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::unknown);
    EXPECT_EQ(r.text, "It is not known whether the password is right: try again.");
    w.give(again(order, 3));
    EXPECT_EQ((co_await w.result()).code, Code::unknown);
    EXPECT_EQ(w.shown() + w.directory->count(&Shared::reads), 0);
  });
}

TEST(ASignInWhoseAnswerWasLost, IsUnknownAndNotTriedAgain) {
  play([](PasswordWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.write_fault = fault(Fault::Kind::timed_out, "ldap.bind"); });
    auto order = w.sign_in(old_one);
    w.give(order);
    EXPECT_EQ((co_await w.result()).code, Code::unknown);
    w.directory->set([](Shared& s) { s.write_fault.reset(); });
    w.give(again(order, 2));
    EXPECT_EQ((co_await w.result()).code, Code::unknown);
    EXPECT_EQ(w.shown(), 1);
    w.directory->set([](Shared& s) { s.write_fault = fault(Fault::Kind::unreachable, "ldap.pinned"); });
    w.give(w.sign_in(old_one));
    EXPECT_EQ((co_await w.result()).code, Code::reprobe);
  });
}

TEST(AnOpenIntentOfASignIn, IsUnknownAtTheNextStart) {
  PasswordWorld world;
  auto order = world.sign_in(old_one);
  world.leave_open(order.job);
  world.play([&](AgentWorld& w) -> Awaitable<> {
    auto looked = co_await w.result();
    EXPECT_EQ(looked.code, Code::unknown);
    EXPECT_EQ(looked.fence, 1);
    w.post_job(again(order, 2).job, order.sec);
    EXPECT_EQ((co_await w.result()).code, Code::unknown);
    EXPECT_EQ(world.shown(), 0);
  });
}

TEST(ASignInThatIsCancelled, IsNotTried) {
  play([](PasswordWorld& w) -> Awaitable<> {
    std::promise<void> go_on;
    w.directory->set([&, waits = go_on.get_future().share()](Shared& s) {
      s.read_fault = [waits]() -> std::optional<Fault> { return waits.wait(), std::nullopt; };
    });
    auto order = w.sign_in(old_one);
    w.post_job(order.job, order.sec);
    auto accept = w.next("accept");
    (void)co_await std::move(accept);
    w.post("cancel", protocol::JobRef{order.job.jti, 1});
    w.post(protocol::encode_envelope({"dance", {}, std::nullopt, "{}"}));
    EXPECT_EQ(co_await w.error_code(), "unsupported") << "so what was said before has been heard";
    go_on.set_value();
    auto code = Code::busy;
    for (int fence = 2; code == Code::busy; ++fence) {  // busy: the first attempt is on its way out
      w.post_job(again(order, fence).job, order.sec);
      code = (co_await w.result()).code;
    }
    EXPECT_EQ(code, Code::unknown);
    EXPECT_EQ(w.shown(), 0);
  });
}

TEST(ASignIn, CountsAgainstTheLimitsOfWritesAlsoAfterARestart) {
  PasswordWorld world;
  world.config.domains[0].volume = {.account_per_minute = 2};
  world.play([&](AgentWorld& w) -> Awaitable<> {
    for (const auto& order : {world.sign_in(old_one), world.change("not-the-one")}) {
      world.give(order);
      EXPECT_NE((co_await w.result()).code, Code::denied);
    }
    for (const bool restarted : {false, true}) {
      if (restarted) {
        auto stopping = w.stop_agent();
        co_await std::move(stopping);
        w.start_agent();
        auto up = w.until_ready(true);
        (void)co_await std::move(up);
      }
      world.give(world.sign_in(old_one));
      auto r = co_await world.result();
      EXPECT_EQ(r.reason, "too_often") << restarted;
      EXPECT_NE(r.text.find("tried too often"), std::string::npos);
    }
    EXPECT_EQ(world.shown(), 2);
  });
}

}  // namespace
}  // namespace wb::test
