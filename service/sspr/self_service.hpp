// What every part of self-service stands on: made once by the service, used on its event loop.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/async.hpp"
#include "crypto/vault.hpp"
#include "service/captcha.hpp"
#include "service/catalogue.hpp"
#include "service/dispatch.hpp"
#include "service/http.hpp"
#include "service/limits.hpp"
#include "service/methods/email.hpp"
#include "service/notify/notices.hpp"
#include "service/rosters.hpp"
#include "service/sspr/letters.hpp"
#include "service/sspr/people.hpp"
#include "service/sspr/said_once.hpp"
#include "service/sspr/sessions.hpp"
#include "service/sspr/settings_store.hpp"
#include "service/sspr/tickets.hpp"
#include "service/sspr/turns.hpp"

namespace wb::service::sspr {

// Something that the person, and perhaps others, are told by mail.
struct Occasion {
  Notice notice;
  std::string domain, sub, name, language;
  std::string method = {};  // a method's word (to_string), where it is about one
  bool administrator = false;
  std::string correlation_id = {}, address = {};
  UnixSeconds at = 0;
  std::vector<EmailAddress> also = {};  // told too: what was an address of the person's until now, or is one without being registered
};

struct SelfService {
  SelfService(asio::any_io_executor executor, const service::Settings& settings, Store& store, Rosters& rosters, Gateway& gateway, Dispatch& dispatch, crypto::Vault opened, Catalogue texts);

  asio::any_io_executor executor;
  const service::Settings& settings;
  Store& store;
  Rosters& rosters;
  Gateway& gateway;
  Dispatch& dispatch;
  crypto::Vault vault;
  Catalogue catalogue;
  Secret code_key, device_key, decoy_key;
  Limits limits;
  Captcha captcha;
  People people;
  SettingsStore rules;
  Letters letters;
  Sessions sessions;
  Tickets tickets;
  Turns turns;
  SaidOnce said;
  asio::thread_pool hashing;  // Argon2id: 19 MiB for each thread
  TaskGroup tasks;

  // Hands a letter over; false: no mail leaves here, or too many wait. `until`: of no use after that.
  std::function<bool(const EmailAddress& to, Letter letter, UnixSeconds until)> mail = [](const auto&, auto, auto) { return false; };
  std::function<void(Occasion)> notify = [](Occasion) {};

  // Appends to the audit; a store that refuses is logged, and stops nobody who has done something already.
  void write_down(const AuditEntry& entry);
  // The same of what somebody may repeat as they like: one row for each reason and address, session, sign-in or account until then.
  void write_once(const AuditEntry& entry, std::int64_t until_ms);
};

// By which probes and jobs of self-service are told from those of clients.
constexpr std::string_view own_client = "sspr";

constexpr std::int64_t doubt_kept_s = 7 * 86'400;  // the longest that a job in doubt is looked for
// The job at its very end, doubt resolved, however long that takes; nullopt: it is no longer known. Fault cancelled: the service is stopping.
Awaitable<Result<std::optional<JobRow>>> at_its_end(Dispatch& dispatch, std::string jti);

// The account that has one of these names of a Spelling: the first that somebody has, else what was said of the first. The directory is
// asked for each of them, whatever it says of the others, unless nobody answers.
Awaitable<Result<ProbeOutcome>> look_for(Dispatch& dispatch, ProbeRequest request, std::vector<std::string> names);

// What depends on an account is said at the end of a span after the visit began (Settings::look_span). False: the service is stopping.
Awaitable<bool> until_span_ends(const service::Settings& settings, std::int64_t begun_ms);
// As above, for an answer that was asked for `since` and that took whatever it took: at the end of a whole Settings::answer_step.
Awaitable<bool> until_step_ends(const service::Settings& settings, std::chrono::steady_clock::time_point since);

// The language that a request asks for, of those we have.
std::string language_of(const SelfService& self, const link::HttpRequest& request);
// Where people of this domain register; with its root, so that a new browser can seal at once.
std::string registration_link(const SelfService& self, const std::string& domain);
// A problem in the person's language: detail = refusal.<code>.
link::HttpResponse told_problem(const SelfService& self, std::string_view language, int status, std::string_view code, Values values = {}, json::object more = {});
// A problem that ends by itself, with `until`. Its `detail` says when, in UTC; `undated` is the same without that, for who says `until` in the
// person's own time.
link::HttpResponse told_problem_until(const SelfService& self, std::string_view language, int status, std::string_view code, UnixSeconds until);

}  // namespace wb::service::sspr
