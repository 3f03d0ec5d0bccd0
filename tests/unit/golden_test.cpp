// What every release wrote (tests/golden/RELEASE.jsonl, made by golden_write) is read by this tree's code with its meaning, and what this tree writes
// is what those releases read. Files of releases are kept for ever.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "crypto/jwe.hpp"
#include "crypto/jws.hpp"
#include "protocol/codec.hpp"
#include "protocol/json.hpp"
#include "tests/support/crypto_world.hpp"
#include "tests/support/golden_messages.hpp"

namespace wb::test {
namespace {
namespace json = boost::json;
namespace fs = std::filesystem;

struct Release {
  std::string version;
  crypto::PublicKey signer;
  std::map<std::string, json::object> lines;  // by name
  std::string text(const std::string& name, const char* member) const { return std::string(lines.at(name).at(member).as_string()); }
};

std::vector<Release> releases() {
  std::vector<Release> all;
  for (const auto& entry : fs::directory_iterator(std::string(WB_SOURCE_DIR) + "/tests/golden")) {
    std::ifstream in(entry.path());
    std::string line;
    std::getline(in, line);
    const auto first = json::parse(line);
    const auto& signer = first.as_object().at("signer").as_object();
    Release release{entry.path().stem(), crypto::PublicKey::from_jwk({std::string(signer.at("x").as_string()), std::string(signer.at("y").as_string())}).value(), {}};
    while (std::getline(in, line)) {
      auto object = json::parse(line).as_object();
      auto name = std::string(object.at("name").as_string());
      EXPECT_TRUE(release.lines.emplace(std::move(name), std::move(object)).second) << line;
    }
    all.push_back(std::move(release));
  }
  return all;
}

// `whole` says all that `part` says; it may say more, in members of its own.
bool holds(const json::value& whole, const json::value& part) {
  if (part.is_object()) {
    if (!whole.is_object()) return false;
    for (const auto& [name, value] : part.as_object())
      if (const auto* there = whole.as_object().if_contains(name); !there || !holds(*there, value)) return false;
    return true;
  }
  if (!part.is_array()) return whole == part;
  if (!whole.is_array() || whole.as_array().size() != part.as_array().size()) return false;
  for (std::size_t i = 0; i < part.as_array().size(); ++i)
    if (!holds(whole.as_array()[i], part.as_array()[i])) return false;
  return true;
}
bool text_holds(const std::string& whole, const std::string& part) { return holds(json::parse(whole), json::parse(part)); }

const GoldenMessage* of_today(const std::vector<GoldenMessage>& today, const std::string& name) {
  const auto found = std::find_if(today.begin(), today.end(), [&](const auto& m) { return m.name == name; });
  return found == today.end() ? nullptr : &*found;
}

// The body of a line: of a link message what its envelope, as it was sent, has in it.
std::string body_of(const Release& release, const std::string& name, const GoldenMessage& today) {
  const auto text = release.text(name, "body");
  if (today.is_signed) return text;
  const auto envelope = protocol::decode_envelope(text);
  if (!envelope) return ADD_FAILURE() << name << ": " << envelope.error().detail, "{}";
  EXPECT_EQ(envelope->type, today.kind) << name;
  EXPECT_EQ(envelope->re, "01EX5ZZKBKACTAV9WEVGEMMVRZ") << name;
  return envelope->body;
}

template <class F> void each_message(F look) {
  const auto today = golden_messages();
  for (const auto& release : releases())
    for (const auto& [name, line] : release.lines) {
      if (name == "sealed") continue;
      SCOPED_TRACE(release.version + " " + name);
      const auto* mine = of_today(today, name);
      ASSERT_NE(mine, nullptr) << "a release said it, and this tree does not know it";
      EXPECT_EQ(line.at("kind").as_string(), mine->kind);
      look(release, name, *mine);
    }
}

TEST(EveryMessageOfARelease, IsReadWithNothingLost) {
  each_message([](const Release& release, const std::string& name, const GoldenMessage& mine) {
    const auto body = body_of(release, name, mine);
    const auto read = mine.again(body);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_TRUE(text_holds(*read, body)) << *read << "\n"
                                         << body;
  });
}

// golden_messages() sets each member by its name in the code; so what is equal in the text has the same meaning on both sides.
TEST(EveryMessageOfARelease, MeansTodayWhatItMeantThen) {
  each_message([](const Release& release, const std::string& name, const GoldenMessage& mine) {
    const auto body = body_of(release, name, mine);
    EXPECT_TRUE(text_holds(mine.body, body)) << "today: " << mine.body << "\nthen:  " << body;
  });
}

// A reader of a release ignores members of link messages that it does not know, and refuses those of signed objects. So there today's may have none, unless
// it is sent only to whom the hello's caps name: then say so here.
TEST(EverySignedObjectOfToday, HasOnlyMembersThatEachReleaseKnows) {
  each_message([](const Release& release, const std::string& name, const GoldenMessage& mine) {
    if (mine.is_signed) { EXPECT_TRUE(text_holds(body_of(release, name, mine), mine.body)) << mine.body; }
  });
}

TEST(EverySignedObjectOfARelease, IsBelieved) {
  for (const auto& release : releases()) {
    std::set<std::string_view> believed;
    each_message([&](const Release& its, const std::string& name, const GoldenMessage& mine) {
      if (its.version != release.version || !its.lines.at(name).contains("jws")) return;
      const auto text = its.text(name, "jws");
      const auto payload = mine.carries_key ? crypto::verify_pinned(text, mine.kind, its.signer.kid()) : crypto::verify(text, mine.kind, its.signer);
      ASSERT_TRUE(payload) << payload.error().detail;
      EXPECT_EQ(*payload, its.text(name, "body"));
      believed.insert(mine.kind);
    });
    EXPECT_EQ(believed.size(), 10U) << release.version << ": one of each typ";
  }
}

TEST(EverySealedPasswordOfARelease, IsOpened) {
  for (const auto& release : releases()) {
    const auto sealed = release.text("sealed", "sealed");
    const auto opened = crypto::open_sealed(sealed, crypto::key_from_pem(release.text("sealed", "private_key_pem")));
    ASSERT_TRUE(opened) << opened.error().detail;
    const auto passwords = crypto::read_passwords(*opened);
    ASSERT_TRUE(passwords) << passwords.error().detail;
    EXPECT_TRUE(passwords->pw == Secret::copy_of(golden_password));
    EXPECT_TRUE(passwords->old && *passwords->old == Secret::copy_of("old"));
    EXPECT_EQ(protocol::encode(crypto::read_sealed(sealed)->binding), protocol::encode(golden_binding()));
  }
}

TEST(TheVersionOfThisTree, HasASetOfAllItsMessages) {
  const auto all = releases();
  const auto mine = std::find_if(all.begin(), all.end(), [](const Release& release) { return release.version == WB_VERSION; });
  ASSERT_NE(mine, all.end()) << "cmake --build --preset dev --target golden_write && build/dev/golden_write tests/golden/" WB_VERSION ".jsonl";
  for (const auto& message : golden_messages()) EXPECT_TRUE(mine->lines.contains(message.name)) << message.name;
}

TEST(ThisComparison, SeesWhatIsMissingOrDifferent) {
  EXPECT_TRUE(text_holds(R"({"a":1,"b":[{"c":"x","d":2}]})", R"({"b":[{"c":"x"}]})"));
  for (const auto* part : {R"({"b":[{"c":"y"}]})", R"({"b":[]})", R"({"e":1})", R"({"a":"1"})", R"({"a":{}})"}) EXPECT_FALSE(text_holds(R"({"a":1,"b":[{"c":"x","d":2}]})", part)) << part;
}

}  // namespace
}  // namespace wb::test
