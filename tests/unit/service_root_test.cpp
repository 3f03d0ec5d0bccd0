// The service's root on another machine, in virtual time: a request, what it endorses, and what is not believed of that.
#include <gtest/gtest.h>

#include <fstream>

#include "crypto/jws.hpp"
#include "crypto/trust.hpp"
#include "platform/private_files.hpp"
#include "protocol/codec.hpp"
#include "service/keys.hpp"

namespace wb::service {
namespace {
namespace fs = std::filesystem;
constexpr std::int64_t hour = 3600, day = 24 * hour;
const UnixSeconds born = 1'800'000'000;
const std::string iss = "https://reset.example";
Secret words() { return Secret::copy_of("a dozen words on paper"); }

class ARootElsewhere : public testing::Test {
 protected:
  ARootElsewhere() {
    char name[] = "/tmp/wb-sr-XXXXXX";
    base = ::mkdtemp(name);
    folder = base / "state";
    fs::create_directory(folder);
    pin = Keys::open(folder, iss, born).value().root().kid();
    root = crypto::PrivateKey::load(folder / "sr.pem").value();
    const auto& [x, y] = root.public_key().jwk();  // as export_root() leaves it, whose passphrase takes a second
    EXPECT_TRUE(platform::write_private_file(folder / "sr.jwk", R"({"kty":"EC","crv":"P-256","x":")" + x + R"(","y":")" + y + "\"}"));
    fs::rename(folder / "sr.pem", base / "sr");
  }
  ~ARootElsewhere() override { fs::remove_all(base); }
  Keys open(UnixSeconds now) { return Keys::open(folder, iss, now).value(); }
  static std::set<std::string> believed(const Keys& keys, UnixSeconds now) {
    std::set<std::string> kids;
    for (const auto& jws : keys.endorsements(now)) kids.insert(crypto::check_endorsement(jws, keys.root().kid(), iss, now).value().kid());
    return kids;
  }
  // By a root, with claims of the caller's; begins now where they say nothing.
  static std::string signed_by(const crypto::PrivateKey& by, const protocol::Endorsement& claims) {
    return crypto::sign(by, protocol::typ_endorse, protocol::encode(claims), crypto::CarryKey::yes).value();
  }
  // Whether install() said no, for this reason, and changed nothing.
  void refuses(const std::string& jws, const std::string& why, UnixSeconds now, bool withdraw = false) {
    auto keys = open(now);
    const auto before = files();
    const auto done = keys.install({jws}, now, withdraw);
    ASSERT_FALSE(done) << why;
    EXPECT_EQ(done.error().where, "keys.install");
    EXPECT_NE(done.error().detail.find(why), std::string::npos) << done.error().detail;
    EXPECT_EQ(files(), before);
  }
  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
    return names;
  }
  fs::path base, folder;
  std::string pin;
  crypto::PrivateKey root;
};

TEST_F(ARootElsewhere, IsStillTheRootThatAgentsAreTold) {
  const auto keys = open(born);
  EXPECT_FALSE(fs::exists(folder / "sr.pem"));
  EXPECT_FALSE(keys.root_is_here());
  EXPECT_EQ(keys.root().kid(), pin);
  EXPECT_EQ(root.kid(), pin);
  EXPECT_EQ(believed(keys, born), std::set{keys.signing().kid()});
}

TEST_F(ARootElsewhere, EndorsesKeysForMonthsOfWhichEachIsAnnouncedADayBeforeItSigns) {
  auto keys = open(born);
  const auto request = decode_request(encode(keys.request(born + day, 3, false).value())).value();
  ASSERT_TRUE(open(born + day).install(endorse(root, request, born + day).value(), born + day, false));
  std::map<std::string, UnixSeconds> known{{keys.signing().kid(), born - day}};
  std::set<std::string> used;
  for (UnixSeconds now = born + day; now < born + 113 * day; now += 12 * hour) {
    (void)keys.renew(now).value();
    const auto now_believed = believed(keys, now);
    for (const auto& kid : now_believed) known.emplace(kid, now);
    ASSERT_TRUE(now_believed.contains(keys.signing().kid())) << (now - born) / day;
    ASSERT_LE(now_believed.size(), 2U);
    ASSERT_LE(known.at(keys.signing().kid()), now - day) << (now - born) / day;
    used.insert(keys.signing().kid());
    ASSERT_EQ(keys.ends_soon(now).has_value(), now > born + (30 + 3 * 28 - 14) * day) << (now - born) / day;
  }
  EXPECT_EQ(used.size(), 4U);
}

TEST_F(ARootElsewhere, IsAskedForBeforeTheLastEndorsementEnds) {
  auto keys = open(born);
  EXPECT_EQ(keys.ends_soon(born + 16 * day), std::nullopt);
  EXPECT_EQ(keys.ends_soon(born + 16 * day + 1), born + 30 * day);
  ASSERT_FALSE(keys.renew(born + 29 * day).value()) << "no key can be made";
  const auto request = keys.request(born + 20 * day, 1, false).value();
  EXPECT_EQ(keys.request(born + 20 * day, 1, false).value().sk, request.sk) << "asked once more, after whatever cut it off";
  EXPECT_EQ(request.from, born + 28 * day);
  auto later = open(born);
  ASSERT_TRUE(keys.install(endorse(root, request, born + 20 * day).value(), born + 20 * day, false));
  ASSERT_FALSE(later.renew(born + 28 * day - 1).value());
  EXPECT_FALSE(later.news(born + 28 * day - 1));
  EXPECT_TRUE(later.news(born + 28 * day)) << "what was endorsed in advance begins";
  EXPECT_TRUE(later.renew(born + 28 * day).value());
}

TEST_F(ARootElsewhere, LeavesAServiceWithoutAKeyThatCanStillBeMended) {
  const auto late = born + 31 * day;
  auto none = Keys::open(folder, iss, late);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, Fault::Kind::refused);
  auto keys = Keys::open(folder, iss, late, Keys::Needs::root).value();
  EXPECT_EQ(keys.root().kid(), pin);
  const auto request = keys.request(late, 1, false).value();
  ASSERT_TRUE(keys.install(endorse(root, request, late).value(), late, false));
  EXPECT_EQ(believed(open(late), late), std::set{crypto::thumbprint(request.sk[0])});
}

TEST_F(ARootElsewhere, EndorsesAKeyThatIsAnnouncedForADayAlsoWhenItIsBroughtLate) {
  auto running = open(born);
  const auto first = running.signing().kid();
  const auto jws = endorse(root, open(born).request(born, 1, true).value(), born).value();
  ASSERT_TRUE(open(born + 3 * day).install(jws, born + 3 * day, false));
  ASSERT_TRUE(running.news(born + 3 * day));
  ASSERT_TRUE(running.renew(born + 3 * day).value());
  EXPECT_EQ(running.signing().kid(), first);
  EXPECT_FALSE(running.news(born + 4 * day));
  ASSERT_FALSE(running.renew(born + 4 * day).value());
  EXPECT_NE(running.signing().kid(), first);
}

TEST_F(ARootElsewhere, EndorsesAKeyInsteadOfAllOthers) {
  auto running = open(born);
  const auto ahead = running.request(born, 2, false).value();
  ASSERT_TRUE(running.install(endorse(root, ahead, born).value(), born, false));
  EXPECT_FALSE(running.rotate(born + hour, true)) << "no key can be made";
  (void)open(born).request(born, 3, false).value();  // whoever reads the folder has these, too
  const auto request = open(born).request(born + hour, 1, true).value();
  EXPECT_EQ(request.from, born + hour);
  const auto jws = endorse(root, request, born + hour).value();
  std::set<std::string> asked;
  for (const auto& key : open(born).request(born + hour, 2, false).value().sk) asked.insert("sk-" + crypto::thumbprint(key) + ".pem");
  ASSERT_TRUE(open(born).install(jws, born + hour, true));
  asked.erase("sk-" + crypto::thumbprint(request.sk[0]) + ".pem");
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_FALSE(files().contains(*asked.begin())) << "who could read the others could read what waited, too";
  ASSERT_TRUE(running.renew(born + hour).value());
  EXPECT_EQ(believed(running, born + hour), std::set{crypto::thumbprint(request.sk[0])});
  EXPECT_EQ(running.list().size(), 1U);
  refuses(endorse(root, ahead, born + 2 * hour).value()[0], "withdrawn", born + 2 * hour);
}

TEST_F(ARootElsewhere, IsNotReplacedByAnother) {
  const auto other = crypto::PrivateKey::generate().value();
  auto request = open(born).request(born, 1, false).value();
  EXPECT_EQ(endorse(other, request, born).error().kind, Fault::Kind::refused);
  request.from = born + 401 * day;
  EXPECT_EQ(endorse(root, request, born).error().kind, Fault::Kind::refused) << "a clock is wrong";
  refuses(endorse(other, iss, request.sk[0], born, born).value(), "not signed by this service's root", born);
  ASSERT_TRUE(other.save(base / "other"));
  EXPECT_EQ(import_root(folder, base / "other", Secret()).error().kind, Fault::Kind::refused);
  ASSERT_TRUE(other.save(folder / "sr.pem"));
  EXPECT_EQ(Keys::open(folder, iss, born).error().kind, Fault::Kind::refused);
}

TEST_F(ARootElsewhere, HasNoSayInWhatItDidNotEndorseForThisServiceNow) {
  const auto sk = open(born).request(born, 1, false).value().sk[0];
  const auto stranger = crypto::PrivateKey::generate().value().public_key().jwk();
  refuses(endorse(root, iss, stranger, born, born).value(), "no such key", born);
  refuses(endorse(root, "https://other.example", sk, born, born).value(), "another service", born);
  refuses(signed_by(root, {iss, sk, born - 31 * day, born - 31 * day, born - day}), "over", born);
  refuses(signed_by(root, {iss, sk, born + hour, born, born + 30 * day}), "future", born);
  refuses(signed_by(root, {iss, sk, born, born, born + 60 * day}), "30 days", born);
  refuses(signed_by(root, {iss, sk, born, born + hour, born + hour}), "30 days", born);
  refuses(signed_by(root, {iss, sk, born, born + 900 * day, born + 930 * day}), "years", born);
  const auto whole = endorse(root, iss, sk, born + day, born).value();
  refuses(whole, "none of these is valid now", born, true);
  refuses(whole.substr(0, whole.size() - 7), "endorsement 1: not", born);
  refuses(whole.substr(0, whole.find('.')), "not an endorsement", born);
  refuses("", "not an endorsement", born);
  EXPECT_EQ(open(born).install({}, born, false).error().kind, Fault::Kind::malformed);
  EXPECT_EQ(open(born).install(std::vector(14, whole), born, false).error().kind, Fault::Kind::malformed);
  EXPECT_FALSE(open(born).install({whole, whole}, born, false));
  ASSERT_TRUE(open(born).install({whole}, born, false));
  EXPECT_TRUE(open(born).install({whole}, born, false)) << "the same once more, after whatever cut it off";
  refuses(endorse(root, iss, sk, born - day, born).value(), "another endorsement", born);
}

TEST_F(ARootElsewhere, EndorsesAllKeysOfASheetOrNone) {
  auto jws = endorse(root, open(born).request(born, 3, false).value(), born).value();
  const auto last = std::exchange(jws[2], endorse(root, iss, crypto::PrivateKey::generate().value().public_key().jwk(), born, born).value());
  EXPECT_FALSE(open(born).install(jws, born, false));
  EXPECT_EQ(open(born).list().size(), 1U);
  jws[2] = last;
  EXPECT_TRUE(open(born).install(jws, born, false));
  EXPECT_EQ(open(born).list().size(), 4U);
}

TEST_F(ARootElsewhere, EndorsesNoMoreThanFourKeysThatAreValidAtOnce) {
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(open(born).install(endorse(root, open(born).request(born, 1, true).value(), born).value(), born, false));
  const auto fifth = endorse(root, open(born).request(born, 1, true).value(), born).value();
  EXPECT_EQ(open(born).install(fifth, born, false).error().kind, Fault::Kind::exhausted);
  EXPECT_EQ(open(born).list().size(), 4U);
  EXPECT_TRUE(open(born).install(fifth, born, true));
  EXPECT_EQ(open(born).list().size(), 1U);
}

TEST_F(ARootElsewhere, ComesBackAndBridgesAGapInWhatWasEndorsed) {
  const auto sk = open(born).request(born, 1, false).value().sk[0];
  ASSERT_TRUE(open(born).install({endorse(root, iss, sk, born + 40 * day, born).value()}, born, false));
  ASSERT_TRUE(import_root(folder, base / "sr", Secret()));
  const auto keys = open(born + 31 * day);
  EXPECT_EQ(believed(keys, born + 31 * day), std::set{keys.signing().kid()});
  EXPECT_EQ(keys.list().size(), 2U);
}

TEST_F(ARootElsewhere, ComesBack) {
  ASSERT_TRUE(import_root(folder, base / "sr", Secret()));
  EXPECT_EQ(import_root(folder, base / "sr", Secret()).error().kind, Fault::Kind::refused) << "it is here";
  auto keys = open(born + 29 * day);
  EXPECT_TRUE(keys.root_is_here());
  EXPECT_EQ(keys.root().kid(), pin);
  EXPECT_EQ(keys.list().size(), 2U) << "the next one was made";
  EXPECT_EQ(keys.ends_soon(born + 29 * day), std::nullopt);
}

TEST(ARootThatIsTakenElsewhere, IsOneOrTheOtherWheneverItIsCutOff) {
  char name[] = "/tmp/wb-sr-XXXXXX";
  const fs::path base = ::mkdtemp(name), folder = base / "state";
  fs::create_directory(folder);
  auto running = Keys::open(folder, iss, born).value();
  const auto pin = running.root().kid();
  EXPECT_EQ(export_root(folder, base / "sr", Secret::copy_of("short"), true).error().kind, Fault::Kind::refused);
  fs::copy_file(folder / "sr.pem", base / "bare");
  fs::create_symlink(folder / "sr.pem", base / "itself");
  for (const auto& bare : {folder / "sr.pem", base / "itself", base / "bare"}) EXPECT_EQ(export_root(folder, bare, words(), true).error().kind, Fault::Kind::refused) << bare;
  ASSERT_TRUE(fs::exists(folder / "sr.pem"));
  ASSERT_TRUE(export_root(folder, base / "sr", words(), false));  // cut off here: written, and not removed
  EXPECT_EQ(export_root(folder, base / "sr", Secret::copy_of("the wrong words here"), true).error().kind, Fault::Kind::refused);
  EXPECT_TRUE(fs::exists(folder / "sr.pem"));
  fs::copy_file(folder / "sr.pem", base / "kept");
  ASSERT_TRUE(export_root(folder, base / "sr", words(), true));
  fs::copy_file(base / "kept", folder / "sr.pem");  // cut off here: named, and not removed
  EXPECT_EQ(Keys::open(folder, iss, born).value().root().kid(), pin);
  ASSERT_TRUE(export_root(folder, base / "sr", words(), true));
  EXPECT_EQ(export_root(folder, base / "again", words(), true).error().kind, Fault::Kind::refused);
  ASSERT_FALSE(running.renew(born + 29 * day).value()) << "a service that ran meanwhile has no root either";
  EXPECT_EQ(fs::status(base / "sr").permissions(), fs::perms(0600));
  EXPECT_EQ(fs::status(folder / "sr.jwk").permissions(), fs::perms(0600));
  ASSERT_TRUE(platform::write_private_file(folder / "sr.jwk", "{}"));
  EXPECT_EQ(Keys::open(folder, iss, born).error().kind, Fault::Kind::malformed);
  fs::remove_all(base);
}

TEST(ARequestForKeys, IsRefusedWhenItIsNone) {
  const auto key = crypto::PrivateKey::generate().value().public_key().jwk();
  const KeyRequest good{iss, std::string(43, 'A'), born, {key}};
  EXPECT_TRUE(decode_request(encode(good)));
  auto twice = good, none = good, many = good, off = good;
  twice.sk.push_back(key), none.sk.clear(), many.sk.assign(14, key), off.sk[0].y = key.x;
  for (const auto& bad : {twice, none, many, off}) EXPECT_EQ(decode_request(encode(bad)).error().kind, Fault::Kind::malformed);
  const auto text = encode(good);
  for (const auto& bad : {std::string(), std::string("{}"), text.substr(0, text.size() - 1), text + "x", std::string(R"({"v":2)") + text.substr(6), std::string(R"({"x":1,)") + text.substr(1)})
    EXPECT_EQ(decode_request(bad).error().kind, Fault::Kind::malformed) << bad;
}

TEST(AServiceKeySeries, CoversUntilItsFirstGap) {
  EXPECT_EQ(covered_until({}, born), born);
  EXPECT_EQ(covered_until({{born - day, born + 9 * day}}, born), born + 9 * day);
  EXPECT_EQ(covered_until({{born + 8 * day, born + 20 * day}, {born - day, born + 9 * day}}, born), born + 20 * day);
  EXPECT_EQ(covered_until({{born + 10 * day, born + 20 * day}, {born - day, born + 9 * day}}, born), born + 9 * day);
}

}  // namespace
}  // namespace wb::service
