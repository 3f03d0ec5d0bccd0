// The target of a request.
#include "link/http_target.hpp"

#include "tests/fuzz/target.hpp"

namespace wb::fuzz {

void run(std::string_view input) {
  const auto target = link::parse_target(input);
  if (!target) return;
  hold(target->path.starts_with('/'), "origin form");
  hold(target->path.size() <= input.size(), "decoding does not grow");
}

}  // namespace wb::fuzz
