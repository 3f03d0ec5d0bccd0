#include "service/sspr/caller.hpp"

#include <charconv>

namespace wb::service::sspr {

std::string name_of(const Caller& caller) { return std::string(to_string(caller.actor.kind)) + ":" + caller.actor.id; }

std::optional<int> count_of(const link::HttpRequest& request, const std::string& name, int otherwise, int most) {
  const auto found = request.query.find(name);
  if (found == request.query.end()) return otherwise;
  const auto& text = found->second;
  int count = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (wrong != std::errc() || end != text.data() + text.size() || count < 1 || count > most) return std::nullopt;
  return count;
}

link::HttpResponse told(const SelfService& self, const link::HttpRequest& request, int status, std::string_view code, std::string_view what) {
  return told_problem(self, language_of(self, request), status, code, {{"problem", what}});
}

std::string tag_of(std::int64_t version) { return "\"" + std::to_string(version) + "\""; }

std::optional<link::HttpResponse> too_late(const SelfService& self, const link::HttpRequest& request, std::int64_t version) {
  if (request.if_match.empty()) return told(self, request, 428, "precondition_required");
  if (request.if_match != tag_of(version)) return told(self, request, 412, "precondition_failed");
  return std::nullopt;
}

}  // namespace wb::service::sspr
