// Which of several mailboxes a code goes to: self-service on a store of its own, without a network.
#include "service/sspr/gates.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "service/methods/sealed_methods.hpp"
#include "service/sspr/own_methods.hpp"

namespace wb::service::sspr {
namespace {

const std::string corp = "corp.example", alice = "7c1f0f4a-0000-4000-8000-000000000001";
constexpr UnixSeconds long_ago = 1'700'000'000, lately = 1'800'000'000;

struct APersonWithSeveralMailboxes : testing::Test {
  std::filesystem::path folder = [] { std::string name = "/tmp/wb-gates-XXXXXX"; return std::filesystem::path(::mkdtemp(name.data())); }();
  asio::io_context io{1};
  service::Settings settings;
  Store store = Store::open(folder / "store.sqlite", settings.tenant).value();
  Keys keys = Keys::open(folder, "https://sspr.example", unix_now()).value();
  Rosters rosters{store, settings.tenant};
  Gateway gateway{io.get_executor(), settings, store, keys, rosters};
  Dispatch dispatch{io.get_executor(), settings, store, keys, gateway};
  SelfService self{io.get_executor(), settings, store, rosters, gateway, dispatch, crypto::Vault::open(folder).value(), Catalogue::load().value()};
  Gates gates{self};
  KeptSession session;
  struct Mailed {
    std::string to, text;
  };
  std::vector<Mailed> post;

  APersonWithSeveralMailboxes() {
    self.mail = [this](const EmailAddress& to, Letter letter, UnixSeconds) {
      post.push_back({to.text(), letter.text});
      return true;
    };
    EXPECT_TRUE(self.people.saw({corp, alice, "alice@corp.example", "", "", "", {}, unix_now()}));
    session.id = "01ARZ3NDEKTSV4RRFFQ69G5FAV", session.domain = corp, session.name = "alice@corp.example", session.language = "en";
    session.flow.account.sub = alice, session.flow.current = Method::email;
  }
  ~APersonWithSeveralMailboxes() override { std::filesystem::remove_all(folder); }

  RegisteredMethod sealed(const std::string& address, UnixSeconds proven) {
    auto method = sealed_email(self.vault, corp, alice, *read_email(address), long_ago).value();
    method.proven = proven;
    return method;
  }
  std::string registered(const std::string& address, UnixSeconds proven) {
    const auto method = sealed(address, proven);
    EXPECT_TRUE(self.people.add(corp, alice, method).value());
    return method.id;
  }
  std::string chosen() { return gates.destination(session).value().address->text(); }
  // The digits of the code that was mailed last.
  Secret code() const {
    const auto& text = post.back().text;
    for (std::size_t at = 0; at + 8 <= text.size(); ++at)
      if (text.substr(at, 8).find_first_not_of("0123456789") == std::string::npos) return Secret::copy_of(text.substr(at, 8));
    ADD_FAILURE() << text;
    return {};
  }
  void send() { EXPECT_TRUE(gates.send_code(session, Settings(), gates.destination(session).value(), true).value()); }
  template <class T> T waited(Awaitable<T> work) {
    std::optional<T> out;
    asio::co_spawn(io, std::move(work), [&](std::exception_ptr threw, T got) {
      EXPECT_FALSE(threw);
      out.emplace(std::move(got));
    });
    io.restart();
    while (!out) io.run_one();
    return std::move(*out);
  }
  bool right(Secret typed) { return waited(gates.right(session, Proof{std::move(typed), {}})).value().right; }
};

TEST_F(APersonWithSeveralMailboxes, GetsCodesAtTheOneThatWasProvenLast) {
  registered("first@home.example", long_ago);
  registered("second@home.example", lately);
  registered("named-by-others@home.example", 0);
  EXPECT_EQ(chosen(), "second@home.example");
}

TEST_F(APersonWithSeveralMailboxes, GetsCodesAtTheNewestWhereNoneWasProven) {
  const auto one = registered("first@home.example", 0), other = registered("second@home.example", 0);
  EXPECT_EQ(gates.destination(session).value().method, std::max(one, other)) << "ULIDs of one millisecond are in any order";
}

TEST_F(APersonWithSeveralMailboxes, OfTheDirectoryGetsCodesAtTheFirstThatTheOrganisationNames) {
  session.found = {sealed("first@home.example", 0), sealed("second@home.example", 0)};
  EXPECT_EQ(chosen(), "first@home.example");
}

TEST_F(APersonWithSeveralMailboxes, TypesACodeThatWentToTheFormerOneWhileItIsRegistered) {
  const auto former = registered("first@home.example", long_ago);
  send();
  registered("second@home.example", lately);
  EXPECT_EQ(post.back().to, "first@home.example");
  EXPECT_TRUE(right(code()));
  send();
  EXPECT_EQ(post.back().to, "second@home.example");
  EXPECT_TRUE(right(code()));
}

TEST_F(APersonWithSeveralMailboxes, ProvesNothingByACodeOfOneThatIsRegisteredNoMore) {
  const auto former = registered("first@home.example", long_ago);
  send();
  registered("second@home.example", lately);
  ASSERT_TRUE(self.people.remove(corp, alice, former).value());
  EXPECT_FALSE(right(code()));
}

TEST_F(APersonWithSeveralMailboxes, AsAnAdministratorGivesTheSecondProofByTheOneThatWasProvenLast) {
  registered("first@home.example", long_ago);
  registered("second@home.example", lately);
  registered("named-by-others@home.example", 0);
  Guest guest{waited(self.turns.take("alice")).value(), {}, {}};
  guest.ticket.domain = corp, guest.state.sub = alice, guest.state.administrator = true;
  OwnMethods own{self};
  json::object shown;
  ASSERT_FALSE(own.begin_second(guest, shown).value());
  EXPECT_EQ(post.back().to, "second@home.example");
  EXPECT_FALSE(own.second(guest, code()).value());
  EXPECT_EQ(guest.state.level, 2);
}

}  // namespace
}  // namespace wb::service::sspr
