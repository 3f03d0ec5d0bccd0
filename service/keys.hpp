// The service's own keys, in state_dir: SR (sr.pem), its root, which agents pin at enrolment, and SK (sk-<kid>.pem),
// which signs jobs, with SR's endorsement beside it (sk-<kid>.jws). Both are made when missing; SK lives 30 days and
// is replaced when less than a day is left (docs/PROTOCOL.md section 3).
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "crypto/keys.hpp"

namespace wb::service {

class Keys {
 public:
  // `iss`: the service's public URL, which the endorsements name. Also used by `token create`, perhaps at the same time.
  static Result<Keys> open(const std::filesystem::path& state_dir, std::string iss, UnixSeconds now);

  const crypto::PublicKey& root() const { return root_.public_key(); }
  const crypto::PrivateKey& signing() const { return signing_; }
  // Endorsements of every SK that is still valid, the newest first: agents may hold jobs signed by the one before.
  std::vector<std::string> endorsements(UnixSeconds now) const;
  // Replaces SK when it is about to end; true when it did, and agents must be told.
  Result<bool> renew(UnixSeconds now);

 private:
  struct Endorsed {
    std::string jws;
    UnixSeconds exp = 0;
  };
  Keys(std::filesystem::path dir, std::string iss, crypto::PrivateKey root) : dir_(std::move(dir)), iss_(std::move(iss)), root_(std::move(root)) {}
  Result<void> load(UnixSeconds now);
  std::filesystem::path dir_;
  std::string iss_;
  crypto::PrivateKey root_;
  crypto::PrivateKey signing_;
  std::vector<Endorsed> endorsed_;  // newest first
};

}  // namespace wb::service
