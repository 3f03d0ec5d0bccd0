#include "protocol/trace.hpp"

#include <gtest/gtest.h>

#include "core/ids.hpp"
#include "protocol/codec.hpp"

namespace wb::protocol {
namespace {

// The example of Trace Context, section 3.2.3.
const std::string traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const std::string ulid = "01ARZ3NDEKTSV4RRFFQ69G5FAV";  // the ULID specification's own, and its bits as hex

std::string text_of(const log::About& fields) {
  std::string out;
  for (const auto& f : fields) out += std::string(f.name) + "=" + f.value + " ";
  return out;
}

TEST(ATraceparent, IsTakenAsItIsOfVersion00) { EXPECT_EQ(read_traceparent(traceparent), traceparent); }

TEST(ATraceparent, OfALaterVersionIsTakenAsFarAsVersion00KnowsIt) {
  EXPECT_EQ(read_traceparent("cc" + traceparent.substr(2)), traceparent);
  EXPECT_EQ(read_traceparent("cc" + traceparent.substr(2) + "-what-comes"), traceparent);
}

TEST(ATraceparent, OfAnotherShapeIsNone) {
  const auto with = [](std::size_t at, std::string_view text) { return std::string(traceparent).replace(at, text.size(), text); };
  for (const auto& bad : {std::string(), std::string("00"), traceparent + "-01", traceparent + "x", traceparent.substr(1), with(0, "ff"), with(0, "0G"), with(2, "_"), with(35, "_"), with(52, "_"),
           with(3, "A"), with(10, "\n"), with(36, "g"), with(53, "0x"), with(3, std::string(32, '0')), with(36, std::string(16, '0')), "cc" + traceparent.substr(2) + "x", std::string(5'000, '0')})
    EXPECT_FALSE(read_traceparent(bad)) << bad;
}

TEST(ATraceparent, OfACallerWhoSentNoneHasTheCorrelationIdsBits) {
  EXPECT_EQ(ulid_hex(ulid), "01563e3ab5d3d6764c61efb99302bd5b");
  EXPECT_EQ(ulid_hex("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), std::string(32, 'f'));
  EXPECT_EQ(ulid_hex("not a ULID"), std::string(32, '0'));
  EXPECT_EQ(traceparent_of(ulid), "00-01563e3ab5d3d6764c61efb99302bd5b-4c61efb99302bd5b-00");
  EXPECT_EQ(traceparent_of("01ARZ3NDEK0000000000000000").substr(36, 16), "0000000000000001") << "all zeros would be none";
  EXPECT_TRUE(read_traceparent(traceparent_of(new_ulid())));
}

TEST(ALineAboutAJob, SaysWhatIsKnown) {
  EXPECT_EQ(text_of(about("01J", {ulid, traceparent})), "jti=01J correlation_id=" + ulid + " trace_id=4bf92f3577b34da6a3ce929d0e0e4736 ");
  EXPECT_EQ(text_of(about("01J", {})), "jti=01J ");
}

TEST(AJobMessage, CarriesWhatTheJobIsCalled) {
  const JobMessage sent{"h.p.s", std::nullopt, 1'000, {ulid, traceparent}};
  const auto got = decode<JobMessage>(encode(sent));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->trace, sent.trace);
}

TEST(AJobMessage, IsNoWorseForANameThatIsNone) {
  for (const auto* more : {"", R"(,"correlation_id":"\n\u001b[2J","traceparent":"00-x")", R"(,"correlation_id":7,"traceparent":["00"])", R"(,"correlation_id":null,"traceparent":null)", R"(,"correlation_id":{"a":{}})"}) {
    const auto got = decode<JobMessage>(R"({"jws":"h.p.s","ttl_ms":1000)" + std::string(more) + "}");
    ASSERT_TRUE(got) << more;
    EXPECT_EQ(got->trace, Trace()) << more;
  }
}

}  // namespace
}  // namespace wb::protocol
