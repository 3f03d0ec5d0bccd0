#include "core/ids.hpp"

#include <openssl/rand.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>

namespace wb {
namespace {
constexpr std::string_view crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
}

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1) std::abort();
  return out;
}

std::string new_ulid() {
  using namespace std::chrono;
  auto ms = static_cast<std::uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
  std::string out(26, '0');
  for (int i = 9; i >= 0; --i, ms >>= 5) out[static_cast<std::size_t>(i)] = crockford[ms & 31];
  const auto random = random_bytes(16);
  for (std::size_t i = 0; i < 16; ++i) out[10 + i] = crockford[static_cast<unsigned char>(random[i]) & 31];
  return out;
}

bool is_ulid(std::string_view text) {
  if (text.size() != 26 || text[0] > '7') return false;
  return text.find_first_not_of(crockford) == std::string_view::npos;
}

std::string ulid_hex(std::string_view ulid) {
  std::uint64_t high = 0, low = 0;
  if (is_ulid(ulid))
    for (const char c : ulid) high = (high << 5) | (low >> 59), low = (low << 5) | crockford.find(c);
  std::string out(32, '0');
  for (std::size_t i = 0; i < 16; ++i, high >>= 4, low >>= 4) {
    out[15 - i] = "0123456789abcdef"[high & 15];
    out[31 - i] = "0123456789abcdef"[low & 15];
  }
  return out;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text.substr(0, limit)) out += (c >= ' ' && c <= '~') ? c : '?';
  return out;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string domain_name(std::string_view text) {
  if (text.empty() || text.size() > 253 || text.front() == '.' || text.back() == '.') return {};
  std::string out;
  for (const char c : lowered(text)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!plain || (c == '.' && out.ends_with('.'))) return {};
    out += c;
  }
  return out;
}

}  // namespace wb
