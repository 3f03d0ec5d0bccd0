// Real signed objects with a byte changed, cut or lengthened: each is refused under a name, by the code that would have
// believed it.
#include <array>

#include "tests/support/signed_objects.hpp"

namespace wb::test {
namespace {

SignedObjects& objects() {
  static SignedObjects made;
  return made;
}

// Which refusals there were, and how often each.
using Refusals = std::map<std::string, int>;

Refusals refusals_of(const SignedObject& object, const std::function<std::vector<std::string>(const std::string&)>& bad_ones) {
  Refusals out;
  for (std::size_t i = 0, count = 1; i < count; ++i) ++out[object.judge([&](const std::string& payload) {
    const auto bad = bad_ones(object.sign(payload));
    count = bad.size();
    return bad[i];
  })];
  return out;
}

void expect_names(const SignedObject& object, const Refusals& refusals) {
  for (const auto& [name, count] : refusals) EXPECT_NE(std::find(object.names.begin(), object.names.end(), name), object.names.end()) << object.name << ": \"" << name << "\", " << count << " times";
}

TEST(EverySignedObject, AsItShouldBeIsBelieved) {
  for (const auto& object : objects().all()) EXPECT_EQ(object.judge([&](const std::string& payload) { return object.sign(payload); }), "") << object.name;
  const auto [job, sec] = objects().sealed();
  EXPECT_EQ(objects().judge_sealed(job, sec), "");
}

// One bit of each byte, in turn: the lowest, which stays within base64url; one of the middle; the highest, which does not.
int bit_of(std::size_t at) { return std::array{0x01, 0x08, 0x80}[at % 3]; }

TEST(EverySignedObject, WithAByteFlippedIsRefusedByName) {
  for (const auto& object : objects().all()) {
    Refusals refusals;
    for (std::size_t at = 0, length = 1; at < length; ++at) {
      ++refusals[object.judge([&](const std::string& payload) {
        auto text = object.sign(payload);
        length = text.size();
        text[at] = static_cast<char>(text[at] ^ bit_of(at));
        return text;
      })];
    }
    expect_names(object, refusals);
    EXPECT_GE(refusals.size(), 2U) << object.name << ": as what it is, and as what it is no more";
  }
}

TEST(EverySignedObject, ThatIsCutOrLengthenedIsRefusedByName) {
  for (const auto& object : objects().all()) {
    const auto refusals = refusals_of(object, [](const std::string& whole) {
      std::vector<std::string> bad;
      for (std::size_t size = 0; size < whole.size(); size += 7) bad.push_back(whole.substr(0, size)), bad.push_back(whole.substr(whole.size() - size));
      for (const auto* more : {"A", "=", ".", ".AAAA", "\n", " "}) bad.push_back(whole + more), bad.push_back(more + whole);
      bad.push_back(std::string(2'000, '.'));
      return bad;
    });
    expect_names(object, refusals);
  }
}

TEST(ASealedPassword, WithAByteFlippedIsRefusedByNameEvenWhereTheServiceSignsForIt) {
  auto [job, sec] = objects().sealed();
  Refusals refusals;
  for (std::size_t at = 0; at < sec.size(); ++at) {
    sec[at] = static_cast<char>(sec[at] ^ bit_of(at));
    ++refusals[objects().judge_sealed(job, sec)];
    sec[at] = static_cast<char>(sec[at] ^ bit_of(at));
  }
  for (const auto& [name, count] : refusals) EXPECT_TRUE(name == "malformed" || name == "binding" || name == "decrypt") << '"' << name << "\", " << count << " times";
  EXPECT_EQ(refusals.size(), 3U);
  EXPECT_EQ(objects().judge_sealed(job, sec), "");
}

TEST(ASealedPassword, ThatIsCutIsMalformed) {
  const auto [job, sec] = objects().sealed();
  for (std::size_t size = 0; size < sec.size(); size += 5) EXPECT_EQ(objects().judge_sealed(job, sec.substr(0, size)), "malformed") << size;
}

}  // namespace
}  // namespace wb::test
