// The reset service as one object: everything wired top to bottom, started, stopped.
#pragma once
#include <memory>

#include "config/service_config.hpp"
#include "core/async.hpp"
#include "link/web_server.hpp"
#include "service/agents_api.hpp"
#include "service/api.hpp"
#include "service/dispatch.hpp"
#include "service/enrolment.hpp"
#include "service/gateway.hpp"
#include "service/keys.hpp"
#include "service/notify/post.hpp"
#include "service/pages.hpp"
#include "service/rosters.hpp"
#include "service/service_metrics.hpp"
#include "service/settings.hpp"
#include "service/sspr/admin_api.hpp"
#include "service/sspr/letters_api.hpp"
#include "service/sspr/administrators.hpp"
#include "service/sspr/helpdesk_acts.hpp"
#include "service/sspr/helpdesk_api.hpp"
#include "service/sspr/invitations.hpp"
#include "service/sspr/me_api.hpp"
#include "service/sspr/not_me.hpp"
#include "service/sspr/notifier.hpp"
#include "service/sspr/reports_api.hpp"
#include "service/sspr/reset_api.hpp"
#include "service/store.hpp"

namespace wb::service {

// Where the store of this configuration is; `serve` and the command line's verbs use the same file.
std::filesystem::path store_file(const config::ServiceConfig& config);

class Service {
 public:
  // Opens the state, takes up unfinished jobs, listens. `shape` carries times and limits; tenant, URL, window and
  // channel binding come from the configuration.
  static Result<std::unique_ptr<Service>> start(asio::io_context& io, const config::ServiceConfig& config, Settings shape = {});

  unsigned short port() const { return web_->bound_port(); }
  const Keys& keys() const { return keys_; }
  const std::vector<Endpoint>& endpoints() const { return router_.endpoints(); }
  std::size_t waiting_calls() const { return dispatch_.waiting_calls(); }                       // API calls that wait for a job's end
  std::size_t watching_calls(const std::string& jti) const { return dispatch_.watching(jti); }  // streams that wait for its next change
  // Answers who waits, says goodbye to the agents, stops listening. Jobs that are not final stay in the store.
  Awaitable<> stop();

 private:
  // What start() has opened and read.
  struct Opened {
    Store store;
    Keys keys;
    crypto::Vault vault;
    Catalogue catalogue;
    PostSettings mail;
    Pages pages;
  };
  Service(asio::io_context& io, Settings settings, Opened opened);
  static Awaitable<> keep_house(Service* self);
  static Awaitable<> prune_audit(Service* self);
  static Awaitable<> take_orders(Service* self);
  void renew_keys();
  ServiceSnapshot snapshot();  // for metrics.listen (service_numbers.cpp)
  static Awaitable<link::HttpResponse> guarded(Service* self, link::HttpRequest request);

  // In this order: each knows only what stands above it.
  Settings settings_;
  ServiceMetrics metrics_;
  Store store_;
  Keys keys_;
  Rosters rosters_;
  Gateway gateway_;
  Dispatch dispatch_;
  Enrolment enrolment_;
  Post post_;
  sspr::SelfService self_service_;
  Api api_;
  sspr::Notifier notifier_;
  sspr::NotMe not_me_;
  sspr::ResetDesk reset_desk_;
  sspr::ResetApi reset_api_;
  sspr::MeApi me_api_;
  sspr::Administrators administrators_;
  sspr::AdminApi admin_api_;
  sspr::LettersApi letters_api_;
  sspr::HelpdeskApi helpdesk_api_;
  sspr::TemporaryPassword temporary_password_;
  sspr::HelpdeskActs helpdesk_acts_;
  AgentsApi agents_api_;
  sspr::ReportsApi reports_api_;
  sspr::Invitations invitations_;
  Pages pages_;
  Idempotency answers_;
  Router router_;
  std::unique_ptr<link::WebServer> web_;
  std::unique_ptr<link::LocalHttp> door_;  // for metrics and health, where configured
  TaskGroup tasks_;
  UnixSeconds warn_again_ = 0;  // of the end of the last endorsement
};

}  // namespace wb::service
