#include "service/handshake.hpp"

#include "core/base64url.hpp"
#include "core/clock.hpp"
#include "core/ids.hpp"
#include "crypto/jws.hpp"
#include "protocol/codec.hpp"

namespace wb::service {
namespace {

Fault refused(std::string code) { return fault(Fault::Kind::refused, "agent.hello", std::move(code)); }

Result<Greeted> believe(const std::string& text, Store& store, const Settings& settings, const std::string& nonce, const std::string& cb) {
  auto envelope = protocol::decode_envelope(text, protocol::hello_bytes_max);
  if (!envelope || envelope->type != "hello") return refused("malformed");
  auto message = protocol::decode<protocol::Hello>(envelope->body);
  if (!message) return refused("malformed");
  auto named = crypto::parse_jws(message->jws, protocol::typ_hello, crypto::CarryKey::no);
  if (!named) return refused("malformed");
  auto agent = store.agent_saying_hello(named->kid);
  if (!agent) return agent.error();
  if (!*agent) return refused("unknown_agent");
  const bool by_next = named->kid != (*agent)->kid;
  auto key = crypto::PublicKey::from_jwk(by_next ? *(*agent)->next : (*agent)->as);
  if (!key) return key.error();
  auto payload = crypto::verify(message->jws, protocol::typ_hello, *key);
  if (!payload) return refused("signature");
  if ((*agent)->revoked) return refused("revoked");
  auto hello = protocol::decode<protocol::HelloClaims>(*payload);
  if (!hello) return refused("malformed");
  const auto& row = **agent;
  if (auto wrong = wrong_with(*hello, {row.id, settings.tenant, nonce, settings.public_url, cb})) return refused(std::string(*wrong));
  return Greeted{row, std::move(*hello), by_next};
}

}  // namespace

std::optional<std::string_view> wrong_with(const protocol::HelloClaims& hello, const Expected& expected) {
  if (hello.nonce != expected.nonce) return "nonce";
  if (hello.gateway != expected.gateway) return "gateway";
  if (hello.cb != expected.cb) return "channel_binding";
  if (hello.ten != expected.tenant) return "tenant";
  if (hello.agent != expected.agent) return "unknown_agent";
  return std::nullopt;
}

Awaitable<Result<Greeted>> greet(link::Link& link, Store& store, const Settings& settings) {
  link.message_limit(protocol::hello_bytes_max);
  const auto nonce = base64url(random_bytes(32));
  const auto cb = settings.channel_binding ? base64url(link.channel_binding()) : std::string();
  const protocol::Challenge challenge{nonce, settings.public_url, unix_now(), {1}, settings.channel_binding ? "exporter" : "none"};
  auto text = protocol::message_text("challenge", challenge);
  auto exchange = [](link::Link& peer, std::string out) -> Awaitable<Result<std::string>> {
    auto sent = co_await peer.write(std::move(out));
    if (!sent) co_return sent.error();
    co_return co_await peer.read();
  };
  auto exchanging = exchange(link, std::move(text));
  auto waiting = within(settings.hello_timeout, std::move(exchanging), "agent.hello");
  auto answer = co_await std::move(waiting);
  if (!answer) co_return answer.error();
  co_return believe(*answer, store, settings, nonce, cb);
}

}  // namespace wb::service
