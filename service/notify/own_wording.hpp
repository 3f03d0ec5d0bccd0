// What an organisation may write instead of a mail's text (sspr/letters). Pure.
//
// Of placeholders it has those of the English text, and what every mail may say: {account}, {organisation}, {helpdesk}. {code} and {link} are
// what a mail is for: where it has one, the text says it, and the subject, which a locked screen shows, never does. Braces that are no
// placeholder of this mail are refused, so that a mistyped one is never read by anybody. What is written is text: mark-up in it is shown as it stands.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/notify/notices.hpp"

namespace wb::service {

constexpr std::size_t own_subject_most = 200, own_text_most = 3'000;  // characters: code points

// UTF-8.
struct OwnWording {
  std::string subject;  // 1 to own_subject_most characters, no control characters: one line
  std::string text;     // 1 to own_text_most, lines end with \n, no other control characters; paragraphs are apart by an empty line
  bool operator==(const OwnWording&) const = default;
};

// Sorted.
std::vector<std::string> placeholders_of(const Catalogue& catalogue, Notice notice);
// Of these, what the text has to say.
std::vector<std::string> needed_of(const Catalogue& catalogue, Notice notice);

enum class Flaw { subject,  // its length, or a control character
  text,                     // the same
  unknown_placeholder,
  missing_placeholder,
  secret_in_subject };
std::string_view to_string(Flaw flaw);  // "letter_unknown_placeholder": a refusal's code

struct FoundFlaw {
  Flaw flaw;
  std::string what;  // what the refusal names: the placeholder, with its braces; or how many characters there may be
};
// The first one; nothing: this may be sent.
std::optional<FoundFlaw> flaw_of(const Catalogue& catalogue, Notice notice, const OwnWording& own);

}  // namespace wb::service
