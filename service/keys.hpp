// The service's own keys, in state_dir: SR (sr.pem), its root, which agents pin at enrolment, and the SKs (sk-<kid>.pem),
// which sign jobs, each with SR's endorsement beside it (sk-<kid>.jws). Made when missing; when an SK is replaced says
// service/key_schedule. The command line uses the same folder while the service runs.
#pragma once
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "crypto/keys.hpp"
#include "service/key_schedule.hpp"

namespace wb::service {

class Keys {
 public:
  // `iss`: the service's public URL, which the endorsements name. Also used by `token create`, perhaps at the same time.
  static Result<Keys> open(const std::filesystem::path& state_dir, std::string iss, UnixSeconds now);

  const crypto::PublicKey& root() const { return root_.public_key(); }
  const crypto::PrivateKey& signing() const { return signing_; }
  // Endorsements of every SK that is still valid, the newest first: the next one is announced, and agents may hold jobs
  // signed by the one before.
  std::vector<std::string> endorsements(UnixSeconds now) const;
  // Makes the next SK when it is due, changes to it when its time has come, takes over what the command line did. True when
  // agents must be told.
  Result<bool> renew(UnixSeconds now);
  // Whether the folder holds other endorsements than those we know: renew() is worth calling.
  bool changed_outside() const { return seen() != looked_; }

  // A new SK before its time. `withdraw`: for one that somebody else may hold; the others are believed no more, and the new one
  // signs at once.
  Result<void> rotate(UnixSeconds now, bool withdraw);

  struct Listed {
    std::string kid;
    SigningKeyTimes times;
    bool signs = false;
  };
  std::vector<Listed> list() const;

 private:
  struct Endorsed {
    std::string jws, kid;
    SigningKeyTimes times;
    std::filesystem::path file;  // of the endorsement
  };
  Keys(std::filesystem::path dir, std::string iss, crypto::PrivateKey root) : dir_(std::move(dir)), iss_(std::move(iss)), root_(std::move(root)) {}
  Result<std::vector<Endorsed>> found(UnixSeconds now) const;  // valid ones with a key beside them, newest first
  std::set<std::string> seen() const;                          // names of all endorsements in the folder
  Result<void> make(UnixSeconds now);
  Result<void> choose(UnixSeconds now);
  std::filesystem::path dir_;
  std::string iss_;
  crypto::PrivateKey root_;
  crypto::PrivateKey signing_;
  std::vector<Endorsed> endorsed_;  // newest first
  std::set<std::string> looked_;    // seen() of the last renew()
};

}  // namespace wb::service
