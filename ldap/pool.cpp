#include "ldap/pool.hpp"

#include <algorithm>

namespace wb::ldap {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds shun{10};
constexpr std::chrono::seconds after_refused_bind{60};

std::filesystem::file_time_type written_at(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::last_write_time(file, ignored);
}

}  // namespace

Pool::Pool(const Settings& settings) : settings_(settings) {
  for (const auto& uri : settings_.uris) {
    if (auto endpoint = parse_uri(uri)) servers_.push_back({std::move(*endpoint), {}, {}});
    else misconfigured_ = fault(Fault::Kind::refused, "ldap.uri", uri + ": " + endpoint.error().detail);
  }
  if (servers_.empty() && !misconfigured_) misconfigured_ = fault(Fault::Kind::refused, "ldap.uri", "no URI is configured");
}

Result<Pool::Lease> Pool::take(const std::string& dc, bool fresh) {
  if (misconfigured_) return *misconfigured_;
  const auto deadline = Clock::now() + settings_.connect_timeout;
  const auto places = static_cast<std::size_t>(std::max(1, settings_.connections));
  std::unique_ptr<Connection> surplus;  // closed outside the lock
  {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_until(lock, deadline, [&] { return in_use_ < places; })) {
      return fault(Fault::Kind::exhausted, "ldap.pool", "all connections are in use");
    }
    ++in_use_;
    if (auto held = fresh ? nullptr : idle_one(dc)) return Lease(*this, std::move(held), true);
    if (auto refused = refused_before()) {
      --in_use_;
      freed_.notify_one();
      return std::move(*refused);
    }
    if (!idle_.empty() && idle_.size() + in_use_ > places) {
      surplus = std::move(idle_.front());
      idle_.erase(idle_.begin());
    }
  }
  auto connection = connect(dc, deadline);
  if (connection) return Lease(*this, std::move(*connection), false);
  free_place();
  return std::move(connection).error();
}

// A held connection that is still alive; dead ones fall out on the way. Called with the lock held.
std::unique_ptr<Connection> Pool::idle_one(const std::string& dc) {
  const auto& wanted = dc.empty() ? servers_[pinned_].dc : dc;
  for (auto at = idle_.begin(); at != idle_.end();) {
    if (!(*at)->quiet()) {
      at = idle_.erase(at);
    } else if ((*at)->root().dc == wanted) {
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
  if (written_at(settings_.bind_password_file) != refused_bind_->file) return std::nullopt;
  return refused_bind_->fault;
}

// Indices of the servers to try, best first. Called with the lock held.
std::vector<std::size_t> Pool::candidates(const std::string& dc) const {
  const auto now = Clock::now();
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (dc.empty() || servers_[i].dc.empty() || servers_[i].dc == dc) order.push_back(i);
  }
  auto rank = [&](std::size_t i) {
    if (!dc.empty()) return servers_[i].dc == dc || servers_[i].endpoint.host == dc ? 0 : 1;
    if (now < servers_[i].shunned_until) return 2;
    return i == pinned_ ? 0 : 1;
  };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return rank(a) < rank(b); });
  return order;
}

Result<std::unique_ptr<Connection>> Pool::connect(const std::string& dc, Deadline deadline) {
  std::vector<std::size_t> order;
  {
    const std::lock_guard lock(mutex_);
    order = candidates(dc);
  }
  Fault why = fault(Fault::Kind::unreachable, "ldap.pinned", "no configured URI leads to " + dc);
  std::string details;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto now = Clock::now();
    auto connection = connect_to(order[i], now + (deadline - now) / (order.size() - i));  // each its fair share
    const std::lock_guard lock(mutex_);
    auto& server = servers_[order[i]];
    if (connection) {
      server.dc = (*connection)->root().dc;
      if (!dc.empty() && server.dc != dc) continue;
      server.shunned_until = {};
      if (dc.empty()) pinned_ = order[i];
      return connection;
    }
    server.shunned_until = Clock::now() + shun;
    why = std::move(connection).error();
    details += (details.empty() ? "" : "; ") + why.detail;
    if (why.kind == Fault::Kind::refused && why.where == "ldap.bind") {
      refused_bind_ = RefusedBind{why, written_at(settings_.bind_password_file), Clock::now() + after_refused_bind};
      break;  // the other DCs would count it too
    }
  }
  if (!details.empty()) why.detail = details;
  return why;
}

Result<std::unique_ptr<Connection>> Pool::connect_to(std::size_t server, Deadline deadline) {
  Endpoint endpoint;
  {
    const std::lock_guard lock(mutex_);
    endpoint = servers_[server].endpoint;
  }
  return Connection::open(settings_, endpoint, deadline, dog_);
}

Result<Bound> Pool::sign_in(const std::string& dc, const std::string& name, const Secret& password, const std::vector<Control>& controls, Deadline deadline) {
  if (misconfigured_) return *misconfigured_;
  std::vector<Endpoint> there;
  {
    const std::lock_guard lock(mutex_);
    for (const auto i : candidates(dc)) there.push_back(servers_[i].endpoint);
  }
  for (const auto& endpoint : there) {
    auto connection = Connection::open_unbound(settings_, endpoint, deadline, dog_);
    if (!connection) return fault(Fault::Kind::unreachable, "ldap.pinned", dc + ": " + connection.error().detail);
    if ((*connection)->root().dc == dc) return (*connection)->bind(name, password, controls, deadline);
  }
  return fault(Fault::Kind::unreachable, "ldap.pinned", "no configured URI leads to " + dc);
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
  const bool keep = !connection->broken();
  {
    const std::lock_guard lock(mutex_);
    if (keep) idle_.push_back(std::move(connection));
  }
  free_place();
}

void Pool::free_place() {
  {
    const std::lock_guard lock(mutex_);
    --in_use_;
  }
  freed_.notify_one();
}

}  // namespace wb::ldap
