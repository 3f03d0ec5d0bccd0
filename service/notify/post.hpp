// Mail on its way: a bounded number of letters, a few senders, and another try where one may help. Letters are kept in memory only:
// a code lives for minutes, and a restart in that time means to ask for another. Used from the event loop alone.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/service_config.hpp"
#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "link/settings.hpp"
#include "service/methods/email.hpp"
#include "service/notify/mail.hpp"

namespace wb::service {

struct PostSettings {
  std::optional<link::SmtpSettings> relay;  // nullopt: no mail leaves
  Sender from;
  int senders = 4;                                                   // conversations with the relay at once, at least 1
  std::size_t waiting_max = 1'000;                                   // letters that are not settled yet, whatever they wait for
  std::chrono::milliseconds first_pause{5'000}, last_pause{60'000};  // between tries, growing by four
};
// What service.yaml says of mail; without a section `mail` a relay of nullopt.
//   refused  mail.sender_address  config's plain rule let it through, and read_email does not
Result<PostSettings> post_settings(const config::ServiceConfig& config);

// What became of a letter.
enum class Sent {
  accepted,           // the relay has taken it over
  recipient_refused,  // there is no such mailbox, or none may write to it
  message_refused,    // our sender address, or the message itself
  given_up,           // its time was over, we are stopping, the relay does not talk to us, or (lost) its last word did not come
};
std::string_view to_string(Sent sent);

class Post {
 public:
  // Logs once (mail.off) when no mail leaves.
  Post(asio::any_io_executor executor, PostSettings settings);
  ~Post() = default;  // after stop(): else it blocks until what is being sent is through, and tells nobody
  Post(const Post&) = delete;
  Post& operator=(const Post&) = delete;

  bool open() const { return settings_.relay.has_value(); }
  // Takes the letter over: `done` is called exactly once, on the event loop and never from within send() itself. False when no mail
  // leaves, too many letters wait, or stop() was called: then `done` is never called. From `until` on the letter is of no use: no try
  // begins or lasts longer. Neither its text, which may hold a code, nor an address is logged.
  // Another try is made after 4xx, and when the relay was not reached or its time was over before the mail was handed over; never when
  // it was handed over and the last word is missing (smtp.answer): people would get two.
  [[nodiscard]] bool send(const EmailAddress& to, Letter letter, UnixSeconds until, std::function<void(Sent)> done = {});
  std::size_t waiting() const { return waiting_; }  // not settled yet; at most waiting_max
  // What waits is given up, what is being sent is finished: at most the relay's deadline, and the second that libcurl looks at its watch.
  Awaitable<> stop();

 private:
  struct Waiting;
  using Held = std::shared_ptr<Waiting>;
  static Awaitable<> deliver(Post* post);
  static Awaitable<> again(Post* post, Held letter);
  bool in_time(const Waiting& letter, std::chrono::milliseconds after) const;
  void settle(Waiting& letter, Sent sent, std::string_view why);

  PostSettings settings_;
  Queue<Held> queue_;
  std::size_t waiting_ = 0;
  bool stopping_ = false;
  bool full_ = false;  // said so since the last letter that was taken
  asio::thread_pool pool_;
  TaskGroup tasks_;
};

}  // namespace wb::service
