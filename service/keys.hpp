// The service's own keys, in state_dir: SR (sr.pem), its root, which agents pin at enrolment, and the SKs (sk-<kid>.pem),
// which sign jobs, each with SR's endorsement beside it (sk-<kid>.jws). Made when missing; when an SK is replaced says
// service/key_schedule. SR may be elsewhere: then sr.jwk names it, and each SK waits for an endorsement that a person brings
// (keys_offline.cpp). The command line uses the same folder while the service runs.
#pragma once
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "crypto/keys.hpp"
#include "service/endorsements.hpp"
#include "service/key_schedule.hpp"

namespace wb::service {

// Writes SR with a passphrase to `file`; `remove`: and takes it off this machine, once it was read back. Cut off between the two,
// the same once more goes on.
Result<crypto::PublicKey> export_root(const std::filesystem::path& state_dir, const std::filesystem::path& file, const Secret& passphrase, bool remove);
// The other way round. Fault refused when it is not the root of this service.
Result<crypto::PublicKey> import_root(const std::filesystem::path& state_dir, const std::filesystem::path& file, const Secret& passphrase);

class Keys {
 public:
  // root: who wants to know SR or to mend something. signing: Fault refused when no SK is valid, which happens only while SR is elsewhere.
  enum class Needs { root,
    signing };
  // `iss`: the service's public URL, which the endorsements name. Also used by `token create`, perhaps at the same time.
  static Result<Keys> open(const std::filesystem::path& state_dir, std::string iss, UnixSeconds now, Needs needs = Needs::signing);

  const crypto::PublicKey& root() const { return root_; }
  bool root_is_here() const;
  const crypto::PrivateKey& signing() const { return signing_; }
  // Endorsements of every SK that is still valid, the newest first: the next one is announced, and agents may hold jobs
  // signed by the one before.
  std::vector<std::string> endorsements(UnixSeconds now) const;
  // Makes the next SK when it is due (with SR here), changes to it when its time has come, takes over what the command line did.
  // True when agents must be told.
  Result<bool> renew(UnixSeconds now);
  // Whether the folder holds other endorsements than those we know, or one of those made in advance begins: renew() is worth calling.
  bool news(UnixSeconds now) const { return seen() != looked_ || (!ahead_.empty() && ahead_.back().begins <= now); }
  // The end of the last endorsement, when only a person can bring the next one and it is less than 14 days away.
  std::optional<UnixSeconds> ends_soon(UnixSeconds now) const;

  // A new SK before its time. `withdraw`: for one that somebody else may hold; the others are believed no more, and the new one
  // signs at once. Fault refused while SR is elsewhere.
  Result<void> rotate(UnixSeconds now, bool withdraw);

  // ---- while SR is elsewhere (keys_offline.cpp) ----
  // `count` SKs that wait for an endorsement: those asked for before, then new ones. They begin before the last one ends. `fresh`: none
  // of before, and from now on.
  Result<KeyRequest> request(UnixSeconds now, std::size_t count, bool fresh);
  // Takes endorsements, all or none; the same ones once more change nothing. Fault refused or malformed ("keys.install", with the
  // endorsement's number) when one is not SR's, not for a key that waits here, or not in time. `withdraw`: all other SKs are believed no
  // more; one of these must be valid now.
  Result<void> install(const std::vector<std::string>& endorsements, UnixSeconds now, bool withdraw);

  enum class State { signs,
    valid,
    later };
  struct Listed {
    std::string kid;
    SigningKeyTimes times;
    State state = State::valid;
  };
  std::vector<Listed> list() const;

 private:
  struct Held : EndorsedKey {
    std::filesystem::path file;  // of the endorsement
  };
  Keys(std::filesystem::path dir, std::string iss, crypto::PublicKey root) : dir_(std::move(dir)), iss_(std::move(iss)), root_(std::move(root)) {}
  Result<std::vector<Held>> found(UnixSeconds now) const;                                  // those with a key beside them that are not over, newest first
  std::set<std::string> seen() const;                                                      // names of all endorsements in the folder
  Result<void> look(UnixSeconds now);                                                      // found(), into endorsed_ and ahead_
  Result<std::string> make(UnixSeconds now);                                               // its kid
  Result<void> endorsed(const std::string& kid, const std::string& jws, UnixSeconds now);  // writes it down
  Result<void> choose(UnixSeconds now);
  std::filesystem::path file_of(const std::string& kid, const char* ending) const { return dir_ / ("sk-" + kid + ending); }
  std::vector<std::string> waiting() const;  // kids of keys without an endorsement
  Result<void> withdraw_but(const std::set<std::string>& kept, UnixSeconds now);
  std::filesystem::path dir_;
  std::string iss_;
  crypto::PublicKey root_;
  crypto::PrivateKey signing_;
  std::vector<Held> endorsed_, ahead_;  // valid now, and made in advance; newest first
  std::set<std::string> looked_;        // seen() of the last renew()
};

}  // namespace wb::service
