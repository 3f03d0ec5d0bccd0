// Which way to the service: proxies, NO_PROXY, the order of addresses, the order of hosts. Pure.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

#include "link/connect.hpp"
#include "link/proxy.hpp"
#include "platform/private_files.hpp"

namespace wb::link {
namespace {
using tcp = asio::ip::tcp;
using ::testing::ElementsAre;
using Use = ProxySettings::Use;

Environment of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}
// The proxy's name, "straight", or why not.
std::string way(const ProxySettings& settings, std::string_view host, const Environment& environment = of({})) {
  auto proxy = proxy_for(settings, host, environment);
  if (!proxy) return proxy.error().where + ": " + proxy.error().detail;
  return *proxy ? (*proxy)->name() : "straight";
}

TEST(ARuleOfNoProxy, CoversAHostAndWhatIsBelowIt) {
  for (const auto* rule : {"example.com", ".example.com", "EXAMPLE.com.", "*"}) {
    EXPECT_TRUE(covered(rule, "example.com")) << rule;
    EXPECT_TRUE(covered(rule, "reset.Example.COM.")) << rule;
  }
  EXPECT_FALSE(covered("example.com", "notexample.com"));
  EXPECT_FALSE(covered("reset.example.com", "example.com"));
  EXPECT_FALSE(covered("*.example.com", "reset.example.com")) << "not a pattern: libcurl knows * alone";
  EXPECT_FALSE(covered("example.com:443", "example.com"));
  EXPECT_FALSE(covered("", "example.com"));
  EXPECT_FALSE(covered(".", "example.com"));
}

TEST(ARuleOfNoProxy, CoversAddressesAndNetworks) {
  EXPECT_TRUE(covered("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(covered("192.0.2.70", "192.0.2.7"));
  EXPECT_FALSE(covered("0.2.7", "192.0.2.7")) << "no tail of an address";
  EXPECT_TRUE(covered("10.0.0.0/8", "10.200.3.4"));
  EXPECT_FALSE(covered("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(covered("192.0.2.64/26", "192.0.2.127"));
  EXPECT_FALSE(covered("192.0.2.64/26", "192.0.2.128"));
  EXPECT_FALSE(covered("10.0.0.0/8", "ten.example")) << "names are not looked up for it";
  for (const auto* host : {"2001:db8::1", "[2001:DB8::1]", "2001:db8:0:0::1"}) {
    EXPECT_TRUE(covered("2001:db8::1", host)) << host;
    EXPECT_TRUE(covered("[2001:db8::1]", host)) << host;
    EXPECT_TRUE(covered("2001:db8::/32", host)) << host;
    EXPECT_FALSE(covered("2001:db9::/32", host)) << host;
    EXPECT_FALSE(covered("10.0.0.0/8", host)) << host;
  }
  for (const auto* broken : {"10.0.0.0/33", "10.0.0.0/", "/8", "10.0.0.0/x", "::/129"}) EXPECT_FALSE(covered(broken, "10.0.0.1")) << broken;
}

TEST(TheWay, IsStraightUnlessAProxyIsAskedFor) {
  EXPECT_EQ(way({}, "reset.example", of({{"https_proxy", "http://p:1"}})), "straight") << "use: none ignores the environment";
  ProxySettings fixed{Use::fixed, "http://proxy.example:8080", {}, {}, {}, {"intranet.example"}};
  EXPECT_EQ(way(fixed, "reset.example"), "proxy.example:8080");
  EXPECT_EQ(way(fixed, "reset.intranet.example"), "straight");
  EXPECT_EQ(way(fixed, "reset.example", of({{"no_proxy", "*"}})), "proxy.example:8080") << "the environment does not count";
  fixed.url = "http://[2001:db8::9]";
  EXPECT_EQ(way(fixed, "2001:db8::1"), "[2001:db8::9]:3128");
}

TEST(TheWay, FollowsTheEnvironmentWhereThatIsWanted) {
  const ProxySettings settings{Use::environment, {}, {}, {}, {}, {}};
  EXPECT_EQ(way(settings, "reset.example"), "straight");
  EXPECT_EQ(way(settings, "reset.example", of({{"HTTPS_PROXY", "big:1"}, {"https_proxy", "small:2"}, {"all_proxy", "all:3"}})), "small:2");
  EXPECT_EQ(way(settings, "reset.example", of({{"https_proxy", ""}, {"HTTPS_PROXY", "http://big:1/"}})), "big:1");
  EXPECT_EQ(way(settings, "reset.example", of({{"ALL_PROXY", "all:3"}})), "all:3");
  EXPECT_EQ(way(settings, "reset.example", of({{"http_proxy", "plain:3"}})), "straight") << "that one is for http:// URLs";
  const auto with = [&](const std::string& rules) { return way(settings, "reset.example", of({{"https_proxy", "p:1"}, {"no_proxy", rules}})); };
  EXPECT_EQ(with("localhost, 127.0.0.1"), "p:1");
  EXPECT_EQ(with("localhost,.example"), "straight");
  EXPECT_EQ(with("a b\texample"), "straight");
}

TEST(AProxyThatCannotBeUsed, IsRefusedWithoutRepeatingItsUrl) {
  const ProxySettings settings{Use::environment, {}, {}, {}, {}, {}};
  for (const auto* url : {"https://u:secret@p:1", "socks5h://u:secret@p:1", "http://u:secret@", "http://u:secret@p:0", "http://u:secret@p:99999", "http://u:secret@p:1x",
           "http://u:secret@[::1", "http://u:secret@p/path", "http://u:secret@a b"}) {
    const auto said = way(settings, "reset.example", of({{"https_proxy", url}}));
    EXPECT_EQ(said.substr(0, 16), "proxy.settings: ") << url;
    EXPECT_EQ(said.find("secret"), std::string::npos) << said;
  }
}

TEST(AProxyWithAUserInItsUrl, IsShownWithoutHim) {
  const ProxySettings settings{Use::environment, {}, {}, {}, {}, {}};
  const auto proxy = proxy_for(settings, "reset.example", of({{"https_proxy", "http://tom:p%40ss@proxy.example:8080"}}));
  ASSERT_TRUE(proxy && *proxy);
  EXPECT_EQ((*proxy)->name(), "proxy.example:8080");
  EXPECT_EQ((*proxy)->userinfo, "tom:p%40ss");
  EXPECT_EQ(::testing::PrintToString(**proxy), "proxy.example:8080");
}

// ---- the order of addresses (RFC 8305) -------------------------------------------------------------------------
std::vector<std::string> in_turn(std::initializer_list<const char*> addresses) {
  Endpoints ends;
  for (const auto* address : addresses) ends.emplace_back(asio::ip::make_address(address), static_cast<unsigned short>(443));
  std::vector<std::string> out;
  for (const auto& end : interleaved(ends)) out.push_back(end.address().to_string());
  return out;
}

TEST(TheAddressesOfAName, TakeTurnsByFamilyFromTheFirst) {
  EXPECT_THAT(in_turn({"::1", "::2", "::3", "192.0.2.1", "192.0.2.2"}), ElementsAre("::1", "192.0.2.1", "::2", "192.0.2.2", "::3"));
  EXPECT_THAT(in_turn({"192.0.2.1", "::1"}), ElementsAre("192.0.2.1", "::1"));
  EXPECT_THAT(in_turn({"192.0.2.1", "192.0.2.2"}), ElementsAre("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(in_turn({}).empty());
}

TEST(TheAddressesOfAName, AreSixteenAtMost) {
  Endpoints many;
  for (unsigned i = 1; i <= 100; ++i) many.emplace_back(asio::ip::address_v4(i), static_cast<unsigned short>(443));
  EXPECT_EQ(interleaved(many).size(), addresses_max);
}

// ---- the password's file ---------------------------------------------------------------------------------------
struct APasswordFile : ::testing::Test {
  std::filesystem::path file = std::filesystem::temp_directory_path() / ("wb-proxy-pw-" + std::to_string(::getpid()));
  ~APasswordFile() override { std::filesystem::remove(file); }
  std::string read(const std::string& text, mode_t mode) {
    std::ofstream(file) << text;
    ::chmod(file.c_str(), mode);
    auto line = platform::read_private_line(file, "proxy.password_file");
    if (!line) return line.error().where + ": " + line.error().detail.substr(file.string().size());
    return line->expose([](std::string_view secret) { return std::string(secret); });
  }
};

TEST_F(APasswordFile, IsItsFirstLine) { EXPECT_EQ(read("p:w \nmore", 0600), "p:w "); }
TEST_F(APasswordFile, IsRefusedWhenOthersMayReadIt) {
  EXPECT_EQ(read("pw", 0640), "proxy.password_file:  is open to others; chmod 600 " + file.string());
  EXPECT_EQ(read("pw", 0604).substr(0, 36), "proxy.password_file:  is open to oth");
}
TEST_F(APasswordFile, IsRefusedWhenItIsEmptyOrNotThere) {
  EXPECT_EQ(read("\n", 0600), "proxy.password_file:  is empty");
  std::filesystem::remove(file);
  EXPECT_EQ(platform::read_private_line(file, "x").error().detail, file.string() + ": No such file or directory");
}

}  // namespace
}  // namespace wb::link
