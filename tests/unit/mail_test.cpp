#include "service/notify/mail.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace wb::service {
namespace {

const Sender sender{"Contoso Passwörter", {"no-reply", "contoso.example"}};
const EmailAddress recipient{"alice", "example.org"};
constexpr std::string_view id = "01KAY000000000000000000000";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find("\r\n", at);
    out.push_back(text.substr(at, end - at));
    at = end == std::string::npos ? text.size() : end + 2;
  }
  return out;
}

std::vector<std::string> headers_of(const std::string& message) { return lines_of(message.substr(0, message.find("\r\n\r\n"))); }

bool has(const std::vector<std::string>& lines, const std::string& line) { return std::find(lines.begin(), lines.end(), line) != lines.end(); }

TEST(AMessage, HasTheHeadersThatMailNeeds) {
  const auto headers = headers_of(message_of({"Your code", "Hello\n", "<p>Hello</p>", "en"}, sender, recipient, 1'795'338'840, id));
  for (const auto* line : {"Date: Sun, 22 Nov 2026 09:14:00 +0000", "From: =?UTF-8?B?Q29udG9zbyBQYXNzd8O2cnRlcg==?=", " <no-reply@contoso.example>", "To: alice@example.org", "Subject: Your code",
           "Message-ID: <01KAY000000000000000000000@contoso.example>", "MIME-Version: 1.0", "Auto-Submitted: auto-generated", "Content-Language: en",
           "Content-Type: multipart/alternative; boundary=\"=_wb-01KAY000000000000000000000\""})
    EXPECT_TRUE(has(headers, line)) << line;
}

TEST(AMessage, HasItsPartsFromPlainToRich) {
  const auto message = message_of({"s", "Grüße\n", "<p>Grüße</p>\n", "de"}, sender, recipient, 0, id);
  const auto text = message.find("--=_wb-01KAY000000000000000000000\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n");
  const auto html = message.find("--=_wb-01KAY000000000000000000000\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>Gr=C3=BC=C3=9Fe</p>\r\n");
  EXPECT_NE(text, std::string::npos) << message;
  EXPECT_NE(html, std::string::npos) << message;
  EXPECT_LT(text, html);
  EXPECT_TRUE(message.ends_with("\r\n--=_wb-01KAY000000000000000000000--\r\n"));
}

TEST(AMessage, WithTextAloneHasNoParts) {
  const auto message = message_of({"s", "Hello\n", "", "en"}, {"", sender.address}, recipient, 0, id);
  EXPECT_EQ(message.find("multipart"), std::string::npos);
  EXPECT_TRUE(has(headers_of(message), "From: no-reply@contoso.example"));
  EXPECT_TRUE(message.ends_with("\r\n\r\nHello\r\n")) << message;
}

TEST(AMessage, CantBeGivenAnotherHeader) {
  const Letter letter{"Code\r\nBcc: eve@example.org\r\n\r\nbody", "t", "h", "en\r\nBcc: eve"};
  const auto message = message_of(letter, {"Eve\r\nBcc: eve@example.org", sender.address}, recipient, 0, id);
  for (const auto& line : headers_of(message)) EXPECT_FALSE(line.starts_with("Bcc")) << line;
  EXPECT_TRUE(has(headers_of(message), "Subject: Code  Bcc: eve@example.org    body"));
  EXPECT_TRUE(has(headers_of(message), "From: \"Eve  Bcc: eve@example.org\""));
}

TEST(AMessage, IsPrintableLinesOfOrdinaryLength) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  std::string much;
  for (int i = 0; i < 50; ++i) much += all + "\u00fc\U0001f600 " + std::string(200, 'x');
  const auto message = message_of({much.substr(0, 3000), much, much, "en"}, {much.substr(0, 300), sender.address}, recipient, 0, id);
  for (const auto& line : lines_of(message)) {
    EXPECT_LE(line.size(), 80U);
    EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; })) << line;
  }
}

TEST(AQuotedName, CantLeaveItsQuotes) {
  const auto message = message_of({"s", "t", "", "en"}, {"a\"b\\c", sender.address}, recipient, 0, id);
  EXPECT_TRUE(has(headers_of(message), "From: \"a\\\"b\\\\c\"")) << message;
}

TEST(AHeadersText, IsPlainWhereItCanBe) {
  EXPECT_EQ(header_text("Your code: 100% safe"), "Your code: 100% safe");
  EXPECT_EQ(header_text(""), "");
  EXPECT_EQ(header_text("Grüße"), "=?UTF-8?B?R3LDvMOfZQ==?=");
  EXPECT_EQ(header_text("=?UTF-8?B?QQ==?="), "=?UTF-8?B?PT9VVEYtOD9CP1FRPT0/PQ==?=") << "what looks encoded is encoded";
  EXPECT_EQ(header_text(" a"), "=?UTF-8?B?IGE=?=");
}

TEST(AHeadersText, IsFoldedBetweenCharacters) {
  for (const std::string before : {"", "a", "aa"}) {
    std::string text = before;
    for (int i = 0; i < 40; ++i) text += "\u6771";  // three bytes each
    const auto lines = lines_of(header_text(text));
    EXPECT_EQ(lines.size(), 3U);
    for (const auto& line : lines) {
      EXPECT_LE(line.size(), 76U);
      const auto first = line.at(line.find("B?") + 2);
      EXPECT_FALSE(first >= 'g' && first <= 'v') << "a word begins within a character: " << line;
    }
  }
}

TEST(QuotedPrintable, FollowsRfc2045) {
  EXPECT_EQ(quoted_printable(""), "");
  EXPECT_EQ(quoted_printable("a=b"), "a=3Db\r\n");
  EXPECT_EQ(quoted_printable("end \nnext\t\n"), "end=20\r\nnext=09\r\n");
  EXPECT_EQ(quoted_printable("a\r\nb\n\nc"), "a\r\nb\r\n\r\nc\r\n");
  EXPECT_EQ(quoted_printable("a\rb"), "a=0Db\r\n");
  EXPECT_EQ(quoted_printable(std::string(76, 'x')), std::string(76, 'x') + "\r\n");
  EXPECT_EQ(quoted_printable(std::string(77, 'x')), std::string(75, 'x') + "=\r\nxx\r\n");
  EXPECT_EQ(quoted_printable(std::string(74, 'x') + "\u00fc"), std::string(74, 'x') + "=\r\n=C3=BC\r\n");
}

TEST(AMailsDate, IsThatOfRfc5322) {
  EXPECT_EQ(mail_date(0), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(mail_date(1'709'210'096), "Thu, 29 Feb 2024 12:34:56 +0000");
}

}  // namespace
}  // namespace wb::service
