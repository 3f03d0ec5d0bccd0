#include "link/forwarded.hpp"

#include <gtest/gtest.h>

namespace wb::link {
namespace {

const std::vector<std::string> trusted{"10.0.0.0/24", "2001:db8:1::/64"};
const std::string proxy = "10.0.0.7";

struct Row {
  std::string peer, x, forwarded, client;
};

TEST(TheAddressOfARequest, IsThatOfTheConnectionUnlessATrustedProxySaysAnother) {
  const std::string longer(1'025, '1');
  std::string many = "203.0.113.9";
  for (int i = 0; i < 70; ++i) many += ",10.0.0.7";
  const Row rows[] = {
      {"198.51.100.3", "203.0.113.9", "for=203.0.113.9", "198.51.100.3"},  // anybody may send a header
      {proxy, "203.0.113.9", "", "203.0.113.9"},
      {proxy, "", "for=203.0.113.9", "203.0.113.9"},
      {proxy, "", "", proxy},
      {proxy, "1.2.3.4, 203.0.113.9", "", "203.0.113.9"},   // what the client said itself stands before it
      {proxy, "203.0.113.9, 10.0.0.8", "", "203.0.113.9"},  // two proxies of ours
      {proxy, "10.0.0.9, 10.0.0.8", "", proxy},
      {proxy, "203.0.113.9", "for=203.0.113.9", "203.0.113.9"},
      {proxy, "203.0.113.9", "for=198.51.100.1", proxy},  // one of them is a stranger's
      {proxy, " 203.0.113.9:4711 ", "", "203.0.113.9"},
      {proxy, "2001:DB8::9", "", "2001:db8::9"},
      {proxy, "[2001:db8::9]:443", "", "2001:db8::9"},
      {proxy, "::ffff:203.0.113.9", "", "203.0.113.9"},
      {"2001:db8:1::5", "203.0.113.9", "", "203.0.113.9"},
      {proxy, "", R"(for=1.2.3.4, For="[2001:db8::9]:4711";proto=https;by=10.0.0.7)", "2001:db8::9"},
      {proxy, "", "proto=https;by=10.0.0.7", proxy},
      {proxy, "", "for=unknown", proxy},
      {proxy, "", "for=_hidden", proxy},
      {proxy, "unknown", "", proxy},
      {proxy, "203.0.113.9,", "", proxy},
      {proxy, "203.0.113.9, nonsense", "", proxy},
      {proxy, "203.0.113.9:99999999", "", proxy},
      {proxy, "[2001:db8::9", "", proxy},
      {proxy, "999.1.1.1", "", proxy},
      {proxy, std::string("203.0.113.9\0", 12), "", proxy},
      {proxy, longer, "", proxy},
      {proxy, many, "", proxy},
      {"unknown", "203.0.113.9", "", "unknown"},
  };
  for (const auto& row : rows) EXPECT_EQ(client_address(row.peer, row.x, row.forwarded, trusted), row.client) << row.peer << " | " << row.x << " | " << row.forwarded;
}

TEST(TheAddressOfARequest, IsNeverBelievedWhereNoProxyIsTrusted) { EXPECT_EQ(client_address(proxy, "203.0.113.9", "for=203.0.113.9", {}), proxy); }

}  // namespace
}  // namespace wb::link
