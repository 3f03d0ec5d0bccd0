#include "service/methods/fair_random.hpp"

#include <cstring>

#include "core/ids.hpp"

namespace wb::service {

std::uint32_t fair_random(std::uint32_t bound) {
  // The largest multiple of bound that fits: what lies above would favour the small numbers, and is thrown again.
  const std::uint64_t range = std::uint64_t{1} << 32, fair = range - range % bound;
  for (;;) {
    std::uint32_t number = 0;
    std::memcpy(&number, random_bytes(sizeof number).data(), sizeof number);
    if (number < fair) return number % bound;
  }
}

}  // namespace wb::service
