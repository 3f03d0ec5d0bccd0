// Our side of the interop tests: crypto/ as a program on standard input and output. For tests alone: it shows plaintexts.
//   jose_peer jwk KEY.pem | sign KEY.pem TYP | verify X Y TYP | open KEY.pem | seal BINDING X Y [X Y]...
#include <iostream>
#include <iterator>

#include "crypto/jwe.hpp"
#include "crypto/jws.hpp"
#include "protocol/codec.hpp"

namespace {
using namespace wb;

template <class T> T must(Result<T> result) {
  if (result) return std::move(*result);
  std::cerr << result.error().where << ": " << to_string(result.error().kind) << " " << result.error().detail << "\n";
  std::exit(1);
}
crypto::PublicKey point(const std::string& x, const std::string& y) { return must(crypto::PublicKey::from_jwk({x, y})); }

std::string obey(const std::vector<std::string>& words, const std::string& input) {
  const auto& verb = words.at(0);
  if (verb == "verify") return must(crypto::verify(input, words.at(3), point(words.at(1), words.at(2))));
  if (verb == "seal") {
    std::vector<crypto::PublicKey> to;
    for (std::size_t i = 2; i + 1 < words.size(); i += 2) to.push_back(point(words[i], words[i + 1]));
    return must(crypto::seal(to, must(protocol::decode<protocol::SealBinding>(words.at(1))), crypto::make_plaintext(Secret::copy_of(input))));
  }
  const auto key = must(crypto::PrivateKey::load(words.at(1)));
  if (verb == "sign") return must(crypto::sign(key, words.at(2), input));
  if (verb == "jwk") return key.public_key().jwk().x + " " + key.public_key().jwk().y + " " + key.kid();
  const auto passwords = must(crypto::read_passwords(must(crypto::open_sealed(input, key))));
  return passwords.pw.expose([](std::string_view text) { return std::string(text); });
}
}  // namespace

int main(int count, char** words) {
  const std::string input((std::istreambuf_iterator<char>(std::cin)), {});
  try {
    std::cout << obey({words + 1, words + count}, input);
  } catch (const std::exception& e) {
    std::cerr << "jose_peer: " << e.what() << "\n";
    return 2;
  }
}
