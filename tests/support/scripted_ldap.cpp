#include "tests/support/scripted_ldap.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "tests/support/ber.hpp"
#include "tests/support/test_certificates.hpp"

namespace wb::test {
namespace {

const std::string base = "DC=corp,DC=example", servers = ",CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration," + base;
std::string service_of(const std::string& dc) { return "CN=NTDS Settings,CN=" + dc.substr(0, dc.find('.')) + servers; }
const std::string sid("\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x50\x04\x00\x00", 28);

ScriptedLdap::Request parsed(std::string_view message) {
  using Op = ScriptedLdap::Op;
  ScriptedLdap::Request request;
  auto body = ber::take(message).content;
  request.id = ber::number(ber::take(body).content);
  auto [tag, content] = ber::take(body);
  if (tag == 0x60) ber::take(content), request.op = Op::bind;  // its version
  if (tag == 0x63) request.op = Op::search;
  if (tag == 0x66) request.op = Op::modify;
  if (tag == 0x77) request.op = Op::start_tls;
  request.name = ber::take(content).content;
  if (request.op == Op::search) request.subtree = ber::number(ber::take(content).content) == 2;
  return request;
}

}  // namespace

// One connection, in the clear or under TLS.
class ScriptedLdap::Peer {
 public:
  Peer(int socket, int wake) : socket_(socket), wake_(wake) {}
  ~Peer() {
    if (session_) SSL_free(session_);
    if (context_) SSL_CTX_free(context_);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  bool secure() const { return session_ != nullptr; }
  bool shake_hands() {
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_chain_file(context_, test_certificates().cert.c_str());
    SSL_CTX_use_PrivateKey_file(context_, test_certificates().key.c_str(), SSL_FILETYPE_PEM);
    session_ = SSL_new(context_);
    SSL_set_fd(session_, socket_);
    return SSL_accept(session_) == 1;
  }
  bool write(std::string_view bytes) {
    if (session_) return SSL_write(session_, bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  // One whole message; empty: the peer has gone.
  std::string read() {
    std::string message;
    for (;;) {
      std::string_view rest(message);
      if (ber::take(rest).tag != 0) return message;
      char byte = 0;
      if ((session_ ? SSL_read(session_, &byte, 1) : static_cast<int>(::recv(socket_, &byte, 1, 0))) != 1) return {};
      message += byte;
    }
  }
  // Until the peer or the test has gone, or `limit` is over; true: it is over.
  bool wait(int limit_ms) const {
    pollfd both[]{{socket_, POLLRDHUP, 0}, {wake_, POLLIN, 0}};
    return ::poll(both, 2, limit_ms) == 0;
  }

 private:
  const int socket_, wake_;
  SSL_CTX* context_ = nullptr;
  SSL* session_ = nullptr;
};

ScriptedLdap::ScriptedLdap(std::string dc, Script script, Tls tls) : dc_(std::move(dc)), script_(std::move(script)), tls_(tls) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 || ::pipe(wake_) != 0) throw std::runtime_error("scripted server");
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

ScriptedLdap::~ScriptedLdap() {
  stopping_ = true;
  (void)!::write(wake_[1], "x", 1);  // never read: it wakes all that wait
  thread_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  for (auto& one : serving_) one.join();
  for (const int socket : sockets_) ::close(socket);
  for (const int one : {listener_, wake_[0], wake_[1]}) ::close(one);
}

void ScriptedLdap::run() {
  while (!stopping_) {
    pollfd both[]{{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    ::poll(both, 2, -1);
    if (both[1].revents == 0) continue;
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ++accepted_;
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    serving_.emplace_back([this, socket] {
      serve(socket);
      ::shutdown(socket, SHUT_RDWR);
    });
  }
}

void ScriptedLdap::serve(int socket) {
  Peer peer(socket, wake_[0]);
  if (tls_ == Tls::at_once && !peer.shake_hands()) return;
  for (;;) {
    auto message = peer.read();
    if (message.empty()) return;
    auto request = parsed(message);
    request.before = counts_[static_cast<std::size_t>(request.op)]++;
    if (request.op == Op::other) continue;  // unbind, abandon
    if (request.op == Op::bind && !peer.secure()) ++in_the_clear_;
    auto right = right_answer(request);
    const auto answer = script_ ? script_(request, std::move(right)) : Answer{std::move(right)};
    do {
      if (answer.bytewise) {
        for (const char c : answer.bytes)
          if (!peer.write({&c, 1}) || (answer.pause.count() > 0 && !peer.wait(static_cast<int>(answer.pause.count())))) return;
      } else if (!answer.bytes.empty() && !peer.write(answer.bytes)) {
        return;
      }
    } while (answer.then == Then::repeat && !stopping_);
    if (answer.then == Then::stall) (void)peer.wait(-1);
    if (answer.then != Then::go_on) return;
    if (request.op == Op::start_tls && !peer.shake_hands()) return;
  }
}

std::string ScriptedLdap::guid() const { return "00000001-0000-0000-0000-000000000000"; }

std::string ScriptedLdap::right_answer(const Request& request) {
  const int id = request.id;
  if (request.op == Op::bind) return ber::result(id, 0x61, 0);
  if (request.op == Op::start_tls) return ber::result(id, 0x78, 0);
  if (request.op == Op::modify) return ++applied_, ber::result(id, 0x67, 0);
  const auto done = ber::result(id, 0x65, 0);
  if (request.name.empty() && !request.subtree)
    return ber::entry(id, "", {{"dnsHostName", {dc_}}, {"defaultNamingContext", {base}}, {"configurationNamingContext", {"CN=Configuration," + base}}, {"dsServiceName", {service_of(dc_)}}, {"supportedControl", {"1.2.840.113556.1.4.2239"}}}) + done;
  if (request.name == service_of(dc_)) return ber::entry(id, request.name, {{"objectClass", {"nTDSDSA"}}}) + done;
  if (request.name == base && !request.subtree) return ber::entry(id, base, {{"fSMORoleOwner", {service_of("dc1.corp.example")}}}) + done;
  const std::string object("\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 16);
  return ber::entry(id, "CN=alice," + base, {{"objectGUID", {object}}, {"objectSid", {sid}}, {"sAMAccountName", {"alice"}}, {"userAccountControl", {"512"}}, {"sAMAccountType", {"805306368"}}, {"pwdLastSet", {std::to_string(133'000'000'000'000'000 + applied_)}}, {"tokenGroups", {sid}}}) + done;
}

}  // namespace wb::test
