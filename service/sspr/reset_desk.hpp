// Takes people through a reset: holds their session, asks agent and store, and does what sspr/flow says. HTTP is its skin
// (sspr/reset_api). The order that matters:
// * an attempt is counted before it is compared, and a try with a new password in the transaction that stores its job;
// * a job's end is taken once, by whoever comes first: the request that waits for it, or the task that outlives the browser.
#pragma once
#include <optional>
#include <string>

#include "service/sspr/gates.hpp"
#include "service/sspr/self_service.hpp"

namespace wb::service::sspr {

// One request's hold on a session: nobody else touches it meanwhile.
struct Visit {
  Turns::Turn turn;
  KeptSession kept;
  Settings rules;
  FlowRules flow_rules;
  std::string traceparent = {};                      // its request's, where that has one
  std::chrono::steady_clock::time_point since = {};  // when it had the turn: from then on the time of its answer is counted
  std::optional<Person> shown = {};                  // of somebody who is kept: as the directory shows them now
};

class ResetDesk {
 public:
  explicit ResetDesk(SelfService& self) : self_(self), gates_(self) {}

  // Takes up the jobs that a restart interrupted, and sweeps what is over.
  Result<void> start();

  // A new session and its credential; the account is looked up meanwhile. nullopt: there are too many.
  struct Begun {
    KeptSession kept;
    Settings rules;
    std::string bearer;
  };
  struct Opening {
    std::string domain, name, language, address, device_token;
    SettingsVersion rules;
  };
  Result<std::optional<Begun>> begin(Opening opening);

  // The session of this credential, with its account looked up. nullopt: there is none; or its turn did not come (`busy`). `spoken`: a language
  // of the catalogue, in which it goes on from now on; nullopt: in the one that it has.
  Awaitable<Result<std::optional<Visit>>> enter(Credential credential, std::optional<std::string> spoken, bool* busy);

  Result<Step> choose(Visit& visit, Method method);
  Awaitable<Result<Step>> answer(Visit& visit, Proof proof);
  // What a browser needs to seal a new password: {probe, answer, keys, history_enforced}. nullopt: no agent could tell.
  Awaitable<Result<std::optional<json::object>>> seal(Visit& visit);
  // Reset or unlock: a job is on its way, or a step that says why not.
  Awaitable<Result<Step>> pick(Visit& visit, bool unlock);
  struct Sent {
    Step step;
    std::optional<link::HttpResponse> refused;  // what was sealed does not fit: nothing is spent
    std::optional<Limited> limited = {};        // too many passwords of this account: the same
  };
  Result<Sent> submit(Visit& visit, const std::string& probe, const std::string& sealed);
  Step cancel(Visit& visit);
  // "Contact your administrator", once in a session; also where it has ended. Of a name that nobody has nothing is sent, and the same is said.
  enum class Helped { asked,
    before,
    limited };
  Result<Helped> ask_for_help(Visit& visit);
  // Waits for the end of its job, and takes it. The turn is given up meanwhile: the session as it is then, and the last word.
  Awaitable<Result<Step>> settled(std::optional<Visit>& visit, std::chrono::milliseconds wait);

  std::string account(const KeptSession& kept) const;  // as the limits count it
  // Of whoever has proven to be its owner: this device's, from now on.
  std::string device_token(const KeptSession& kept) const;

 private:
  Awaitable<Result<void>> look(Visit& visit);
  Awaitable<Result<void>> look_up(Visit& visit);
  void refresh(const Visit& visit);
  // What a right pass proves, used up by it; nothing: it does nothing for this account, or somebody else was faster.
  Awaitable<Result<std::optional<Method>>> spend(Visit& visit, Ticket pass);
  Result<void> take(Visit& visit, const ProbeOutcome& outcome);
  Result<void> find_addresses(Visit& visit, const protocol::ProbeAnswer& answer, const std::vector<RegisteredMethod>& methods);
  // True when the session is over, because self-service was switched off for this person since it began.
  Result<bool> stop_if_frozen(Visit& visit);
  Result<std::optional<Visit>> open(Turns::Turn turn, Result<std::optional<KeptSession>> found);
  Result<Sent> send(Visit& visit, const std::string& body);
  Step settle(Visit& visit, const std::optional<JobRow>& job);
  // `before`: as the session stood when it ended, where that is told apart.
  void say_end(const Visit& visit, const JobRow* job, const Session* before = nullptr);
  Result<void> keep(const Visit& visit) { return self_.sessions.keep(visit.kept); }
  void applied(const KeptSession& kept, const std::optional<JobRow>& job);
  void give_back(const KeptSession& kept, const JobRow& job);
  static Awaitable<> look_ahead(ResetDesk* desk, std::string id);
  static Awaitable<> settle_later(ResetDesk* desk, std::string id, std::string jti);
  Result<void> keep_doubt(const Visit& visit);
  static Awaitable<> watch_doubt(ResetDesk* desk, Ticket ticket, KeptSession kept);
  static Awaitable<> sweep(ResetDesk* desk);

  SelfService& self_;
  Gates gates_;
};

}  // namespace wb::service::sspr
