// The tables of self-service password reset, in the same file as the jobs': a try that is spent and the job that it is
// spent on are one transaction. A migration step of service/store.
#pragma once

namespace wb::service::sspr {

constexpr const char* schema = R"sql(
CREATE TABLE sspr_settings(domain TEXT NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY(domain, version)) STRICT;
CREATE TABLE suffixes(suffix TEXT PRIMARY KEY, domain TEXT NOT NULL) STRICT;
CREATE TABLE people(domain TEXT NOT NULL, sub TEXT NOT NULL, name TEXT NOT NULL, display_name TEXT NOT NULL, mail TEXT NOT NULL, language TEXT NOT NULL,
  groups TEXT NOT NULL, seen INTEGER NOT NULL, confirmed INTEGER NOT NULL DEFAULT 0, frozen INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(domain, sub)) STRICT;
CREATE TABLE person_methods(id TEXT PRIMARY KEY, domain TEXT NOT NULL, sub TEXT NOT NULL, kind TEXT NOT NULL, label TEXT NOT NULL, sealed TEXT NOT NULL,
  last_step INTEGER NOT NULL DEFAULT 0, made INTEGER NOT NULL, proven INTEGER NOT NULL,
  FOREIGN KEY(domain, sub) REFERENCES people(domain, sub) ON DELETE CASCADE) STRICT;
CREATE INDEX methods_of_person ON person_methods(domain, sub);
CREATE TABLE sspr_sessions(id TEXT PRIMARY KEY, hash BLOB NOT NULL, domain TEXT NOT NULL, sub TEXT NOT NULL, state TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE INDEX sessions_by_end ON sspr_sessions(expires);
)sql";

// People's credentials (sspr/tickets), who was invited when, and answers that are given again (service/router, Idempotency-Key).
constexpr const char* schema_2 = R"sql(
CREATE TABLE tickets(id TEXT PRIMARY KEY, hash BLOB NOT NULL, domain TEXT NOT NULL, sub TEXT NOT NULL, purpose TEXT NOT NULL, state TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE INDEX tickets_by_end ON tickets(expires);
CREATE INDEX tickets_of_person ON tickets(domain, sub, purpose);
CREATE TABLE invited(domain TEXT NOT NULL, sub TEXT NOT NULL, at INTEGER NOT NULL, times INTEGER NOT NULL, PRIMARY KEY(domain, sub)) STRICT;
CREATE INDEX invitations_ordered ON invited(at) WHERE times<0;
CREATE TABLE answered(key TEXT PRIMARY KEY, request BLOB NOT NULL, status INTEGER NOT NULL, content_type TEXT NOT NULL, body TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE INDEX answered_by_end ON answered(expires);
)sql";

// Administrators are among those of whom a group is known; they are looked for when one of them has to be told.
constexpr const char* schema_3 = R"sql(
CREATE INDEX people_with_groups ON people(domain, sub) WHERE groups<>'[]';
)sql";

// What an organisation writes itself instead of a letter's shipped text (sspr/letters); null: the shipped one again.
constexpr const char* schema_4 = R"sql(
CREATE TABLE letters(domain TEXT NOT NULL, notice TEXT NOT NULL, language TEXT NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL,
  subject TEXT, text TEXT, PRIMARY KEY(domain, notice, language, version), CHECK((subject IS NULL) = (text IS NULL))) STRICT;
)sql";

// Which questions somebody has answered, their ids with a space between: whether enough of them are left is told without the vault.
constexpr const char* schema_5 = "ALTER TABLE person_methods ADD COLUMN questions TEXT NOT NULL DEFAULT ''";

}  // namespace wb::service::sspr
