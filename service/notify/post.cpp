#include "service/notify/post.hpp"

#include <algorithm>
#include <utility>

#include "core/ids.hpp"
#include "core/secret.hpp"
#include "link/smtp.hpp"

namespace wb::service {
namespace {

// What one try came to: a last word, or none yet.
struct Tried {
  std::optional<Sent> sent;
  std::string_view why;  // for the log, when there is none
  bool again = false;    // another one may help
};

Tried judged(const Result<link::SmtpAnswer>& answer) {
  if (!answer) {
    const auto kind = answer.error().kind;  // timed_out is before the hand-over: after it the word is lost
    return {std::nullopt, to_string(kind), kind == Fault::Kind::unreachable || kind == Fault::Kind::timed_out};
  }
  switch (answer->delivery) {
    case link::Delivery::accepted: return {Sent::accepted, {}, false};
    case link::Delivery::recipient_refused: return {Sent::recipient_refused, {}, false};
    case link::Delivery::message_refused: return {Sent::message_refused, {}, false};
    case link::Delivery::later: return {std::nullopt, "later", true};
  }
  return {};
}

void log_try(const Result<link::SmtpAnswer>& answer, const Tried& tried, int attempt, double ms) {
  if (answer) {
    log::info("mail.tried", log::field("result", tried.sent ? to_string(*tried.sent) : tried.why), log::field("status", answer->status), log::field("attempt", attempt), log::field("ms", ms));
    return;
  }
  const auto& fault = answer.error();
  log::warn("mail.failed", log::field("where", fault.where), log::field("kind", to_string(fault.kind)), log::field("detail", fault.detail), log::field("attempt", attempt), log::field("ms", ms));
}

}  // namespace

struct Post::Waiting {
  std::string to, message;
  UnixSeconds until = 0;
  std::function<void(Sent)> done;
  std::chrono::milliseconds pause{};  // before the next try
  int attempts = 0;

  ~Waiting() { cleanse(message.data(), message.size()); }
};

std::string_view to_string(Sent sent) {
  switch (sent) {
    case Sent::accepted: return "accepted";
    case Sent::recipient_refused: return "recipient_refused";
    case Sent::message_refused: return "message_refused";
    case Sent::given_up: return "given_up";
  }
  return "given_up";
}

Result<PostSettings> post_settings(const config::ServiceConfig& config) {
  PostSettings settings;
  if (!config.mail) return settings;
  const auto address = read_email(config.mail_sender_address);
  if (!address) return fault(Fault::Kind::refused, "mail.sender_address", "mail.sender_address is no address that mail can come from: name@domain, the name without quotes and single dots within only, the domain no address");
  settings.relay = config.mail;
  settings.from = {config.mail_sender_name, *address};
  return settings;
}

Post::Post(asio::any_io_executor executor, PostSettings settings)
    : settings_(std::move(settings)), queue_(executor, settings_.waiting_max), pool_(static_cast<std::size_t>(std::max(1, settings_.senders))), tasks_(executor) {
  if (!open()) log::warn("mail.off");
  for (int i = 0; open() && i < std::max(1, settings_.senders); ++i) tasks_.start("post.deliver", deliver(this));
}

bool Post::send(const EmailAddress& to, Letter letter, UnixSeconds until, std::function<void(Sent)> done) {
  if (!open() || stopping_) return false;
  if (waiting_ >= settings_.waiting_max) {
    if (!std::exchange(full_, true)) log::warn("mail.queue_full", log::field("waiting", waiting_));
    return false;
  }
  auto held = std::make_shared<Waiting>();
  held->to = to.text();
  held->message = message_of(letter, settings_.from, to, unix_now(), new_ulid());
  held->until = until;
  held->done = std::move(done);
  held->pause = settings_.first_pause;
  if (!queue_.try_send(std::move(held))) return false;
  ++waiting_;
  full_ = false;
  return true;
}

bool Post::in_time(const Waiting& letter, std::chrono::milliseconds after) const { return unix_now_ms() + after.count() < letter.until * 1'000; }

// A letter's end. `why` says it where the relay has not.
void Post::settle(Waiting& letter, Sent sent, std::string_view why) {
  --waiting_;
  if (sent == Sent::given_up) log::warn("mail.given_up", log::field("why", why), log::field("attempts", letter.attempts));
  const auto done = std::exchange(letter.done, {});
  if (!done) return;
  try {
    done(sent);
  } catch (const std::exception& e) {  // the caller's bug must not end this sender as well
    log::error("task.threw", log::field("task", "post.done"), log::field("what", e.what()));
  }
}

Awaitable<> Post::deliver(Post* post) {
  for (;;) {
    auto receiving = post->queue_.receive();
    const auto next = co_await std::move(receiving);
    if (!next) co_return;
    const Held letter = *next;
    if (!post->in_time(*letter, {})) {
      post->settle(*letter, Sent::given_up, "too_late");
      continue;
    }
    auto relay = *post->settings_.relay;
    relay.deadline = std::min(relay.deadline, std::chrono::milliseconds(letter->until * 1'000 - unix_now_ms()));
    const auto from = post->settings_.from.address.text();
    const Stopwatch watch;
    auto work = [letter, relay, from] { return link::send_mail(relay, from, letter->to, letter->message); };
    auto sending = to_completion(post->pool_, std::move(work));
    const auto answer = co_await std::move(sending);
    const auto tried = judged(answer);
    log_try(answer, tried, ++letter->attempts, watch.ms());

    if (tried.sent) post->settle(*letter, *tried.sent, {});
    else if (!tried.again) post->settle(*letter, Sent::given_up, tried.why);
    else if (post->stopping_) post->settle(*letter, Sent::given_up, "stopped");
    else if (!post->in_time(*letter, letter->pause)) post->settle(*letter, Sent::given_up, "too_late");
    else post->tasks_.start("post.again", again(post, letter));
    if (post->stopping_) co_return;  // cancelled meanwhile: no more awaiting
  }
}

// A pause is the letter's alone: the sender goes on with others, or a few recipients whose servers say "later" would hold up everybody.
Awaitable<> Post::again(Post* post, Held letter) {
  const auto pause = std::exchange(letter->pause, std::min(letter->pause * 4, post->settings_.last_pause));
  const bool rested = co_await sleep_for(pause);
  if (!rested || !post->queue_.try_send(letter)) post->settle(*letter, Sent::given_up, "stopped");  // only a closed queue is full: waiting_ bounds it
}

Awaitable<> Post::stop() {
  stopping_ = true;
  queue_.close();
  tasks_.cancel();
  auto drained = tasks_.drained();
  co_await std::move(drained);
  for (;;) {
    auto receiving = queue_.receive();
    const auto left = co_await std::move(receiving);
    if (!left) co_return;
    settle(**left, Sent::given_up, "stopped");
  }
}

}  // namespace wb::service
