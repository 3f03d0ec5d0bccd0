// An organisation's agents over HTTP (docs/SSPR.md, "Agents"): who is enrolled, connected and ready, or why not; tokens to enrol others;
// drained, resumed; and the service's own revocation. For clients with the scope `settings` and signed-in
// administrators. Only the domain's root says who may open a password.
#pragma once
#include "service/enrolment.hpp"
#include "service/router.hpp"

#include <variant>

namespace wb::service {

constexpr std::string_view revocation_reasons[] = {"compromised", "lost", "replaced", "retired"};  // words, as the audit keeps no text
constexpr std::size_t controllers_shown_max = 16;                                                  // of an agent

class AgentsApi {
 public:
  AgentsApi(const Settings& settings, Store& store, const Keys& keys, Rosters& rosters, Gateway& gateway)
      : settings_(settings), store_(store), keys_(keys), rosters_(rosters), gateway_(gateway) {}
  std::vector<Endpoint> endpoints();

 private:
  Reply list(HttpCall call);
  Reply add_token(HttpCall call);
  Reply revoke(HttpCall call);
  Reply drain(HttpCall call);
  Reply resume(HttpCall call);
  // An agent of the caller's domain, that serves no other: else the refusal.
  std::variant<AgentRow, link::HttpResponse> own_agent(const HttpCall& call);
  link::HttpResponse answer_with(const HttpCall& call, const AgentRow& agent);
  json::object shown(const std::string& domain, const AgentRow& agent, const AgentPast& past, UnixSeconds now);

  const Settings& settings_;
  Store& store_;
  const Keys& keys_;
  Rosters& rosters_;
  Gateway& gateway_;
};

}  // namespace wb::service
