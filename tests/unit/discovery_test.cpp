#include "ldap/discovery.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <thread>

namespace wb::ldap {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// ---- a name server of one's own -----------------------------------------------------------------------------
std::string number16(std::size_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)}; }
std::string name_bytes(const std::string& name) {
  std::string out;
  for (std::size_t at = 0; at < name.size();) {
    const auto end = std::min(name.find('.', at), name.size());
    out += static_cast<char>(end - at) + name.substr(at, end - at);
    at = end + 1;
  }
  return out + '\0';
}

// Answers SRV questions out of a map; a name that is not there does not exist. RFC 1035 section 4.1, RFC 2782.
class NameServer {
 public:
  explicit NameServer(std::map<std::string, std::vector<Srv>> records, std::string instead = {}) : records_(std::move(records)), instead_(std::move(instead)) {
    socket_ = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~NameServer() {
    stop_ = true;
    thread_.join();
    ::close(socket_);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::atomic<bool> silent{false};

 private:
  void run() {
    while (!stop_) {
      pollfd waiting{socket_, POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      std::string question(512, '\0');
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const auto got = ::recvfrom(socket_, question.data(), question.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 12 || silent) continue;
      question.resize(static_cast<std::size_t>(got));
      const auto answer = instead_.empty() ? answer_to(question) : question.substr(0, 2) + instead_;
      ::sendto(socket_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }
  std::string answer_to(const std::string& question) const {
    std::string name;
    std::size_t at = 12;
    for (; question[at] != '\0'; at += static_cast<std::size_t>(question[at]) + 1) name += (name.empty() ? "" : ".") + question.substr(at + 1, static_cast<std::size_t>(question[at]));
    const auto asked = question.substr(12, at - 12 + 5);
    const auto found = records_.find(name);
    const std::size_t count = found == records_.end() ? 0 : found->second.size();
    std::string out = question.substr(0, 2) + number16(found == records_.end() ? 0x8183 : 0x8180) + number16(1) + number16(count) + number16(0) + number16(0) + asked;
    for (std::size_t i = 0; i < count; ++i) {
      const auto& one = found->second[i];
      const auto data = number16(one.priority) + number16(one.weight) + number16(one.port) + name_bytes(one.host);
      out += number16(0xc00c) + number16(33) + number16(1) + number16(0) + number16(600) + number16(data.size()) + data;
    }
    return out;
  }

  const std::map<std::string, std::vector<Srv>> records_;
  const std::string instead_;
  int socket_ = -1;
  unsigned short port_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

const std::string all = "_ldap._tcp.dc._msdcs.corp.example", pdc = "_ldap._tcp.pdc._msdcs.corp.example", site = "_ldap._tcp.Koeln._sites.dc._msdcs.corp.example";
double in_the_middle() { return 0.5; }
Result<Discovered> look(const NameServer& server, const std::string& where = {}) {
  return discover("corp.example", where, Clock::now() + 5s, in_the_middle, server.address());
}
std::vector<std::string> hosts(const std::vector<Srv>& records) {
  std::vector<std::string> out;
  for (const auto& one : records) out.push_back(one.host);
  return out;
}
using Hosts = std::vector<std::string>;

TEST(ADomainInDns, NamesItsControllersAndThePdcEmulator) {
  const NameServer server({{all, {{"DC1.corp.example", 389, 0, 100}, {"dc2.corp.example", 389, 0, 100}}}, {pdc, {{"dc2.corp.example", 389, 0, 100}}}});
  const auto found = look(server);
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(found->controllers.size(), 2U);
  EXPECT_EQ(found->pdc, "dc2.corp.example");
}

TEST(ADomainInDns, NamesThoseOfTheSiteFirst) {
  const NameServer server({{all, {{"far.corp.example", 389, 0, 1}, {"near.corp.example", 389, 0, 1}}}, {site, {{"near.corp.example", 389, 0, 1}}}, {pdc, {{"head.corp.example", 389, 0, 1}}}});
  const auto found = look(server, "Koeln");
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(hosts(found->controllers), (Hosts{"near.corp.example", "far.corp.example", "head.corp.example"}));
}

TEST(ADomainInDns, IsFoundWithoutAPdcRecordAndWithoutTheSite) {
  const NameServer server({{all, {{"dc1.corp.example", 389, 0, 1}}}});
  const auto found = look(server, "Nowhere");
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(found->pdc, "");
  EXPECT_EQ(hosts(found->controllers), (Hosts{"dc1.corp.example"}));
}

TEST(ADomainInDns, ThatHasNoControllersIsNamed) {
  const NameServer server({});
  const auto found = look(server);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().where, "dns.discover");
  EXPECT_EQ(found.error().detail, "DNS names no domain controller of corp.example");
}

TEST(ANameServer, ThatIsSilentIsLeftAtTheDeadline) {
  NameServer server({});
  server.silent = true;
  const auto start = Clock::now();
  const auto found = discover("corp.example", {}, start + 300ms, in_the_middle, server.address());
  EXPECT_LT(Clock::now() - start, 1s);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, Fault::Kind::timed_out);
}

TEST(ANameServer, ThatIsNotThereIsNamed) {
  const auto found = discover("corp.example", {}, Clock::now() + 5s, in_the_middle, "127.0.0.1:9");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().where, "dns.srv");
}

TEST(ANameServer, ThatAnswersNonsenseIsNotBelieved) {
  for (const std::string& nonsense : {std::string("\x81\x80", 2), std::string("\x81\x80\x00\x01\xff\xff\x00\x00\x00\x00", 10), std::string(400, '\xff')}) {
    const NameServer server({}, nonsense);
    const auto found = discover("corp.example", {}, Clock::now() + 1s, in_the_middle, server.address());
    EXPECT_FALSE(found);
  }
}

TEST(ANameServer, ThatNamesNoHostNamesNoController) {
  const NameServer server({{all, {{"", 0, 0, 0}, {"not a host", 389, 0, 0}, {"dc1.corp.example", 389, 0, 0}}}});
  const auto found = look(server);
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(hosts(found->controllers), (Hosts{"dc1.corp.example"}));
}

TEST(TheOrderOfRecords, IsByPriorityThenDrawnByWeight) {
  const std::vector<Srv> records{{"far", 389, 10, 100}, {"light", 389, 0, 0}, {"heavy", 389, 0, 99}};
  EXPECT_EQ(hosts(in_srv_order(records, [] { return 0.0; })), (Hosts{"light", "heavy", "far"}));
  EXPECT_EQ(hosts(in_srv_order(records, [] { return 0.5; })), (Hosts{"heavy", "light", "far"}));
  EXPECT_EQ(hosts(in_srv_order(records, [] { return 1.0; })), (Hosts{"heavy", "light", "far"})) << "dice that are out of range draw all the same";
}

}  // namespace
}  // namespace wb::ldap
