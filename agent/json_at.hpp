// Members of JSON that another program wrote: what is not there is null, so that whatever it wrote can be walked through.
#pragma once
#include <string_view>

#include "protocol/json.hpp"

namespace wb::agent {

inline const protocol::json::value& at(const protocol::json::value& in, std::string_view name) {
  static const protocol::json::value nothing = nullptr;
  const auto* object = in.if_object();
  const auto* found = object ? object->if_contains(name) : nullptr;
  return found ? *found : nothing;
}

}  // namespace wb::agent
