// Self-service password reset over HTTP (docs/SSPR.md, "The API of a reset"): /api/v1/sspr. A browser, or whoever shows people
// pages of their own, needs no credential: the session gets one, which is good for 15 minutes and this reset alone.
#pragma once
#include <vector>

#include "service/router.hpp"
#include "service/sspr/reset_desk.hpp"

namespace wb::service::sspr {

class ResetApi {
 public:
  ResetApi(SelfService& self, ResetDesk& desk) : self_(self), desk_(desk) {}
  std::vector<Endpoint> endpoints();

 private:
  Reply challenge(HttpCall call);
  Reply look(HttpCall call);
  Reply begin(HttpCall call);
  // The others are of a session, which is entered for them; whoever waits gives it up meanwhile.
  using Work = Reply (ResetApi::*)(std::optional<Visit>&, HttpCall&);
  Reply show(std::optional<Visit>& visit, HttpCall& call);
  Reply choose(std::optional<Visit>& visit, HttpCall& call);
  Reply answer(std::optional<Visit>& visit, HttpCall& call);
  Reply pick(std::optional<Visit>& visit, HttpCall& call);
  Reply seal(std::optional<Visit>& visit, HttpCall& call);
  Reply submit(std::optional<Visit>& visit, HttpCall& call);
  Reply help(std::optional<Visit>& visit, HttpCall& call);
  Reply cancel(std::optional<Visit>& visit, HttpCall& call);

  // The session of the request's credential, or the response that refuses.
  struct Entered {
    std::optional<Visit> visit;
    link::HttpResponse refused;
  };
  Awaitable<Entered> enter(const link::HttpRequest& request);
  Reply in_session(HttpCall call, Work work);
  // One line of JSON with one text, which each of the small steps is.
  std::optional<std::string> one_text(const link::HttpRequest& request, std::string_view member) const;
  link::HttpResponse malformed(const Visit& visit) const;
  link::HttpResponse told(const Visit& visit, const Step& step, int status = 200, json::object more = {}) const;
  Awaitable<link::HttpResponse> wait_for_end(std::optional<Visit>& visit, std::chrono::milliseconds wait);

  SelfService& self_;
  ResetDesk& desk_;
};

}  // namespace wb::service::sspr
