// All that the service keeps, as one folder that can be put back: the store as of one moment, and the keys beside it (taken
// after it, so that every method in it opens). Who has the folder has the service: it is 0700, its files 0600.
//
//   manifest.json   {"format":1,"version":...,"made":unix,"tenant":...,"public_url":...,"files":[{"name":...,"bytes":...,"sha256":hex}]}
//   store.sqlite, sr.pem, sk-*.pem, sk-*.jws, vault-*.key
//
// Not in it: service.yaml and the certificate of its address.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/service_config.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"

namespace wb::service::backup {

constexpr const char* lock_name = "service.lock";  // in state_dir: `serve` holds it as long as it runs, `put_back` too

struct File {
  std::string name;
  std::int64_t bytes = 0;
  std::string sha256;
};
struct Manifest {
  std::string version, tenant, public_url;
  UnixSeconds made = 0;
  std::vector<File> files;
};

// `folder` is made; a manifest stands in it once all the rest does. The service may run and write meanwhile. Fault refused "backup.make"
// where the folder is there already.
Result<Manifest> make(const config::ServiceConfig& config, const std::filesystem::path& folder);

struct PutBack {
  Manifest manifest;
  std::filesystem::path aside;  // where what was there lies now; empty: nothing was
};
// Copies the folder's files beside state_dir's own, reads them through (digests, the database's integrity, its version, that the
// keys open what it holds), and only then exchanges them. Faults: refused "restore.running" when the service runs, "restore.target" when
// something is there and not to be replaced; malformed "restore.read" when the copy is not whole.
Result<PutBack> put_back(const config::ServiceConfig& config, const std::filesystem::path& folder, bool replace);

// Fault refused "restore.unfinished" when put_back() was interrupted while it exchanged the files: it must be done again.
Result<void> whole(const std::filesystem::path& state_dir);

}  // namespace wb::service::backup
