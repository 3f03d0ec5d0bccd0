// One fuzz target a file: run() reads any bytes and hold()s what must be true of whatever it made of them. The same
// targets run over their corpora as ordinary tests (replay.cpp) and for a time under libFuzzer (scripts/test fuzz).
#pragma once
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace wb::fuzz {

void run(std::string_view input);

// A broken property ends the process, so that libFuzzer keeps the input.
inline void hold(bool property, const char* what) {
  if (property) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// Everything before the first line feed, which goes away with it.
inline std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const auto line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return line;
}

}  // namespace wb::fuzz
