#include "tests/support/raw_tls.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <utility>

namespace wb::test {
namespace asio = boost::asio;

struct RawTls::Wire {
  asio::io_context io;
  asio::ssl::context context{asio::ssl::context::tls_client};
  asio::ssl::stream<asio::ip::tcp::socket> stream{io, context};
};

RawTls::RawTls(unsigned short port, int max_version) : wire_(std::make_unique<Wire>()) {
  SSL_set_max_proto_version(wire_->stream.native_handle(), max_version);
  wire_->stream.lowest_layer().connect(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port));
  wire_->stream.handshake(asio::ssl::stream_base::client, error);
}

RawTls::~RawTls() = default;

void RawTls::send(const std::string& text) { asio::write(wire_->stream, asio::buffer(text), error); }

std::string RawTls::rest() {
  asio::read(wire_->stream, asio::dynamic_buffer(in_), error);
  return std::exchange(in_, {});
}

std::string RawTls::answer() {
  const auto size = asio::read_until(wire_->stream, asio::dynamic_buffer(in_), "\r\n\r\n", error);
  if (error) return rest();
  std::size_t body = 0;
  if (const auto at = in_.find("Content-Length: "); at < size) body = std::stoul(in_.substr(at + 16));
  return bytes(size + body);
}

std::string RawTls::bytes(std::size_t count) {
  if (in_.size() < count) asio::read(wire_->stream, asio::dynamic_buffer(in_), asio::transfer_exactly(count - in_.size()), error);
  auto out = in_.substr(0, count);
  in_.erase(0, count);
  return out;
}

std::string RawTls::upgrade(const std::string& subprotocol, const std::string& target) {
  std::string request = "GET " + target +
      " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  if (!subprotocol.empty()) request += "Sec-WebSocket-Protocol: " + subprotocol + "\r\n";
  send(request + "\r\n");
  return answer();
}

void RawTls::frame(int opcode, const std::string& payload) {
  std::string bytes{static_cast<char>(0x80 | opcode), static_cast<char>(0x80 | payload.size()), 0, 0, 0, 0};
  send(bytes + payload);
}

std::string RawTls::issuer() {
  const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(wire_->stream.native_handle()), &X509_free);
  char name[256] = {};
  if (shown) X509_NAME_get_text_by_NID(X509_get_issuer_name(shown.get()), NID_commonName, name, sizeof name);
  return name;
}

}  // namespace wb::test
