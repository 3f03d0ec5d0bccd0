// The tables of audit and abuse limits, in the store's file: what happened and that it was written down are one transaction,
// and so are a try and what it is spent on. A migration step of service/store.
#pragma once

namespace wb::service {

// audit.row is the truth (canonical JSON); the columns beside it are for finding rows, and are compared with it by `audit verify`.
// audit_anchor: the hash of the last row that was erased (seq 0: none was), on which the first one that is left stands.
// limits.at: milliseconds, of an attempt or the start of the slot that several were counted in.
constexpr const char* guards_schema = R"sql(
CREATE TABLE audit(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, domain TEXT NOT NULL, activity TEXT NOT NULL, row TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE INDEX audit_by_activity ON audit(activity, seq);
CREATE INDEX audit_by_domain ON audit(domain, seq);
CREATE TABLE audit_anchor(id INTEGER PRIMARY KEY CHECK(id = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE limits(kind TEXT NOT NULL, key BLOB NOT NULL, at INTEGER NOT NULL, count INTEGER NOT NULL, account BLOB, PRIMARY KEY(kind, key, at)) STRICT, WITHOUT ROWID;
CREATE INDEX limits_of_account ON limits(account) WHERE account IS NOT NULL;
CREATE INDEX limits_by_age ON limits(kind, at);
ALTER TABLE clients ADD COLUMN scopes TEXT NOT NULL DEFAULT 'writeback';
)sql";

// By what a helpdesk is read out, and by whom it was done to. A row that somebody made no JSON is found by neither, and by `audit verify`.
constexpr const char* guards_schema_2 = R"sql(
ALTER TABLE audit ADD COLUMN correlation_id TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN target TEXT NOT NULL DEFAULT '';
UPDATE audit SET correlation_id=coalesce(json_extract(row, '$.correlation_id'), ''), target=coalesce(json_extract(row, '$.target'), '') WHERE json_valid(row);
CREATE INDEX audit_by_correlation ON audit(correlation_id, seq);
CREATE INDEX audit_by_target ON audit(target, seq);
)sql";

}  // namespace wb::service
