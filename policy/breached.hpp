// Has this password appeared in a breach? Offline, against a file compiled from Have I Been Pwned's text of SHA-1 or NTLM
// hashes in the order of the hash (`writeback-passwords compile`). Pure: reading and writing are the caller's functions.
//
// The file: blocks of 4096 bytes, the last four of each their CRC-32C (over the block's number and its other bytes), all
// numbers little-endian. Block 0 says kind, counts and sizes; then come the entries, then the index. The first `bits` of a
// hash choose one of 2^bits buckets (16 entries each on average), index[bucket] is where the bucket begins, and an entry is
// the 32 bits of the hash that follow those. So 4.5 bytes a hash at most (44 MB for 10 million, 4 GB for 900 million),
// mostly two blocks read a lookup, and at most one password in 268 million is taken for a breached one that is not.
//
// Damage is found where it matters: a cut file, a wrong size or a foreign version when it is opened, a flipped bit by the
// lookup that meets it (or by verify(), which reads everything). There is no way from damage to "not breached".
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace wb::policy {

namespace breached {
constexpr std::size_t block_bytes = 4096, block_words = 1023;  // and the checksum
constexpr std::uint64_t entries_max = 4'000'000'000;
enum class Digest : std::uint32_t { sha1 = 1,  // of the password in UTF-8, 20 bytes
  ntlm = 2 };                                  // MD4 of the password in UTF-16LE, 16 bytes
constexpr std::size_t bytes_of(Digest d) { return d == Digest::sha1 ? 20 : 16; }
std::string_view to_string(Digest d);
using Block = std::array<std::uint32_t, block_words + 1>;  // as in the file, in this machine's byte order
}  // namespace breached

class BreachedSet {
 public:
  // Fills the span with what stands at that offset, all of it; false: it could not.
  using ReadAt = std::function<bool(std::uint64_t offset, std::span<std::byte> out)>;

  // Reads block 0. Fault malformed "breached.open" (detail says what is wrong): not such a file, another version, cut or
  // grown, damaged. Fault internal: it could not be read.
  static Result<BreachedSet> open(ReadAt read, std::uint64_t file_bytes);

  // `digest`: what digest() asks for. Fault malformed or internal "breached.look_up": the file is damaged or gone, and
  // nothing is known about the password.
  Result<bool> contains(std::span<const std::byte> digest) const;
  Result<void> verify() const;  // every block, and the order of everything

  breached::Digest digest() const { return digest_; }
  std::uint64_t size() const { return count_; }

 private:
  BreachedSet() = default;
  Result<void> block(std::uint64_t number, breached::Block& out) const;
  Result<std::pair<std::uint64_t, std::uint64_t>> bucket(std::uint64_t number) const;

  ReadAt read_;
  breached::Digest digest_ = breached::Digest::sha1;
  std::uint64_t count_ = 0, entry_blocks_ = 0, index_blocks_ = 0;
  unsigned bits_ = 0;
};

// Makes such a file from hashes in ascending order. The number must be known beforehand: the caller reads its text twice.
class BreachedWriter {
 public:
  using Write = std::function<bool(std::span<const std::byte>)>;  // appends; false: it could not
  BreachedWriter(breached::Digest digest, std::uint64_t count, Write write);
  // Fault malformed "breached.compile": out of order, twice, or more than announced. Fault internal: Write said no.
  Result<void> add(std::span<const std::byte> digest);
  Result<void> finish();  // Fault malformed: fewer than announced

 private:
  Result<void> put(std::uint32_t word);
  Result<void> flush();

  breached::Digest digest_;
  Write write_;
  unsigned bits_ = 0;
  std::uint64_t announced_ = 0, added_ = 0, blocks_ = 0;
  std::array<std::byte, 20> last_{};
  breached::Block block_{};
  std::size_t filled_ = 0;
  std::vector<std::uint32_t> index_;
  bool begun_ = false;
};

// One line of the text: 40 or 32 hexadecimal digits, then nothing or ":" and how often the password was seen.
struct BreachedLine {
  breached::Digest digest = breached::Digest::sha1;
  std::array<std::byte, 20> bytes{};
  std::uint64_t seen = 1;
};
bool read_breached_line(std::string_view line, BreachedLine& out);  // false: it is not one

}  // namespace wb::policy
