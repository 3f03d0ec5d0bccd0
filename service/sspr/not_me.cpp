#include "service/sspr/not_me.hpp"

#include "protocol/json.hpp"

namespace wb::service::sspr {
namespace {

using protocol::Members;

// What the notifier has written (Notifier::link), and when the link was used.
struct Reported {
  std::string occasion, correlation_id;
  std::int64_t at = 0;
  std::optional<UnixSeconds> used;
};

Result<Reported> read(const std::string& state) {
  Reported out;
  auto parsed = protocol::parse_json(state);
  if (!parsed) return parsed.error();
  auto done = Members(*parsed, Members::Unknown::refused).text("occasion", out.occasion).integer("at", out.at).text("correlation_id", out.correlation_id).integer("used", out.used).finish();
  if (!done) return done.error();
  return out;
}

std::string text_of(const Reported& r) {
  json::object out{{"occasion", r.occasion}, {"at", r.at}, {"correlation_id", r.correlation_id}};
  if (r.used) out["used"] = *r.used;
  return json::serialize(out);
}

}  // namespace

std::vector<Endpoint> NotMe::endpoints() {
  return {{"POST", "/api/v1/sspr/not-me", {}, [this](HttpCall call) { return report(std::move(call)); }}};
}

Reply NotMe::report(HttpCall call) {
  const auto language = language_of(self_, call.request);
  std::string token;
  auto body = protocol::parse_json(call.request.body);
  if (!body || !Members(*body, Members::Unknown::refused).text("token", token).finish()) co_return told_problem(self_, language, 400, "malformed");
  auto ticket = self_.tickets.find(Purpose::not_me, token, unix_now());
  if (!ticket) co_return refuse_for(ticket.error());
  if (!*ticket) co_return told_problem(self_, language, 410, "link_expired");
  auto frozen = freeze(**ticket, call.request.peer);
  if (!frozen) co_return refuse_for(frozen.error());
  if (!*frozen) co_return told_problem(self_, language, 410, "link_expired");
  auto response = answer(200, {{"frozen", true}, {"text", self_.catalogue.text(language, "told.not_me")}});
  response.headers["Content-Language"] = language;
  co_return response;
}

Result<bool> NotMe::freeze(Ticket& ticket, const std::string& peer) {
  auto reported = read(ticket.state);
  if (!reported) return reported.error();
  if (reported->used) return true;  // the same answer; but whom an administrator has let in again stays in
  auto person = self_.people.find(ticket.domain, ticket.sub);
  if (!person) return person.error();
  if (!*person) return false;
  const auto now = unix_now();
  if ((*person)->frozen == 0)
    if (auto done = self_.people.freeze(ticket.domain, ticket.sub, now); !done) return done.error();
  for (const auto purpose : {Purpose::sign_in, Purpose::pass})
    if (auto dropped = self_.tickets.drop_all(ticket.domain, ticket.sub, purpose); !dropped) return dropped.error();

  AuditEntry entry;
  entry.activity = Activity::account_frozen;
  entry.actor = {ActorKind::user, ticket.sub};  // as far as reading their mail proves it
  entry.domain = ticket.domain, entry.target = ticket.sub, entry.address = peer, entry.correlation_id = reported->correlation_id;
  entry.details = {{DetailKey::cause, reported->occasion}};
  self_.write_down(entry);
  log::warn("sspr.misuse_reported", log::field("domain", ticket.domain), log::field("correlation_id", reported->correlation_id));
  Occasion occasion{Notice::frozen, ticket.domain, ticket.sub, (*person)->name, {}};
  occasion.correlation_id = reported->correlation_id, occasion.address = peer, occasion.at = now;
  self_.notify(std::move(occasion));

  // Last: whoever is interrupted before has it done again.
  reported->used = now;
  ticket.state = text_of(*reported);
  if (auto kept = self_.tickets.keep(ticket); !kept) return kept.error();
  return true;
}

}  // namespace wb::service::sspr
