// golden_write FILE: what this tree's code writes, for tests/golden/RELEASE.jsonl (docs/UPGRADE.md). A file that is there is never written over.
// A line each: {"signer"}: the jwk of the signatures; {"name","kind","body"}: a link message's text as it is sent, or a signed object's payload with,
// for the first of its typ, the object as "jws"; {"name":"sealed",...}: a sealed password with the key that opens it, made for this alone.
#include <boost/json/serialize.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "crypto/jwe.hpp"
#include "crypto/jws.hpp"
#include "protocol/codec.hpp"
#include "tests/support/crypto_world.hpp"
#include "tests/support/golden_messages.hpp"

namespace {
namespace json = boost::json;
using namespace wb;

json::object line_of(const test::GoldenMessage& message, const crypto::PrivateKey& key, bool whole) {
  json::object line{{"name", message.name}, {"kind", message.kind}};
  if (!message.is_signed) line["body"] = protocol::encode_envelope({std::string(message.kind), "01DX5ZZKBKACTAV9WEVGEMMVRZ", "01EX5ZZKBKACTAV9WEVGEMMVRZ", message.body});
  else line["body"] = message.body;
  if (message.is_signed && whole) line["jws"] = crypto::sign(key, message.kind, message.body, message.carries_key ? crypto::CarryKey::yes : crypto::CarryKey::no).value();
  return line;
}

json::object sealed_line(const crypto::PrivateKey& key) {
  const crypto::Folder folder;
  key.save(folder / "key.pem").value();
  const auto pw = Secret::copy_of(test::golden_password), old = Secret::copy_of("old");
  return {{"name", "sealed"}, {"private_key_pem", crypto::read_file(folder / "key.pem")}, {"sealed", crypto::seal({key.public_key()}, test::golden_binding(), crypto::make_plaintext(pw, &old)).value()}};
}
}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::cerr << "usage: golden_write FILE\n", 2;
  const std::filesystem::path file = argv[1];
  if (std::filesystem::exists(file)) return std::cerr << file.string() << " is there: what a release wrote stays\n", 1;
  const auto key = crypto::PrivateKey::generate().value();
  std::ofstream out(file);
  out << json::serialize(json::object{{"signer", json::object{{"x", key.public_key().jwk().x}, {"y", key.public_key().jwk().y}}}}) << '\n';
  std::set<std::string_view> signed_kinds;
  for (const auto& message : test::golden_messages()) out << json::serialize(line_of(message, key, signed_kinds.insert(message.kind).second)) << '\n';
  out << json::serialize(sealed_line(key)) << '\n';
  return out.flush() ? 0 : 1;
}
