// The two halves of codec.hpp behind one name: write() and read() of the shapes both sides of the codec share.
#pragma once
#include "protocol/json.hpp"

namespace wb::protocol {

json::object shape(const Jwk& key);
json::value shape(const std::optional<Pre>& pre);
json::array shape(const std::vector<std::string>& texts);
json::value or_null(const std::optional<std::string>& text);
inline json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

Result<Jwk> read_jwk(const json::value& value);
Result<Pre> read_pre(const json::value& value);
// A member that holds a jwk / a list of objects.
void read_member(Members& members, std::string_view name, Jwk& out);
template <class T, class F> void read_list(Members& members, std::string_view name, std::size_t most, std::vector<T>& out, F one) {
  const auto* value = members.any(name);
  if (!value) return;
  const auto* list = value->if_array();
  if (!list || list->size() > most) return members.problem(name, "expected a list of at most " + std::to_string(most));
  out.clear();
  for (const auto& item : *list) {
    T made{};
    members.take(name, one(item), made);
    if (!members.ok()) return;
    out.push_back(std::move(made));
  }
}

}  // namespace wb::protocol
