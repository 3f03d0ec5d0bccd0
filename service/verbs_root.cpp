// Verbs about the service's root (SR) on another machine: taken there and back, keys requested, endorsed, installed.
#include <algorithm>
#include <iostream>

#include "core/ids.hpp"
#include "platform/private_files.hpp"
#include "service/keys.hpp"
#include "service/verbs.hpp"

namespace wb::service {
namespace {

Result<Secret> passphrase_in(const std::string& file) {
  if (file.empty()) return Secret();
  return platform::read_private_line(file, "keys.passphrase");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; (at = text.find_first_not_of("\r\n \t", at)) != std::string::npos;) {
    const auto end = std::min(text.find_first_of("\r\n \t", at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  return lines;
}

}  // namespace

int export_root(const config::ServiceConfig& config, const std::string& file, const std::string& passphrase_file, bool remove) {
  auto passphrase = passphrase_in(passphrase_file);
  if (!passphrase) return failed(passphrase.error());
  auto root = export_root(config.state_dir, file, *passphrase, remove);
  if (!root) return failed(root.error());
  std::cout << "root: " << root->kid() << "\nexported: " << file << "\n";
  if (remove) std::cout << "It is no longer on this machine. Before the last endorsement ends (reset-service keys list): keys request here,\nkeys endorse where the root is, keys install here.\n";
  return exit_done;
}

int import_root(const config::ServiceConfig& config, const std::string& file, const std::string& passphrase_file) {
  auto passphrase = passphrase_in(passphrase_file);
  if (!passphrase) return failed(passphrase.error());
  auto root = import_root(config.state_dir, file, *passphrase);
  if (!root) return failed(root.error());
  std::cout << "root: " << root->kid() << "\nSigning keys are renewed by the service itself again.\n";
  return exit_done;
}

int request_keys(const config::ServiceConfig& config, std::size_t count, bool fresh) {
  const auto now = unix_now();
  auto keys = Keys::open(config.state_dir, config.public_url, now, Keys::Needs::root);
  if (!keys) return failed(keys.error());
  auto request = keys->request(now, count, fresh);
  if (!request) return failed(request.error());
  std::cout << encode(*request) << "\n";
  for (const auto& key : request->sk) std::cerr << "key: " << crypto::thumbprint(key) << "\n";
  std::cerr << "Compare these where the root is: reset-service keys endorse REQUEST --root FILE\n";
  return exit_done;
}

int endorse_keys(const std::string& request_file, const std::string& root_file, const std::string& passphrase_file) {
  auto text = platform::read_file(request_file);
  if (!text) return failed(text.error());
  auto request = decode_request(*text);
  if (!request) return failed(request.error());
  auto passphrase = passphrase_in(passphrase_file);
  if (!passphrase) return failed(passphrase.error());
  auto root = crypto::PrivateKey::load_sealed(root_file, *passphrase);
  if (!root) return failed(root.error());
  auto endorsements = endorse(*root, *request, unix_now());
  if (!endorsements) return failed(endorsements.error());
  std::cerr << "root: " << root->kid() << "\nservice: " << printable(request->iss) << "\n";
  for (const auto& jws : *endorsements) {
    auto made = read_endorsement(jws, root->kid(), request->iss);
    if (!made) return failed(made.error());
    std::cout << jws << "\n";
    std::cerr << "key: " << made->kid << "  " << day_of(made->times.iat) << "  " << day_of(made->times.exp) << "\n";
  }
  std::cerr << "Compare the keys with what the service printed before you bring these back: reset-service keys install FILE\n";
  return exit_done;
}

int install_keys(const config::ServiceConfig& config, const std::string& file, bool withdraw) {
  auto text = platform::read_file(file);
  if (!text) return failed(text.error());
  const auto now = unix_now();
  auto keys = Keys::open(config.state_dir, config.public_url, now, Keys::Needs::root);
  if (!keys) return failed(keys.error());
  if (auto done = keys->install(lines_of(*text), now, withdraw); !done) return failed(done.error());
  if (withdraw) std::cout << "The other signing keys are withdrawn.\n";
  return list_keys(config);
}

}  // namespace wb::service
