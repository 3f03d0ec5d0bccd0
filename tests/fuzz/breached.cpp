// The compiled file of breached passwords, and a line of the text it is made of. First line: the line.
#include "policy/breached.hpp"

#include <cstring>

#include "tests/fuzz/target.hpp"

namespace wb::fuzz {

void run(std::string_view input) {
  policy::BreachedLine line;
  (void)policy::read_breached_line(take_line(input), line);
  const auto file = input;
  const auto read = [file](std::uint64_t offset, std::span<std::byte> out) {
    if (offset > file.size() || out.size() > file.size() - offset) return false;
    std::memcpy(out.data(), file.data() + offset, out.size());
    return true;
  };
  const auto set = policy::BreachedSet::open(read, file.size());
  if (!set) return;
  (void)set->contains(std::span(line.bytes).first(bytes_of(set->digest())));
  (void)set->verify();
}

}  // namespace wb::fuzz
