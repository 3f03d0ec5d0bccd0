// Another text of a letter, and what the audit says of it: both or neither.
#pragma once
#include <optional>

#include "service/sspr/letters.hpp"
#include "service/sspr/settings_change.hpp"

namespace wb::service::sspr {

// What the letter says as long as nobody has written anything; and while this version is the newest.
OwnWording shipped(const Catalogue& catalogue, const LetterKey& key);
OwnWording said_by(const Catalogue& catalogue, const LetterKey& key, const LetterVersion& version);

// `wanted`: without a flaw (flaw_of); the shipped text is none of one's own. The number of the new version; nullopt: somebody was faster than
// `seen`, and nothing was saved. One entry for each of subject and text that changed, with what the letter said and says. Nothing changed:
// `seen.version`, and nothing is written.
Result<std::optional<std::int64_t>> save_letter(Store& store, const Catalogue& catalogue, const SettingsAuthor& author, const LetterKey& key, const LetterVersion& seen, const OwnWording& wanted, std::int64_t now_ms);

}  // namespace wb::service::sspr
