// What strangers may write into the headers by which a trusted proxy tells whom a request comes from.
#include "link/forwarded.hpp"

#include <gtest/gtest.h>

namespace wb::link {
namespace {

const std::vector<std::string> trusted{"192.0.2.1", "10.0.0.0/8", "2001:db8:1::/48"};
const std::string proxy = "192.0.2.1", client = "198.51.100.7";

std::string by_list(const std::string& value, const std::string& peer = proxy) { return client_address(peer, value, "", trusted); }
std::string by_rfc7239(const std::string& value, const std::string& peer = proxy) { return client_address(peer, "", value, trusted); }
std::string times(int count, const std::string& text) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

struct Row {
  std::string value, client;
};

TEST(AListOfForwardedAddresses, NamesTheRightmostThatIsNoProxyOfOurs) {
  for (const auto& [value, expected] : std::vector<Row>{{client, client}, {" \t" + client + "\t ", client}, {"203.0.113.9, " + client, client}, {"203.0.113.9," + client + ",10.1.2.3 , 192.0.2.1", client},
           {client + ":49152", client}, {"2001:db8::7", "2001:db8::7"}, {"[2001:db8::7]", "2001:db8::7"}, {"[2001:DB8:0::7]:443", "2001:db8::7"}, {"2001:db8::7, 2001:db8:1::5", "2001:db8::7"},
           {"::ffff:198.51.100.7", client}, {client + ", ::ffff:10.0.0.1", client}})
    EXPECT_EQ(by_list(value), expected) << value;
}

TEST(AListOfForwardedAddresses, IsNotReadBeyondWhatAProxyOfOursSaid) {
  for (const std::string hearsay : {"unknown", "<script>", "", ",", "10.0.0.1", "[", "\"", "999.1.1.1", "_hidden", "203.0.113.9:99999999999"})
    EXPECT_EQ(by_list(hearsay + ", " + client), client) << hearsay;
  EXPECT_EQ(by_list(times(1'000, "203.0.113.9, ") + client), client);
  EXPECT_EQ(by_list(times(1'000, "192.0.2.1, ") + client), client);
}

TEST(AListOfForwardedAddresses, IsThePeerItselfWhereItTellsNothing) {
  for (const auto& value : std::vector<std::string>{"", " ", ",", client + ",", client + ", ,10.0.0.1", "unknown", "_hidden", "_SEVKISEK", "localhost", "198.51.100.7.", "198.51.100", "198.51.100.256", "0198.51.100.7", "3325256711",
           "0xc6336407", "198.51.100.7:", "198.51.100.7:x", "198.51.100.7:123456", "198.51.100.7:_x", "198.51.100.7 80", "198.51.100.7/32", "\"198.51.100.7\"", "for=198.51.100.7", "[2001:db8::7", "2001:db8::7]",
           "[2001:db8::7]443", "[2001:db8::7]:", "[]", "[198.51.100.7]", ":::", ":80", "fe80::1%eth0", "[fe80::1%lo]:80", "198.51.100.7\r\nX: y", "*", "10.0.0.0/8", client + ", 10.0.0.1, unknown, 10.0.0.2"})
    EXPECT_EQ(by_list(value), proxy) << value;
  EXPECT_EQ(by_list(std::string("198.51.100.7\0", 13)), proxy);
}

TEST(AListOfForwardedAddresses, IsThePeerItselfWhereAllOfThemAreProxies) {
  EXPECT_EQ(by_list("10.0.0.1"), proxy);
  EXPECT_EQ(by_list("10.0.0.1, 192.0.2.1"), proxy);
}

TEST(AListOfForwardedAddresses, IsFollowedOver64Entries) {
  EXPECT_EQ(by_list(client + times(63, ", 10.0.0.1")), client);
  EXPECT_EQ(by_list(client + times(64, ", 10.0.0.1")), proxy);
  EXPECT_EQ(by_rfc7239("for=" + client + times(63, ", for=10.0.0.1")), client);
  EXPECT_EQ(by_rfc7239("for=" + client + times(1'000, ", for=10.0.0.1")), proxy);
}

TEST(AStranger, IsNeverBelieved) {
  for (const std::string stranger : {"198.51.100.8", "11.0.0.1", "2001:db8:2::1", "unknown"}) {
    EXPECT_EQ(by_list("203.0.113.9", stranger), stranger);
    EXPECT_EQ(by_rfc7239("for=203.0.113.9", stranger), stranger);
    EXPECT_EQ(client_address(stranger, "10.0.0.1", "for=10.0.0.1", trusted), stranger);
  }
  EXPECT_EQ(client_address(proxy, client, "", {}), proxy) << "nobody is trusted unless it is said";
}

TEST(AProxy, IsTheClientWhereItNamesNone) { EXPECT_EQ(client_address(proxy, "", "", trusted), proxy); }

TEST(AForwardedHeader, NamesTheRightmostThatIsNoProxyOfOurs) {
  for (const auto& [value, expected] : std::vector<Row>{{"for=198.51.100.7", client}, {"For=\"198.51.100.7\"", client}, {"for=\"198.51.100.7:47011\"", client}, {"for=\"198.51.100.7:_port\";proto=https", client},
           {"proto=http;FOR=198.51.100.7;by=_me", client}, {"for=203.0.113.9, for=198.51.100.7", client}, {"for=203.0.113.9,for=198.51.100.7 , for=10.0.0.1;by=192.0.2.1", client},
           {"for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"}, {"for=\"[2001:DB8::7]\"", "2001:db8::7"}, {"for=198.51.100.7; proto=https", client}, {"for=unknown, for=198.51.100.7", client},
           {"for=_hidden, for=198.51.100.7", client}, {"for=198.51.100.7;host=\"a,for=203.0.113.9\"", client}, {"for=198.51.100.7;host=\"a,for=203.0.113.9;b\"", client}, {"for=198.51.100.7;host=\"a;for=203.0.113.9;b\"", client}, {"for=198.51.100.7;host=\"a\\\",for=203.0.113.9\"", client}, {"for=\"198\\.51.100.7\"", client}})
    EXPECT_EQ(by_rfc7239(value), expected) << value;
  EXPECT_EQ(by_rfc7239(times(1'000, "for=203.0.113.9, ") + "for=198.51.100.7"), client);
}

TEST(AForwardedHeader, IsThePeerItselfWhereItTellsNothing) {
  for (const std::string value : {"", " ", ",", ";", "for", "for=", "for=,", "=198.51.100.7", "for =198.51.100.7", "for= 198.51.100.7", "for=198.51.100.7,", "for=198.51.100.7;", "for=198.51.100.7:80", "for=2001:db8::7",
           "for=[2001:db8::7]", "for=\"2001:db8::7\"", "for=\"[2001:db8::7\"", "for=\"[fe80::1%lo]\"", "for=\"198.51.100.7", "for=\"198.51.100.7\\", "for=\"\"", "for=unknown", "for=\"unknown:80\"", "for=_hidden",
           "for=198.51.100.7;for=203.0.113.9", "proto=https", "for=198.51.100.7, proto=https", "for=198.51.100.7, for=_hidden, for=10.0.0.1", "for=198.51.100.7 for=203.0.113.9", "for=10.0.0.1", "198.51.100.7",
           "for=\"x, for=198.51.100.7", "for=\"x, for=\"[2001:db8::7]\"", "for='198.51.100.7'"})
    EXPECT_EQ(by_rfc7239(value), proxy) << value;
}

}  // namespace
}  // namespace wb::link
