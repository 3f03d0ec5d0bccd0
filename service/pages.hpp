// The portal's built files (portal/, docs/ARCHITECTURE.md) over HTTP: GET / (index.html), GET /NAME of each other NAME.html, and
// GET /assets/{name}. All are read once, at start: what is asked for is looked up in a map and never in the file system, so that no path
// leads out of the folder.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "service/router.hpp"

namespace wb::service {

class Pages {
 public:
  static constexpr std::size_t files_max = 256, file_bytes_max = 4u << 20;

  Pages() = default;  // none: the API only
  // index.html, other pages beside it and assets/*: regular files of known types with names of [A-Za-z0-9._-]; `name.gz` is name, compressed (RFC 1952). No such
  // folder: none. Fault malformed: there is one without index.html; exhausted: too many or too large; internal: unreadable.
  static Result<Pages> read(const std::filesystem::path& folder);

  std::vector<Endpoint> endpoints() const;  // of none: empty. They hold on to this.
  std::size_t files() const { return assets_.size() + pages_.size(); }
  // A line for each file that is served, compressed ones too: SHA-256 in hex, two blanks, the name in the folder (index.html, assets/main-1.js.gz), in order of
  // the names: what the build writes into SHA256SUMS, and sha256sum -c reads.
  std::string sums() const;

 private:
  struct File {
    std::string type, plain, gzip;  // gzip: empty where there is none
    std::string policy;             // its Content-Security-Policy (CSP Level 3)
  };
  static Result<File> file(const std::filesystem::path& path, std::string_view type);
  link::HttpResponse answer(const File& file, const link::HttpRequest& request) const;
  Reply shown(const File& page, HttpCall call) const;
  Reply asset(HttpCall call) const;

  std::map<std::string, File, std::less<>> pages_;   // by path: "/", "/signin"
  std::map<std::string, File, std::less<>> assets_;  // by name
};

// What a name's end says, as a Content-Type; "" for what is not served.
std::string_view type_of(std::string_view name);
// Does "Accept-Encoding" take gzip? (RFC 9110 section 12.5.3; a refusal by q=0 counts, "*" does not.)
bool takes_gzip(std::string_view accept_encoding);

}  // namespace wb::service
