// Signing in, changing one's password, and one's own methods over HTTP (docs/SSPR.md, "Signing in and own methods"). A sign-in has a
// credential of its own, wbp1.<id>.<secret>: ten minutes to sign in, then thirty.
#pragma once
#include <optional>
#include <vector>

#include "service/router.hpp"
#include "service/sspr/own_methods.hpp"

namespace wb::service::sspr {

class MeApi {
 public:
  explicit MeApi(SelfService& self) : self_(self), desk_(self), own_(self) {}
  std::vector<Endpoint> endpoints();
  // Takes up what a restart interrupted.
  Result<void> start() { return desk_.start(); }

 private:
  Reply begin(HttpCall call);
  // The others are a guest's, who is entered for them.
  using Work = Reply (MeApi::*)(Guest&, HttpCall&);
  Reply seal(Guest& guest, HttpCall& call);
  Reply sign_in(Guest& guest, HttpCall& call);
  Reply change(Guest& guest, HttpCall& call);
  Reply sign_out(Guest& guest, HttpCall& call);
  Reply show(Guest& guest, HttpCall& call);
  Reply second(Guest& guest, HttpCall& call);
  Reply begin_second(Guest& guest, HttpCall& call);
  Reply begin_app(Guest& guest, HttpCall& call);
  Reply begin_email(Guest& guest, HttpCall& call);
  Reply prove(Guest& guest, HttpCall& call);
  Reply answers(Guest& guest, HttpCall& call);
  Reply remove(Guest& guest, HttpCall& call);
  Reply confirm(Guest& guest, HttpCall& call);

  struct Entered {
    std::optional<Guest> guest;
    link::HttpResponse refused;
  };
  Awaitable<Entered> enter(const link::HttpRequest& request);
  // `level`: 1 and more: signed in.
  Reply as_guest(HttpCall call, int level, Work work);
  Reply try_password(Guest& guest, HttpCall& call, protocol::Op op);
  link::HttpResponse told(const Guest& guest, const SignInDesk::Tried& tried, protocol::Op op);
  link::HttpResponse told(const Guest& guest, Not why) const;
  void know(const Guest& guest, link::HttpResponse& response) const;  // this browser from now on, as a device of theirs
  link::HttpResponse shown(Guest& guest, int status = 200, json::object more = {});
  link::HttpResponse malformed(const Guest& guest) const;
  link::HttpResponse done(Guest& guest, Result<std::optional<Not>> outcome, json::object body = {});
  SelfService& self_;
  SignInDesk desk_;
  OwnMethods own_;
};

}  // namespace wb::service::sspr
