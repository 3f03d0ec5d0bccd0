// Which language a person is spoken to in: of those we have, the one that was asked for. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wb::service {

// Whether a text is a language tag as far as we need them (RFC 5646): letters and digits in groups of 1 to 8 behind hyphens,
// the first of letters, 35 in all.
bool is_language_tag(std::string_view text);

// The one of `available` that fits the tag: itself, or the longest beginning of it ("de-AT-1996": "de-at", then "de"; the lookup
// of RFC 4647 section 3.4); or, for a bare "pt", the first one below it ("pt-br"). Letter case does not count. nullopt: none.
std::optional<std::string> fitting(std::string_view tag, const std::vector<std::string>& available);

// `mkt`, when it names a language we have; else Accept-Language (RFC 9110 section 12.5.4: by weight, then by order; q=0 excludes;
// "*" is the fallback); else `fallback`. What is malformed or beyond 1,024 bytes or 32 ranges does not count.
std::string negotiated(std::string_view mkt, std::string_view accept_language, const std::vector<std::string>& available, const std::string& fallback = "en");

// Whether its letters go from right to left: by its script where the tag names one ("az-Arab"), else by the language.
bool is_right_to_left(std::string_view tag);

}  // namespace wb::service
