#include "ldap/discovery.hpp"

#include <ares.h>
#include <arpa/nameser.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <utility>

#include "core/ids.hpp"

namespace wb::ldap {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t records_max = 64;
constexpr int try_ms = 1'000, tries = 3;

struct Answer {
  bool done = false;
  int status = ARES_SUCCESS;
  std::vector<Srv> records;
};

struct DataFree {
  void operator()(ares_srv_reply* data) const { ares_free_data(data); }
};

void take(void* into, int status, int /*timeouts*/, unsigned char* bytes, int size) {
  auto& answer = *static_cast<Answer*>(into);
  answer.done = true;
  answer.status = status;
  if (status != ARES_SUCCESS) return;
  ares_srv_reply* raw = nullptr;
  answer.status = ares_parse_srv_reply(bytes, size, &raw);
  const std::unique_ptr<ares_srv_reply, DataFree> found(raw);
  for (const auto* one = raw; one && answer.records.size() < records_max; one = one->next) {
    std::string host = lowered(one->host);
    while (host.ends_with('.')) host.pop_back();
    if (host.empty() || domain_name(host).empty()) continue;  // "." means: no such service here (RFC 2782)
    answer.records.push_back({std::move(host), one->port, one->priority, one->weight});
  }
}

class Channel {
 public:
  static Result<Channel> open(const std::string& servers) {
    static std::once_flag once;
    static int ready = ARES_SUCCESS;
    std::call_once(once, [] { ready = ares_library_init(ARES_LIB_INIT_ALL); });
    Channel channel;
    ares_options options{};
    options.timeout = try_ms;
    options.tries = tries;
    int code = ready == ARES_SUCCESS ? ares_init_options(&channel.handle_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) : ready;
    if (code == ARES_SUCCESS && !servers.empty()) code = ares_set_servers_ports_csv(channel.handle_, servers.c_str());
    if (code != ARES_SUCCESS) return fault(Fault::Kind::internal, "dns.srv", ares_strerror(code));
    return channel;
  }
  Channel(Channel&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Channel& operator=(Channel&&) = delete;
  ~Channel() {
    if (handle_) ares_destroy(handle_);
  }

  // Until the answer is there or the deadline has come; then the callback is called by the destructor (ARES_EDESTRUCTION).
  void work(const Answer& answer, Deadline until) {
    while (!answer.done) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
      if (left <= 0) return;
      std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
      const int bits = ares_getsock(handle_, sockets.data(), ARES_GETSOCK_MAXNUM);
      std::vector<pollfd> waiting;
      for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
        const short events = static_cast<short>((ARES_GETSOCK_READABLE(bits, i) ? POLLIN : 0) | (ARES_GETSOCK_WRITABLE(bits, i) ? POLLOUT : 0));
        if (events != 0) waiting.push_back({sockets[i], events, 0});
      }
      timeval longest{static_cast<time_t>(left / 1000), static_cast<suseconds_t>(left % 1000 * 1000)}, next{};
      const auto* wait = ares_timeout(handle_, &longest, &next);
      ::poll(waiting.data(), waiting.size(), static_cast<int>(wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1));
      for (const auto& socket : waiting) {
        const bool readable = (socket.revents & (POLLIN | POLLERR | POLLHUP)) != 0, writable = (socket.revents & POLLOUT) != 0;
        if (readable || writable) ares_process_fd(handle_, readable ? socket.fd : ARES_SOCKET_BAD, writable ? socket.fd : ARES_SOCKET_BAD);
      }
      ares_process_fd(handle_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // its own timeouts
    }
  }
  ares_channel get() const { return handle_; }

 private:
  Channel() = default;
  ares_channel handle_ = nullptr;
};

}  // namespace

Result<std::vector<Srv>> look_up_srv(const DnsQuestion& question) {
  Answer answer;  // outlives the channel, which calls back when it is destroyed
  auto channel = Channel::open(question.servers);
  if (!channel) return std::move(channel).error();
  ares_query(channel->get(), question.name.c_str(), ns_c_in, ns_t_srv, take, &answer);
  channel->work(answer, question.until);
  if (!answer.done) return fault(Fault::Kind::timed_out, "dns.srv", question.name + ": the name service does not answer");
  switch (answer.status) {
    case ARES_SUCCESS: return std::move(answer.records);
    case ARES_ENOTFOUND:
    case ARES_ENODATA: return std::vector<Srv>();
    case ARES_ETIMEOUT: return fault(Fault::Kind::timed_out, "dns.srv", question.name + ": the name service does not answer");
    case ARES_EBADRESP: return fault(Fault::Kind::malformed, "dns.srv", question.name + ": the name service's answer can't be read");
    default: return fault(Fault::Kind::unreachable, "dns.srv", question.name + ": " + ares_strerror(answer.status));
  }
}

std::vector<Srv> in_srv_order(std::vector<Srv> records, const std::function<double()>& dice) {
  std::vector<Srv> out;
  while (!records.empty()) {
    const auto best = std::min_element(records.begin(), records.end(), [](const Srv& a, const Srv& b) { return a.priority < b.priority; })->priority;
    std::uint64_t total = 0;  // a weight of 0 still gets a small chance, as RFC 2782 asks for
    for (const auto& one : records)
      if (one.priority == best) total += one.weight + 1U;
    auto at = std::min(total - 1, static_cast<std::uint64_t>(dice() * static_cast<double>(total)));
    for (auto one = records.begin(); one != records.end(); ++one) {
      if (one->priority != best) continue;
      if (at <= one->weight) {
        out.push_back(std::move(*one));
        records.erase(one);
        break;
      }
      at -= one->weight + 1U;
    }
  }
  return out;
}

Result<Discovered> discover(const std::string& domain, const std::string& site, Deadline until, const std::function<double()>& dice, const std::string& servers) {
  const auto ask = [&](const std::string& name) { return look_up_srv({name, until, servers}); };
  Discovered found;
  const auto add = [&found](std::vector<Srv> records) {
    for (auto& one : records) {
      const bool known = std::any_of(found.controllers.begin(), found.controllers.end(), [&](const Srv& other) { return other.host == one.host; });
      if (!known) found.controllers.push_back(std::move(one));
    }
  };
  auto pdc = ask("_ldap._tcp.pdc._msdcs." + domain);
  if (!pdc) return std::move(pdc).error();
  if (!pdc->empty()) found.pdc = pdc->front().host;
  if (!site.empty()) {
    auto near = ask("_ldap._tcp." + site + "._sites.dc._msdcs." + domain);
    if (!near) return std::move(near).error();
    add(in_srv_order(std::move(*near), dice));
  }
  auto all = ask("_ldap._tcp.dc._msdcs." + domain);
  if (!all) return std::move(all).error();
  add(in_srv_order(std::move(*all), dice));
  add(std::move(*pdc));
  if (found.controllers.empty()) return fault(Fault::Kind::unreachable, "dns.discover", "DNS names no domain controller of " + domain);
  return found;
}

}  // namespace wb::ldap
