// What handlers that take a Caller (service/router) say and read alike.
#pragma once
#include <optional>
#include <string>

#include "service/router.hpp"
#include "service/sspr/self_service.hpp"

namespace wb::service::sspr {

// "client:01J..." or "administrator:<objectGUID>", as the settings' history names them.
std::string name_of(const Caller& caller);

// What a handler answers when a text of the query is no number of 1 to `most`: nullopt. Absent: `otherwise`.
std::optional<int> count_of(const link::HttpRequest& request, const std::string& name, int otherwise, int most);
// How many versions of a history are told: where nobody says, and at most.
constexpr int history_otherwise = 20, history_most = 100;
// A problem in the caller's language, whose text may name {problem}.
link::HttpResponse told(const SelfService& self, const link::HttpRequest& request, int status, std::string_view code, std::string_view what = {});

// How versions are told apart: as ETag says them, and why If-Match does not let a change through; nothing where it does.
std::string tag_of(std::int64_t version);
std::optional<link::HttpResponse> too_late(const SelfService& self, const link::HttpRequest& request, std::int64_t version);

}  // namespace wb::service::sspr
