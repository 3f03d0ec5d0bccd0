#include "service/audit.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <sstream>

#include "core/ids.hpp"
#include "crypto/mac.hpp"
#include "protocol/json.hpp"
#include "service/audit_query.hpp"
#include "service/guards_schema.hpp"
#include "service/store.hpp"

namespace wb::service {
namespace {

constexpr std::int64_t now = 1'900'000'000'000, day = 86'400'000;

AuditEntry entry(Activity activity = Activity::job_settled, const std::string& domain = "corp.example") {
  AuditEntry e;
  e.activity = activity, e.domain = domain, e.actor = {ActorKind::client, "C"}, e.target = "alice", e.reason = StatusReason::directory_applied;
  e.details = {{DetailKey::op, "reset"}, {DetailKey::attempts, 2}};
  return e;
}

// ---- rows ---------------------------------------------------------------------------------------------------
TEST(ARow, HasOneSpelling) {
  EXPECT_EQ(canonical_row(entry(), 7, now, "default"),
      R"({"activity":"job.settled","actor":"client:C","address":"","agent":"","at_ms":1900000000000,"correlation_id":"","dc":"","details":{"attempts":2,"op":"reset"},)"
      R"("domain":"corp.example","reason":"directory.applied","seq":7,"status":"success","target":"alice","tenant":"default"})");
}

// RFC 8785 section 3.2.2.2 and appendix.
TEST(ARow, SpellsTextsAsTheRfcDoes) {
  const auto spelled = [](const char* text) { return canonical(protocol::parse_json(text).value()).value(); };
  EXPECT_EQ(spelled("{ \"b\": [1, true, null], \"a\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\" }"), "{\"a\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\",\"b\":[1,true,null]}");
  EXPECT_EQ(spelled("\"\\b\\t\\n\\u000b\\f\\r\\u001f\x7f\""), "\"\\b\\t\\n\\u000b\\f\\r\\u001f\x7f\"");
  EXPECT_EQ(spelled("{}"), "{}");
  EXPECT_TRUE(canonical(protocol::parse_json("1.5").value()).has_error());
  EXPECT_TRUE(canonical(protocol::parse_json("{\"ä\":1}").value()).has_error());
}

TEST(ARow, TakesNoTextAsItComes) {
  auto e = entry();
  e.target = std::string(255, 'a') + "ä" + "more", e.address = "\xff\xfe\n", e.dc = "Zürich \"1\"";
  e.details = {{DetailKey::cause, "Not a word!"}, {DetailKey::old_value, std::string(5'000, 'x')}, {DetailKey::host, std::string(5'000, 'y')}};
  const auto row = protocol::parse_json(canonical_row(e, 1, now, "t")).value();
  EXPECT_EQ(row.at("target").as_string(), std::string(255, 'a')) << "cut between characters";
  EXPECT_EQ(row.at("address").as_string().find('\xff'), std::string::npos);
  EXPECT_EQ(row.at("dc").as_string(), "Zürich \"1\"");
  EXPECT_EQ(row.at("details").at("cause").as_string(), "other");
  EXPECT_EQ(row.at("details").at("old_value").as_string().size(), 4'096U);
  EXPECT_EQ(row.at("details").at("host").as_string().size(), 256U);
}

TEST(AnActivity, HasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (const auto name : activity_names()) {
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(to_string(activity_from(name).value()), name);
  }
  EXPECT_FALSE(activity_from("password"));
}

TEST(AnOutcome, HasAReasonInTheAudit) {
  for (const auto* outcome : {"applied", "applied_but", "rejected", "denied", "superseded", "failed", "reprobe", "invalid", "busy", "in_doubt", "unknown", "expired", "unavailable"})
    EXPECT_EQ(to_string(reason_of_outcome(outcome)), "directory." + std::string(outcome));
  EXPECT_EQ(reason_of_outcome("ok"), StatusReason::succeeded);
}

// ---- the chain ----------------------------------------------------------------------------------------------
struct AnAudit : testing::Test {
  std::filesystem::path folder = [] {
    std::string name = "/tmp/wb-audit-XXXXXX";
    return std::filesystem::path(::mkdtemp(name.data()));
  }();
  queue::Database database = queue::Database::open(folder / "store.sqlite").value();
  AuditLog log{database, "default"};
  AnAudit() {
    EXPECT_TRUE(database.migrate({"CREATE TABLE clients(id TEXT) STRICT", guards_schema, guards_schema_2}));
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(log.record(entry(i % 3 == 0 ? Activity::agent_enrolled : Activity::job_settled, i % 2 == 0 ? "a.example" : "b.example"), now + i * day));
  }
  ~AnAudit() override { std::filesystem::remove_all(folder); }

  std::string broken(const std::optional<AuditHead>& known = std::nullopt) {
    const auto report = log.verify(known).value();
    return report.broken ? std::to_string(report.broken->seq) : "sound";
  }
  std::string broken_by(const char* sql) {
    EXPECT_TRUE(database.run(sql)) << sql;
    return broken();
  }
  std::vector<std::string> lines(const AuditFilter& filter = {}) {
    std::vector<std::string> out;
    for (const auto& row : log.page(filter, 0, 1'000).value().rows) out.push_back(line_of(row));
    return out;
  }
  static AuditReport check(const std::vector<std::string>& lines, bool gaps = false, const std::optional<AuditHead>& known = std::nullopt) {
    std::size_t at = 0;
    return verify_lines([&]() { return at < lines.size() ? std::optional(lines[at++]) : std::nullopt; }, gaps, known);
  }
};

TEST_F(AnAudit, IsSoundAsItWasWritten) {
  const auto report = log.verify(std::nullopt).value();
  EXPECT_FALSE(report.broken);
  EXPECT_EQ(report.rows, 10);
  EXPECT_EQ(report.last, log.head().value());
  EXPECT_EQ(report.first, audit_origin());
}

TEST(AnAuditOfAnEarlierVersion, IsFoundByWhatItsRowsSayAndStaysSound) {
  std::string name = "/tmp/wb-audit-XXXXXX";
  const std::filesystem::path folder(::mkdtemp(name.data()));
  auto database = queue::Database::open(folder / "store.sqlite").value();
  const char* clients = "CREATE TABLE clients(id TEXT) STRICT";
  ASSERT_TRUE(database.migrate({clients, guards_schema}));
  AuditEntry entry;
  entry.correlation_id = "WAY-1", entry.target = "alice";
  const auto row = canonical_row(entry, 1, 5, "default");
  const auto hash = audit_hash(audit_origin().hash, row);
  ASSERT_TRUE(database.run("INSERT INTO audit(seq, at, domain, activity, row, hash) VALUES(1, 5, '', ?, ?, ?)", to_string(entry.activity), row, queue::Blob{hash}));
  ASSERT_TRUE(database.migrate({clients, guards_schema, guards_schema_2}));
  AuditLog log(database, "default");
  EXPECT_FALSE(log.verify(std::nullopt).value().broken);
  AuditFilter filter;
  filter.correlation_id = "WAY-1", filter.target = "alice";
  EXPECT_EQ(log.page(filter, 0, 10).value().rows.size(), 1U);
  std::filesystem::remove_all(folder);
}

TEST_F(AnAudit, NamesTheFirstRowThatWasChanged) { EXPECT_EQ(broken_by("UPDATE audit SET row=replace(row, 'alice', 'bob') WHERE seq>=4"), "4"); }
TEST_F(AnAudit, NamesARowThatIsMissing) { EXPECT_EQ(broken_by("DELETE FROM audit WHERE seq=5"), "5"); }
TEST_F(AnAudit, NoticesThatItsBeginningIsMissing) { EXPECT_EQ(broken_by("DELETE FROM audit WHERE seq=1"), "1"); }
TEST_F(AnAudit, NoticesAChangedHash) { EXPECT_EQ(broken_by("UPDATE audit SET hash=zeroblob(32) WHERE seq=6"), "6"); }
TEST_F(AnAudit, NoticesRowsThatChangedPlaces) {
  EXPECT_EQ(broken_by("UPDATE audit SET seq=CASE seq WHEN 3 THEN -4 ELSE -3 END WHERE seq IN (3, 4); "), "-4");
}
TEST_F(AnAudit, NoticesColumnsThatHideARow) {
  EXPECT_EQ(broken_by("UPDATE audit SET at=0 WHERE seq=8"), "8");
  EXPECT_EQ(broken_by("UPDATE audit SET domain='' WHERE seq=7"), "7");
  EXPECT_EQ(broken_by("UPDATE audit SET target='somebody else' WHERE seq=6"), "6");
  EXPECT_EQ(broken_by("UPDATE audit SET correlation_id='another' WHERE seq=5"), "5");
  EXPECT_EQ(broken_by("UPDATE audit SET activity='job.settled' WHERE seq=1"), "1");
}

TEST_F(AnAudit, NoticesThatItsEndWasCutOffWhereTheHeadIsKnown) {
  const auto head = log.head().value();
  EXPECT_EQ(broken(head), "sound");
  ASSERT_TRUE(log.record(entry(), now));
  EXPECT_EQ(broken(head), "sound") << "longer is fine";
  ASSERT_TRUE(database.run("DELETE FROM audit WHERE seq>8"));
  EXPECT_EQ(broken(), "sound") << "nothing in the file says so";
  EXPECT_EQ(broken(head), "10");
  EXPECT_NE(log.verify(head).value().broken->why.find("cut off"), std::string::npos);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log.record(entry(), now));
  EXPECT_EQ(broken(head), "10") << "as long as before, and another";
}

TEST_F(AnAudit, NoticesARowOfAnotherSpelling) {
  const auto head = log.head().value();
  const std::string row = R"({ "seq": 11 })", hash = audit_hash(head.hash, row);
  ASSERT_TRUE(database.run("INSERT INTO audit(seq, at, domain, activity, row, hash) VALUES(11, 0, '', '', ?, ?)", row, queue::Blob{hash}));
  EXPECT_NE(log.verify(std::nullopt).value().broken->why.find("spelled"), std::string::npos);
}

TEST_F(AnAudit, WritesNothingDownThatDidNotHappen) {
  const auto head = log.head().value();
  {
    auto guard = database.begin().value();
    ASSERT_TRUE(log.append(entry(), now));
  }
  EXPECT_EQ(log.head().value(), head);
}

TEST_F(AnAudit, StaysSoundWhenItsBeginningIsErased) {
  const auto old = log.head().value();
  EXPECT_EQ(log.prune(now + 5 * day, 3, now + 11 * day).value(), 3) << "a few at once";
  EXPECT_EQ(log.prune(now + 5 * day, 100, now + 11 * day).value(), 2);
  EXPECT_EQ(log.prune(now + 5 * day, 100, now + 11 * day).value(), 0);
  const auto report = log.verify(std::nullopt).value();
  EXPECT_FALSE(report.broken);
  EXPECT_EQ(report.first.seq, 5);
  EXPECT_EQ(report.rows, 7) << "five left, and two that say what was erased";
  EXPECT_EQ(broken(old), "sound");
  EXPECT_EQ(broken_by("UPDATE audit_anchor SET hash=zeroblob(32)"), "6");
}

TEST_F(AnAudit, GoesOnFromItsAnchorWhenNothingIsLeft) {
  EXPECT_EQ(log.prune(now + 100 * day, 100, now + 100 * day).value(), 10);
  EXPECT_EQ(log.head().value().seq, 11);
  EXPECT_EQ(broken(), "sound");
  const auto page = log.page({}, 0, 10).value();
  ASSERT_EQ(page.rows.size(), 1U);
  EXPECT_FALSE(check(lines()).broken);
}

TEST_F(AnAudit, LosesNoYoungRowToAClockThatWasSetBack) {
  ASSERT_TRUE(log.record(entry(), now - 30 * day));
  EXPECT_EQ(log.prune(now, 100, now).value(), 0) << "an old time, behind young rows";
}

TEST_F(AnAudit, IsReadInPages) {
  std::vector<std::int64_t> seen;
  std::int64_t after = 0;
  for (int i = 0; i < 4; ++i) {
    const auto page = log.page({}, after, 4).value();
    for (const auto& row : page.rows) seen.push_back(row.seq);
    after = page.next;
  }
  EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(after, 10);
  EXPECT_EQ(log.page({}, 99, 4).value().next, 99) << "never back";
}

TEST_F(AnAudit, IsFilteredByDomainActivityAndTime) {
  const auto seqs = [&](const AuditFilter& filter) {
    std::vector<std::int64_t> out;
    for (const auto& row : log.page(filter, 0, 100).value().rows) out.push_back(row.seq);
    return out;
  };
  using Seqs = std::vector<std::int64_t>;
  EXPECT_EQ(seqs({"a.example", {}, {}, {}}), (Seqs{1, 3, 5, 7, 9}));
  EXPECT_EQ(seqs({"", Activity::agent_enrolled, {}, {}}), (Seqs{1, 4, 7, 10}));
  EXPECT_EQ(seqs({"a.example", Activity::agent_enrolled, {}, {}}), (Seqs{1, 7}));
  EXPECT_EQ(seqs({"", {}, now + 2 * day, now + 4 * day}), (Seqs{3, 4})) << "the end is not in it";
  const auto nothing = log.page({"c.example", {}, {}, {}}, 0, 100).value();
  EXPECT_TRUE(nothing.rows.empty());
  EXPECT_EQ(nothing.next, 10) << "nothing more is to be looked for up to here";
}

TEST_F(AnAudit, IsVerifiedWithoutItsStore) {
  const auto all = lines();
  const auto report = check(all, false, log.head().value());
  EXPECT_FALSE(report.broken);
  EXPECT_EQ(report.rows, 10);
  EXPECT_FALSE(check({all.begin() + 4, all.end()}).broken) << "from anywhere";
  auto bad = all;
  bad[3].replace(bad[3].find("alice"), 5, "bobby");
  EXPECT_EQ(check(bad).broken->seq, 4);
  bad = all, bad.erase(bad.begin() + 5);
  EXPECT_EQ(check(bad).broken->seq, 6);
  EXPECT_FALSE(check(bad, true).broken) << "rows may be missing, none be changed";
  bad = all, std::swap(bad[1], bad[2]);
  EXPECT_TRUE(check(bad).broken);
  EXPECT_TRUE(check(bad, true).broken);
  auto forged = audit_row_from(all[4]).value();  // another history, each hash right by itself
  forged.before = std::string(32, 'x'), forged.hash = audit_hash(forged.before, forged.row);
  bad = all, bad[4] = line_of(forged);
  EXPECT_EQ(check(bad).broken->seq, 5);
  bad = all, bad.pop_back();
  EXPECT_FALSE(check(bad).broken);
  EXPECT_EQ(check(bad, false, log.head().value()).broken->seq, 10);
  EXPECT_FALSE(check(lines({"", Activity::agent_enrolled, {}, {}}), true).broken);
}

TEST_F(AnAudit, TakesNoLineThatIsNone) {
  const auto good = lines().front();
  for (const auto& bad : {std::string(), std::string("{}"), std::string("[1]"), good + " x", good.substr(1), good.substr(0, good.size() - 1), std::string(70'000, ' '),
           std::string(R"({"hash":"00","prev":"00","row":{"seq":1}})"), std::string(R"({"hash":1,"prev":2,"row":3})")})
    EXPECT_TRUE(check({bad}).broken) << bad.substr(0, 100);
  EXPECT_FALSE(check({"  " + good}).broken) << "blanks between are no matter";
}

TEST(AHead, IsReadAsItWasPrinted) {
  const auto origin = audit_origin();
  EXPECT_EQ(audit_head_from(text_of(origin)), origin);
  for (const auto* bad : {"", "1", "1:", "1:zz", ":aa", "-1:"}) EXPECT_FALSE(audit_head_from(bad)) << bad;
  EXPECT_FALSE(audit_head_from("1:" + std::string(64, 'A'))) << "one spelling";
  EXPECT_FALSE(audit_head_from("01:" + std::string(64, 'a')));
}

// ---- questions ----------------------------------------------------------------------------------------------
TEST(AnAuditQuery, IsReadStrictly) {
  using Words = std::map<std::string, std::string>;
  const auto good = std::get<AuditQuery>(audit_query(Words{{"after", "7"}, {"activity", "job.settled"}, {"from", "2026-11-26"}, {"to", "2026-11-26T12:30:05Z"}, {"limit", "1000"}}));
  EXPECT_EQ(good.after, 7);
  EXPECT_EQ(good.limit, 1'000);
  EXPECT_EQ(good.filter.activity, Activity::job_settled);
  EXPECT_EQ(good.filter.from_ms, 1'795'651'200'000);
  EXPECT_EQ(good.filter.to_ms, 1'795'651'200'000 + (12 * 3'600 + 30 * 60 + 5) * 1'000LL);
  for (const auto& bad : std::vector<Words>{{{"after", "-1"}}, {{"after", ""}}, {{"after", "1x"}}, {{"after", "99999999999999999999"}}, {{"activity", "none"}}, {{"limit", "0"}}, {{"limit", "1001"}}, {{"from", "yesterday"}},
           {{"from", "2026-02-30"}}, {{"from", "2026-11-26T24:00:00Z"}}, {{"from", "2026-11-26 12:00:00Z"}}, {{"to", "2026-11-26T12:00:00"}}, {{"from", "2026-11-27"}, {"to", "2026-11-26"}}, {{"sort", "x"}}})
    EXPECT_TRUE(std::holds_alternative<std::string>(audit_query(bad))) << bad.begin()->first << "=" << bad.begin()->second;
}

}  // namespace
}  // namespace wb::service
