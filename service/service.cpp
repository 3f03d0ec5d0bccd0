#include "service/service.hpp"

#include <algorithm>

#include "platform/private_files.hpp"
#include "service/asked_language.hpp"
#include "service/refusal_text.hpp"

namespace wb::service {
namespace {

// How many of a kind; how long they count stays.
Limits::Table with(Limits::Table base, LimitKind kind, std::int64_t most) {
  return [base = std::move(base), kind, most](LimitKind asked) {
    auto limit = base(asked);
    if (asked == kind) limit.most = most;
    return limit;
  };
}

Settings settled(Settings shape, const config::ServiceConfig& config) {
  shape.tenant = config.tenant;
  shape.public_url = config.public_url;
  shape.window = config.window;
  shape.audit_keep = std::chrono::hours(24) * config.audit_keep_days;
  const config::ServiceConfig defaults;
  if (config.heartbeat != defaults.heartbeat) shape.heartbeat = config.heartbeat;
  if (config.hellos_waiting_max != defaults.hellos_waiting_max) shape.greetings_max = static_cast<std::size_t>(config.hellos_waiting_max);
  if (config.enrolments_per_minute != defaults.enrolments_per_minute) shape.enrol_per_minute = config.enrolments_per_minute;
  if (config.begun_per_address != defaults.begun_per_address) shape.limit = with(std::move(shape.limit), LimitKind::address_start, config.begun_per_address);
  if (config.mails_per_hour != defaults.mails_per_hour) shape.limit = with(std::move(shape.limit), LimitKind::tenant_mail, config.mails_per_hour);
  shape.channel_binding = config.channel_binding == config::ServiceConfig::ChannelBinding::exporter;
  return shape;
}

}  // namespace

Awaitable<link::HttpResponse> Service::guarded(Service* self, link::HttpRequest request) {
  std::optional<link::HttpResponse> response;
  const auto& catalogue = self->self_service_.catalogue;
  std::optional<std::string> language;
  try {
    if (asked_at_a_page(request)) language = language_of(catalogue, request);
    auto reply = self->router_.handle(std::move(request));
    response = co_await std::move(reply);
  } catch (const std::exception& e) {  // a bug, or no memory: this call fails, the service goes on
    log::error("api.threw", log::field("what", e.what()));
  }
  if (!response) response = refuse(Refusal::unavailable, "the service has a problem of its own", 5'000);
  if (language && response->status >= 400) tell_in(catalogue, *language, *response);
  self->metrics_.answered(response->status);
  co_return std::move(*response);
}

std::filesystem::path store_file(const config::ServiceConfig& config) { return config.state_dir / "store.sqlite"; }

Service::Service(asio::io_context& io, Settings settings, Opened opened)
    : settings_(std::move(settings)), store_(std::move(opened.store)), keys_(std::move(opened.keys)), rosters_(store_, settings_.tenant),
      gateway_(io.get_executor(), settings_, store_, keys_, rosters_), dispatch_(io.get_executor(), settings_, store_, keys_, gateway_),
      enrolment_(settings_, store_, keys_, rosters_, gateway_), post_(io.get_executor(), std::move(opened.mail)),
      self_service_(io.get_executor(), settings_, store_, rosters_, gateway_, dispatch_, std::move(opened.vault), std::move(opened.catalogue)),
      api_(settings_, store_, rosters_, gateway_, dispatch_, enrolment_, self_service_.catalogue),
      notifier_(self_service_), not_me_(self_service_), reset_desk_(self_service_), reset_api_(self_service_, reset_desk_), me_api_(self_service_), administrators_(self_service_), admin_api_(self_service_), letters_api_(self_service_), helpdesk_api_(self_service_), temporary_password_(self_service_), helpdesk_acts_(self_service_, temporary_password_), agents_api_(settings_, store_, keys_, rosters_, gateway_), reports_api_(self_service_), invitations_(self_service_), pages_(std::move(opened.pages)),
      answers_(store_.database(), self_service_.vault), router_(store_, gateway_.refusals(), &answers_), tasks_(io.get_executor()) {
  store_.on_audit([this](const AuditEntry& entry) { metrics_.happened(entry.activity, entry.reason, entry.domain); });
  gateway_.listener(dispatch_);
  self_service_.mail = [this](const EmailAddress& to, Letter letter, UnixSeconds until) { return post_.send(to, std::move(letter), until); };
  router_.add(api_.endpoints());
  router_.add(reset_api_.endpoints());
  router_.add(me_api_.endpoints());
  router_.add(admin_api_.endpoints());
  router_.add(letters_api_.endpoints());
  router_.add(helpdesk_api_.endpoints());
  router_.add(helpdesk_acts_.endpoints());
  router_.add(agents_api_.endpoints());
  router_.add(reports_api_.endpoints());
  router_.add(invitations_.endpoints());
  router_.add(not_me_.endpoints());
  router_.add(pages_.endpoints());
  router_.administrators([this](const HttpCall& call, const std::string& pattern) { return administrators_.admit(call, pattern); });
  self_service_.notify = [this](sspr::Occasion occasion) { notifier_.tell(std::move(occasion)); };
}

Result<std::unique_ptr<Service>> Service::start(asio::io_context& io, const config::ServiceConfig& config, Settings shape) {
  if (auto made = platform::private_folder(config.state_dir); !made) return made.error();
  auto store = Store::open(store_file(config), config.tenant);
  if (!store) return store.error();
  auto keys = Keys::open(config.state_dir, config.public_url, unix_now());
  if (!keys) return keys.error();
  auto vault = crypto::Vault::open(config.state_dir);
  if (!vault) return vault.error();
  auto catalogue = Catalogue::load(config.mail_texts);
  if (!catalogue) return catalogue.error();
  for (const auto& warning : catalogue->warnings()) log::warn("texts.incomplete", log::field("what", warning));
  auto mail = post_settings(config);
  if (!mail) return mail.error();
  auto pages = Pages::read(config.portal_dir);
  if (!pages) return pages.error();
  if (pages->files() == 0) log::info("pages.none", log::field("portal_dir", config.portal_dir.string()));
  Opened opened{std::move(*store), std::move(*keys), std::move(*vault), std::move(*catalogue), std::move(*mail), std::move(*pages)};
  std::unique_ptr<Service> service(new Service(io, settled(std::move(shape), config), std::move(opened)));
  if (auto forgotten = service->store_.nobody_ready(); !forgotten) return forgotten.error();  // whatever a former life told it
  if (auto resumed = service->dispatch_.resume(); !resumed) return resumed.error();
  if (auto resumed = service->reset_desk_.start(); !resumed) return resumed.error();
  if (auto resumed = service->me_api_.start(); !resumed) return resumed.error();
  if (auto resumed = service->temporary_password_.start(); !resumed) return resumed.error();

  link::WebServerSettings web;
  web.address = config.listen_address;
  web.port = config.listen_port;
  web.certificate_file = config.certificate_file;
  web.key_file = config.key_file;
  web.connections_max = config.connections_max;
  web.admission = config.door;
  web.trusted_proxies = config.trusted_proxies;
  web.admission.trusted_balancers.insert(web.admission.trusted_balancers.end(), config.trusted_proxies.begin(), config.trusted_proxies.end());
  auto* self = service.get();
  if (config.metrics.port != 0) {
    auto door = link::open_health_door(io, config.metrics.address, config.metrics.port,
        {[self] { return self->metrics_.text(self->snapshot()); }, [self] { return health_of(self->snapshot()); }});
    if (!door) return door.error();
    service->door_ = std::move(*door);
  }
  auto started = link::WebServer::start(
      io, web, [self](link::HttpRequest request) { return guarded(self, std::move(request)); },
      [self](std::unique_ptr<link::Link> link) { return self->gateway_.serve(std::move(link)); });
  if (!started) return started.error();
  service->web_ = std::move(*started);
  service->tasks_.start("service.keep_house", keep_house(self));
  service->tasks_.start("service.take_orders", take_orders(self));
  log::info("service.started", log::field("version", WB_VERSION), log::field("address", config.listen_address), log::field("port", service->port()),
      log::field("tenant", config.tenant), log::field("sr", service->keys_.root().kid()));
  return service;
}

Awaitable<> Service::keep_house(Service* self) {
  for (;;) {
    if (auto pruned = self->store_.prune(unix_now()); !pruned) log::fault("store.failed", pruned.error());
    if (auto pruned = self->answers_.prune(unix_now()); !pruned) log::fault("store.failed", pruned.error());
    self->renew_keys();
    auto pruning = prune_audit(self);
    co_await std::move(pruning);
    const bool go_on = co_await sleep_for(std::chrono::hours(1));
    if (!go_on) co_return;
  }
}

// In small steps: people are waiting on this thread. And the head goes where whoever can write the store may not reach.
Awaitable<> Service::prune_audit(Service* self) {
  constexpr int at_once = 500;
  const auto keep = std::chrono::duration_cast<std::chrono::milliseconds>(self->settings_.audit_keep).count();
  for (bool more = keep > 0; more;) {
    const auto now = unix_now_ms();
    auto erased = self->store_.audit().prune(now - keep, at_once, now);
    if (!erased) log::fault("store.failed", erased.error());
    more = erased && *erased == at_once && co_await sleep_for(std::chrono::milliseconds(50));
  }
  auto head = self->store_.audit().head();
  if (!head) log::fault("store.failed", head.error());
  else log::info("audit.head", log::field("head", text_of(*head)));
}

void Service::renew_keys() {
  auto renewed = keys_.renew(unix_now());
  if (!renewed) log::fault("service.key_not_renewed", renewed.error());
  else if (*renewed) gateway_.tell_keys();
  const auto now = unix_now();
  const auto end = keys_.ends_soon(now);
  if (!end || now < warn_again_) return;
  warn_again_ = now + 86'400;
  log::warn("service.endorsement_ends", log::field("at", *end), log::field("days", std::max<std::int64_t>(*end - now, 0) / 86'400), log::field("sr", keys_.root().kid()));
}

// What the command line did to the folder and the store that both use.
Awaitable<> Service::take_orders(Service* self) {
  for (;;) {
    const bool go_on = co_await sleep_for(self->settings_.release_look);
    if (!go_on) co_return;
    self->dispatch_.take_releases();
    self->gateway_.refusals().tell();
    self->gateway_.take_revoked();
    self->gateway_.take_drained();
    self->gateway_.tell_ready();
    self->invitations_.write_some();
    if (auto news = self->self_service_.vault.refresh(); !news) log::fault("vault.failed", news.error());
    if (self->keys_.news(unix_now())) self->renew_keys();
    for (const auto& domain : self->rosters_.take_forgotten()) {
      log::warn("root.forgotten", log::field("domain", domain));
      self->gateway_.tell_roster(domain);
    }
  }
}

Awaitable<> Service::stop() {
  log::info("service.stopping");
  door_.reset();  // it listens for as long as it is there, and the loop would not end
  tasks_.cancel();
  self_service_.tasks.cancel();
  dispatch_.release_waiters();
  dispatch_.flush();
  auto goodbye = gateway_.goodbye();
  co_await std::move(goodbye);
  auto stopped = web_->stop();
  co_await std::move(stopped);
  auto posted = post_.stop();
  co_await std::move(posted);
  auto sspr_drained = self_service_.tasks.drained();
  co_await std::move(sspr_drained);
  auto drained = tasks_.drained();
  co_await std::move(drained);
  log::info("service.stopped");
}

}  // namespace wb::service
