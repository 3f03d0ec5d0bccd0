// What a single value may look like: the words that describe it and the function that reads it.
#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/yaml_document.hpp"
#include "core/log.hpp"

namespace wb::config {

template <class T> struct Shape {
  std::string expected;                                // continues the word "expected"
  std::function<std::optional<T>(const Value&)> read;  // nullopt: it is not that
};

namespace shape {

Shape<int> whole(int least, int most);
Shape<std::chrono::milliseconds> milliseconds(int least, int most);
Shape<bool> yes_or_no();
// Text that `right` accepts; anything but a list or a map is text.
Shape<std::string> text(std::string expected, std::function<bool(std::string_view)> right);
Shape<std::filesystem::path> path(std::filesystem::path folder, bool may_be_empty);

Shape<log::Level> log_level();
Shape<std::string> https_origin();                     // https://host[:port], no path, no user
Shape<std::string> ldap_uri(std::string_view scheme);  // ldaps:// or ldap://, then host[:port]
Shape<std::string> domain_name();                      // lower-cased DNS name
Shape<std::string> proxy();                            // none, environment or http://host[:port]
Shape<std::string> no_proxy_rule();                    // what NO_PROXY has between two commas
Shape<std::string> distinguished_name();
Shape<std::string> distinguished_name_or_empty();
Shape<std::string> principal();                             // DN or UPN
Shape<std::string> kerberos_principal(std::string domain);  // name or name@REALM; read as name@REALM, with the domain's realm
Shape<std::string> group();                                 // DN or SID
Shape<std::string> account();                               // DN or SID
Shape<std::string> attribute_or_empty();
Shape<std::string> tenant();
Shape<std::string> ip_address();
Shape<std::string> address_or_network();      // 10.1.2.3, or 10.1.0.0/16 with nothing behind the prefix; 8 bits of IPv4 or 16 of IPv6 at least
Shape<std::string> loopback_end();            // 127.0.0.1:9911 or [::1]:9911, or nothing
Shape<std::string> host();                    // a DNS name or an IP address, without brackets or port
bool is_this_machine(std::string_view host);  // localhost, or an address of the loopback interface
Shape<std::string> host_name_or_empty();
Shape<std::string> mail_address();  // name@domain: its outer form alone
Shape<std::string> shown_name();    // what people see as a name: one line, 100 bytes, or nothing

template <class E> Shape<E> one_of(std::string expected, std::initializer_list<std::pair<std::string_view, E>> choices) {
  return {std::move(expected), [all = std::vector<std::pair<std::string_view, E>>(choices)](const Value& value) -> std::optional<E> {
            if (value.kind != Value::Kind::scalar) return std::nullopt;
            for (const auto& [name, choice] : all)
              if (value.text == name) return choice;
            return std::nullopt;
          }};
}

}  // namespace shape
}  // namespace wb::config
