#include "service/sspr/gates.hpp"

#include <algorithm>

#include "core/ids.hpp"
#include "crypto/mac.hpp"
#include "service/methods/fair_random.hpp"
#include "service/methods/pass.hpp"
#include "service/methods/sealed_methods.hpp"
#include "service/sspr/question_list.hpp"

namespace wb::service::sspr {
namespace {

// Of a name, however it was spelled.
std::string nobody(const KeptSession& session) { return "nobody:" + session.domain + "/" + session.name_key; }

}  // namespace

Result<bool> some_app_fits(SelfService& self, std::string_view domain, std::string_view sub, const std::vector<RegisteredMethod>& methods, const Secret& code) {
  for (const auto& method : methods) {
    if (method.kind != Method::app_code) continue;
    auto key = app_key_of(self.vault, domain, sub, method);
    if (!key) return key.error();
    auto fits = app_code_fits(self.people, *key, method, code, unix_now());
    if (!fits || *fits) return fits;
  }
  return false;
}

Gates::Gates(SelfService& self) : self_(self) {
  auto app = sealed_app(self.vault, {}, {}, self.decoy_key, {}, unix_now());
  if (app) nobodys_app_ = std::move(*app);
  else log::fault("vault.failed", app.error());
}

Result<std::vector<RegisteredMethod>> Gates::methods(const KeptSession& session, Method kind) {
  auto all = self_.people.methods(session.domain, session.flow.account.sub);
  if (!all) return all.error();
  std::erase_if(*all, [kind](const auto& method) { return method.kind != kind; });
  if (kind == Method::email && all->empty()) return session.found;  // in the order that the organisation gives its attributes
  if (kind == Method::email) std::sort(all->begin(), all->end(), before_in_codes);
  return all;
}

Result<Gates::Destination> Gates::destination(const KeptSession& session, std::string_view sent_to) {
  auto addresses = methods(session, Method::email);
  if (!addresses) return addresses.error();
  if (addresses->empty()) return Destination{nobody(session), {}, std::nullopt};
  const auto sent = std::find_if(addresses->begin(), addresses->end(), [&](const auto& method) { return method.id == sent_to; });
  const auto& chosen = sent != addresses->end() ? *sent : addresses->front();
  auto address = address_of(self_.vault, session.domain, session.flow.account.sub, chosen);
  if (!address) return address.error();
  return Destination{limit_key(*address), chosen.id, std::move(*address)};
}

Result<bool> Gates::send_code(KeptSession& session, const Settings& rules, const Destination& to, bool really) {
  const auto now = unix_now();
  auto fresh = new_code(self_.code_key, {session.id, to.key}, now);
  session.code = fresh.kept;
  session.method.clear();
  if (!really || !to.address) return true;
  session.method = to.method;
  const auto wording = self_.letters.wording(session.domain, session.language, Notice::verification_code);
  auto letter = code_letter(wording, fresh.digits, session.name, organisation_of(rules, session.domain), rules.helpdesk, std::to_string((session.code->expires - now) / 60));
  return self_.mail(*to.address, std::move(letter), session.code->expires);
}

// As many of each kind as a person of this organisation would have, and for a name always the same.
std::vector<KeptAnswer> Gates::decoys(const KeptSession& session, const Settings& rules) const {
  std::vector<std::pair<std::string, std::string>> order;
  for (auto& id : question_ids(rules)) order.emplace_back(crypto::hmac_sha256(self_.decoy_key, nobody(session) + "\n" + id), id);
  std::sort(order.begin(), order.end());
  std::vector<KeptAnswer> out;
  for (int at = 0; at < rules.questions_to_register; ++at) out.push_back({order[static_cast<std::size_t>(at)].second, {}});
  return out;
}

Result<void> Gates::ask_questions(KeptSession& session, const Settings& rules) {
  auto sets = methods(session, Method::questions);
  if (!sets) return sets.error();
  std::vector<KeptAnswer> kept;
  if (!sets->empty()) {
    auto answers = answers_of(self_.vault, session.domain, session.flow.account.sub, sets->front());
    if (!answers) return answers.error();
    kept = std::move(*answers);
  }
  std::erase_if(kept, [&](const auto& answer) { return !is_offered(rules, answer.question); });
  // Of a set of which too few are left, what a stranger is asked: to ask fewer would tell that the account exists.
  if (static_cast<int>(kept.size()) < rules.questions_to_ask) kept = decoys(session, rules);
  session.asked = draw_questions(kept, rules.questions_to_ask);
  return {};
}

Result<bool> Gates::app_code_right(const KeptSession& session, const Secret& code) {
  auto apps = methods(session, Method::app_code);
  if (!apps) return apps.error();
  if (apps->empty()) {
    auto key = app_key_of(self_.vault, {}, {}, nobodys_app_);
    if (key) (void)app_code_fits(self_.people, *key, nobodys_app_, code, unix_now());  // for the time that it takes
    return false;
  }
  return some_app_fits(self_, session.domain, session.flow.account.sub, *apps, code);
}

Result<bool> Gates::email_code_right(KeptSession& session, const Secret& code) {
  auto to = destination(session, session.method);
  if (!to) return to.error();
  if (!session.code) return false;
  return sent_code_fits(*session.code, self_.code_key, {session.id, to->key}, code, unix_now());
}

Awaitable<Result<bool>> Gates::answers_right(const KeptSession& session, std::vector<GivenAnswer> answers) {
  auto sets = methods(session, Method::questions);
  if (!sets) co_return sets.error();
  std::vector<KeptAnswer> kept;
  if (!sets->empty()) {
    auto opened = answers_of(self_.vault, session.domain, session.flow.account.sub, sets->front());
    if (!opened) co_return opened.error();
    kept = std::move(*opened);
  }
  struct Work {
    std::vector<KeptAnswer> kept;
    std::vector<std::string> asked;
    std::vector<GivenAnswer> given;
    Argon2Cost cost;
  };
  auto work = std::make_shared<Work>(Work{std::move(kept), session.asked, std::move(answers), self_.settings.argon2});
  auto hashing = to_completion(self_.hashing, [work] { return answers_fit(work->kept, work->asked, work->given, work->cost); });
  const bool fit = co_await std::move(hashing);
  co_return fit;
}

// Of a stranger: a look-up that finds nothing, and as long.
Result<Gates::Verdict> Gates::pass_right(const KeptSession& session, const Secret& typed) {
  const auto& sub = session.flow.account.sub;
  auto found = self_.tickets.find_by(session.domain, sub, Purpose::pass, pass_mac(self_.code_key, session.domain, sub, typed), unix_now());
  if (!found) return found.error();
  const bool right = found->has_value() && !sub.empty();
  return Verdict{right, std::move(*found)};
}

Awaitable<Result<Gates::Verdict>> Gates::right(KeptSession& session, Proof proof) {
  Result<bool> right = false;
  switch (*session.flow.current) {
    case Method::app_code: right = app_code_right(session, proof.code); break;
    case Method::email: right = email_code_right(session, proof.code); break;
    case Method::pass: co_return pass_right(session, proof.code);
    case Method::questions: {
      auto answering = answers_right(session, std::move(proof.answers));
      right = co_await std::move(answering);
      break;
    }
  }
  if (!right) co_return right.error();
  co_return Verdict{*right};
}

}  // namespace wb::service::sspr
