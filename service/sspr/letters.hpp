// What the letters of an organisation say: the catalogue's text, or the one that its administrators have written instead, for each
// letter and language. Every version is kept: who changed what, when, and back again.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "queue/database.hpp"
#include "service/catalogue.hpp"
#include "service/notify/own_wording.hpp"

namespace wb::service::sspr {

// Which letter is meant. `language`: one that the catalogue has.
struct LetterKey {
  std::string domain;
  Notice notice;
  std::string language;
};

// The one of these names; nullopt: there is no such letter, or the catalogue has no such language.
std::optional<LetterKey> letter_key(const Catalogue& catalogue, const std::string& domain, const std::string& letter, const std::string& language);

struct LetterVersion {
  std::int64_t version = 0;  // 0: nobody has written anything
  UnixSeconds at = 0;
  std::string actor;
  std::optional<OwnWording> own;  // nullopt: the shipped text
};

class Letters {
 public:
  // Both outlive this.
  Letters(queue::Database& database, const Catalogue& catalogue) : database_(database), catalogue_(catalogue) {}

  // For a letter to this domain's people: in that language, of their own or shipped, else the same in English. There always is one: what can't
  // be read is logged, and the shipped text is said.
  Wording wording(std::string_view domain, std::string_view language, Notice notice);

  Result<LetterVersion> current(const LetterKey& key);
  Result<std::optional<LetterVersion>> version(const LetterKey& key, std::int64_t version);
  Result<std::vector<LetterVersion>> history(const LetterKey& key, int most);  // the newest first
  // The next version within the caller's transaction, or nullopt when `seen` is not the newest any more: somebody else was faster.
  Result<std::optional<std::int64_t>> put_within(const LetterKey& key, std::int64_t seen, const std::optional<OwnWording>& own, std::string_view actor, UnixSeconds now);

  // Those that a domain has a text of its own for.
  struct Named {
    std::string notice, language;
  };
  Result<std::vector<Named>> own(std::string_view domain);

 private:
  queue::Database& database_;
  const Catalogue& catalogue_;
};

}  // namespace wb::service::sspr
