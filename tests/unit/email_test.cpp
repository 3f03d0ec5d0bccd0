#include "service/methods/email.hpp"

#include <gtest/gtest.h>

namespace wb::service {
namespace {

TEST(AnAddress, IsReadWithItsDomainInLowerCase) {
  const auto address = read_email("  Alice.B+tag@Mail.EXAMPLE.Org \n");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->local, "Alice.B+tag");
  EXPECT_EQ(address->domain, "mail.example.org");
  EXPECT_EQ(address->text(), "Alice.B+tag@mail.example.org");
  EXPECT_EQ(limit_key(*address), "alice.b+tag@mail.example.org");
  EXPECT_TRUE(read_email(std::string(64, 'a') + "@example.org"));
  EXPECT_TRUE(read_email("o'neil@xn--bcher-kva.example"));
}

TEST(ADomainOfOtherLetters, IsKeptAsItTravels) {
  const auto address = read_email("a@B\u00fccher.example");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->domain, "xn--bcher-kva.example");
  EXPECT_EQ(read_email("a@bu\u0308cher.example"), address) << "written with a combining mark";
  EXPECT_EQ(read_email("a@xn--bcher-kva.example"), address);
  EXPECT_EQ(masked(*address), "a\u2026@b\u2026example");
  EXPECT_EQ(masked(*read_email("a@\u00fcber.example")), "a\u2026@\u00fc\u2026example");
  EXPECT_EQ(read_email("a@\uff43ontoso\u3002example")->domain, "contoso.example") << "letters of another width, another dot: nobody is outside by them";
  EXPECT_TRUE(is_inside(*read_email("a@mail.b\u00fccher.example"), {"B\u00fccher.example"}));
}

TEST(WhatIsNoAddress, IsNotTaken) {
  const std::string label(63, 'd'), name = label + '.' + label + '.' + label + '.' + std::string(58, 'd') + ".org";
  ASSERT_TRUE(read_email("a@" + label + ".org"));
  for (const std::string& bad : {std::string(), std::string("alice"), std::string("@example.org"), std::string("alice@"), std::string("a@b"), std::string("a@@example.org"), std::string("a@b@example.org"),
           std::string("a b@example.org"), std::string(".a@example.org"), std::string("a.@example.org"), std::string("a..b@example.org"), std::string("\"a b\"@example.org"), std::string("a(x)@example.org"),
           std::string("a@-example.org"), std::string("a@example-.org"), std::string("a@example..org"), std::string("a@.example.org"), std::string("a@example.org."), std::string("a@192.0.2.1"),
           std::string("a@[192.0.2.1]"), std::string("a@exa_mple.org"), std::string("a@example.org\r\nBcc: x@example.org"), std::string("a\r\n@example.org"), std::string("a\0@example.org", 14),
           std::string("<a@example.org>"), std::string("Alice <a@example.org>"), std::string("a@example.org,b@example.org"), std::string("\u00e4@example.org"), std::string("a@b\u00fccher"), std::string("a@b\u00fccher.example\0.org", 20), std::string("a@b\xfc\x63her.example"), std::string("a@b\u200ea.example"),
           std::string(65, 'a') + "@example.org", "a@" + label + "d.org", "a@" + name, std::string(100'000, 'a') + "@example.org"})
    EXPECT_FALSE(read_email(bad)) << bad.substr(0, 300);
}

TEST(AnAddressOfTheOrganisation, IsOneOfItsDomainsOrBelow) {
  const std::vector<std::string> own = {"Contoso.example", ".fabrikam.example", "dotted.example.", ""};
  for (const auto* inside : {"a@contoso.example", "a@CONTOSO.Example", "a@mail.contoso.example", "a@fabrikam.example", "a@x.y.fabrikam.example", "a@dotted.example"}) EXPECT_TRUE(is_inside(*read_email(inside), own)) << inside;
  for (const auto* outside : {"a@notcontoso.example", "a@contoso.example.org", "a@example.org", "contoso.example@example.org"}) EXPECT_FALSE(is_inside(*read_email(outside), own)) << outside;
  EXPECT_FALSE(is_inside(*read_email("a@example.org"), {}));
}

TEST(AMaskedAddress, TellsItsOwnerAndNobodyElse) {
  EXPECT_EQ(masked(*read_email("alice@example.com")), "a\u2026@e\u2026com");
  EXPECT_EQ(masked(*read_email("a@mail.example.co.uk")), "a\u2026@m\u2026uk");
  EXPECT_EQ(masked(*read_email("bob@example.com")), masked(*read_email("bartholomew@elsewhere.com"))) << "lengths are not told";
}

}  // namespace
}  // namespace wb::service
