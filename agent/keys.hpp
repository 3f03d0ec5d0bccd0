// The agent's own private keys, as files of state_dir: as.pem (signing, AS), as-next.pem (the one that
// shall succeed it, until it has), ae.pem and ae-KID.pem (encryption, AE) with
// keys.json, which says which of those is stated and how long the former ones are kept. Blocking.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/key_book.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "crypto/keys.hpp"

namespace wb::agent {

struct Keys {
  crypto::PrivateKey as, ae;
  std::vector<crypto::PrivateKey> former = {};  // open what was sealed to them, and are stated no more
  std::optional<crypto::PrivateKey> next = {};  // signs where a roster names it (agent/signing_key)
  UnixSeconds as_made = 0;                      // when as.pem was written: nothing rotates it but `keys rotate --signing`
  // The one a sealed password is for; `ae` where it is for none of ours.
  const crypto::PrivateKey& opening(std::string_view sealed) const;
  std::vector<std::string> kids() const;  // all that we open with, the stated one first
};
// Changes while the agent runs: whoever needs keys for longer than a statement takes a copy of the pointer.
using KeysPtr = std::shared_ptr<const Keys>;

// Faults as PrivateKey::load.
Result<Keys> load_keys(const std::filesystem::path& state_dir);
// The same, making and saving what is missing: an enrolment that failed half way is repeated with the same keys.
Result<Keys> load_or_make_keys(const std::filesystem::path& state_dir);
// keys.json; where it is missing, what it would say: one key, made when its file was.
Result<KeyBook> load_key_book(const std::filesystem::path& state_dir);

enum class Former { keep,
  discard };
// A new encryption key, made here or named by the URI of a provider's, becomes the stated one. Crash safe: the key is on the
// disk before keys.json names it. `discard`: the former ones open nothing any more, at once.
Result<KeyBook> rotate_ae(const std::filesystem::path& state_dir, Former former, UnixSeconds now, const std::string& uri = {});

// The next signing key, made or found (of an attempt that was cut off), and on the disk. `uri`: a provider's.
Result<crypto::PrivateKey> make_next_as(const std::filesystem::path& state_dir, const std::string& uri = {});
bool has_next_as(const std::filesystem::path& state_dir);
// It becomes the present one, and that one is forgotten: one rename. Nothing to do is no Fault.
Result<void> promote_next_as(const std::filesystem::path& state_dir);

// What time asks for: rotates at 90 d (not a provider's key: `due` says so instead), removes the files of former keys whose
// time is over.
struct Tended {
  KeyBook book;
  bool rotated = false, due = false;
};
Result<Tended> tend_keys(const std::filesystem::path& state_dir, UnixSeconds now);

}  // namespace wb::agent
