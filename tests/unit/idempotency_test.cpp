#include "service/idempotency.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "service/http.hpp"
#include "service/store.hpp"

namespace wb::service {
namespace {

constexpr UnixSeconds now = 1'900'000'000;

link::HttpRequest request(const std::string& key, const std::string& body = R"({"a":1})", const std::string& method = "POST") {
  link::HttpRequest out{method, "/api/v1/jobs", {{"wait_ms", "5"}}, "", "application/json", body, "192.0.2.1"};
  out.idempotency_key = key;
  return out;
}

struct AnIdempotencyKey : testing::Test {
  std::filesystem::path folder = [] { std::string name = (std::filesystem::temp_directory_path() / "wb-idem-XXXXXX").string(); return std::filesystem::path(::mkdtemp(name.data())); }();
  Store store = Store::open(folder / "store.sqlite").value();
  crypto::Vault vault = crypto::Vault::open(folder).value();
  Idempotency answers{store.database(), vault, 10};
  ~AnIdempotencyKey() override { std::filesystem::remove_all(folder); }

  // Is to be worked on; the answer is then kept.
  bool fresh(const link::HttpRequest& asked, const link::HttpResponse& response = answer(202, {{"jti", "7"}}), UnixSeconds at = now, const std::string& client = "c1") {
    auto got = answers.ask(client, asked, at);
    const auto* turn = std::get_if<Idempotency::Turn>(&got);
    if (turn) answers.keep(*turn, response, at);
    return turn;
  }
  link::HttpResponse told(const link::HttpRequest& asked, UnixSeconds at = now, const std::string& client = "c1") {
    auto got = answers.ask(client, asked, at);
    const auto* response = std::get_if<link::HttpResponse>(&got);
    EXPECT_TRUE(response);
    return response ? *response : link::HttpResponse{0, "", "", {}};
  }
  std::string code(const link::HttpResponse& response) { return std::string(protocol::parse_json(response.body).value().at("code").as_string()); }
  std::int64_t rows() {
    auto q = store.database().query("SELECT count(*) FROM answered");
    EXPECT_TRUE(q.next().value());
    return q.number(0);
  }
};

TEST_F(AnIdempotencyKey, GivesTheFirstAnswerAgainForADay) {
  EXPECT_TRUE(fresh(request("k")));
  auto again = told(request("k"), now + 86'399);
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.body, R"({"jti":"7"})");
  EXPECT_EQ(again.content_type, "application/json");
  EXPECT_EQ(again.headers["Idempotency-Replayed"], "true");
  EXPECT_TRUE(fresh(request("k"), answer(202, {{"jti", "8"}}), now + 86'400)) << "its day is over";
  EXPECT_EQ(told(request("k"), now + 86'401).body, R"({"jti":"8"})");
}

TEST_F(AnIdempotencyKey, GivesARefusalAgainToo) {
  EXPECT_TRUE(fresh(request("k"), refuse(Refusal::bad_request, "no")));
  const auto again = told(request("k"));
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(again.content_type, "application/problem+json");
}

TEST_F(AnIdempotencyKey, OfAnotherRequestIsRefused) {
  EXPECT_TRUE(fresh(request("k")));
  auto path = request("k"), query = request("k");
  path.path = "/api/v1/probes";
  query.query["wait_ms"] = "6";
  for (const auto& other : {request("k", R"({"a":2})"), request("k", R"({"a":1})", "PUT"), path, query}) {
    const auto response = told(other);
    EXPECT_EQ(response.status, 422);
    EXPECT_EQ(code(response), "idempotency_key_reused");
  }
}

TEST_F(AnIdempotencyKey, IsAnotherOneForAnotherClient) {
  EXPECT_TRUE(fresh(request("k")));
  EXPECT_TRUE(fresh(request("k", "{}"), answer(200, {}), now, "c2"));
  EXPECT_EQ(told(request("k")).status, 202);
}

TEST_F(AnIdempotencyKey, WhoseFirstRequestIsStillBeingAnsweredSaysSo) {
  {
    const auto first = answers.ask("c1", request("k"), now);
    ASSERT_TRUE(std::holds_alternative<Idempotency::Turn>(first));
    EXPECT_EQ(told(request("k")).status, 409);
    EXPECT_EQ(code(told(request("k", "other"))), "idempotency_in_progress");
    EXPECT_TRUE(fresh(request("another")));
  }
  EXPECT_TRUE(fresh(request("k"))) << "the first one ended without an answer";
}

TEST_F(AnIdempotencyKey, KeepsNoAnswerThatMayBeAnotherNextTime) {
  for (const auto why : {Refusal::unavailable, Refusal::busy, Refusal::busy_account, Refusal::conflict}) EXPECT_TRUE(fresh(request("k"), refuse(why, "later")));
  EXPECT_TRUE(fresh(request("k", "another body")));
}

TEST_F(AnIdempotencyKey, IsOneTo128VisibleCharacters) {
  for (const std::string key : {"with blank", "t\tb", "\x7f", "ü", "a\r\nb"}) EXPECT_EQ(code(told(request(key))), "bad_request") << key;
  EXPECT_EQ(told(request(std::string(129, 'k'))).status, 400);
  EXPECT_TRUE(fresh(request(std::string(128, 'k'))));
  EXPECT_TRUE(fresh(request("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"")));
}

TEST_F(AnIdempotencyKey, MattersWhereSomethingMayBeDone) {
  for (const auto& plain : {request(""), request("k", "", "GET"), request("with blank", "", "HEAD")})
    EXPECT_TRUE(std::holds_alternative<std::monostate>(answers.ask("c1", plain, now)));
  EXPECT_EQ(rows(), 0);
}

TEST_F(AnIdempotencyKey, LeavesItsAnswerSealedInTheStore) {
  EXPECT_TRUE(fresh(request("the-key"), answer(200, {{"secret", "of a person"}})));
  auto q = store.database().query("SELECT key, body FROM answered");
  ASSERT_TRUE(q.next().value());
  EXPECT_EQ(q.text(0).find("the-key"), std::string::npos);
  EXPECT_EQ(q.text(1).find("person"), std::string::npos);
}

TEST_F(AnIdempotencyKey, TakesTheOldestOnesPlaceWhenThereAreTooMany) {
  for (int n = 0; n < 40; ++n) {
    EXPECT_TRUE(fresh(request("k" + std::to_string(n)), answer(200, {}), now + n));
    EXPECT_LE(rows(), 10);
  }
  EXPECT_EQ(told(request("k39"), now + 40).status, 200);
  EXPECT_TRUE(fresh(request("k0"), answer(200, {}), now + 40)) << "forgotten";
}

TEST_F(AnIdempotencyKey, IsForgottenOnceItsDayIsOver) {
  EXPECT_TRUE(fresh(request("old")));
  EXPECT_TRUE(fresh(request("new"), answer(200, {}), now + 10));
  ASSERT_TRUE(answers.prune(now + 86'400));
  EXPECT_EQ(rows(), 1);
  EXPECT_EQ(told(request("new"), now + 86'400).status, 200);
}

}  // namespace
}  // namespace wb::service
