// A letter's texts as they are shown and taken: as people would get them, as JSON, and as the document that the command line writes and
// reads. Pure.
#pragma once
#include <string>
#include <string_view>

#include "protocol/json.hpp"
#include "service/sspr/letters.hpp"
#include "service/sspr/settings.hpp"

namespace wb::service::sspr {

// As a person of this domain would get it at that time; of what is somebody's, an example that is nobody's. `public_url`: the service's.
Letter example(const Catalogue& catalogue, const std::string& public_url, const LetterKey& key, const Settings& rules, const OwnWording& wording, UnixSeconds now);

// {subject, text}
protocol::json::object shown(const OwnWording& wording);
// {letter, language, version, at, actor, own, subject, text, shipped: {subject, text}}
protocol::json::object shown(const Catalogue& catalogue, const LetterKey& key, const LetterVersion& now);

// "Subject: ...", an empty line, the text, and the end of its last line.
std::string document_of(const OwnWording& wording);
// The same back. Lines may end as on Windows, with a byte order mark before them. Whether it may be sent, flaw_of says.
// Fault malformed "letters.document": not UTF-8, or without subject or empty line where they belong.
Result<OwnWording> wording_from(std::string_view document);

}  // namespace wb::service::sspr
