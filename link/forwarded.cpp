#include "link/forwarded.hpp"

#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <optional>

#include "link/proxy.hpp"

namespace wb::link {
namespace {

constexpr std::size_t entries_max = 64, bytes_max = 1'024;

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// Takes the last element off a list.
std::string_view take_last(std::string_view& list, char between) {
  const auto at = list.rfind(between);
  const auto last = at == std::string_view::npos ? list : list.substr(at + 1);
  list.remove_suffix(at == std::string_view::npos ? list.size() : list.size() - at);
  return trimmed(last);
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80": the address as we spell it.
std::optional<std::string> address_of(std::string_view node) {
  if (node.find('\0') != std::string_view::npos) return std::nullopt;  // what follows would not be read
  if (node.starts_with('[')) {
    const auto end = node.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto behind = node.substr(end + 1);
    if (!behind.empty() && !(behind.starts_with(':') && is_port(behind.substr(1)))) return std::nullopt;
    node = node.substr(1, end - 1);
  } else if (std::count(node.begin(), node.end(), ':') == 1) {
    if (!is_port(node.substr(node.find(':') + 1))) return std::nullopt;
    node = node.substr(0, node.find(':'));
  }
  boost::system::error_code wrong;
  const auto address = boost::asio::ip::make_address(std::string(node), wrong);
  if (wrong) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

// The node of a Forwarded element: `for="[2001:db8::1]:4711";proto=https`.
std::string_view node_of(std::string_view element) {
  while (!element.empty()) {
    const auto pair = take_last(element, ';');
    const auto at = pair.find('=');
    if (at == std::string_view::npos || !boost::algorithm::iequals(trimmed(pair.substr(0, at)), "for")) continue;
    auto value = trimmed(pair.substr(at + 1));
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) value = value.substr(1, value.size() - 2);
    return value;
  }
  return {};
}

}  // namespace

std::string client_address(const std::string& peer, std::string_view x_forwarded_for, std::string_view forwarded, const std::vector<std::string>& trusted) {
  const auto is_trusted = [&trusted](const std::string& address) { return std::any_of(trusted.begin(), trusted.end(), [&](const auto& rule) { return covered(rule, address); }); };
  if (!is_trusted(peer)) return peer;
  const bool plain = !x_forwarded_for.empty();
  auto list = plain ? x_forwarded_for : forwarded;
  if (list.size() > bytes_max) return peer;
  for (std::size_t entries = 0; !list.empty(); ++entries) {
    if (entries == entries_max) return peer;
    const auto last = take_last(list, ',');
    const auto address = address_of(plain ? last : node_of(last));
    if (!address) return peer;
    if (!is_trusted(*address)) return *address;
  }
  return peer;
}

}  // namespace wb::link
