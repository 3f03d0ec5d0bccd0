// Fair dice, for codes and for the drawing of questions.
#pragma once
#include <cstdint>

namespace wb::service {

// 0 to bound - 1, each as likely as the others (rejection, no modulo). bound > 0.
std::uint32_t fair_random(std::uint32_t bound);

}  // namespace wb::service
