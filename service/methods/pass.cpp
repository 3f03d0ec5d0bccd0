#include "service/methods/pass.hpp"

#include <span>

#include "crypto/mac.hpp"
#include "service/methods/fair_random.hpp"

namespace wb::service {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t characters = 12, group = 4, typed_bytes_max = 64;

char plain(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') return '0';
  return c == 'I' || c == 'L' ? '1' : c;
}

// Each part behind its length, so that no other person's make the same bytes.
std::string mac_of(const Secret& server_key, std::string_view domain, std::string_view sub, std::string_view typed) {
  std::string data = "wb.pass.v1";
  for (const auto part : {domain, sub}) data += std::to_string(part.size()) + ":" + std::string(part);
  data.reserve(data.size() + typed_bytes_max);  // else a copy of what was typed stayed behind
  for (const char c : typed.substr(0, typed_bytes_max))
    if (c != ' ' && c != '-') data += plain(c);
  auto mac = crypto::hmac_sha256(server_key, data);
  cleanse(data.data(), data.size());
  return mac;
}

// All bytes but RFC 3986's unreserved ones (section 2.3).
std::string in_fragment(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF", plainly = "-._~";
  std::string out;
  for (const unsigned char c : text) {
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || plainly.find(static_cast<char>(c)) != std::string_view::npos;
    if (unreserved) out += static_cast<char>(c);
    else out += std::string{'%', digits[c >> 4U], digits[c & 15U]};
  }
  return out;
}

}  // namespace

NewPass new_pass(const Secret& server_key, std::string_view domain, std::string_view sub) {
  auto text = Secret::of_size(characters + characters / group - 1);
  text.expose_mutable([](std::span<char> out) {
    for (std::size_t at = 0; at < out.size(); ++at) out[at] = at % (group + 1) == group ? '-' : alphabet[fair_random(alphabet.size())];
  });
  auto mac = pass_mac(server_key, domain, sub, text);
  return {std::move(text), std::move(mac)};
}

std::string pass_mac(const Secret& server_key, std::string_view domain, std::string_view sub, const Secret& typed) {
  return typed.expose([&](std::string_view text) { return mac_of(server_key, domain, sub, text); });
}

protocol::json::object pass_offer(const Secret& text, UnixSeconds expires) {
  protocol::json::object shown{{"expires", expires}};
  text.expose([&](std::string_view pass) { shown["pass"] = pass; });
  return shown;
}

Letter link_letter(const Wording& wording, const Secret& text, const LinkLetter& about) {
  return text.expose([&](std::string_view pass) {
    auto link = std::string(about.page) + "/#" + (about.root.empty() ? "" : "dr=" + std::string(about.root) + "&") + "name=" + in_fragment(about.account) + "&pass=" + std::string(pass);
    auto letter = letter_of(wording, {{"link", link}, {"minutes", about.minutes}, {"account", about.account}, {"organisation", about.organisation}, {"helpdesk", about.helpdesk}});
    cleanse(link.data(), link.size());
    return letter;
  });
}

}  // namespace wb::service
