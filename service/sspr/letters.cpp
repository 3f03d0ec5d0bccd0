#include "service/sspr/letters.hpp"

#include <algorithm>

#include "core/log.hpp"

namespace wb::service::sspr {
namespace {

constexpr std::string_view columns = "SELECT version, at, actor, subject, text FROM letters WHERE domain=? AND notice=? AND language=?";

LetterVersion read(const queue::Query& q) {
  LetterVersion out{q.number(0), q.number(1), q.text(2), std::nullopt};
  if (auto subject = q.maybe_text(3)) out.own = OwnWording{std::move(*subject), q.text(4)};
  return out;
}

}  // namespace

std::optional<LetterKey> letter_key(const Catalogue& catalogue, const std::string& domain, const std::string& letter, const std::string& language) {
  const auto notice = notice_from(letter);
  const auto languages = catalogue.languages();
  if (!notice || std::find(languages.begin(), languages.end(), language) == languages.end()) return std::nullopt;
  return LetterKey{domain, *notice, language};
}

Result<std::vector<LetterVersion>> Letters::history(const LetterKey& key, int most) {
  std::vector<LetterVersion> out;
  auto q = database_.query(std::string(columns) + " ORDER BY version DESC LIMIT ?", key.domain, to_string(key.notice), key.language, most);
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back(read(q));
  }
}

Result<LetterVersion> Letters::current(const LetterKey& key) {
  auto newest = history(key, 1);
  if (!newest) return newest.error();
  return newest->empty() ? LetterVersion() : std::move(newest->front());
}

Result<std::optional<LetterVersion>> Letters::version(const LetterKey& key, std::int64_t version) {
  auto q = database_.query(std::string(columns) + " AND version=?", key.domain, to_string(key.notice), key.language, version);
  auto row = q.next();
  if (!row) return row.error();
  return *row ? std::optional(read(q)) : std::nullopt;
}

Wording Letters::wording(std::string_view domain, std::string_view language, Notice notice) {
  auto wording = wording_of(catalogue_, language, notice);
  for (const auto& spoken : {std::string(language), wording.language}) {
    auto version = current({std::string(domain), notice, spoken});
    if (!version) log::fault("store.failed", version.error());
    else if (version->own) return {spoken, std::move(version->own->subject), std::move(version->own->text), {}};
    if (spoken == wording.language) break;
  }
  return wording;
}

Result<std::optional<std::int64_t>> Letters::put_within(const LetterKey& key, std::int64_t seen, const std::optional<OwnWording>& own, std::string_view actor, UnixSeconds now) {
  auto newest = current(key);
  if (!newest) return newest.error();
  if (newest->version != seen) return std::optional<std::int64_t>();
  const auto subject = own ? std::optional(own->subject) : std::nullopt, text = own ? std::optional(own->text) : std::nullopt;
  auto done = database_.run("INSERT INTO letters(domain, notice, language, version, at, actor, subject, text) VALUES(?,?,?,?,?,?,?,?)", key.domain, to_string(key.notice), key.language, seen + 1, now, actor, subject, text);
  if (!done) return done.error();
  return std::optional(seen + 1);
}

Result<std::vector<Letters::Named>> Letters::own(std::string_view domain) {
  std::vector<Named> out;
  auto q = database_.query("SELECT notice, language FROM letters l WHERE domain=? AND subject IS NOT NULL AND version=(SELECT max(version) FROM letters m WHERE m.domain=l.domain AND m.notice=l.notice AND m.language=l.language) ORDER BY notice, language", domain);
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back({q.text(0), q.text(1)});
  }
}

}  // namespace wb::service::sspr
