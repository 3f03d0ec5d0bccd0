#include "ldap/pool.hpp"

#include <algorithm>

#include "ldap/discovery.hpp"

namespace wb::ldap {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds after_refused_bind{60};
constexpr std::chrono::minutes discover_every{10};
constexpr std::chrono::seconds discover_again{15};  // after it has failed

std::filesystem::file_time_type written_at(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::last_write_time(file, ignored);
}

Controllers::Timings timings_of(const Settings& settings) {
  Controllers::Timings timings;
  timings.fail_back = settings.fail_back_after;
  return timings;
}

}  // namespace

Pool::Pool(const Settings& settings)
    : settings_(settings), tickets_(settings), controllers_(timings_of(settings), settings.type == DirectoryType::active_directory && settings.prefer == Prefer::pdc_emulator) {
  std::vector<Endpoint> list;
  for (const auto& uri : settings_.uris) {
    if (auto endpoint = parse_uri(uri, settings_.encryption)) list.push_back(std::move(*endpoint));
    else misconfigured_ = fault(Fault::Kind::refused, "ldap.uri", uri + ": " + endpoint.error().detail);
  }
  if (settings_.uris.empty() && settings_.type != DirectoryType::active_directory) misconfigured_ = fault(Fault::Kind::refused, "ldap.uri", "no URI is configured");
  controllers_.set(list);
}

// ---- who is asked -------------------------------------------------------------------------------------------
Result<Pool::Plan> Pool::plan(const std::string& dc) {
  if (misconfigured_) return *misconfigured_;
  const auto now = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    if (auto why = controllers_.shut(dc, now); why && !dc.empty()) return fault(Fault::Kind::unreachable, "ldap.pinned", dc + ": " + *why);
    if (controllers_.size() > 0) {
      auto order = controllers_.order(dc, now);
      if (order.empty() && dc.empty()) return fault(Fault::Kind::refused, "ldap.read_only", "every domain controller that is known is read-only");
      const bool any = dc.empty() && order.size() > 1;
      return Plan{std::move(order), now + settings_.failover_timeout, any};
    }
  }
  if (auto found = discover_if_due(now + settings_.failover_timeout / 2); !found) return std::move(found).error();
  const std::lock_guard lock(mutex_);
  if (controllers_.size() == 0) return fault(Fault::Kind::unreachable, "dns.discover", "DNS has not named a domain controller of " + settings_.domain + " yet");
  return Plan{controllers_.order(dc, now), now + settings_.failover_timeout, dc.empty()};
}

// One of several gets at most half of the time, and of what is left its fair part; the only one, what a connection may take.
Deadline Pool::share(const Plan& plan, std::size_t at) const {
  const auto now = Clock::now();
  if (!plan.any) return now + settings_.connect_timeout;
  const auto left = std::max<Clock::duration>(plan.until - now, std::chrono::milliseconds(1));
  return now + std::min<Clock::duration>(settings_.failover_timeout / 2, left / static_cast<long>(plan.endpoints.size() - at));
}

Result<Pool::Lease> Pool::pinned(const std::string& dc) {
  auto planned = plan(dc);
  if (!planned) return std::move(planned).error();
  Fault why = fault(Fault::Kind::unreachable, "ldap.pinned", "no configured URI leads to " + dc);
  for (std::size_t i = 0; i < planned->endpoints.size(); ++i) {
    auto lease = take(planned->endpoints[i], dc, false, share(*planned, i));
    if (lease || lease.error().kind == Fault::Kind::exhausted) return lease;
    why = fault(Fault::Kind::unreachable, "ldap.pinned", dc + ": " + lease.error().detail);
  }
  return why;
}

// ---- one connection -----------------------------------------------------------------------------------------
Result<Pool::Lease> Pool::take(const Endpoint& endpoint, const std::string& dc, bool fresh, Deadline until) {
  const auto places = static_cast<std::size_t>(std::max(1, settings_.connections));
  const auto begun = Clock::now();
  {
    std::unique_lock lock(mutex_);
    auto& in_use = in_use_[endpoint.uri];
    if (!freed_.wait_until(lock, until, [&] { return in_use < places; })) {
      auto all_taken = fault(Fault::Kind::exhausted, "ldap.pool", "all connections are in use");
      // Nothing came back from it all the time that we stood here: it stands still.
      if (moved_[endpoint.uri] < begun) controllers_.failed(endpoint.uri, endpoint.host + ": no answer on any connection", Clock::now(), dice());
      return all_taken;
    }
    ++in_use;
    if (auto held = fresh ? nullptr : idle_at(endpoint, dc)) {
      if (dc.empty()) controllers_.use(endpoint.uri);
      return Lease(*this, std::move(held), true);
    }
    if (auto refused = refused_before()) {
      --in_use;
      freed_.notify_all();
      return std::move(*refused);
    }
  }
  auto connection = connect(endpoint, until);
  if (!connection) {
    free_place(endpoint.uri);
    return std::move(connection).error();
  }
  const auto& root = (*connection)->root();
  if (!dc.empty() && root.dc != dc) {
    give_back(std::move(*connection));
    return fault(Fault::Kind::unreachable, "ldap.pinned", endpoint.host + " is " + root.dc);
  }
  if (dc.empty() && root.read_only) {
    give_back(std::move(*connection));
    return fault(Fault::Kind::refused, "ldap.read_only", root.dc + " is a read-only domain controller");
  }
  const std::lock_guard lock(mutex_);
  if (dc.empty()) controllers_.use(endpoint.uri);
  return Lease(*this, std::move(*connection), false);
}

// A held connection that is still alive; dead ones fall out on the way. Called with the lock held. What was planned before
// that controller had said its name may lead to another: `dc` has the last word.
std::unique_ptr<Connection> Pool::idle_at(const Endpoint& endpoint, const std::string& dc) {
  for (auto at = idle_.begin(); at != idle_.end();) {
    if (!(*at)->quiet() || unix_now() >= (*at)->good_until()) {
      at = idle_.erase(at);
    } else if ((*at)->uri() == endpoint.uri && (dc.empty() || (*at)->root().dc == dc)) {
      auto found = std::move(*at);
      idle_.erase(at);
      return found;
    } else {
      ++at;
    }
  }
  return nullptr;
}

std::optional<Fault> Pool::refused_before() const {
  if (!refused_bind_ || Clock::now() >= refused_bind_->until) return std::nullopt;
  if (written_at(settings_.secret_file()) != refused_bind_->file) return std::nullopt;
  return refused_bind_->fault;
}

Result<std::unique_ptr<Connection>> Pool::connect(const Endpoint& endpoint, Deadline until) {
  const Stopwatch watch;
  auto connection = Connection::open(settings_, endpoint, until, dog_, tickets_);
  if (!connection) return note(endpoint, std::move(connection).error());
  const auto& root = (*connection)->root();
  const std::lock_guard lock(mutex_);
  controllers_.answered(endpoint.uri, {root.dc, root.pdc, root.read_only, watch.ms(), (*connection)->certificate_ends()}, Clock::now());
  return connection;
}

// The service account or what it signs in with is no good: no other controller would say anything else, and all would count it.
bool Pool::is_ours(const Fault& why) {
  return why.kind == Fault::Kind::refused && (why.where == "ldap.bind" || why.where == "ldap.password_file" || why.where == "kerberos.login" || why.where == "kerberos.keytab");
}

// What a failure says of the controller: a wrong service password is not its fault, and everything else is.
Fault Pool::note(const Endpoint& endpoint, Fault why) {
  if (why.detail.find(endpoint.host) == std::string::npos) why.detail = endpoint.host + ": " + why.detail;
  const std::lock_guard lock(mutex_);
  if (why.where == "ldap.password_file" || why.where == "kerberos.keytab") return why;
  if (is_ours(why)) {
    refused_bind_ = RefusedBind{why, written_at(settings_.secret_file()), Clock::now() + after_refused_bind};
    return why;
  }
  controllers_.failed(endpoint.uri, why.where + ": " + why.detail, Clock::now(), dice());
  return why;
}

void Pool::failed(const std::string& dc, const Fault& why) {
  const std::lock_guard lock(mutex_);
  controllers_.failed_dc(dc, why.where + ": " + why.detail, Clock::now(), dice());
}

void Pool::roles(const std::string& dc, bool pdc) {
  const std::lock_guard lock(mutex_);
  controllers_.roles(dc, pdc);
}

Result<Bound> Pool::sign_in(const std::string& dc, const std::string& name, const Secret& password, const std::vector<Control>& controls, Deadline deadline) {
  auto planned = plan(dc);
  if (!planned) return std::move(planned).error();
  for (const auto& endpoint : planned->endpoints) {
    auto connection = Connection::open_unbound(settings_, endpoint, deadline, dog_);
    // Under Kerberos a controller without a certificate is well: it is only sign-ins that it can't do.
    if (!connection && settings_.encryption == Encryption::kerberos && connection.error().kind == Fault::Kind::refused) return std::move(connection).error();
    if (!connection) return fault(Fault::Kind::unreachable, "ldap.pinned", dc + ": " + note(endpoint, std::move(connection).error()).detail);
    if ((*connection)->root().dc == dc) return (*connection)->bind(name, password, controls, deadline);
  }
  return fault(Fault::Kind::unreachable, "ldap.pinned", "no configured URI leads to " + dc);
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
  const auto uri = connection->uri();
  const bool keep = !connection->broken();
  {
    const std::lock_guard lock(mutex_);
    if (keep) moved_[uri] = Clock::now();
    if (keep) idle_.push_back(std::move(connection));
  }
  free_place(uri);
}

void Pool::free_place(const std::string& uri) {
  {
    const std::lock_guard lock(mutex_);
    --in_use_[uri];
  }
  freed_.notify_all();
}

// ---- work in the background ---------------------------------------------------------------------------------
Result<void> Pool::discover_if_due(Deadline until) {
  {
    const std::lock_guard lock(mutex_);
    if (!settings_.uris.empty() || Clock::now() < discover_at_) return {};
    discover_at_ = Clock::now() + discover_again;
  }
  return discover_now(until);
}

Result<void> Pool::discover_now(Deadline until) {
  auto random = std::minstd_rand(std::random_device{}());
  const auto throw_dice = [&random] { return std::uniform_real_distribution<double>(0, 1)(random); };
  auto found = discover(settings_.domain, settings_.site, until, throw_dice);
  if (!found) return std::move(found).error();
  std::vector<Endpoint> list;
  std::string pdc;
  for (const auto& one : found->controllers) {
    auto endpoint = endpoint_of(one.host, settings_.encryption);
    if (!endpoint) continue;
    if (one.host == found->pdc) pdc = endpoint->uri;
    list.push_back(std::move(*endpoint));
  }
  const std::lock_guard lock(mutex_);
  controllers_.set(list, pdc);
  discover_at_ = Clock::now() + discover_every;
  return {};
}

void Pool::tend() {
  if (misconfigured_) return;
  const auto until = Clock::now() + settings_.failover_timeout / 2;
  (void)discover_if_due(until);  // a list that DNS does not renew stays as it is, and plan() tells where there is none
  std::optional<Endpoint> other;
  std::string current;
  {
    const std::lock_guard lock(mutex_);
    if (refused_before()) return;
    current = controllers_.current();
    other = controllers_.to_look_at(Clock::now());
    if (other) controllers_.looking(other->uri, Clock::now());
  }
  if (settings_.encryption == Encryption::kerberos && !current.empty()) (void)tickets_.ticket_for(current, until);  // so that no job waits for a renewal
  if (other) (void)connect(*other, until);                                                                          // it tells `controllers_` what came of it
}

std::vector<ControllerState> Pool::states() const {
  const std::lock_guard lock(mutex_);
  return controllers_.states(Clock::now());
}

}  // namespace wb::ldap
