// A session of a reset as its browser sees it, and what it is told: in its language, and nothing that would tell a stranger
// whether the account exists. Pure.
#pragma once
#include <string>

#include "service/catalogue.hpp"
#include "service/http.hpp"
#include "service/sspr/sessions.hpp"
#include "service/sspr/settings.hpp"

namespace wb::service::sspr {

// {id, phase, expires, methods, required, passed, current, questions?, code_until?, resend_from?, unlock_allowed, tries_left, end?}
json::object view_of(const Catalogue& catalogue, const KeptSession& session, const Settings& rules);

// Why a step was refused, in words: the directory's own where it had the word.
std::string text_of(const Catalogue& catalogue, const KeptSession& session, const Step& step);
// The same without the moment from which on it makes sense again, for who says that in the person's own time.
std::string undated_of(const Catalogue& catalogue, const KeptSession& session, Step step);
// The HTTP status of a refusal.
int status_of(Reason reason);

// 200 with {"session"} and `more`, or a problem with code, detail, until with `undated`, `directory` {code, reason} and the session.
link::HttpResponse answer_of(const Catalogue& catalogue, const KeptSession& session, const Settings& rules, const Step& step, int status = 200, json::object more = {});

}  // namespace wb::service::sspr
