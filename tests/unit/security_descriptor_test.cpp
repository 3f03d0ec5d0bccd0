// Security descriptors: reading any bytes, writing them back, and who may do what by them.
#include "ldap/security_descriptor.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base64url.hpp"
#include "ldap/security_descriptor_check.hpp"

namespace wb::ldap {
namespace {

constexpr const char* agent = "S-1-5-21-1-2-3-1103";
constexpr const char* group = "S-1-5-21-1-2-3-1200";
constexpr const char* attribute = "28630ebf-41d5-11d1-a9c1-0000f80367c1";
constexpr const char* property_set = "4c164200-20c0-11d0-a768-00aa006e0529";
constexpr const char* other_attribute = "bf967a0a-0de6-11d0-a285-00aa003049e2";
constexpr const char* user = "bf967aba-0de6-11d0-a285-00aa003049e2";
constexpr const char* computer = "bf967a86-0de6-11d0-a285-00aa003049e2";
constexpr auto write = right::write_property;

// The DACL of the lab's alice as Samba 4.24 returned it over LDAP: entries of every form, object types of both kinds,
// inherit-only ones, SIDs of one, two and five parts.
constexpr std::string_view alice_base64 =
    "AQAEhAAAAAAAAAAAAAAAABQAAAAEAHwKNwAAAAAAJAD/AQ8AAQUAAAAAAAUVAAAA9FY5q//kmFjgpkX6AAIAAAAAFAD/AQ8AAQEAAAAAAAUSAAAA"
    "AAAYAP8BDwABAgAAAAAABSAAAAAkAgAAAAAUAJQAAgABAQAAAAAABQoAAAAFACgAAAEAAAEAAABTGnKrLx7QEZgZAKoAQFKbAQEAAAAAAAUKAAAA"
    "BQAoAAABAAABAAAAVBpyqy8e0BGYGQCqAEBSmwEBAAAAAAAFCgAAAAUAKAAAAQAAAQAAAFYacqsvHtARmBkAqgBAUpsBAQAAAAAABQoAAAAFACgA"
    "MAAAAAEAAACGuLV3SpTREa69AAD4A2fBAQEAAAAAAAUKAAAABQAoADAAAAABAAAAspVX5FWU0RGuvQAA+ANnwQEBAAAAAAAFCgAAAAUAKAAwAAAA"
    "AQAAALOVV+RVlNERrr0AAPgDZ8EBAQAAAAAABQoAAAAFADgAEAAAAAEAAAD4iHAD4QrSEbQiAKDJaPk5AQUAAAAAAAUVAAAA9FY5q//kmFjgpkX6"
    "KQIAAAUAOAAQAAAAAQAAAABCFkzAINARp2gAqgBuBSkBBQAAAAAABRUAAAD0Vjmr/+SYWOCmRfopAgAABQA4ABAAAAABAAAAQMIKvKl50BGQIADA"
    "T8LUzwEFAAAAAAAFFQAAAPRWOav/5JhY4KZF+ikCAAAAABQAAAACAAEBAAAAAAAFCwAAAAUAKAAQAAAAAQAAAEIvulmiedARkCAAwE/C088BAQAA"
    "AAAABQsAAAAFACgAEAAAAAEAAACGuLV3SpTREa69AAD4A2fBAQEAAAAAAAULAAAABQAoABAAAAABAAAAs5VX5FWU0RGuvQAA+ANnwQEBAAAAAAAF"
    "CwAAAAUAKAAQAAAAAQAAAFQBjeT4vNERhwIAwE+5YFABAQAAAAAABQsAAAAFACgAAAEAAAEAAABTGnKrLx7QEZgZAKoAQFKbAQEAAAAAAAEAAAAA"
    "BQA4ABAAAAABAAAAECAgX6V50BGQIADAT8LUzwEFAAAAAAAFFQAAAPRWOav/5JhY4KZF+ikCAAAFADgAMAAAAAEAAAB/epa/5g3QEaKFAKoAMEni"
    "AQUAAAAAAAUVAAAA9FY5q//kmFjgpkX6BQIAAAUALAAQAAAAAQAAAB2xqUauYFpAt+j/iljUVtIBAgAAAAAABSAAAAAwAgAABQAsADAAAAABAAAA"
    "HJq2bSKU0RGuvQAA+ANnwQECAAAAAAAFIAAAADECAAAFACwAMAAAAAEAAABivAVYyb0oRKXihWoPTBheAQIAAAAAAAUgAAAAMQIAAAUSSAAAAQAA"
    "AwAAAHCVKQBtJNARp2gAqgBuBSm6epa/5g3QEaKFAKoAMEniAQUAAAAAAAUVAAAA9FY5q//kmFjgpkX6TwQAAAUSSAAwAAAAAwAAAL8OYyjVQdER"
    "qcEAAPgDZ8G6epa/5g3QEaKFAKoAMEniAQUAAAAAAAUVAAAA9FY5q//kmFjgpkX6TwQAAAUSSAAwAAAAAwAAAAp6lr/mDdARooUAqgAwSeK6epa/"
    "5g3QEaKFAKoAMEniAQUAAAAAAAUVAAAA9FY5q//kmFjgpkX6TwQAAAUSSAAwAAAAAwAAABp5lr/mDdARooUAqgAwSeK6epa/5g3QEaKFAKoAMEni"
    "AQUAAAAAAAUVAAAA9FY5q//kmFjgpkX6TwQAAAUSSAAAAQAAAwAAAHCVKQBtJNARp2gAqgBuBSm6epa/5g3QEaKFAKoAMEniAQUAAAAAAAUVAAAA"
    "9FY5q//kmFjgpkX6UAQAAAUaPAAQAAAAAwAAAABCFkzAINARp2gAqgBuBSkUzChINxS8RZsHrW8BXl8oAQIAAAAAAAUgAAAAKgIAAAUSPAAQAAAA"
    "AwAAAABCFkzAINARp2gAqgBuBSm6epa/5g3QEaKFAKoAMEniAQIAAAAAAAUgAAAAKgIAAAUaPAAQAAAAAwAAABAgIF+ledARkCAAwE/C1M8UzChI"
    "NxS8RZsHrW8BXl8oAQIAAAAAAAUgAAAAKgIAAAUSPAAQAAAAAwAAABAgIF+ledARkCAAwE/C1M+6epa/5g3QEaKFAKoAMEniAQIAAAAAAAUgAAAA"
    "KgIAAAUaPAAQAAAAAwAAAEDCCrypedARkCAAwE/C1M8UzChINxS8RZsHrW8BXl8oAQIAAAAAAAUgAAAAKgIAAAUSPAAQAAAAAwAAAEDCCrypedAR"
    "kCAAwE/C1M+6epa/5g3QEaKFAKoAMEniAQIAAAAAAAUgAAAAKgIAAAUaPAAQAAAAAwAAAEIvulmiedARkCAAwE/C088UzChINxS8RZsHrW8BXl8o"
    "AQIAAAAAAAUgAAAAKgIAAAUSPAAQAAAAAwAAAEIvulmiedARkCAAwE/C08+6epa/5g3QEaKFAKoAMEniAQIAAAAAAAUgAAAAKgIAAAUaPAAQAAAA"
    "AwAAAPiIcAPhCtIRtCIAoMlo+TkUzChINxS8RZsHrW8BXl8oAQIAAAAAAAUgAAAAKgIAAAUSPAAQAAAAAwAAAPiIcAPhCtIRtCIAoMlo+Tm6epa/"
    "5g3QEaKFAKoAMEniAQIAAAAAAAUgAAAAKgIAAAUaOAAQAAAAAwAAAG2exrfHLNIRhU4AoMmD9giGepa/5g3QEaKFAKoAMEniAQEAAAAAAAUJAAAA"
    "BRo4ABAAAAADAAAAbZ7Gt8cs0hGFTgCgyYP2CJx6lr/mDdARooUAqgAwSeIBAQAAAAAABQkAAAAFEjgAEAAAAAMAAABtnsa3xyzSEYVOAKDJg/YI"
    "unqWv+YN0BGihQCqADBJ4gEBAAAAAAAFCQAAAAUaLACUAAIAAgAAABTMKEg3FLxFmwetbwFeXygBAgAAAAAABSAAAAAqAgAABRosAJQAAgACAAAA"
    "nHqWv+YN0BGihQCqADBJ4gECAAAAAAAFIAAAACoCAAAFEiwAlAACAAIAAAC6epa/5g3QEaKFAKoAMEniAQIAAAAAAAUgAAAAKgIAAAUSKAAwAQAA"
    "AQAAAN5H5pFv2XBLlVfWP/TzzNgBAQAAAAAABQoAAAAFGjgAIAAAAAMAAACTexvqSF7VRrxsTfT9p4o1hnqWv+YN0BGihQCqADBJ4gEBAAAAAAAF"
    "CgAAAAUTKAAwAAAAAQAAAOXDeD+a971GoLidGBFt3HkBAQAAAAAABQoAAAAFEjgAMAAAAAEAAAAP1kdbkGCyQJ83Kk3ojzBjAQUAAAAAAAUVAAAA"
    "9FY5q//kmFjgpkX6DgIAAAUSOAAwAAAAAQAAAA/WR1uQYLJAnzcqTeiPMGMBBQAAAAAABRUAAAD0Vjmr/+SYWOCmRfoPAgAABRo4AAgAAAADAAAA"
    "pm0CmzwNXEaL7lGZ1xZcuoZ6lr/mDdARooUAqgAwSeIBAQAAAAAABQoAAAAFGjgACAAAAAMAAACmbQKbPA1cRovuUZnXFly6hnqWv+YN0BGihQCq"
    "ADBJ4gEBAAAAAAADAAAAAAASJAD/AQ8AAQUAAAAAAAUVAAAA9FY5q//kmFjgpkX6BwIAAAASGAAEAAAAAQIAAAAAAAUgAAAAKgIAAAASGAC9AQ8A"
    "AQIAAAAAAAUgAAAAIAIAAA==";

std::string alice_bytes() {
  std::string text(alice_base64);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(std::find(text.begin(), text.end(), '='), text.end());
  return *from_base64url(text);
}

Ace entry(Ace::Kind kind, std::uint32_t mask, std::string type = {}, std::string sid = agent, std::uint8_t flags = 0, std::string inherited_type = {}) {
  return {kind, flags, mask, std::move(type), std::move(inherited_type), std::move(sid), {}};
}
constexpr auto allow = Ace::Kind::allow, deny = Ace::Kind::deny;

SecurityDescriptor list(std::vector<Ace> aces) {
  SecurityDescriptor made;
  made.has_dacl = true;
  made.dacl = std::move(aces);
  return made;
}

TEST(ARealDescriptor, IsReadWhole) {
  const auto read = parse_security_descriptor(alice_bytes());
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->has_dacl);
  EXPECT_FALSE(read->is_protected());
  ASSERT_EQ(read->dacl.size(), 55U);
  EXPECT_EQ(sddl(read->dacl[4]), "(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;S-1-5-10)");
  EXPECT_EQ(sddl(read->dacl[25]), "(OA;CIID;RPWP;28630ebf-41d5-11d1-a9c1-0000f80367c1;bf967aba-0de6-11d0-a285-00aa003049e2;S-1-5-21-2872661748-1486415103-4198868704-1103)");
  EXPECT_EQ(sddl(read->dacl[29]), "(OA;CIIOID;RP;4c164200-20c0-11d0-a768-00aa006e0529;4828cc14-1437-45bc-9b07-ad6f015e5f28;S-1-5-32-554)");
  EXPECT_TRUE(std::none_of(read->dacl.begin(), read->dacl.end(), [](const Ace& ace) { return ace.kind == Ace::Kind::other; }));
}

TEST(ARealDescriptor, IsRefusedWhereverItIsCutOff) {
  const auto whole = alice_bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));  // its end is guarded by the sanitizer
    EXPECT_FALSE(parse_security_descriptor({exact.data(), exact.size()})) << size;
  }
}

TEST(ARealDescriptor, SurvivesAnyByteBeingAnother) {
  const auto whole = alice_bytes();
  std::size_t read = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int flip : {0x01, 0x10, 0x80, 0xFF}) {
      std::vector<char> bytes(whole.begin(), whole.end());
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      if (const auto parsed = parse_security_descriptor({bytes.data(), bytes.size()})) {
        for (const auto& ace : parsed->dacl) (void)sddl(ace);
        ++read;
      }
    }
  }
  EXPECT_GT(read, 0U);
}

TEST(ARealDescriptor, IsTheSameAfterBeingWrittenAndRead) {
  const auto read = *parse_security_descriptor(alice_bytes());
  const auto again = parse_security_descriptor(*dacl_bytes(read));
  ASSERT_TRUE(again);
  ASSERT_EQ(again->dacl.size(), read.dacl.size());
  for (std::size_t i = 0; i < read.dacl.size(); ++i) EXPECT_EQ(again->dacl[i].bytes, read.dacl[i].bytes);
  auto made = read;
  for (auto& ace : made.dacl) ace.bytes.clear();  // out of its parts
  EXPECT_EQ(*dacl_bytes(made), *dacl_bytes(read));
}

TEST(ARealDescriptor, LetsTheDelegatedAccountDoWhatWasDelegatedAndTheOtherWriterLess) {
  const auto read = *parse_security_descriptor(alice_bytes());
  const std::string domain = "S-1-5-21-2872661748-1486415103-4198868704-";
  const Token svc{domain + "1103", domain + "513", "S-1-1-0", "S-1-5-11"}, helpdesk{domain + "1104", "S-1-1-0", "S-1-5-11"};
  const Asked reset{right::control_access, {"00299570-246d-11d0-a768-00aa006e0529"}}, unlock{write, {attribute}}, rename{write, {"bf96793f-0de6-11d0-a285-00aa003049e2"}};
  EXPECT_TRUE(check_access(read, svc, reset).granted);
  EXPECT_TRUE(check_access(read, svc, unlock).granted);
  EXPECT_FALSE(check_access(read, svc, rename).granted);
  EXPECT_TRUE(check_access(read, helpdesk, reset).granted);
  EXPECT_FALSE(check_access(read, helpdesk, unlock).granted);
  EXPECT_FALSE(check_access(read, svc, {right::write_dacl, {}}).granted);
}

TEST(HostileBytes, AreNoDescriptor) {
  const auto good = *dacl_bytes(list({entry(allow, write, attribute)}));
  ASSERT_TRUE(parse_security_descriptor(good));
  const auto changed = [&](std::size_t at, std::string_view bytes) {
    auto copy = good;
    copy.replace(at, bytes.size(), bytes);
    return parse_security_descriptor(copy);
  };
  using namespace std::string_view_literals;
  EXPECT_FALSE(changed(0, "\x02"sv)) << "revision";
  EXPECT_FALSE(changed(3, "\x00"sv)) << "not self-relative";
  EXPECT_FALSE(changed(4, "\xff\xff\xff\xff"sv)) << "owner outside";
  EXPECT_FALSE(changed(16, "\x04\0\0\0"sv)) << "list inside the head";
  EXPECT_FALSE(changed(20, "\x03"sv)) << "revision of the list";
  EXPECT_FALSE(changed(22, "\xff\xff"sv)) << "list longer than all";
  EXPECT_FALSE(changed(22, "\x07\x00"sv)) << "list shorter than its head";
  EXPECT_FALSE(changed(24, "\xff\xff"sv)) << "more entries than there are";
  EXPECT_FALSE(changed(30, "\x00\x00"sv)) << "an entry of no length";
  EXPECT_FALSE(changed(30, "\x03\x00"sv)) << "an entry shorter than its head";
  EXPECT_FALSE(changed(36, "\x03\x00"sv)) << "a second GUID where the SID is";
  EXPECT_FALSE(changed(57, "\x0f"sv)) << "a SID of fifteen parts in the room of five";
}

TEST(HostileBytes, MayEndWhereAGuidShouldBe) {
  auto made = list({entry(allow, write)});
  made.dacl[0].bytes = std::string("\x05\x00\x14\x00\x20\x00\x00\x00\x01\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x05", 20);
  EXPECT_FALSE(parse_security_descriptor(*dacl_bytes(made)));
}

TEST(AnUnknownEntry, IsKeptAndGrantsNothing) {
  const auto conditional = std::string("\x09\x00\x14\x00\xff\x01\x0f\x00", 8) + *sid_bytes("S-1-5-11") + "artx";
  auto made = list({entry(allow, write)});
  made.dacl[0].bytes = conditional.substr(0, 2) + std::string("\x18\x00", 2) + conditional.substr(4);
  const auto read = parse_security_descriptor(*dacl_bytes(made));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->dacl.at(0).kind, Ace::Kind::other);
  EXPECT_FALSE(check_access(*read, {"S-1-5-11"}, {write, {attribute}}).granted);
  EXPECT_EQ(*dacl_bytes(*read), *dacl_bytes(made));
}

TEST(ASid, HasOneFormInBytes) {
  for (const auto* text : {"S-1-1-0", "S-1-5-32-544", agent, "S-1-281474976710655-4294967295"}) ASSERT_TRUE(sid_bytes(text)) << text;
  EXPECT_EQ(*sid_bytes("S-1-5-11"), std::string("\x01\x01\0\0\0\0\0\x05\x0b\0\0\0", 12));
  for (const auto* text : {"", "S-1", "S-1-", "S-2-5-11", "S-1-5-11-", "S-1-5--1", "S-1-5-4294967296", "S-1-281474976710656-1", "S-1-5-1x",
           "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"}) EXPECT_FALSE(sid_bytes(text)) << text;
}

struct Case {
  const char* what;
  std::vector<Ace> aces;
  Token token;
  Asked asked;
  bool granted;
};
const Asked write_attribute{write, {attribute, property_set}};
const Case cases[] = {
    {"nobody gave it", {}, {agent}, write_attribute, false},
    {"given for that attribute", {entry(allow, write, attribute)}, {agent}, write_attribute, true},
    {"given for its property set", {entry(allow, write, property_set)}, {agent}, write_attribute, true},
    {"given for everything", {entry(allow, write)}, {agent}, write_attribute, true},
    {"given for another attribute", {entry(allow, write, other_attribute)}, {agent}, write_attribute, false},
    {"another right", {entry(allow, right::read_property, attribute)}, {agent}, write_attribute, false},
    {"given to a group of its", {entry(allow, write, attribute, group)}, {agent, group}, write_attribute, true},
    {"given to somebody else", {entry(allow, write, attribute, group)}, {agent}, write_attribute, false},
    {"meant for children only", {entry(allow, write, attribute, agent, Ace::container_inherit | Ace::inherit_only)}, {agent}, write_attribute, false},
    {"inherited, whatever class it was inherited for", {entry(allow, write, attribute, agent, 0x12, user)}, {agent}, write_attribute, true},
    {"denied before", {entry(deny, write, attribute), entry(allow, write, attribute)}, {agent}, write_attribute, false},
    {"denied by its property set", {entry(deny, write, property_set), entry(allow, write, attribute)}, {agent}, write_attribute, false},
    {"denied for everything", {entry(deny, write), entry(allow, write, attribute)}, {agent}, write_attribute, false},
    {"denied too late", {entry(allow, write, attribute), entry(deny, write, attribute, agent, Ace::inherited)}, {agent}, write_attribute, true},
    {"denied for another attribute", {entry(deny, write, other_attribute), entry(allow, write, attribute)}, {agent}, write_attribute, true},
    {"denied to somebody else", {entry(deny, write, attribute, group), entry(allow, write, attribute)}, {agent}, write_attribute, true},
    {"denied to children only", {entry(deny, write, attribute, agent, Ace::inherit_only), entry(allow, write, attribute)}, {agent}, write_attribute, true},
    {"denied to a group, given to itself", {entry(deny, write, attribute, group), entry(allow, write, attribute)}, {agent, group}, write_attribute, false},
    {"the whole object asked for, one attribute given", {entry(allow, write, attribute)}, {agent}, {write, {}}, false},
    {"two rights from two entries", {entry(allow, right::read_property), entry(allow, write)}, {agent}, {write | right::read_property, {attribute}}, true},
    {"one of two rights", {entry(allow, right::read_property)}, {agent}, {write | right::read_property, {attribute}}, false},
};

TEST(AnAccessCheck, DecidesAsADomainControllerDoes) {
  for (const auto& one : cases) {
    auto made = list(one.aces);
    EXPECT_EQ(check_access(made, one.token, one.asked).granted, one.granted) << one.what;
    const auto read = parse_security_descriptor(*dacl_bytes(made));  // and out of bytes
    ASSERT_TRUE(read) << one.what;
    EXPECT_EQ(check_access(*read, one.token, one.asked).granted, one.granted) << one.what << ", out of bytes";
  }
}

TEST(AnAccessCheck, NamesTheEntryThatDenies) {
  const auto decision = check_access(list({entry(deny, write, property_set, group, Ace::inherited), entry(allow, write)}), {agent, group}, write_attribute);
  ASSERT_TRUE(decision.denied_by);
  EXPECT_EQ(decision.denied_by->sid, group);
  EXPECT_FALSE(check_access(list({}), {agent}, write_attribute).denied_by);
}

TEST(AnAccessCheck, TakesGenericRightsForWhatTheyStandFor) {
  const auto generic = *parse_security_descriptor(*dacl_bytes(list({entry(allow, 0x1000'0000)})));
  EXPECT_TRUE(check_access(generic, {agent}, {right::write_dacl, {}}).granted);
  const auto reading = *parse_security_descriptor(*dacl_bytes(list({entry(allow, 0x8000'0000)})));
  EXPECT_TRUE(check_access(reading, {agent}, {right::read_property, {attribute}}).granted);
  EXPECT_FALSE(check_access(reading, {agent}, write_attribute).granted);
}

TEST(AMissingList, LetsEverybodyDoEverythingAndAnEmptyOneNothing) {
  SecurityDescriptor none;
  EXPECT_TRUE(check_access(none, {}, {right::write_dacl, {}}).granted);
  EXPECT_FALSE(check_access(list({}), {agent}, {right::write_dacl, {}}).granted);
}

TEST(AChild, InheritsWhatIsForItsClass) {
  const auto container = list({entry(allow, write, attribute, agent, Ace::container_inherit | Ace::inherit_only, user), entry(allow, write, other_attribute, agent),
      entry(allow, right::delete_object, {}, agent, Ace::container_inherit)});
  const auto of_user = inherited_by(container, user), of_computer = inherited_by(container, computer);
  EXPECT_TRUE(check_access(of_user, {agent}, write_attribute).granted);
  EXPECT_FALSE(check_access(of_computer, {agent}, write_attribute).granted);
  EXPECT_FALSE(check_access(of_user, {agent}, {write, {other_attribute}}).granted);
  EXPECT_TRUE(check_access(of_computer, {agent}, {right::delete_object, {}}).granted);
}

TEST(ANewEntry, StandsBeforeTheInheritedOnes) {
  auto made = list({entry(deny, write, attribute, group), entry(allow, write, {}, group, Ace::inherited)});
  add_explicit(made, entry(allow, write, attribute));
  EXPECT_EQ(made.dacl[1].sid, agent);
  EXPECT_EQ(made.dacl.size(), 3U);
}

}  // namespace
}  // namespace wb::ldap
