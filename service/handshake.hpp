// challenge -> hello: who is at the other end of a new link (docs/PROTOCOL.md section 3).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/async.hpp"
#include "link/link.hpp"
#include "protocol/messages.hpp"
#include "service/settings.hpp"
#include "service/store.hpp"

namespace wb::service {

struct Greeted {
  AgentRow agent;
  protocol::HelloClaims hello;
  bool by_next = false;  // signed with its next key: to be believed only where a roster names that one
};

// What a hello must say to be believed, beyond its signature: it answers this challenge, on this channel, as this agent.
struct Expected {
  std::string_view agent, tenant, nonce, gateway, cb;
};
// The code of the first thing that is wrong, or nothing. Pure.
std::optional<std::string_view> wrong_with(const protocol::HelloClaims& hello, const Expected& expected);

// Sends the challenge and waits for a hello that is believed. Fault refused: detail is the code ("nonce", ...).
Awaitable<Result<Greeted>> greet(link::Link& link, Store& store, const Settings& settings);

}  // namespace wb::service
