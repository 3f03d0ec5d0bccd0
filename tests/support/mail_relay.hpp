// A relay for mails that does what the test says.
#pragma once
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/async.hpp"

namespace wb::test {

// SMTP (RFC 5321) without any security, on the test's own event loop.
struct Relay {
  explicit Relay(asio::io_context& io) : acceptor(io, {asio::ip::make_address("127.0.0.1"), 0}), tasks(io.get_executor()), go_on(io, asio::steady_timer::time_point::max()) {
    tasks.start("relay", serve(this));
  }
  static Awaitable<> serve(Relay* relay) {
    for (;;) {
      auto [ec, socket] = co_await relay->acceptor.async_accept(use_tuple);
      if (ec) co_return;
      relay->tasks.start("conversation", converse(relay, std::move(socket)));
    }
  }
  static Awaitable<bool> say(asio::ip::tcp::socket* socket, std::string line) {
    line += "\r\n";
    auto [ec, n] = co_await asio::async_write(*socket, asio::buffer(line), use_tuple);
    co_return !ec;
  }
  // Up to and with `end`; empty when the client has gone.
  static Awaitable<std::string> hear(asio::ip::tcp::socket* socket, std::string* heard, const char* end) {
    auto [ec, n] = co_await asio::async_read_until(*socket, asio::dynamic_buffer(*heard, 300'000), std::string_view(end), use_tuple);
    if (ec) co_return std::string();
    auto text = heard->substr(0, n);
    heard->erase(0, n);
    co_return text;
  }
  std::string next(std::map<std::string, std::vector<std::string>>& answers, const std::string& to) {
    auto& mine = answers[to];
    if (mine.empty()) return "250 OK";
    auto first = mine.front();
    mine.erase(mine.begin());
    return first;
  }
  static Awaitable<> converse(Relay* relay, asio::ip::tcp::socket socket) {
    ++relay->conversations;
    std::string heard, to;
    if (relay->hang_up > 0 && relay->hang_up-- > 0) co_return;
    auto answer = std::string("220 relay.test");
    for (;;) {
      auto saying = say(&socket, answer);
      const bool said = co_await std::move(saying);
      if (!said) co_return;
      auto hearing = hear(&socket, &heard, "\r\n");
      const auto line = co_await std::move(hearing);
      if (line.empty()) co_return;
      answer = "250 OK";
      if (line.starts_with("RCPT TO:<")) answer = relay->next(relay->to_recipient, to = line.substr(9, line.find('>') - 9));
      if (line.starts_with("QUIT")) answer = "221 bye";
      if (!line.starts_with("DATA")) continue;
      auto asking = say(&socket, "354 go on");
      const bool asked = co_await std::move(asking);
      if (!asked) co_return;
      auto taking = hear(&socket, &heard, "\r\n.\r\n");
      auto message = co_await std::move(taking);
      relay->mails.emplace_back(to, std::move(message));
      EXPECT_TRUE(relay->came.try_send(to));
      if (relay->frozen) (void)co_await relay->go_on.async_wait(use_tuple);
      if (relay->lose) co_return;
      answer = relay->next(relay->to_message, to);
    }
  }

  asio::ip::tcp::acceptor acceptor;
  TaskGroup tasks;
  asio::steady_timer go_on;
  std::map<std::string, std::vector<std::string>> to_recipient, to_message;  // by recipient, one after the other; then 250
  bool frozen = false;                                                       // says nothing to a message until go_on is cancelled
  bool lose = false;                                                         // hangs up where the last word should be
  int hang_up = 0, conversations = 0;                                        // hang_up: so many times before the greeting
  std::vector<std::pair<std::string, std::string>> mails;                    // recipient, message: also what was refused afterwards
  Queue<std::string> came{acceptor.get_executor(), 100};                     // recipients of `mails`, as they come
};

}  // namespace wb::test
