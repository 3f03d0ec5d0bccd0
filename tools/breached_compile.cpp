#include "tools/breached_compile.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "platform/random_file.hpp"

namespace wb::tools {
namespace {

using policy::BreachedLine;
using FilePtr = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

FilePtr opened(const std::filesystem::path& file, const char* mode) { return {std::fopen(file.c_str(), mode), &std::fclose}; }
Fault failed(const std::filesystem::path& file) { return fault(Fault::Kind::internal, "breached.compile", file.string() + ": " + std::strerror(errno)); }

// Calls `take` with each line, without its end; lines longer than the buffer are no lines of such a list.
Result<void> each_line(const std::filesystem::path& in, const std::function<Result<void>(std::string_view)>& take) {
  const auto file = opened(in, "rb");
  if (!file) return failed(in);
  std::vector<char> buffer(1 << 20);
  std::size_t kept = 0;
  for (bool more = true; more;) {
    const auto got = std::fread(buffer.data() + kept, 1, buffer.size() - kept, file.get());
    more = got > 0;
    std::string_view text(buffer.data(), kept + got);
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      if (auto done = take(text.substr(0, end)); !done) return done;
      text.remove_prefix(end + 1);
    }
    if (!more && !text.empty()) return take(text);
    if (text.size() == buffer.size()) return take(text);  // which refuses it
    std::memmove(buffer.data(), text.data(), text.size());
    kept = text.size();
  }
  return std::ferror(file.get()) ? Result<void>(failed(in)) : Result<void>();
}

// Every line of the list that was seen often enough.
Result<void> each_hash(const std::filesystem::path& in, std::uint64_t at_least, Compiled& found, const std::function<Result<void>(const BreachedLine&)>& take) {
  found.lines = found.taken = 0;
  BreachedLine line;
  std::optional<policy::breached::Digest> kind;
  return each_line(in, [&](std::string_view text) -> Result<void> {
    ++found.lines;
    const auto at = [&](std::string_view what) { return fault(Fault::Kind::malformed, "breached.compile", in.string() + ":" + std::to_string(found.lines) + ": " + std::string(what)); };
    if (!policy::read_breached_line(text, line)) return at("not a SHA-1 or NTLM hash in hexadecimal, with or without :count");
    if (kind.value_or(line.digest) != line.digest) return at("another kind of hash than before");
    kind = found.digest = line.digest;
    if (line.seen < at_least) return {};
    ++found.taken;
    auto done = take(line);
    return done ? done : Result<void>(fault(done.error().kind, done.error().where, in.string() + ":" + std::to_string(found.lines) + ": " + done.error().detail));
  });
}

}  // namespace

Result<Compiled> compile_breached(const std::filesystem::path& in, const std::filesystem::path& out, std::uint64_t at_least) {
  Compiled found;
  if (auto counted = each_hash(in, at_least, found, [](const BreachedLine&) { return Result<void>(); }); !counted) return counted.error();
  auto aside = out;
  aside += ".new";
  std::error_code ignored;
  auto file = opened(aside, "wb");
  if (!file) return failed(aside);
  const auto give_up = [&](Fault why) {
    file.reset();
    std::filesystem::remove(aside, ignored);
    return why;
  };
  policy::BreachedWriter writer(found.digest, found.taken, [&](std::span<const std::byte> bytes) { return std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size(); });
  const auto add = [&](const BreachedLine& line) { return writer.add(std::span(line.bytes).first(policy::breached::bytes_of(line.digest))); };
  if (auto written = each_hash(in, at_least, found, add); !written) return give_up(written.error());
  if (auto finished = writer.finish(); !finished) return give_up(finished.error());
  if (std::fflush(file.get()) != 0) return give_up(failed(aside));
  file.reset();
  if (auto synced = platform::sync_file(aside); !synced) return give_up(synced.error());
  std::filesystem::rename(aside, out, ignored);
  if (ignored) return give_up(fault(Fault::Kind::internal, "breached.compile", out.string() + ": " + ignored.message()));
  found.bytes = std::filesystem::file_size(out, ignored);
  return found;
}

}  // namespace wb::tools
