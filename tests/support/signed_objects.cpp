#include "tests/support/signed_objects.hpp"

#include <boost/asio/co_spawn.hpp>

namespace wb::test {
namespace {
using crypto::CarryKey;
using namespace std::chrono_literals;
constexpr auto alice = "9f0c6b5e-0000-4000-8000-000000000001";
const protocol::Pre pre{"dc1.corp.example", 7, "134396533468610800", std::nullopt};

template <class T> std::string refusal(const Result<T>& result) {
  return result ? "" : std::string(to_string(result.error().kind)) + (result.error().detail.empty() ? " without a reason" : "");
}
template <class T> T finish(asio::io_context& io, Awaitable<T> task) {
  std::optional<T> out;
  asio::co_spawn(io, std::move(task), [&](std::exception_ptr threw, T got) { EXPECT_FALSE(threw); out.emplace(std::move(got)); });
  io.restart();
  while (!out) io.run_one();
  return std::move(*out);
}
}  // namespace

SignedObjects::SignedObjects() {
  settings_.tenant = maker_.tenant, settings_.public_url = maker_.issuer;
  agent_ = {"", as_.public_key().jwk(), as_.kid(), "host"};
  (void)store_.add_token("T", "H", maker_.domain, now + 600).value();
  EXPECT_EQ(store_.enroll("T", agent_, now).value(), service::Enrolled::yes);
  trust_ = {maker_.tenant, maker_.issuer, {{maker_.sk.kid(), {maker_.sk.public_key(), 4'000'000'000}}}};

  const std::vector<std::string> faults{"malformed", "refused"};
  const auto roster = protocol::Roster{maker_.tenant, maker_.domain, 3, now, now + 86'400, {{agent_.id, as_.public_key().jwk()}}};
  const auto statement = protocol::encode(protocol::Statement{maker_.tenant, maker_.domain, agent_.id, 3, {{ae_.kid(), ae_.public_key().jwk()}}, now, now + 3'600});
  const auto endorsement = protocol::encode(protocol::Endorsement{maker_.issuer, maker_.sk.public_key().jwk(), now, now, now + 86'400});
  all_ = {
      {"hello", protocol::typ_hello, &as_, CarryKey::no, "epoch", {"malformed", "unknown_agent", "signature"}, [this](const Make& make) { return judge_hello(make); }},
      {"job", protocol::typ_job, &maker_.sk, CarryKey::no, "iat", {"malformed", "signature", "version"}, [this](const Make& make) { return judge_job(make); }},
      {"result", protocol::typ_result, &as_, CarryKey::no, "at", {"result", "closed: malformed"}, [this](const Make& make) { return judge_result(make); }},
      {"roster", protocol::typ_roster, &maker_.dr, CarryKey::yes, "iat", faults,
          [this, roster](const Make& make) { return refusal(crypto::check_roster(make(protocol::encode(roster)), maker_.dr.kid(), maker_.tenant, maker_.domain, 3, now)); }},
      {"statement", protocol::typ_statement, &as_, CarryKey::no, "iat", faults, [roster, statement](const Make& make) { return refusal(crypto::check_statement(make(statement), roster, now)); }},
      {"endorsement", protocol::typ_endorse, &maker_.sr, CarryKey::yes, "iat", faults,
          [this, endorsement](const Make& make) { return refusal(crypto::check_endorsement(make(endorsement), maker_.sr.kid(), maker_.issuer, now)); }},
  };
}

const SignedObject& SignedObjects::find(std::string_view name) const {
  return *std::find_if(all_.begin(), all_.end(), [&](const auto& object) { return object.name == name; });
}

// The service's own handshake, over a link that is not there.
std::string SignedObjects::judge_hello(const Make& make) {
  asio::io_context io(1);
  std::vector<std::string> heard;
  OneMessage link(
      io.get_executor(), [&](const std::string& text) {
        const auto challenge = protocol::decode<protocol::Challenge>(protocol::decode_envelope(text).value().body).value();
        const protocol::HelloClaims claims{agent_.id, maker_.tenant, {maker_.domain}, challenge.nonce, challenge.gateway, base64url(std::string(32, 'b')), 1, "test", {"probe"}, {ae_.kid()}, 8};
        return protocol::message_text("hello", protocol::Hello{make(protocol::encode(claims))});
      },
      heard);
  const auto greeted = finish(io, service::greet(link, store_, settings_));
  return greeted ? "" : greeted.error().detail;
}

std::string SignedObjects::judge_job(const Make& make) const {
  const auto checked = agent::believe(make(protocol::encode(maker_.probe("alice", now))), trust_, {now, 0});
  const auto* no = std::get_if<agent::Invalid>(&checked);
  return no ? std::string(no->reason) : "";
}

// A session of the service, over a link that is not there: what it says of the result it is given.
std::string SignedObjects::judge_result(const Make& make) {
  asio::io_context io(1);
  std::vector<std::string> heard;
  protocol::JobResult result;
  result.jti = new_ulid(), result.fence = 1, result.att = 1, result.agent = agent_.id, result.code = protocol::Code::applied, result.at = now;
  const auto say = [&](const std::string&) { return protocol::message_text("result", protocol::ResultMessage{make(protocol::encode(result))}); };
  auto session = std::make_shared<service::AgentSession>(io.get_executor(), std::make_unique<OneMessage>(io.get_executor(), say, heard), service::Greeted{agent_, {}}, as_.public_key(),
      std::vector<std::string>{maker_.domain}, rosters_, refusals_, *this, service::Settings{});
  const int before = answers_;
  bool done = false;
  asio::co_spawn(io, session->run(60s), [&](std::exception_ptr threw) { EXPECT_FALSE(threw); done = true; });
  while (!done) io.run_one();
  if (answers_ > before) return "";
  for (const auto& text : heard)
    if (const auto envelope = protocol::decode_envelope(text); envelope && envelope->type == "error") return protocol::decode<protocol::Error>(envelope->body).value().code;
  return "nothing was said";
}

SignedObjects::Sealed SignedObjects::sealed(std::string_view password) const {
  auto job = maker_.reset(alice, pre, now);
  auto sec = JobMaker::seal(job, maker_.binding_of(job), {ae_.public_key()}, password);
  return {job, sec};
}

std::string SignedObjects::judge_sealed(protocol::Job job, const std::string& sec) const {
  job.sh = crypto::sha256_url(sec);
  const auto checked = agent::believe(maker_.signed_job(job), trust_, {now, 0});
  const auto* believed = std::get_if<agent::Believed>(&checked);
  if (!believed) return std::string(std::get<agent::Invalid>(checked).reason);
  if (const auto no = agent::check_binding(*believed, sec, std::nullopt, 0ms, 1s, {now, 0})) return std::string(no->reason);
  return crypto::open_sealed(sec, ae_) ? "" : "decrypt";
}

}  // namespace wb::test
