// The parts below Kerberos: what an error means, and the asking of a KDC. A socket on the loopback stands in for the KDC.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <krb5.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "ldap/kdc.hpp"
#include "ldap/kerberos_fault.hpp"

namespace wb::ldap {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

TEST(AKerberosError, HasTheNameOfWhatIsToBeMended) {
  const auto where = [](krb5_error_code code) { return kerberos_fault(code, "words", "dc1").where; };
  for (const auto code : {KRB5KRB_AP_ERR_SKEW, KRB5_KDCREP_SKEW, KRB5KRB_AP_ERR_TKT_NYV}) {
    EXPECT_EQ(where(code), "kerberos.clock");
    EXPECT_THAT(kerberos_fault(code, "", "dc1").detail, testing::StartsWith("dc1: clock_skew: "));
  }
  for (const auto code : {KRB5KDC_ERR_PREAUTH_FAILED, KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, KRB5KDC_ERR_CLIENT_REVOKED, KRB5KDC_ERR_KEY_EXP}) EXPECT_EQ(where(code), "kerberos.login");
  EXPECT_EQ(where(KRB5_KT_NOTFOUND), "kerberos.keytab");
  EXPECT_EQ(where(KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN), "kerberos.service");
  EXPECT_EQ(kerberos_fault(KRB5KRB_ERR_GENERIC, "words", "dc1").detail, "dc1: words");
}

TEST(AKerberosError, OfABusyKdcIsWorthAnotherTryAndAWrongKeyIsNot) {
  EXPECT_TRUE(kerberos_fault(KRB5KDC_ERR_SVC_UNAVAILABLE, "", "dc1").worth_retrying());
  EXPECT_FALSE(kerberos_fault(KRB5KDC_ERR_PREAUTH_FAILED, "", "dc1").worth_retrying());
}

// Accepts one connection, takes the request, and says `answer`; then waits for the peer to go.
class AKdc : public testing::Test {
 protected:
  AKdc() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
  }
  ~AKdc() override { ::close(listener_); }
  Result<std::string> asked(const std::string& answer, bool closes, std::chrono::milliseconds limit = 5s) {
    std::thread server([&] {
      const int peer = ::accept(listener_, nullptr, nullptr);
      request_.resize(4 + 5);
      EXPECT_EQ(::recv(peer, request_.data(), request_.size(), MSG_WAITALL), 9);
      ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
      char byte = 0;
      if (!closes) (void)!::recv(peer, &byte, 1, 0);
      ::close(peer);
    });
    auto said = ask_kdc("127.0.0.1", "hello", Clock::now() + limit, port_);
    server.join();
    return said;
  }
  const int listener_;
  std::uint16_t port_ = 0;
  std::string request_;
};

TEST_F(AKdc, IsAskedWithALengthInFrontAndAnswersSo) {
  const auto said = asked(std::string("\0\0\0\x05world", 9), false);
  ASSERT_TRUE(said) << said.error().detail;
  EXPECT_EQ(*said, "world");
  EXPECT_EQ(request_, std::string("\0\0\0\x05hello", 9));
}

TEST_F(AKdc, ThatAnswersNonsenseIsNamed) {
  for (const auto& nonsense : {std::string("\0\0\0\0", 4), std::string("HTTP/1.1 400"), std::string("\xff\xff\xff\xff")})
    EXPECT_EQ(asked(nonsense, false).error().kind, Fault::Kind::malformed);
}

TEST_F(AKdc, ThatClosesInTheMiddleIsUnreachable) {
  for (const auto& part : {std::string(), std::string("\0\0", 2), std::string("\0\0\0\x05wor", 7)}) {
    const auto said = asked(part, true);
    EXPECT_EQ(said.error().kind, Fault::Kind::unreachable);
    EXPECT_EQ(said.error().where, "kerberos.kdc");
  }
}

TEST_F(AKdc, ThatStopsInTheMiddleIsLeftInTime) {
  for (const auto& part : {std::string(), std::string("\0\0", 2), std::string("\0\0\0\x05wor", 7)}) {
    const auto start = Clock::now();
    EXPECT_EQ(asked(part, false, 50ms).error().kind, Fault::Kind::timed_out);
    EXPECT_LT(Clock::now() - start, 1s);
  }
}

}  // namespace
}  // namespace wb::ldap
