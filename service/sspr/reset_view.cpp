#include "service/sspr/reset_view.hpp"

#include <algorithm>

#include "service/sspr/question_list.hpp"
#include "service/sspr/shapes.hpp"
#include "service/told_verdict.hpp"

namespace wb::service::sspr {
namespace {

json::array questions_of(const Catalogue& catalogue, const KeptSession& session, const Settings& rules) {
  json::array out;
  for (const auto& id : session.asked)
    if (auto text = question_text(catalogue, session.language, rules, id); !text.empty()) out.push_back(json::object{{"id", id}, {"text", std::move(text)}});
  return out;
}

// The directory's own words for what it refused or did.
std::string verdict_of(const Catalogue& catalogue, const KeptSession& session, std::string_view code, std::string_view reason, std::optional<UnixSeconds> until) {
  policy::Details details;
  details.op = session.flow.unlock ? protocol::Op::unlock : protocol::Op::reset;
  details.retry_after = until;
  if (session.min_length > 0) details.min_length = session.min_length;
  if (session.history > 0) details.history = session.history;
  if (session.min_age_s > 0) details.min_age_s = session.min_age_s;
  return told_verdict(catalogue, session.language, protocol::code_from(code).value_or(protocol::Code::unknown), reason, details);
}

bool directory_said(Reason reason) {
  return reason == Reason::password_refused || reason == Reason::try_again || reason == Reason::in_doubt || reason == Reason::write_failed;
}

}  // namespace

std::string text_of(const Catalogue& catalogue, const KeptSession& session, const Step& step) {
  if (directory_said(step.refused) && !session.said_code.empty()) return verdict_of(catalogue, session, session.said_code, session.said_reason, step.until);
  if (step.refused == Reason::account_refused) return verdict_of(catalogue, session, "denied", step.detail, step.until);
  if (step.refused == Reason::too_young) return verdict_of(catalogue, session, "rejected", "too_young", step.until);
  auto text = catalogue.text(session.language, "refusal." + std::string(to_string(step.refused)));
  return step.until ? told_from(catalogue, session.language, std::move(text), *step.until) : text;
}

std::string undated_of(const Catalogue& catalogue, const KeptSession& session, Step step) {
  step.until.reset();
  return text_of(catalogue, session, step);
}

int status_of(Reason reason) {
  switch (reason) {
    case Reason::wrong_answer:
    case Reason::code_expired:
    case Reason::password_refused: return 422;
    case Reason::too_soon:
    case Reason::too_many_codes:
    case Reason::blocked: return 429;
    case Reason::try_again:
    case Reason::unreachable: return 503;
    case Reason::session_expired: return 410;
    case Reason::method_unavailable:
    case Reason::wrong_step:
    case Reason::unlock_not_allowed: return 409;
    case Reason::none:
    case Reason::cancelled:
    case Reason::too_many_tries:
    case Reason::passwords_spent:
    case Reason::in_doubt:
    case Reason::write_failed:
    case Reason::not_enabled:
    case Reason::not_registered:
    case Reason::administrator:
    case Reason::frozen:
    case Reason::account_refused:
    case Reason::too_young: return 403;
  }
  return 403;
}

json::object view_of(const Catalogue& catalogue, const KeptSession& session, const Settings& rules) {
  const auto& flow = session.flow;
  const auto flow_rules = rules_of(rules);
  json::object out{{"id", session.id}, {"phase", to_string(flow.phase)}, {"language", session.language}, {"expires", flow.expires}, {"methods", words_of(offered(flow, flow_rules))},
      {"required", needed(flow, flow_rules)}, {"passed", words_of(flow.passed)}, {"unlock_allowed", flow_rules.allow_unlock},
      {"passwords_left", std::max(0, flow_rules.passwords_max - flow.passwords)}};
  if (flow.current) {
    out["current"] = to_string(*flow.current);
    if (*flow.current == Method::questions) out["questions"] = questions_of(catalogue, session, rules);
    if (*flow.current == Method::email) out["code_until"] = flow.code_until, out["resend_from"] = flow.resend_from;
  }
  if (flow.phase == Phase::choosing) out["locked"] = flow.account.locked;
  if (flow.phase == Phase::done) out["result"] = json::object{{"code", session.said_code}, {"reason", session.said_reason}, {"text", verdict_of(catalogue, session, session.said_code, session.said_reason, std::nullopt)}, {"unlocked_only", flow.unlock}};
  if (flow.phase == Phase::over) {
    const Step ended{flow.end, session.said_reason, session.said_until, {}};
    json::object end{{"code", to_string(flow.end)}, {"text", text_of(catalogue, session, ended)}};
    if (session.said_until) end["until"] = *session.said_until, end["undated"] = undated_of(catalogue, session, ended);
    out["end"] = std::move(end);
  }
  return out;
}

link::HttpResponse answer_of(const Catalogue& catalogue, const KeptSession& session, const Settings& rules, const Step& step, int status, json::object more) {
  more["session"] = view_of(catalogue, session, rules);
  if (step.refused == Reason::none) {
    auto response = answer(status, more);
    response.headers["Content-Language"] = session.language;
    return response;
  }
  if (step.until) more["until"] = *step.until, more["undated"] = undated_of(catalogue, session, step);
  if (directory_said(step.refused) && !session.said_code.empty()) more["directory"] = json::object{{"code", session.said_code}, {"reason", session.said_reason}};
  auto response = problem(status_of(step.refused), to_string(step.refused), text_of(catalogue, session, step), std::move(more));
  response.headers["Content-Language"] = session.language;
  return response;
}

}  // namespace wb::service::sspr
