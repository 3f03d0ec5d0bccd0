#include "link/local_http.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <thread>

namespace wb::link {
namespace {
using namespace std::chrono_literals;
using tcp = asio::ip::tcp;

class ALocalDoor : public testing::Test {
 protected:
  ALocalDoor() {
    LocalHttp::Settings settings;
    settings.request_timeout = 200ms;
    settings.connections_max = 4;
    auto opened = LocalHttp::start(io_, settings, [](const std::string& path) { return HttpResponse{200, "you asked for " + path, "text/plain", {}}; });
    EXPECT_TRUE(opened);
    door_ = std::move(*opened);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~ALocalDoor() override {
    asio::post(io_, [this] { door_.reset(); });
    thread_.join();
  }
  tcp::socket dialled() {
    tcp::socket socket(outside_);
    socket.connect({asio::ip::make_address("127.0.0.1"), door_->bound_port()});
    return socket;
  }
  // Everything that comes until the other side closes.
  static std::string rest_of(tcp::socket& socket) {
    std::string out;
    boost::system::error_code ec;
    asio::read(socket, asio::dynamic_buffer(out), ec);
    return out;
  }
  std::string answer_to(const std::string& request) {
    auto socket = dialled();
    asio::write(socket, asio::buffer(request));
    return rest_of(socket);
  }

  asio::io_context io_, outside_;
  std::unique_ptr<LocalHttp> door_;
  std::thread thread_;
};

bool begins(const std::string& text, const std::string& with) { return text.rfind(with, 0) == 0; }

TEST_F(ALocalDoor, AnswersAGetAndCloses) {
  const auto answer = answer_to("GET /metrics?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(begins(answer, "HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nyou asked for /metrics")) << answer;
}

TEST_F(ALocalDoor, AnswersAHeadWithoutTheBody) {
  const auto answer = answer_to("HEAD /x HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(begins(answer, "HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(ALocalDoor, RefusesWhatIsNoGet) {
  EXPECT_TRUE(begins(answer_to("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), "HTTP/1.1 405"));
  EXPECT_TRUE(begins(answer_to("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"), "HTTP/1.1 413"));
  EXPECT_TRUE(begins(answer_to("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 400"));
  EXPECT_TRUE(begins(answer_to("\x16\x03\x01 nonsense\r\n\r\n"), "HTTP/1.1 400"));
  EXPECT_TRUE(begins(answer_to("GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n"), "HTTP/1.1 431"));
}

TEST_F(ALocalDoor, ClosesOnWhoSaysNothing) {
  auto socket = dialled();
  EXPECT_EQ(rest_of(socket), "");
}

TEST_F(ALocalDoor, TakesOnlySoManyAtOnce) {
  std::vector<tcp::socket> silent;
  for (int i = 0; i < 8; ++i) silent.push_back(dialled());
  for (auto& socket : silent) EXPECT_EQ(rest_of(socket), "");
  EXPECT_TRUE(begins(answer_to("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 200"));
}

TEST(ALocalDoorElsewhere, IsRefused) {
  asio::io_context io;
  LocalHttp::Settings settings;
  for (const auto* address : {"0.0.0.0", "192.0.2.1", "::", "nowhere"}) {
    settings.address = address;
    const auto opened = LocalHttp::start(io, settings, {});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, Fault::Kind::refused) << address;
  }
}

TEST(ALocalDoorThatIsTaken, IsNamed) {
  asio::io_context io;
  auto first = LocalHttp::start(io, {}, [](const std::string&) { return HttpResponse(); });
  ASSERT_TRUE(first);
  LocalHttp::Settings settings;
  settings.port = (*first)->bound_port();
  const auto second = LocalHttp::start(io, settings, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Fault::Kind::unreachable);
  EXPECT_NE(second.error().detail.find("127.0.0.1 port " + std::to_string(settings.port)), std::string::npos);
}

}  // namespace
}  // namespace wb::link
