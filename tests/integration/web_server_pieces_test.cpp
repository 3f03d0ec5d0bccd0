// Answers that come in pieces: server-sent events stand on them.
#include <stdexcept>

#include "tests/support/link_world.hpp"

namespace wb {
namespace {
using namespace test;
using link::HttpRequest;
using link::HttpResponse;

// "piece 1", "piece 2" ...; then the end, or an exception.
struct Pieces {
  int most = 2, said = 0;
  bool throws = false;
  Awaitable<std::optional<std::string>> next() {
    if (said == most && throws) throw std::runtime_error("on purpose");
    if (said == most) co_return std::nullopt;
    co_return "piece " + std::to_string(++said);
  }
};

struct ABodyInPieces : ::testing::Test {
  LinkWorld world;
  std::string answer_to(const std::string& request, Pieces pieces = {}) {
    world.on_request = [pieces](HttpRequest) {
      return [](Pieces what) -> Awaitable<HttpResponse> {
        auto shared = std::make_shared<Pieces>(what);
        HttpResponse response;
        response.body = "not this";
        response.content_type = "text/event-stream";
        response.next_piece = [shared] { return shared->next(); };
        co_return response;
      }(pieces);
    };
    world.start();
    auto answer = answers_to(world, request);
    world.server.reset();
    return answer;
  }
};

TEST_F(ABodyInPieces, IsSentChunkedAndLeavesTheConnectionToTheNextRequest) {
  const auto answers = answer_to("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string body = "\r\n\r\n7\r\npiece 1\r\n7\r\npiece 2\r\n0\r\n\r\n";
  const auto first = answers.find(body);
  ASSERT_NE(first, std::string::npos) << answers;
  EXPECT_NE(answers.find(body, first + body.size()), std::string::npos) << answers;
  EXPECT_NE(answers.find("Transfer-Encoding: chunked"), std::string::npos);
  EXPECT_NE(answers.find("Content-Type: text/event-stream"), std::string::npos);
  EXPECT_NE(answers.find("X-Content-Type-Options: nosniff"), std::string::npos);
  EXPECT_EQ(answers.find("Content-Length"), std::string::npos);
  EXPECT_EQ(answers.find("not this"), std::string::npos);
}

TEST_F(ABodyInPieces, ThatCanNotGoOnIsCutAndHasNoEnd) {
  Pieces pieces;
  pieces.throws = true;
  const auto answer = answer_to("GET / HTTP/1.1\r\nHost: h\r\n\r\n", pieces);
  EXPECT_NE(answer.find("piece 2"), std::string::npos);
  EXPECT_EQ(answer.find("\r\n0\r\n"), std::string::npos) << answer;
}

TEST_F(ABodyInPieces, MayBeEmpty) {
  EXPECT_TRUE(answer_to("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", {.most = 0}).ends_with("\r\n\r\n0\r\n\r\n"));
}

TEST_F(ABodyInPieces, IsNotForHttp10) {
  const auto answer = answer_to("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.0 400 ")) << answer;
  EXPECT_EQ(answer.find("piece 1"), std::string::npos);
}

}  // namespace
}  // namespace wb
