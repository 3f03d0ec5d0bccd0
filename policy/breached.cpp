#include "policy/breached.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

namespace wb::policy {
namespace {
using namespace breached;

constexpr std::uint32_t magic[2] = {0x7270'6277, 0x0a1a'0a0d};  // "wbpr", and what a transfer as text would spoil
constexpr std::uint32_t version = 1;
constexpr std::uint64_t bucket_entries = 16;

constexpr auto crc_tables() {  // CRC-32C (RFC 3720 appendix B.4), eight bytes a step: table k begins at k * 256
  std::array<std::uint32_t, 8 * 256> t{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    auto c = i;
    for (int k = 0; k < 8; ++k) c = (c >> 1U) ^ ((c & 1U) ? 0x82F6'3B78U : 0U);
    t[i] = c;
  }
  for (std::size_t i = 256; i < t.size(); ++i) t[i] = (t[i - 256] >> 8U) ^ t[t[i - 256] & 0xFFU];
  return t;
}
constexpr auto crc = crc_tables();

std::uint32_t two_words(std::uint32_t sum, std::uint32_t a, std::uint32_t b) {
  a ^= sum;
  const auto* t = crc.data();
  return t[1792 + (a & 0xFFU)] ^ t[1536 + ((a >> 8U) & 0xFFU)] ^ t[1280 + ((a >> 16U) & 0xFFU)] ^ t[1024 + (a >> 24U)] ^ t[768 + (b & 0xFFU)] ^
      t[512 + ((b >> 8U) & 0xFFU)] ^ t[256 + ((b >> 16U) & 0xFFU)] ^ t[b >> 24U];
}

std::uint32_t checksum(std::uint64_t number, const Block& block) {
  auto sum = two_words(~0U, static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32U));
  for (std::size_t i = 0; i + 1 < block_words; i += 2) sum = two_words(sum, block[i], block[i + 1]);
  return ~two_words(sum, block[block_words - 1], 0);
}

[[maybe_unused]] std::uint32_t swapped(std::uint32_t w) { return (w << 24U) | ((w & 0xFF00U) << 8U) | ((w >> 8U) & 0xFF00U) | (w >> 24U); }
void to_or_from_file(Block& block) {
  if constexpr (std::endian::native == std::endian::big)
    for (auto& word : block) word = swapped(word);
}

unsigned bits_for(std::uint64_t count) {
  unsigned bits = 1;
  while ((std::uint64_t{1} << bits) * bucket_entries < count) ++bits;
  return bits;
}
std::uint64_t blocks_for(std::uint64_t words) { return (words + block_words - 1) / block_words; }

struct Place {
  std::uint64_t bucket;
  std::uint32_t rest;
};
Place place_of(std::span<const std::byte> digest, unsigned bits) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 8; ++i) head = (head << 8U) | static_cast<std::uint64_t>(digest[i]);
  return {head >> (64 - bits), static_cast<std::uint32_t>((head << bits) >> 32U)};
}

Fault damaged(std::string where, std::uint64_t block) { return fault(Fault::Kind::malformed, std::move(where), "the file is damaged (block " + std::to_string(block) + "): compile it again"); }

}  // namespace

std::string_view breached::to_string(Digest d) { return d == Digest::sha1 ? "sha1" : "ntlm"; }

// ---- reading ------------------------------------------------------------------------------------------------
Result<void> BreachedSet::block(std::uint64_t number, Block& out) const {
  const std::string where = number == 0 ? "breached.open" : "breached.look_up";
  if (!read_(number * block_bytes, std::as_writable_bytes(std::span(out)))) return fault(Fault::Kind::internal, where, "the file can't be read");
  to_or_from_file(out);
  if (checksum(number, out) != out[block_words]) return damaged(where, number);
  return {};
}

Result<BreachedSet> BreachedSet::open(ReadAt read, std::uint64_t file_bytes) {
  const auto wrong = [](std::string what) { return fault(Fault::Kind::malformed, "breached.open", std::move(what)); };
  BreachedSet out;
  out.read_ = std::move(read);
  Block head{};
  if (file_bytes < block_bytes) return wrong("not a compiled file: too small");
  const auto got = out.block(0, head);
  if (!got && got.error().kind == Fault::Kind::internal) return got.error();
  if (head[0] != magic[0] || head[1] != magic[1]) return wrong("not a compiled file: make one with writeback-passwords compile");
  if (!got) return got.error();
  if (head[2] != version) return wrong("made for another version: compile it again");
  if (head[3] != static_cast<std::uint32_t>(Digest::sha1) && head[3] != static_cast<std::uint32_t>(Digest::ntlm)) return wrong("an unknown kind of hash");
  out.digest_ = static_cast<Digest>(head[3]);
  out.count_ = head[4];
  out.bits_ = head[5];
  if (out.bits_ != bits_for(out.count_)) return damaged("breached.open", 0);
  out.entry_blocks_ = blocks_for(out.count_);
  out.index_blocks_ = blocks_for((std::uint64_t{1} << out.bits_) + 1);
  const auto wanted = (1 + out.entry_blocks_ + out.index_blocks_) * block_bytes;
  if (wanted != file_bytes) return wrong("of the wrong size (" + std::to_string(file_bytes) + " bytes instead of " + std::to_string(wanted) + "): cut, or still being copied");
  return out;
}

// Where the bucket's entries begin and end.
Result<std::pair<std::uint64_t, std::uint64_t>> BreachedSet::bucket(std::uint64_t number) const {
  Block b;
  const auto at = number / block_words, next = (number + 1) / block_words;
  if (auto got = block(1 + entry_blocks_ + at, b); !got) return got.error();
  const std::uint64_t first = b[number % block_words];
  if (next != at)
    if (auto got = block(1 + entry_blocks_ + next, b); !got) return got.error();
  const std::uint64_t end = b[(number + 1) % block_words];
  if (first > end || end > count_) return damaged("breached.look_up", 1 + entry_blocks_ + at);
  return std::pair(first, end);
}

Result<bool> BreachedSet::contains(std::span<const std::byte> digest) const {
  if (digest.size() != bytes_of(digest_)) return fault(Fault::Kind::internal, "breached.look_up", "a digest of the wrong kind");
  const auto wanted = place_of(digest, bits_);
  const auto range = bucket(wanted.bucket);
  if (!range) return range.error();
  auto [low, high] = *range;
  Block b;
  std::uint64_t loaded = 0;  // block 0 holds no entries
  while (low < high) {       // hashes spread evenly, so a bucket is a few words in one block; a skewed list only costs more
    const auto middle = low + (high - low) / 2, in = 1 + middle / block_words;
    if (in != loaded)
      if (auto got = block(in, b); !got) return got.error();
    loaded = in;
    const auto entry = b[middle % block_words];
    if (entry == wanted.rest) return true;
    if (entry < wanted.rest) low = middle + 1;
    else high = middle;
  }
  return false;
}

Result<void> BreachedSet::verify() const {
  Block entries, index;
  std::uint64_t at = 0, loaded = 0;
  for (std::uint64_t bucket = 0; bucket <= (std::uint64_t{1} << bits_); ++bucket) {
    const auto in = 1 + entry_blocks_ + bucket / block_words;
    if (bucket % block_words == 0)
      if (auto got = block(in, index); !got) return got;
    const auto end = index[bucket % block_words];
    if (end < at || end > count_ || (bucket == 0 && end != 0)) return damaged("breached.look_up", in);
    std::uint32_t last = 0;
    for (bool first = true; at < end; ++at, first = false) {
      if (1 + at / block_words != loaded) {
        loaded = 1 + at / block_words;
        if (auto got = block(loaded, entries); !got) return got;
      }
      const auto entry = entries[at % block_words];
      if (!first && entry < last) return damaged("breached.look_up", loaded);
      last = entry;
    }
  }
  if (at != count_) return damaged("breached.look_up", 1 + entry_blocks_);
  return {};
}

// ---- writing ------------------------------------------------------------------------------------------------
BreachedWriter::BreachedWriter(Digest digest, std::uint64_t count, Write write) : digest_(digest), write_(std::move(write)), bits_(bits_for(count)), announced_(count) {}

Result<void> BreachedWriter::flush() {
  block_[block_words] = checksum(blocks_, block_);
  ++blocks_;
  to_or_from_file(block_);
  const bool written = write_(std::as_bytes(std::span(block_)));
  block_.fill(0);
  filled_ = 0;
  if (!written) return fault(Fault::Kind::internal, "breached.compile", "it can't be written");
  return {};
}

Result<void> BreachedWriter::put(std::uint32_t word) {
  block_[filled_++] = word;
  if (filled_ == block_words) return flush();
  return {};
}

Result<void> BreachedWriter::add(std::span<const std::byte> digest) {
  const auto wrong = [](std::string what) { return fault(Fault::Kind::malformed, "breached.compile", std::move(what)); };
  if (digest.size() != bytes_of(digest_)) return wrong("hashes of two kinds");
  if (announced_ > entries_max) return wrong("more than " + std::to_string(entries_max) + " hashes");
  if (added_ == announced_) return wrong("more hashes than were counted: the input has changed meanwhile");
  if (!begun_) {
    begun_ = true;
    index_.assign((std::uint64_t{1} << bits_) + 1, 0);
    const std::uint32_t head[] = {magic[0], magic[1], version, static_cast<std::uint32_t>(digest_), static_cast<std::uint32_t>(announced_), bits_};
    std::copy(std::begin(head), std::end(head), block_.begin());
    if (auto done = flush(); !done) return done;
  } else {
    const auto order = std::memcmp(last_.data(), digest.data(), digest.size());
    if (order == 0) return wrong("the same hash twice");
    if (order > 0) return wrong("not in the order of the hash: take the list that is \"ordered by hash\"");
  }
  std::copy(digest.begin(), digest.end(), last_.begin());
  const auto place = place_of(digest, bits_);
  ++index_[place.bucket + 1];
  ++added_;
  return put(place.rest);
}

Result<void> BreachedWriter::finish() {
  if (added_ != announced_ || added_ == 0) return fault(Fault::Kind::malformed, "breached.compile", added_ == 0 ? "no hashes" : "fewer hashes than were counted: the input has changed meanwhile");
  if (filled_ > 0)
    if (auto done = flush(); !done) return done;
  std::uint32_t start = 0;
  for (const auto count : index_) {
    start += count;
    if (auto done = put(start); !done) return done;
  }
  if (filled_ > 0) return flush();
  return {};
}

bool read_breached_line(std::string_view line, BreachedLine& out) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto hex = line.substr(0, line.find(':'));
  if (hex.size() != 40 && hex.size() != 32) return false;
  out.digest = hex.size() == 40 ? Digest::sha1 : Digest::ntlm;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    unsigned byte = 0;
    const auto [end, problem] = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    if (problem != std::errc() || end != hex.data() + i + 2) return false;
    out.bytes[i / 2] = static_cast<std::byte>(byte);
  }
  out.seen = 1;
  if (hex.size() == line.size()) return true;
  const auto number = line.substr(hex.size() + 1);
  const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), out.seen);
  return problem == std::errc() && end == number.data() + number.size() && !number.empty();
}

}  // namespace wb::policy
