// What libFuzzer and replay.cpp call.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wb::fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
