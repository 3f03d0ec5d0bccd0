// What the service's handlers are told of a request: its headers, and whom it comes from.
#include "tests/support/link_world.hpp"

namespace wb {
namespace {
using namespace test;
using link::HttpRequest;
using link::HttpResponse;

struct ARequestToAWebServer : ::testing::Test {
  LinkWorld world;
  HttpRequest seen;
  HttpResponse given{200, "{}", "application/json", {}};

  // Sends one request with these header lines, and keeps what the handler saw of it; gives the answer as it came.
  std::string ask(const std::string& line, const std::string& headers, const std::string& body = "") {
    world.on_request = [this](HttpRequest request) {
      return [](ARequestToAWebServer& test, HttpRequest r) -> Awaitable<HttpResponse> {
        test.seen = std::move(r);
        co_return test.given;
      }(*this, std::move(request));
    };
    if (!world.server) world.start();
    auto answer = answers_to(world, line + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + headers + "\r\n" + body);
    world.server.reset();
    return answer;
  }
};

TEST_F(ARequestToAWebServer, ShowsTheHeadersThatHandlersUse) {
  ask("GET /", "accept-language: de-AT, de;q=0.9\r\nIdempotency-Key: \"8e03978e\"\r\nCookie: a=1; b=2\r\nIf-Match: \"7\"\r\nIf-None-Match: W/\"8\"\r\n");
  EXPECT_EQ(seen.accept_language, "de-AT, de;q=0.9");
  EXPECT_EQ(seen.idempotency_key, "\"8e03978e\"");
  EXPECT_EQ(seen.cookie, "a=1; b=2");
  EXPECT_EQ(seen.if_match, "\"7\"");
  EXPECT_EQ(seen.if_none_match, "W/\"8\"");
  ask("GET /", "");
  EXPECT_EQ(seen.accept_language + seen.idempotency_key + seen.cookie + seen.if_match + seen.if_none_match, "") << "none was sent";
}

TEST_F(ARequestToAWebServer, HidesAHeaderThatIsTooLongButShowsThatThereWasAKey) {
  const auto with = [](std::size_t bytes, std::size_t cookie_bytes) {
    std::string headers;
    for (const auto* name : {"Accept-Language", "Idempotency-Key", "If-Match", "If-None-Match"}) headers += std::string(name) + ": " + std::string(bytes, 'x') + "\r\n";
    return headers + "Cookie: " + std::string(cookie_bytes, 'c') + "\r\n";
  };
  ask("GET /", with(1'024, 4'096));
  for (const auto* header : {&seen.accept_language, &seen.idempotency_key, &seen.if_match, &seen.if_none_match}) EXPECT_EQ(header->size(), 1'024U);
  EXPECT_EQ(seen.cookie.size(), 4'096U);
  ask("GET /", with(1'025, 4'097));
  for (const auto* header : {&seen.accept_language, &seen.if_match, &seen.if_none_match, &seen.cookie}) EXPECT_EQ(*header, "");
  EXPECT_EQ(seen.idempotency_key.size(), 1'024U) << "cut: as if absent, what it guards would be done twice";
}

TEST_F(ARequestToAWebServer, TakesTheAddressFromATrustedProxyAlone) {
  const std::string two_lines = "X-Forwarded-For: 192.0.2.66\r\nX-Forwarded-For: 203.0.113.9\r\n";
  ask("GET /", two_lines);
  EXPECT_EQ(seen.peer, "127.0.0.1");
  world.settings.trusted_proxies = {"127.0.0.0/8"};
  ask("GET /", two_lines);
  EXPECT_EQ(seen.peer, "203.0.113.9") << "of two lines the proxy's is the last";
}

TEST_F(ARequestToAWebServer, MayChangeAndDelete) {
  for (const std::string method : {"PUT", "PATCH", "DELETE"}) {
    const auto answer = ask(method + " /things/7", "Content-Type: application/json\r\nContent-Length: 7\r\n", "{\"a\":1}");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_EQ(seen.method + " " + seen.path + " " + seen.body, method + " /things/7 {\"a\":1}");
  }
  ask("DELETE /things/8", "");
  EXPECT_EQ(seen.path + seen.body, "/things/8") << "a body is not needed";
}

TEST_F(ARequestToAWebServer, IsAnsweredWithoutABodyWhereThereIsNone) {
  given = {204, "", "application/json", {{"X-Seen", "yes"}}};
  const auto answer = ask("DELETE /things/7", "");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 204 No Content\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  EXPECT_NE(answer.find("X-Seen: yes\r\n"), std::string::npos);
  for (const auto* header : {"Content-Length", "Content-Type", "Transfer-Encoding"}) EXPECT_EQ(answer.find("\r\n" + std::string(header)), std::string::npos) << "RFC 9110 section 8.6: " << answer;
}

}  // namespace
}  // namespace wb
