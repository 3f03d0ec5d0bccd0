#include "service/sspr/letter_change.hpp"

#include "protocol/json.hpp"

namespace wb::service::sspr {
namespace {

namespace json = protocol::json;

// "letter.verification_code.de.subject", where others have the name of a setting.
std::string member_of(const LetterKey& key, std::string_view part) { return "letter." + std::string(to_string(key.notice)) + "." + key.language + "." + std::string(part); }

}  // namespace

OwnWording shipped(const Catalogue& catalogue, const LetterKey& key) {
  auto wording = wording_of(catalogue, key.language, key.notice);
  return {std::move(wording.subject), std::move(wording.text)};
}

OwnWording said_by(const Catalogue& catalogue, const LetterKey& key, const LetterVersion& version) { return version.own ? *version.own : shipped(catalogue, key); }

Result<std::optional<std::int64_t>> save_letter(Store& store, const Catalogue& catalogue, const SettingsAuthor& author, const LetterKey& key, const LetterVersion& seen, const OwnWording& wanted, std::int64_t now_ms) {
  auto guard = store.database().begin();
  if (!guard) return guard.error();
  Letters letters(store.database(), catalogue);
  const auto before = said_by(catalogue, key, seen);
  if (before == wanted) {
    auto newest = letters.current(key);
    if (!newest) return newest.error();
    return newest->version == seen.version ? std::optional(seen.version) : std::nullopt;
  }
  const auto own = wanted == shipped(catalogue, key) ? std::nullopt : std::optional(wanted);
  auto saved = letters.put_within(key, seen.version, own, author.name, now_ms / 1'000);
  if (!saved || !*saved) return saved;
  const auto say = [&](std::string_view part, const std::string& old_text, const std::string& new_text) -> Result<void> {
    if (old_text == new_text) return {};
    AuditEntry entry;
    entry.activity = Activity::policy_changed, entry.actor = author.actor, entry.domain = author.domain;
    entry.details = {{DetailKey::version, **saved}, {DetailKey::setting, member_of(key, part)}, {DetailKey::old_value, json::serialize(json::string(old_text))}, {DetailKey::new_value, json::serialize(json::string(new_text))}};
    return store.audit().append(entry, now_ms);
  };
  if (auto said = say("subject", before.subject, wanted.subject); !said) return said.error();
  if (auto said = say("text", before.text, wanted.text); !said) return said.error();
  if (auto done = guard->commit(); !done) return done.error();
  return saved;
}

}  // namespace wb::service::sspr
