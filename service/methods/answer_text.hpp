// Answers to security questions, brought to one spelling: "  Zürich " and "ZU\u0308RICH" are the same answer.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wb::service {

constexpr std::size_t answer_bytes_max = 1024;  // before anything is made of it

// NFKC and full case folding (Unicode 3.13, D145 with toNFKC_Casefold's removal of what can't be seen), runs of white space
// as one space, none at the ends. Doing it twice changes nothing. nullopt: not UTF-8, over the limit, or with control
// characters. The caller cleanses what it is given and what it gets, where it is an answer.
std::optional<std::string> normalised(std::string_view text);

// Code points of valid UTF-8.
std::size_t characters_in(std::string_view text);

}  // namespace wb::service
