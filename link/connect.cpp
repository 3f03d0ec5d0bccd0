#include "link/connect.hpp"

#include "core/ids.hpp"

namespace wb::link {
namespace {
using tcp = asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

bool is_cancelled(const asio::cancellation_state& state) { return state.cancelled() != asio::cancellation_type::none; }

// A look-up runs on a thread of Asio's and can't be cancelled: we wait for it here, and leave it behind when it is
// late. Its answer then goes to nobody.
struct Lookup {
  explicit Lookup(asio::any_io_executor executor) : resolver(executor), done(executor) {}
  tcp::resolver resolver;
  asio::steady_timer done;
  error_code ec;
  Endpoints found;
  bool ready = false;
};

Awaitable<Result<Endpoints>> resolve(std::string host, unsigned short port, milliseconds limit) {
  error_code not_address;
  const auto address = asio::ip::make_address(host, not_address);
  if (!not_address) co_return Endpoints{tcp::endpoint(address, port)};
  const auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
  lookup->done.expires_after(limit);
  lookup->resolver.async_resolve(host, std::to_string(port), [lookup](error_code ec, const tcp::resolver::results_type& found) {
    lookup->ready = true;
    lookup->ec = ec;
    for (const auto& entry : found) lookup->found.push_back(entry.endpoint());
    lookup->done.cancel();
  });
  (void)co_await lookup->done.async_wait(use_tuple);
  if (!lookup->ready) co_return fault(Fault::Kind::timed_out, "link.resolve");
  if (lookup->ec) co_return fault(Fault::Kind::unreachable, "link.resolve", printable(lookup->ec.message()));
  co_return lookup->found;
}

// The attempts hold the race; it ends when one has won, all have failed, or nobody waits any more.
struct Race : std::enable_shared_from_this<Race> {
  Race(asio::any_io_executor executor, Endpoints e) : ends(std::move(e)), next_start(executor), done(executor) {}

  void start_next() {
    if (over || started == ends.size()) return;
    const auto at = started++;
    auto& socket = sockets.emplace_back(std::make_unique<tcp::socket>(done.get_executor()));
    socket->async_connect(ends[at], [self = shared_from_this(), at](error_code ec) { self->came(at, ec); });
    next_start.expires_after(next_address_after);
    next_start.async_wait([self = shared_from_this()](error_code ec) {
      if (!ec) self->start_next();
    });
  }
  void came(std::size_t at, error_code ec) {
    if (over) return;
    if (!ec) {
      winner = at;
      finish();
      return;
    }
    last = fault(Fault::Kind::unreachable, "link.connect", printable(ec.message()));
    if (++failed == ends.size()) finish();
    else start_next();
  }
  void finish() {
    over = true;
    next_start.cancel();
    done.cancel();
    error_code ignored;
    for (std::size_t i = 0; i < sockets.size(); ++i)
      if (winner != i) sockets[i]->close(ignored);
  }

  Endpoints ends;
  std::vector<std::unique_ptr<tcp::socket>> sockets;
  std::size_t started = 0, failed = 0;
  std::optional<std::size_t> winner;
  asio::steady_timer next_start, done;
  Fault last = fault(Fault::Kind::unreachable, "link.connect", "no address");
  bool over = false;
};
}  // namespace

Endpoints interleaved(const Endpoints& ends) {
  Endpoints turns[2], out;
  for (const auto& end : ends) turns[end.protocol() == ends.front().protocol() ? 0 : 1].push_back(end);
  for (std::size_t i = 0; out.size() < ends.size() && out.size() < addresses_max; ++i)
    for (const auto& turn : turns)
      if (i < turn.size() && out.size() < addresses_max) out.push_back(turn[i]);
  return out;
}

Awaitable<Result<tcp::socket>> connect_any(Endpoints ends, milliseconds limit) {
  const auto race = std::make_shared<Race>(co_await asio::this_coro::executor, interleaved(ends));
  if (race->ends.empty()) co_return race->last;
  race->done.expires_after(limit);
  race->start_next();
  (void)co_await race->done.async_wait(use_tuple);
  const bool in_time = race->over;
  race->finish();
  if (is_cancelled(co_await asio::this_coro::cancellation_state)) co_return fault(Fault::Kind::cancelled, "link.connect");
  if (race->winner) co_return std::move(*race->sockets[*race->winner]);
  if (!in_time) co_return fault(Fault::Kind::timed_out, "link.connect");
  co_return race->last;
}

Awaitable<Result<tcp::socket>> connect_straight(std::string host, unsigned short port, milliseconds limit) {
  auto looking = resolve(std::move(host), port, limit);
  auto ends = co_await std::move(looking);
  if (is_cancelled(co_await asio::this_coro::cancellation_state)) co_return fault(Fault::Kind::cancelled, "link.resolve");
  if (!ends) co_return ends.error();
  auto connecting = connect_any(std::move(*ends), limit);
  co_return co_await std::move(connecting);
}

}  // namespace wb::link
