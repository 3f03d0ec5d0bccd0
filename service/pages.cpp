#include "service/pages.hpp"

#include <algorithm>

#include "core/base64url.hpp"
#include "crypto/keys.hpp"
#include "crypto/mac.hpp"
#include "platform/private_files.hpp"

namespace wb::service {
namespace {

namespace fs = std::filesystem;

// Nothing from elsewhere, nobody's frame, nothing inline but pictures and the styles the page was built with, by their hash: what is painted
// before anything else has come (portal/page_html.ts). All other styles and the scripts are files of ours.
std::string policy_of(std::string_view page) {
  constexpr std::string_view begin = "<style>", end = "</style>";
  std::string styles = "'self'";
  if (const auto from = page.find(begin); from != std::string_view::npos)
    if (const auto to = page.find(end, from); to != std::string_view::npos)
      styles += " 'sha256-" + base64(crypto::sha256(page.substr(from + begin.size(), to - from - begin.size()))) + "'";
  return "default-src 'none'; script-src 'self'; style-src " + styles +
      "; connect-src 'self'; img-src 'self' data:; worker-src 'self'; "
      "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
}
constexpr std::string_view compressed = ".gz", page_end = ".html";

bool plain_name(std::string_view name) {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), good);
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view a, std::string_view lower) {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(), [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y; });
}

}  // namespace

std::string_view type_of(std::string_view name) {
  const auto dot = name.rfind('.');
  const auto end = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  if (end == "js") return "text/javascript; charset=utf-8";
  if (end == "css") return "text/css; charset=utf-8";
  if (end == "html") return "text/html; charset=utf-8";
  if (end == "svg") return "image/svg+xml";
  if (end == "png") return "image/png";
  if (end == "webp") return "image/webp";
  if (end == "ico") return "image/x-icon";
  if (end == "woff2") return "font/woff2";
  return {};
}

bool takes_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const auto comma = accept_encoding.find(',');
    const auto one = accept_encoding.substr(0, comma);
    accept_encoding.remove_prefix(comma == std::string_view::npos ? accept_encoding.size() : comma + 1);
    const auto semicolon = one.find(';');
    if (!same_word(trimmed(one.substr(0, semicolon)), "gzip")) continue;
    const auto weight = semicolon == std::string_view::npos ? std::string_view() : trimmed(one.substr(semicolon + 1));
    return !(weight.starts_with("q=0") && weight.find_first_of("123456789") == std::string_view::npos);
  }
  return false;
}

Result<Pages::File> Pages::file(const fs::path& path, std::string_view type) {
  auto plain = platform::read_file(path, file_bytes_max);
  if (!plain) return plain.error();
  File out{std::string(type), std::move(*plain), {}, {}};
  out.policy = policy_of(type.starts_with("text/html") ? out.plain : std::string_view());
  const fs::path small = path.string() + std::string(compressed);
  std::error_code ec;
  if (!fs::is_regular_file(fs::symlink_status(small, ec))) return out;
  auto gzip = platform::read_file(small, file_bytes_max);
  if (!gzip) return gzip.error();
  out.gzip = std::move(*gzip);
  return out;
}

Result<Pages> Pages::read(const fs::path& folder) {
  Pages pages;
  std::error_code ec;
  if (!fs::is_directory(folder, ec)) return pages;
  if (!fs::is_regular_file(folder / "index.html", ec)) return Fault{Fault::Kind::malformed, "pages.read", "no index.html in portal_dir"};
  for (const bool assets : {false, true}) {
    const auto from = assets ? folder / "assets" : folder;
    for (auto entry = fs::directory_iterator(from, ec); !ec && entry != fs::directory_iterator(); entry.increment(ec)) {
      const auto name = entry->path().filename().string();
      const auto type = type_of(name);
      if (type.empty() || !plain_name(name) || !fs::is_regular_file(entry->symlink_status(ec))) continue;
      if (!assets && !name.ends_with(page_end)) continue;
      if (pages.files() >= files_max) return Fault{Fault::Kind::exhausted, "pages.read", "more than " + std::to_string(files_max) + " files in portal_dir"};
      auto one = file(entry->path(), type);
      if (!one) return one.error();
      if (!assets && one->plain.empty()) return Fault{Fault::Kind::malformed, "pages.read", "a page in portal_dir is empty"};
      if (assets) pages.assets_.emplace(name, std::move(*one));
      else pages.pages_.emplace(name == "index.html" ? "/" : "/" + name.substr(0, name.size() - page_end.size()), std::move(*one));
    }
    if (ec && !(assets && ec == std::errc::no_such_file_or_directory)) return Fault{Fault::Kind::internal, "pages.read", "portal_dir can't be listed: " + ec.message()};
  }
  return pages;
}

std::string Pages::sums() const {
  std::map<std::string, std::string_view> by_name;
  const auto add = [&](const std::string& name, const File& file) {
    by_name.emplace(name, file.plain);
    if (!file.gzip.empty()) by_name.emplace(name + std::string(compressed), file.gzip);
  };
  for (const auto& [path, page] : pages_) add((path == "/" ? "index" : path.substr(1)) + std::string(page_end), page);
  for (const auto& [name, one] : assets_) add("assets/" + name, one);
  std::string out;
  for (const auto& [name, bytes] : by_name) out += crypto::hex(crypto::sha256(bytes)) + "  " + name + "\n";
  return out;
}

std::vector<Endpoint> Pages::endpoints() const {
  if (files() == 0) return {};
  std::vector<Endpoint> out{{"GET", "/assets/{name}", {}, [this](HttpCall call) { return asset(std::move(call)); }}};
  for (const auto& [path, page] : pages_)
    out.push_back({"GET", path, {}, [this, at = &page](HttpCall call) { return shown(*at, std::move(call)); }});
  return out;
}

link::HttpResponse Pages::answer(const File& file, const link::HttpRequest& request) const {
  link::HttpResponse response;
  response.content_type = file.type;
  response.headers = {{"Content-Security-Policy", file.policy}, {"Referrer-Policy", "no-referrer"}, {"X-Content-Type-Options", "nosniff"}, {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"}, {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"}};
  const bool small = !file.gzip.empty() && takes_gzip(request.accept_encoding);
  if (!file.gzip.empty()) response.headers["Vary"] = "Accept-Encoding";
  if (small) response.headers["Content-Encoding"] = "gzip";
  response.body = small ? file.gzip : file.plain;
  return response;
}

Reply Pages::shown(const File& page, HttpCall call) const {
  auto response = answer(page, call.request);
  response.headers["Cache-Control"] = "no-cache";  // it names the files of now
  co_return response;
}

Reply Pages::asset(HttpCall call) const {
  const auto found = assets_.find(call.path[0]);
  if (found == assets_.end()) co_return refuse(Refusal::not_found, "no such file");
  auto response = answer(found->second, call.request);
  response.headers["Cache-Control"] = "public, max-age=31536000, immutable";  // the name holds a hash of the content
  co_return response;
}

}  // namespace wb::service
