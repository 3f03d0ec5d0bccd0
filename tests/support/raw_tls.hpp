// A blocking TLS client that speaks bytes, for everything a well-behaved client doesn't do. Use it on its own thread.
#pragma once
#include <openssl/ssl.h>

#include <boost/system/error_code.hpp>

#include <memory>
#include <string>

namespace wb::test {

class RawTls {
 public:
  explicit RawTls(unsigned short port, int max_version = TLS1_3_VERSION);
  ~RawTls();
  void send(const std::string& text);
  // Everything until the peer ends the connection.
  std::string rest();
  // Up to the end of a header block, or of the body that Content-Length announces.
  std::string answer();
  // Exactly so many bytes.
  std::string bytes(std::size_t count);
  // An upgrade by hand; the answer's status line is the first thing in what comes back.
  std::string upgrade(const std::string& subprotocol, const std::string& target = "/agent/v1/link");
  // A masked frame (mask zero) of up to 125 bytes; opcode 1 text, 2 binary.
  void frame(int opcode, const std::string& payload);
  // Who signed the certificate that the peer has shown.
  std::string issuer();
  boost::system::error_code error;

 private:
  struct Wire;
  std::unique_ptr<Wire> wire_;
  std::string in_;
};

}  // namespace wb::test
