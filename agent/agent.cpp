#include "agent/agent.hpp"

#include "agent/readiness.hpp"
#include "agent/service_url.hpp"
#include "platform/private_files.hpp"

namespace wb::agent {
namespace {
using std::chrono::milliseconds;

constexpr int unacked_max = 1'000;
constexpr auto prune_every = std::chrono::hours(6);
constexpr auto same_complaint_every = std::chrono::seconds(30);

Fault not_enrolled(const std::filesystem::path& state_dir) {
  return fault(Fault::Kind::refused, "agent.identity", "not enrolled (" + identity_file(state_dir).string() + " is missing): runuser -u writeback-agent -- writeback-agent enroll --service URL --token-file FILE");
}
Result<std::vector<ServiceUrl>> service_urls(const config::AgentConfig& config) {
  std::vector<std::string> texts{config.service_url};
  texts.insert(texts.end(), config.more_urls.begin(), config.more_urls.end());
  std::vector<ServiceUrl> urls;
  for (const auto& text : texts) {
    auto url = parse_service_url(text);
    if (!url) return fault(Fault::Kind::refused, "agent.config", "service.url is not https://host[:port]");
    urls.push_back(std::move(*url));
  }
  return urls;
}
// One line for each controller whose state has changed.
void say_controllers(const std::string& domain, const std::vector<ldap::ControllerState>& were, const std::vector<ldap::ControllerState>& are) {
  for (const auto& is : are) {
    const auto was = std::find_if(were.begin(), were.end(), [&](const auto& one) { return one.dc == is.dc; });
    if (!is.why.empty() && (was == were.end() || was->why.empty())) log::warn("controller.lost", log::field("domain", domain), log::field("dc", is.dc), log::field("why", is.why));
    if (is.up && was != were.end() && !was->why.empty()) log::info("controller.back", log::field("domain", domain), log::field("dc", is.dc));
  }
}
}  // namespace

Result<std::unique_ptr<Agent>> Agent::start(asio::io_context& io, const config::AgentConfig& config, AgentTimings timings, OpenDirectory open) {
  if (auto made = platform::private_folder(config.state_dir); !made) return made.error();
  auto lock = platform::FileLock::take(config.state_dir / "agent.lock");
  if (!lock && lock.error().kind == Fault::Kind::refused) return fault(Fault::Kind::refused, "agent.state", config.state_dir.string() + " is in use by another agent");
  if (!lock) return lock.error();
  auto identity = load_identity(config.state_dir);
  if (!identity && identity.error().kind == Fault::Kind::unreachable) return not_enrolled(config.state_dir);
  if (!identity) return identity.error();
  auto keys = load_keys(config.state_dir);
  if (!keys) return keys.error();
  auto urls = service_urls(config);
  if (!urls) return urls.error();
  auto journal = queue::Journal::open(config.state_dir / "journal.sqlite");
  if (!journal) return journal.error();
  auto epoch = journal->next_epoch();
  if (!epoch) return epoch.error();
  TrustState trust(std::move(*identity), keys->as.public_key());
  trust.our_keys(keys->as.public_key(), keys->next ? std::optional(keys->next->public_key()) : std::nullopt);
  std::unique_ptr<Agent> agent(new Agent(io, config, timings, std::move(trust), std::make_shared<const Keys>(std::move(*keys)), std::move(*journal), *epoch, std::move(open), ServiceHosts(std::move(*urls), timings.backoff.stable)));
  agent->lock_ = std::move(*lock);
  if (!config.audit.file.empty()) {
    auto audit = AuditFile::open(config.audit, agent->trust_.identity().agent, unix_now_ms());
    if (!audit) return audit.error();
    agent->audit_ = std::make_unique<AuditTrail>(std::move(*audit));
  }
  agent->open_domains();
  if (config.metrics.port != 0) {
    const auto* a = agent.get();
    auto opened = link::open_health_door(io, config.metrics.address, config.metrics.port, {[a] { return a->metrics_.text(a->snapshot()); }, [a] { return health_of(a->snapshot()); }});
    if (!opened) return opened.error();
    agent->door_ = std::move(*opened);
  }
  agent->open_control();
  return agent;
}

Agent::Agent(asio::io_context& io, const config::AgentConfig& config, AgentTimings timings, TrustState trust, KeysPtr keys, queue::Journal journal, std::int64_t epoch, OpenDirectory open, ServiceHosts hosts)
    : io_(io), config_(config), timings_(timings), hosts_(std::move(hosts)), keys_(std::move(keys)), trust_(std::move(trust)), journal_(std::move(journal)), epoch_(epoch), open_(std::move(open)),
      check_due_(io.get_executor(), asio::steady_timer::time_point::max()), linking_(io.get_executor()), handing_(io.get_executor()), watching_(io.get_executor()), reloads_(io.get_executor()), ending_(io.get_executor()) {}

Agent::~Agent() = default;

void Agent::open_domain(const config::AgentDomain& domain) {
  const auto& name = domain.directory.domain;
  for (const auto rule : config::audited_rules(domain)) log::warn("guardrails.audited", log::field("domain", name), log::field("rule", rule));
  if (!trust_.identity().domains.contains(name)) return log::warn("domain.not_enrolled", log::field("domain", name));
  const int threads = config_.window + 2;  // a window of writes may stand still: a probe and the check must not wait for them
  domains_.emplace(name, std::make_unique<Domain>(domain, open_(domain.directory), threads));
}

void Agent::open_domains() {
  for (const auto& domain : config_.domains) open_domain(domain);
  Worker::Parts parts{trust_.identity().agent, keys_, journal_, journal_pool_, domains_, outbox_, refusals_, metrics_, config_.window, audit_.get()};
  worker_ = std::make_unique<Worker>(io_.get_executor(), std::move(parts));
}

Awaitable<> Agent::run() {
  log::info("agent.started", log::field("agent", trust_.identity().agent), log::field("version", WB_VERSION), log::field("epoch", epoch_), log::field("domains", domains_.size()));
  auto taking_over = take_over();
  co_await std::move(taking_over);
  linking_.start("link", keep_linked());
  for (auto& [name, domain] : domains_) watching_.start("directory.watch", watch(*domain));
  watching_.start("journal.prune", prune());
  watching_.start("keys", keep_keys());
  watching_.start("self_check", keep_checking());
  auto linked = linking_.drained();
  co_await std::move(linked);
  auto reloaded = reloads_.drained();
  co_await std::move(reloaded);
  auto watched = watching_.drained();
  co_await std::move(watched);
  auto ended = ending_.drained();
  co_await std::move(ended);
  door_.reset();  // they listen for as long as they are there, and the loop would not end
  control_.reset();
  log::info("agent.stopped");
}

Awaitable<> Agent::take_over() {
  auto work = [this] { return journal_.unacked(unacked_max); };
  auto asking = to_completion(journal_pool_, std::move(work));
  auto waiting = co_await std::move(asking);
  if (!waiting) {
    log::fault("journal.failed", waiting.error());
    co_return;
  }
  for (auto& result : *waiting) outbox_.report(result.jti, result.fence, std::move(result.result_jws));
}

// ---- the link -----------------------------------------------------------------------------------------------
link::DialSettings Agent::dialling() const {
  link::DialSettings settings;
  settings.host = hosts_.current().host, settings.port = hosts_.current().port;
  settings.trust = config_.trust, settings.proxy = config_.proxy;
  settings.connect_timeout = timings_.connect, settings.silence = timings_.silence;
  return settings;
}

Awaitable<> Agent::keep_linked() {
  co_await asio::this_coro::throw_if_cancelled(false);  // stop() cancels; we look at stopping_ ourselves
  Backoff backoff(timings_.backoff);
  while (!stopping_) {
    auto dial = link::dial(dialling());
    auto link = co_await std::move(dial);
    if (stopping_) co_return;
    std::optional<milliseconds> retry_after;
    if (!link) {
      down(link.error(), hosts_.current().text);
      hosts_.failed();
    } else {
      auto serving = one_link(std::move(*link), retry_after, backoff);
      co_await std::move(serving);
      auto handed = handing_.drained();  // as long as a link lives that has taken over
      co_await std::move(handed);
    }
    if (stopping_) co_return;
    auto pausing = pause(backoff, retry_after);
    const bool on = co_await std::move(pausing);
    if (!on) co_return;
  }
}

Awaitable<bool> Agent::pause(Backoff& backoff, std::optional<milliseconds> at_least) {
  const double dice = std::uniform_real_distribution<double>(0, 1)(dice_);
  const auto wait = std::max(backoff.next(dice), at_least.value_or(milliseconds(0)));
  const bool on = co_await sleep_for(wait);
  co_return on && !stopping_;
}

Awaitable<> Agent::one_link(std::unique_ptr<link::Link> link, std::optional<milliseconds>& retry_after, Backoff& backoff) {
  const auto born = BootClock::now();
  const auto service = hosts_.current().text;
  session_ = std::make_shared<Session>(io_.get_executor(), std::move(link), session_parts());
  const auto session = session_;  // ours to the end, whoever looks at session_ meanwhile
  const bool by_next = hello_by_next_;
  session->on_welcome([this, by_next] { welcomed(by_next); });
  auto running = session->run();
  const auto end = co_await std::move(running);
  if (session_ == session) session_.reset();
  const auto life = BootClock::now() - born;
  backoff.lived(life);
  if (end.welcomed) hosts_.lived(life);
  else hosts_.failed();
  const bool cut = end.welcomed && !stopping_ && trouble_of(end.why) == LinkTrouble::lost;
  if (cut && idle_cut_.ended(end.silent)) log::warn("link.idle_limit", log::field("service", service), log::field("silent_ms", end.silent.count()));
  retry_after = end.retry_after;
  // Killed between the first hello with the next key and its rename, or before we were told of the roster: the other one.
  if (!end.welcomed && keys_->next && end.why.where == "session.refused" && end.why.detail == "unknown_agent") hello_by_next_ = !hello_by_next_;
  const bool idle = cut && idle_cut_.limit() && end.silent >= *idle_cut_.limit();
  if (!stopping_ && !session_) down(idle ? fault(Fault::Kind::lost, "link.idle", "cut after a silence of " + std::to_string(end.silent.count()) + " ms") : end.why, service);
}

// Counted each time; logged at once where the reason is new, and every half minute where it is the same.
void Agent::down(const Fault& why, const std::string& service) {
  link_is(false);
  no_link_ = NoLink{trouble_of(why), service, why.where, why.detail, unix_now()};
  metrics_.link_failed(no_link_->trouble);
  const auto what = service + " " + why.where + " " + why.detail;
  const auto now = BootClock::now();
  if (what == last_down_ && now - last_down_at_ < same_complaint_every) return;
  last_down_ = what;
  last_down_at_ = now;
  log::warn("link.down", log::field("service", service), log::field("kind", to_string(why.kind)), log::field("reason", to_string(no_link_->trouble)), log::field("where", why.where), log::field("detail", why.detail));
}

SessionParts Agent::session_parts() {
  std::vector<std::string> names;
  for (const auto& [name, domain] : domains_) names.push_back(name);
  return {keys_, trust_, *worker_, outbox_, refusals_, [this] { return save_identity(); }, [this](const Session& link) { return readiness(&link); }, [this] { learnt(); }, names, epoch_, hello_by_next_ && keys_->next, {}, config_.window,
      config_.channel_binding == config::AgentConfig::ChannelBinding::require, idle_cut_, timings_.session};
}

Awaitable<Result<void>> Agent::save_identity() {
  auto work = [folder = config_.state_dir, identity = trust_.identity()]() mutable {
    if (auto there = load_identity(folder)) identity.domains.insert(there->domains.begin(), there->domains.end());  // enroll may have added one
    return agent::save_identity(folder, identity);
  };
  auto saving = to_completion(journal_pool_, std::move(work));
  auto saved = co_await std::move(saving);
  if (!saved) log::fault("identity.unsaved", saved.error());
  co_return saved;
}

// ---- the directories ----------------------------------------------------------------------------------------
std::map<std::string, protocol::Readiness> Agent::readiness(const Session* link) const {
  std::map<std::string, protocol::Readiness> out;
  const auto moment = link ? link->moment() : Moment{unix_now(), 0};
  for (const auto& [name, domain] : domains_) {
    const auto& s = domain->state;
    const bool draining = stopping_ || paused_ || domain->leaving || (link && link->draining());
    const auto trust = trust_of(name, link);
    const auto why = why_not_ready({moment.clock_offset_s, worker_->journal_works(), draining, trust.value_or(""), s.ready, s.reason});
    out[name] = {!why, why.value_or(""), s.dc, s.marker, s.hints};
  }
  return out;
}

// Before a first link nobody has told us of a roster: that is no verdict on this agent.
std::optional<std::string_view> Agent::trust_of(const std::string& domain, const Session* link) const {
  if (!link && !trust_.roster_ends(domain)) return std::nullopt;
  return trust_.why_not(domain, link ? link->moment().now : unix_now());
}

Snapshot Agent::snapshot() const {
  Snapshot now{session_ && session_->welcomed(), stopping_ || paused_, worker_->journal_works(), outbox_.waiting(), {}, refusals_.totals(), {}};
  if (now.link_up) now.route = session_->route();
  else now.no_link = no_link_;
  now.idle_limit = idle_cut_.limit();
  const auto at = unix_now();
  now.service_keys_end = trust_.service_keys_end();
  if (!sealing_key_.kid.empty()) now.encryption_key_made = sealing_key_.made;
  now.signing_key_made = keys_->as_made;
  const auto* link = now.link_up ? session_.get() : nullptr;
  const auto readiness = this->readiness(link);
  for (const auto& [name, domain] : domains_) {
    auto& one = now.domains[name];
    one.directory = domain->state;
    one.ready = readiness.at(name).ready, one.reason = readiness.at(name).reason;
    one.inflight = domain->inflight;
    if (const auto trust = trust_of(name, link)) one.trust = *trust;
    one.roster_ends = trust_.roster_ends(name);
    one.writes_last_minute = domain->volume.last_minute(at), one.writes_last_hour = domain->volume.last_hour(at);
    one.breaker_open = domain->volume.open_until(at).has_value();
  }
  return now;
}

Awaitable<> Agent::watch(Domain& domain) {
  co_await asio::this_coro::throw_if_cancelled(false);
  bool first = true, journal_worked = true;
  const std::shared_ptr<void> running = std::make_shared<char>();
  domain.watch = running;
  while (!stopping_ && !domain.leaving) {
    auto work = [&domain] {
      auto state = domain.directory->check();
      if (auto lists = domain.passwords.refresh(); !lists) state.ready = false, state.reason = "password rules: " + lists.error().detail;
      return state;
    };
    auto checking = to_completion(domain.pool, std::move(work));
    auto state = co_await std::move(checking);
    if (stopping_) co_return;
    auto tending = worker_->tend_journal();
    co_await std::move(tending);
    if (state.group_sids != domain.rules->group_sids) {  // also of a domain that is not ready: jobs may be on their way
      auto rules = *domain.rules;
      rules.group_sids = state.group_sids;
      domain.rules = std::make_shared<const policy::Guardrails>(std::move(rules));
    }
    if (state.ready && !domain.settled) {
      auto settling = worker_->settle_former(domain);
      const bool settled = co_await std::move(settling);
      if (!settled) state.ready = false, state.reason = "jobs left open by a former run are not settled yet";
    }
    if (stopping_) co_return;
    if (domain.volume.open_until(unix_now())) state.ready = false, state.reason = "the limit of writes is reached (guardrails.volume)";
    const auto& was = domain.state;
    if (!was.dc.empty() && !state.dc.empty() && was.dc != state.dc) metrics_.moved(domain.name);
    say_controllers(domain.name, was.controllers, state.controllers);
    const bool news = first || was.ready != state.ready || was.reason != state.reason || was.dc != state.dc || was.marker != state.marker || was.hints != state.hints;
    if (news && state.ready) log::info("directory.ready", log::field("domain", domain.name), log::field("dc", state.dc), log::field("marker", state.marker), log::field("hints", state.hints));
    if (news && !state.ready) log::warn("directory.not_ready", log::field("domain", domain.name), log::field("why", state.reason));
    if (first ? !state.ready : was.ready != state.ready) check_soon();
    domain.state = std::move(state);
    if (session_ && (news || journal_worked != worker_->journal_works())) session_->heartbeat_soon();
    journal_worked = worker_->journal_works();
    first = false;
    const bool on = co_await sleep_for(timings_.check);
    if (!on) co_return;
  }
}

Awaitable<> Agent::prune() {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!stopping_) {
    auto work = [this] { return journal_.prune(unix_now()); };
    auto pruning = to_completion(journal_pool_, std::move(work));
    auto pruned = co_await std::move(pruning);
    if (!pruned) log::fault("journal.failed", pruned.error());
    if (stopping_) co_return;  // the cancellation came while we were on the pool, and is spent
    const bool on = co_await sleep_for(prune_every);
    if (!on) co_return;
  }
}

// ---- the end ------------------------------------------------------------------------------------------------
void Agent::stop() {
  if (stopping_) return;
  stopping_ = ending_now_ = true;
  log::info("agent.stopping", log::field("inflight", worker_->inflight()));
  worker_->stop_taking();
  ending_.start("wind_down", wind_down());
}

Awaitable<> Agent::wind_down() {
  if (session_) {
    session_->say_draining();
    session_->heartbeat_soon();
  }
  auto working = worker_->drained();  // a write that has started is finished
  co_await std::move(working);
  const auto until = BootClock::now() + timings_.flush;  // what is not acked by then is in the journal
  while (session_ && session_->welcomed() && outbox_.waiting() > 0 && BootClock::now() < until) (void)co_await sleep_for(milliseconds(10));
  const auto session = session_;
  if (session && session->welcomed()) {
    auto closing = session->close();
    co_await std::move(closing);
  } else if (session) {
    session->abort();
  }
  auto tending = worker_->tend_journal();
  co_await std::move(tending);
  linking_.cancel();
  handing_.cancel();
  reloads_.cancel();
  watching_.cancel();
}

}  // namespace wb::agent
