// Objects that nobody's slip makes: another algorithm, another header, a payload that is signed and wrong.
#include <openssl/hmac.h>

#include "tests/support/signed_objects.hpp"

namespace wb::test {
namespace {
namespace json = boost::json;

SignedObjects& objects() {
  static SignedObjects made;
  return made;
}
// 59 KiB of blanks as raw DEFLATE (RFC 1951).
const std::string bomb = std::string("\xed\xc1\x81\x00\x00\x00\x00\xc3\x20\x95\xf9\x53\x5e\xe1\x00\x55\x01", 17) + std::string(57, '\0') + "\xc0\x6f";

std::string header_of(const SignedObject& o, const std::string& alg = "ES256", const std::string& more = "") {
  auto out = R"({"alg":")" + alg + R"(","typ":")" + std::string(o.typ) + R"(","kid":")" + o.key->kid() + '"';
  if (o.carry == crypto::CarryKey::yes) out += R"(,"jwk":)" + crypto::jwk_text(o.key->public_key().jwk());
  return out + more + "}";
}
std::string hmac(const std::string& key, const std::string& text) {
  unsigned char out[32];
  unsigned size = sizeof out;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
  return std::string(reinterpret_cast<const char*>(out), size);
}

TEST(EverySignedObject, UnderAnotherAlgorithmIsMalformed) {
  for (const auto& o : objects().all()) {
    const auto input = [&](const std::string& alg, const std::string& payload) { return base64url(header_of(o, alg)) + "." + base64url(payload); };
    const auto signed_as = [&](const std::string& alg) -> Make { return [&o, alg](const std::string& payload) { return crypto::signed_with(*o.key, header_of(o, alg), payload); }; };
    // The public key as a shared secret, as whoever knows it would spell it.
    const auto mac = [&](const std::string& secret) -> Make { return [input, secret](const std::string& payload) { const auto text = input("HS256", payload); return text + "." + base64url(hmac(secret, text)); }; };
    const auto& jwk = o.key->public_key().jwk();
    const std::pair<const char*, Make> cases[] = {
        {"none, unsigned", [&](const std::string& payload) { return input("none", payload) + "."; }},
        {"none, 64 zeros", [&](const std::string& payload) { return input("none", payload) + "." + base64url(std::string(64, '\0')); }},
        {"ES256, 64 zeros", [&](const std::string& payload) { return input("ES256", payload) + "." + base64url(std::string(64, '\0')); }},
        {"none", signed_as("none")},
        {"None", signed_as("None")},
        {"EdDSA", signed_as("EdDSA")},
        {"RS256", signed_as("RS256")},
        {"ES384", signed_as("ES384")},
        {"ES256K", signed_as("ES256K")},
        {"HS256, the jwk", mac(crypto::jwk_text(jwk))},
        {"HS256, x and y", mac(from_base64url(jwk.x).value() + from_base64url(jwk.y).value())},
        {"HS256, the kid", mac(o.key->kid())},
    };
    for (const auto& [what, make] : cases) {
      const auto name = o.judge(make);
      EXPECT_NE(name, "") << o.name << ": " << what;
      EXPECT_NE(std::find(o.names.begin(), o.names.end(), name), o.names.end()) << o.name << ": " << what << ": " << name;
    }
  }
}

TEST(EverySignedObject, WithAHeaderOutsideTheProfileIsRefused) {
  for (const auto& o : objects().all()) {
    const auto with = [&](const std::string& more) { return header_of(o, "ES256", more); };
    const auto plain = header_of(o);
    const auto stranger = crypto::jwk_text(crypto::new_key().public_key().jwk());
    const std::pair<const char*, std::string> cases[] = {
        {"crit", with(R"(,"crit":["exp"])")},
        {"crit b64", with(R"(,"crit":["b64"],"b64":false)")},
        {"empty crit", with(R"(,"crit":[])")},
        {"jku", with(R"(,"jku":"https://x")")},
        {"x5u", with(R"(,"x5u":"https://x")")},
        {"x5c", with(R"(,"x5c":["AAAA"])")},
        {"cty", with(R"(,"cty":"JWT")")},
        {"alg twice", with(R"(,"alg":"ES256")")},
        {"kid twice", with(R"(,"kid":"x")")},
        {"an escaped second alg", with(R"(,"\u0061lg":"none")")},
        {"a second jwk", with(R"(,"jwk":)" + stranger)},
        {"deep", with(R"(,"x":)" + std::string(2'000, '[') + std::string(2'000, ']'))},
        {"not UTF-8", with(",\"x\":\"\xc0\xaf\"")},
        {"a lone surrogate", with(R"(,"x":"\ud800")")},
        {"a large number", with(R"(,"x":9007199254740993)")},
        {"infinite", with(R"(,"x":1e999)")},
        {"a comment", plain + "//"},
        {"twice", plain + plain},
        {"a BOM", "\xef\xbb\xbf" + plain},
        {"no object", "[" + plain + "]"},
        {"nothing", ""},
        {"a NUL", plain + std::string(1, '\0')},
    };
    for (const auto& [what, header] : cases) {
      const auto name = o.judge([&, text = header](const std::string& payload) { return crypto::signed_with(*o.key, text, payload); });
      EXPECT_NE(std::find(o.names.begin(), o.names.end(), name), o.names.end()) << o.name << ": " << what << ": \"" << name << '"';
    }
    EXPECT_EQ(o.judge([&](const std::string& payload) { return crypto::signed_with(*o.key, plain, payload); }), "") << "the forger's tool makes good ones too";
    const auto inflated = o.judge([&](const std::string&) { return crypto::signed_with(*o.key, with(R"(,"zip":"DEF")"), bomb); });
    EXPECT_NE(std::find(o.names.begin(), o.names.end(), inflated), o.names.end()) << o.name << ": a decompression bomb: " << inflated;
    // One object's payload under another's name, by the same key.
    for (const auto& other : objects().all()) {
      if (other.typ == o.typ) continue;
      EXPECT_NE(o.judge([&](const std::string& payload) { return crypto::sign(*o.key, other.typ, payload, o.carry).value(); }), "") << o.name << " as " << other.name;
    }
  }
}

TEST(EverySignedObject, RightlySignedWithAWrongPayloadIsRefused) {
  for (const auto& o : objects().all()) {
    const auto number = [&](const std::string& payload, const std::string& value) {
      const auto member = "\"" + std::string(o.number) + "\":";
      const auto at = payload.find(member) + member.size();
      return payload.substr(0, at) + value + payload.substr(payload.find_first_of(",}", at));
    };
    const auto in_front = [](const std::string& payload, const std::string& more) { return "{" + more + "," + payload.substr(1); };
    const std::pair<const char*, Make> cases[] = {
        {"a member more", [&](auto& p) { return in_front(p, R"("x":1)"); }},
        {"v twice", [&](auto& p) { return in_front(p, R"("v":1)"); }},
        {"v twice, escaped", [&](auto& p) { return in_front(p, R"("\u0076":1)"); }},
        {"another version", [&](auto& p) { return "{\"v\":2" + p.substr(6); }},
        {"v a string", [&](auto& p) { return "{\"v\":\"1\"" + p.substr(6); }},
        {"beyond 2^53", [&](auto& p) { return number(p, "9007199254740993"); }},
        {"beyond 2^64", [&](auto& p) { return number(p, "18446744073709551616"); }},
        {"infinite", [&](auto& p) { return number(p, "1e999"); }},
        {"a fraction", [&](auto& p) { return number(p, "1795176000.5"); }},
        {"not a whole number's spelling", [&](auto& p) { return number(p, "1795176000.0"); }},
        {"a string for a number", [&](auto& p) { return number(p, "\"1795176000\""); }},
        {"null for a number", [&](auto& p) { return number(p, "null"); }},
        {"NaN", [&](auto& p) { return number(p, "NaN"); }},
        {"deep", [&](auto& p) { return in_front(p, "\"x\":" + std::string(2'000, '[') + std::string(2'000, ']')); }},
        {"not UTF-8", [&](auto& p) { return in_front(p, "\"x\":\"\xff\""); }},
        {"overlong", [&](auto& p) { return in_front(p, "\"x\":\"\xc0\x80\""); }},
        {"a surrogate in UTF-8", [&](auto& p) { return in_front(p, "\"x\":\"\xed\xa0\x80\""); }},
        {"cut", [&](auto& p) { return p.substr(0, p.size() - 1); }},
        {"more behind it", [&](auto& p) { return p + "{}"; }},
        {"a comment", [&](auto& p) { return p + "/**/"; }},
        {"a list of it", [&](auto& p) { return "[" + p + "]"; }},
        {"nothing", [](auto&) { return std::string(); }},
        {"null", [](auto&) { return std::string("null"); }},
        {"an empty object", [](auto&) { return std::string("{}"); }},
        {"a single quote", [](auto&) { return std::string("{'v':1}"); }},
    };
    for (const auto& [what, bend] : cases) {
      const auto name = o.judge([&, change = bend](const std::string& payload) { return o.sign(change(payload)); });
      EXPECT_NE(std::find(o.names.begin(), o.names.end(), name), o.names.end()) << o.name << ": " << what << ": \"" << name << '"';
    }
  }
}

// ---- sealed passwords -----------------------------------------------------------------------------------------
using Change = std::function<void(json::object&)>;
std::string changed(const std::string& sec, const Change& change) {
  auto value = protocol::parse_json(sec).value();
  change(value.as_object());
  return json::serialize(value);
}
std::string text_of(const json::value& value) { return std::string(value.as_string()); }
// The protected header as text, changed.
Change header(std::function<std::string(std::string)> change) {
  return [change](json::object& o) { o["protected"] = base64url(change(from_base64url(text_of(o["protected"])).value())); };
}
Change header_more(const std::string& more) {
  return header([more](const std::string& text) { return "{" + more + "," + text.substr(1); });
}
// The last character with one of its unused bits set: the same bytes to a lax reader.
Change respelt(const char* member) {
  return [member](json::object& o) {
    auto text = text_of(o[member]);
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if (text.size() % 4 != 0) text.back() = alphabet[alphabet.find(text.back()) + 1];
    else text += "=";
    o[member] = text;
  };
}
json::object& first(json::object& o) { return o["recipients"].as_array()[0].as_object(); }

TEST(ASealedPassword, OutsideTheProfileIsMalformedEvenWhereTheServiceSignsForIt) {
  const auto [job, sec] = objects().sealed();
  const auto epk = [](json::object& o) -> json::object& { return first(o)["header"].as_object()["epk"].as_object(); };
  const std::pair<const char*, Change> cases[] = {
      {"zip", header_more(R"("zip":"DEF")")},
      {"crit", header_more(R"("crit":["wb"])")},
      {"alg twice", header_more(R"("alg":"dir")")},
      {"wb twice", header_more(R"("wb":{})")},
      {"deep", header_more("\"x\":" + std::string(2'000, '[') + std::string(2'000, ']'))},
      {"not UTF-8", header_more("\"x\":\"\xff\"")},
      {"a large number", header([](std::string t) { return t.replace(t.find("\"rsn\":1"), 7, "\"rsn\":9007199254740993"); })},
      {"an infinite number", header([](std::string t) { return t.replace(t.find("\"rsn\":1"), 7, "\"rsn\":1e999"); })},
      {"aad", [](json::object& o) { o["aad"] = "QQ"; }},
      {"empty aad", [](json::object& o) { o["aad"] = ""; }},
      {"a kid twice", [](json::object& o) { auto again = o["recipients"].as_array()[0]; o["recipients"].as_array().push_back(again); }},
      {"epk off the curve", [&](json::object& o) { epk(o)["y"] = epk(o)["x"]; }},
      {"epk beyond the field", [&](json::object& o) { epk(o)["x"] = base64url(std::string(32, '\xff')); }},
      {"epk at infinity", [&](json::object& o) { epk(o)["x"] = epk(o)["y"] = base64url(std::string(32, '\0')); }},
      {"epk with more", [&](json::object& o) { epk(o)["d"] = "AAAA"; }},
      {"a short tag", [](json::object& o) { o["tag"] = base64url(from_base64url(text_of(o["tag"])).value().substr(0, 12)); }},
      {"an empty tag", [](json::object& o) { o["tag"] = ""; }},
      {"respelt tag", respelt("tag")},
      {"respelt iv", respelt("iv")},
      {"respelt ciphertext", respelt("ciphertext")},
      {"respelt header", respelt("protected")},
      {"a bomb", [](json::object& o) { header_more(R"("zip":"DEF")")(o); o["ciphertext"] = base64url(bomb + std::string(128 - bomb.size() % 128, '\0')); }},
      {"59 KiB", [](json::object& o) { o["ciphertext"] = base64url(std::string(59 * 1024, ' ')); }},
      {"a compact one's members", [](json::object& o) { o["encrypted_key"] = "AAAA"; }},
  };
  for (const auto& [what, change] : cases) EXPECT_EQ(objects().judge_sealed(job, changed(sec, change)), "malformed") << what;
  EXPECT_EQ(objects().judge_sealed(job, "{\"iv\":\"\"," + sec.substr(1)), "malformed") << "iv twice";
  EXPECT_EQ(objects().judge_sealed(job, changed(sec, [](json::object&) {})), "") << "the forger's tool makes good ones too";
}

TEST(ASealedPassword, OfOneJobServesNoOther) {
  const auto a = objects().sealed("Password-of-A-1"), b = objects().sealed("Password-of-B-1");
  EXPECT_EQ(objects().judge_sealed(b.job, a.sec), "binding") << "as it is";
  const auto member = [](const std::string& sec, const char* name) { return protocol::parse_json(sec)->as_object().at(name); };
  EXPECT_EQ(objects().judge_sealed(b.job, changed(a.sec, [&](json::object& o) { o["protected"] = member(b.sec, "protected"); })), "decrypt") << "under the other's header";
  EXPECT_EQ(objects().judge_sealed(b.job, changed(b.sec, [&](json::object& o) { o["ciphertext"] = member(a.sec, "ciphertext"), o["tag"] = member(a.sec, "tag"), o["iv"] = member(a.sec, "iv"); })), "decrypt") << "its text alone";
  EXPECT_EQ(objects().judge_sealed(b.job, changed(b.sec, [&](json::object& o) { o["recipients"] = member(a.sec, "recipients"); })), "decrypt") << "its key alone";
}

}  // namespace
}  // namespace wb::test
