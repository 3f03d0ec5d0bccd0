#include "link/proxy_connect.hpp"

#include <atomic>
#include <mutex>
#include <thread>

#include "core/ids.hpp"
#include "link/curl.hpp"
#include "platform/socket_options.hpp"

namespace wb::link {
namespace {
using tcp = asio::ip::tcp;
using Socket = tcp::socket::native_handle_type;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr int threads_max = 4;
constexpr int look_ms = 100;  // how often a thread looks whether it is still wanted
std::atomic<int> threads{0};

struct Tunnel {
  Socket socket{};
  bool ipv6 = false;
};

// Between the coroutine and the thread. The thread posts only while it is wanted: afterwards the loop may be gone.
struct Mailbox {
  std::mutex lock;
  bool wanted = true;
  asio::any_io_executor back;
  asio::steady_timer* done = nullptr;  // in the coroutine's frame
  std::optional<Result<Tunnel>> answer;

  bool still_wanted() {
    const std::lock_guard held(lock);
    return wanted;
  }
};

// libcurl closes what it opened, except the one socket that we take.
struct Kept {
  bool any = false;
  curl_socket_t socket = CURL_SOCKET_BAD;
};
int close_other(void* client, curl_socket_t socket) {
  const auto& kept = *static_cast<Kept*>(client);
  if (!kept.any || kept.socket != socket) platform::close_socket(socket);
  return 0;
}

Result<Tunnel> tunnel_of(CURL* c, Kept& kept) {
  char* address = nullptr;
  curl_easy_getinfo(c, CURLINFO_PRIMARY_IP, &address);
  if (curl_easy_getinfo(c, CURLINFO_ACTIVESOCKET, &kept.socket) != CURLE_OK || kept.socket == CURL_SOCKET_BAD) return fault(Fault::Kind::unreachable, "proxy.connect", "the proxy is gone");
  kept.any = true;
  return Tunnel{kept.socket, address && std::string_view(address).find(':') != std::string_view::npos};
}

// Runs the transfer until it is over, late or unwanted.
Result<CURLcode> drive(CURLM* multi, CURL* c, std::chrono::steady_clock::time_point until, Mailbox& box) {
  if (curl_multi_add_handle(multi, c) != CURLM_OK) return fault(Fault::Kind::internal, "proxy.connect", "libcurl");
  for (int running = 1; running > 0;) {
    if (!box.still_wanted()) return fault(Fault::Kind::cancelled, "proxy.connect");
    if (std::chrono::steady_clock::now() >= until) return CURLE_OPERATION_TIMEDOUT;
    if (curl_multi_perform(multi, &running) != CURLM_OK) return fault(Fault::Kind::internal, "proxy.connect", "libcurl");
    if (running > 0) curl_multi_poll(multi, nullptr, 0, look_ms, nullptr);
  }
  int left = 0;
  const auto* message = curl_multi_info_read(multi, &left);
  return message && message->msg == CURLMSG_DONE ? message->data.result : CURLE_FAILED_INIT;
}

Result<Tunnel> open_tunnel(const Proxy& proxy, const std::string& host, unsigned short port, milliseconds limit, Mailbox& box) {
  Kept kept;  // these outlive the handles: their end closes sockets, and may have something to say
  char why[CURL_ERROR_SIZE] = {};
  const std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi(curl_multi_init(), &curl_multi_cleanup);
  const auto curl = new_curl();
  if (!curl || !multi) return fault(Fault::Kind::internal, "proxy.connect", "libcurl");
  auto* const c = curl.get();
  // http, since TLS inside is not libcurl's business; nothing is sent after CONNECT.
  const auto url = "http://" + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port) + "/";
  bool ok = set(c, CURLOPT_URL, url.c_str()) && set(c, CURLOPT_CONNECT_ONLY, 1L) && set(c, CURLOPT_PROTOCOLS_STR, "http") && set(c, CURLOPT_NOSIGNAL, 1L);
  ok = ok && set(c, CURLOPT_USERAGENT, "writeback/" WB_VERSION) && set(c, CURLOPT_ERRORBUFFER, why) && set(c, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
  ok = ok && set(c, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limit.count())) && set(c, CURLOPT_CLOSESOCKETFUNCTION, &close_other) && set(c, CURLOPT_CLOSESOCKETDATA, &kept);
#if LIBCURL_VERSION_NUM >= 0x075700
  ok = ok && set(c, CURLOPT_QUICK_EXIT, 1L);  // does not wait for a look-up that hangs
#endif
  if (!ok) return fault(Fault::Kind::internal, "proxy.connect", "libcurl refused an option");
  if (auto used = use_proxy(c, proxy); !used) return used.error();
  auto over = drive(multi.get(), c, std::chrono::steady_clock::now() + limit, box);
  if (!over) {
    curl_multi_remove_handle(multi.get(), c);
    return over.error();
  }
  auto opened = *over == CURLE_OK ? tunnel_of(c, kept) : Result<Tunnel>(fault(Fault::Kind::unreachable, "proxy.connect", why));
  if (*over != CURLE_OK) {
    if (auto named = proxy_fault(c, *over, why[0] ? why : curl_easy_strerror(*over), proxy)) opened = *named;
  }
  curl_multi_remove_handle(multi.get(), c);
  return opened;
}

void deliver(Mailbox& box, const std::shared_ptr<Mailbox>& shared, Result<Tunnel> opened) {
  const std::lock_guard held(box.lock);
  if (!box.wanted) {
    if (opened) platform::close_socket(opened->socket);
    return;
  }
  box.answer = std::move(opened);
  asio::post(box.back, [shared] {
    if (shared->still_wanted()) shared->done->cancel();
  });
}

// Whatever becomes of the coroutine, its frame is not touched afterwards, and a socket that nobody takes is closed.
class Waiting {
 public:
  explicit Waiting(std::shared_ptr<Mailbox> box) : box_(std::move(box)) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    const auto left = take();
    if (left && *left) platform::close_socket((*left)->socket);
  }
  std::optional<Result<Tunnel>> take() {
    const std::lock_guard held(box_->lock);
    box_->wanted = false;
    box_->back = {};
    return std::exchange(box_->answer, std::nullopt);
  }

 private:
  std::shared_ptr<Mailbox> box_;
};
}  // namespace

Awaitable<Result<tcp::socket>> connect_through(Proxy proxy, std::string host, unsigned short port, milliseconds limit) {
  if (threads.fetch_add(1) >= threads_max) {
    threads.fetch_sub(1);
    co_return fault(Fault::Kind::exhausted, "proxy.connect", "four earlier tries still hang: Kerberos or a name server does not answer");
  }
  auto executor = co_await asio::this_coro::executor;
  const auto shown = printable(proxy.name(), 120);
  asio::steady_timer done(executor, limit);
  const auto box = std::make_shared<Mailbox>();
  box->back = executor;
  box->done = &done;
  Waiting waiting(box);
  // No pool: its end would wait for a thread that hangs.
  std::thread([box, proxy = std::move(proxy), host = std::move(host), port, limit] {
    auto opened = open_tunnel(proxy, host, port, limit, *box);
    threads.fetch_sub(1);
    deliver(*box, box, std::move(opened));
  }).detach();
  (void)co_await done.async_wait(use_tuple);
  auto answer = waiting.take();
  const auto state = co_await asio::this_coro::cancellation_state;
  if (!answer && state.cancelled() != asio::cancellation_type::none) co_return fault(Fault::Kind::cancelled, "proxy.connect");
  if (!answer) co_return fault(Fault::Kind::timed_out, "proxy.connect", "proxy " + shown + " did not open the tunnel in time");
  if (!*answer) co_return answer->error();
  tcp::socket socket(executor);
  error_code ec;
  socket.assign((*answer)->ipv6 ? tcp::v6() : tcp::v4(), (*answer)->socket, ec);
  if (ec) {
    platform::close_socket((*answer)->socket);
    co_return fault(Fault::Kind::internal, "proxy.connect", printable(ec.message()));
  }
  co_return socket;
}

}  // namespace wb::link
