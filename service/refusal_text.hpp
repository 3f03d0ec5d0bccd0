// What people read of a refusal that is the same whoever refuses it: by its code, at one place.
#pragma once
#include <string_view>

#include "link/web_server.hpp"
#include "service/catalogue.hpp"

namespace wb::service {

// Whether somebody at a page asked: not an agent, and not a client with a credential of its own, whose programmers are told in English
// what was wrong. Nor about an agent: what is in the way there (it serves other domains, it is revoked) is more than a code says.
bool asked_at_a_page(const link::HttpRequest& request);

// A problem with code busy, unavailable, conflict, gone, in_doubt or not_found whose text is in no language yet gets that of the catalogue
// (refused.<code>). All else stays as it is.
void tell_in(const Catalogue& catalogue, std::string_view language, link::HttpResponse& response);

}  // namespace wb::service
