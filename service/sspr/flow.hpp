// One person's way through self-service password reset, as a pure machine: event and now in, what to do and what to say
// out. No clock, no I/O, no HTTP: those who call it look accounts up, send codes, compare answers and write.
//
//   proving --enough methods passed--> choosing --reset--> new_password --sealed--> writing --applied--> done
//                                         \--unlock------------------------------/    |
//                            new_password <--refused by the directory, tries left-----/
//   any of them --15 minutes, cancelled, blocked, something stands in the way--> over
//
// What it is careful about:
// * Until a method is passed, everything that is said is the same for a name that nobody has, one that may not reset, and
//   one that may: the offered methods are those of the policy, a code is "sent" in any case, any answer is wrong.
// * What stands in the way (not in scope, too few methods, too young a password) is told right after the first passed
//   method, before the second: earlier it would tell a stranger that the account exists, later it would waste an effort.
// * A try with a new password is spent before the job is written, and given back where the directory was never asked.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/clock.hpp"
#include "protocol/messages.hpp"

namespace wb::service::sspr {

enum class Method { app_code,
  email,
  questions,
  pass };  // a temporary access pass of a helpdesk: registered by nobody, there for a while
enum class Phase { proving,
  choosing,
  new_password,
  writing,
  done,
  over };

// Why something was refused, or why the session is over. The names of to_string() stand in the API, in message
// catalogues and in the audit: they never change.
enum class Reason { none,
  // the session goes on
  wrong_answer,
  code_expired,
  too_soon,            // to send another code; says from when
  too_many_codes,      // for this session
  method_unavailable,  // not offered, or passed already
  wrong_step,          // this is not what is asked for now
  unlock_not_allowed,
  password_refused,  // by the directory; its own reason goes beside it
  try_again,         // the directory was not asked: nothing spent
  // it is over
  session_expired,
  cancelled,
  too_many_tries,  // wrong answers in this session
  blocked,         // by the limits over all sessions; says until when
  passwords_spent,
  in_doubt,         // the new password may already work
  write_failed,     // for good; the directory's reason goes beside it
  not_enabled,      // self-service is off for this person
  not_registered,   // too few methods
  administrator,    // an administrator, and theirs is switched off
  frozen,           // "this wasn't me", or by an administrator
  account_refused,  // the agent's guardrails; its reason goes beside it
  too_young,        // the password may not be changed yet; says from when
  unreachable };    // no agent could look the account up
std::string_view to_string(Method method);
std::string_view to_string(Phase phase);
std::string_view to_string(Reason reason);
std::optional<Method> method_from(std::string_view text);

// What is known of the account once an agent and the store have answered. Default: a name that nobody has.
struct Account {
  std::string sub;                 // objectGUID; empty: nobody, or nobody who may be helped
  std::vector<Method> registered;  // those that may be used: of an administrator never the questions
  bool administrator = false;
  bool locked = false;
  Reason barrier = Reason::none;           // what stands in the way, whatever is proven
  std::string detail;                      // the agent's reason beside account_refused
  std::optional<UnixSeconds> until;        // when the barrier ends, if it does
  std::optional<UnixSeconds> change_from;  // the minimum age is in the way until then: an unlock may still help
  bool operator==(const Account&) const = default;
};

struct FlowRules {
  std::vector<Method> methods;  // allowed by policy, in the order in which they are offered
  int required = 1;             // different methods; administrators always two
  bool allow_unlock = true;
  bool questions_alone = true;  // false: who has passed nothing but the questions needs a second method
  std::chrono::seconds session{900}, code{300}, resend{60};
  int answers_max = 5;    // wrong ones, over all methods of a session
  int codes_max = 3;      // mails of one session
  int passwords_max = 5;  // tries with a new password
  int writes_max = 10;    // jobs of one session, those that came to nothing counted
};

// All that has to be kept between two requests.
struct Session {
  Phase phase = Phase::proving;
  UnixSeconds expires = 0;
  Account account;
  std::vector<Method> passed;
  std::optional<Method> current;  // chosen, not passed yet
  UnixSeconds code_until = 0, resend_from = 0;
  int wrong = 0, codes = 0, passwords = 0, writes = 0;
  bool unlock = false;  // what is being written
  Reason end = Reason::none;
  bool operator==(const Session&) const = default;
};

namespace event {
struct Choose {
  Method method = Method::app_code;
};  // a method; the same again: another code, other questions
struct Answer {
  bool right = false;
  std::optional<Method> proves = {};  // another method than the current one: a pass that came by mail proves the mailbox
};                                    // to what `current` asks; compared by the caller, who counts the attempt against the limits first
struct Pick {
  bool unlock = false;
};
struct Submit {};  // a sealed password has come, and fits
struct Settled {
  protocol::Code code = protocol::Code::unknown;
  std::string reason;
  std::optional<UnixSeconds> retry_after;
};
struct Block {
  UnixSeconds until = 0;
};  // the limits have no room
struct Cancel {};
struct Lost {};    // nobody could look the account up
struct Freeze {};  // somebody said "this wasn't me", or an administrator did
struct Tick {};    // is it over?
}  // namespace event
using FlowEvent = std::variant<event::Choose, event::Answer, event::Pick, event::Submit, event::Settled, event::Block, event::Cancel, event::Lost, event::Freeze, event::Tick>;

enum class Do { send_code,  // to the account's address; never asked for where there is none
  ask_questions,            // draw some anew
  write,                    // submit the job: a reset, or an unlock
  notify,                   // what was applied, to the person and whom else it concerns
  forget };                 // the session's secrets: codes, drawn questions
struct Step {
  Reason refused = Reason::none;     // none: it went on
  std::string detail;                // the directory's or the agent's reason
  std::optional<UnixSeconds> until;  // from when it makes sense again
  std::vector<Do> actions;
  bool did(Do what) const;
};

// What became of a write: the account or the directory is in the way for good, or the person can do something about it.
enum class Effect { applied,
  refused,    // by policy: another password may do
  untouched,  // nobody wrote: the same again may do
  doubtful,
  failed };
Effect effect_of(protocol::Code code, std::string_view reason);

Session begin(const FlowRules& rules, Account account, UnixSeconds now);
Step step(Session& session, const FlowRules& rules, const FlowEvent& event, UnixSeconds now);

// How many different methods this session needs: told to everybody as `rules.required`, to an administrator as two
// once the first is passed, and so to whom the questions alone don't do.
int needed(const Session& session, const FlowRules& rules);
// Those that may be chosen now: the policy's without the passed ones.
std::vector<Method> offered(const Session& session, const FlowRules& rules);

}  // namespace wb::service::sspr
