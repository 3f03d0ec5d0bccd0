// What one attempt at a job does and says (docs/PROTOCOL.md section 6). Pure: events in, actions out; whoever drives it
// owns the directory, the sealed password and the clock. Every expectation comes from the probe's `pre`; a bind is never
// used to settle anything.
//
//   AttemptMachine machine({job, Work::attempt, second, marker});
//   for (Action action = machine.start();;) { ...do it...; action = machine.on(what_happened); }   // until Say, Again or Nothing
//
// Three kinds of work: an attempt (probe aside, whatever the job asks), a resolve (the same account and `pre`, no password:
// find out or void), and the look at an intent that a former life left open (reading only).
//
// A reading is judged by three things: whose marker stands there, whether the password's version or pwdLastSet moved away
// from `pre`, and whether the marker attribute was written since. With a marker in use, moved under an untouched marker
// proves that somebody else changed the password. Without one nobody can know whose change it was.
//
// `second` is what the caution is for: something of this job may have been sent before. Before such an attempt says finally
// that nothing was done, it voids (swaps in wb1;<jti>;<fence>;V), so that a late write of an earlier one must fail.
//
// Two operations show the directory a password that may be wrong: `change` the old one, `authenticate` the only one. Each
// wrong one counts towards the lock, so a job shows it once. A second attempt at a change is settled as a resolve would; a
// second attempt at a sign-in knows nothing and says so. And the first is not begun while a lock is near (policy/lockout).
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/clock.hpp"
#include "ldap/directory.hpp"
#include "policy/guardrails.hpp"
#include "protocol/messages.hpp"

namespace wb::agent {

enum class Work { attempt,
  resolve,
  look };

struct Attempt {
  protocol::Job job;
  Work work = Work::attempt;
  bool second = false;                        // att > 1, or an open intent of ours; always so for resolve and look
  bool marker = false;                        // a marker attribute is in use, and was for every earlier attempt
  std::optional<UnixSeconds> first_exp = {};  // resolve, look: `exp` of the job itself, where our journal knows it
  protocol::Trace trace = {};                 // what its lines in the log are found by
};

// ---- actions ------------------------------------------------------------------------------------------------
struct Read {};       // the account on the pinned DC, and what the guardrails say of it
struct Write {};      // open the password and send the Modify (or the unlock), after before_sending() let it pass
struct TrySignIn {};  // open the password and bind with it as the account, after before_sending() let it pass
struct Void {         // swap in this marker alone, after before_sending() let it pass
  std::string marker;
  bool operator==(const Void&) const = default;
};
struct Say {  // the outcome, final for this attempt
  protocol::Code code = protocol::Code::unknown;
  std::string reason;
  std::vector<std::string> also;
  std::optional<UnixSeconds> retry_after = {};  // by this machine's clock
  bool operator==(const Say&) const = default;
};
Say denied(policy::Denial denial);  // by a guardrail
struct Again {};                    // a look whose DC can't be asked now: later
struct Nothing {};                  // cancelled with nothing sent by this attempt: nobody waits for an answer
using Action = std::variant<Read, Write, TrySignIn, Void, Say, Again, Nothing>;

// ---- events -------------------------------------------------------------------------------------------------
struct ReadDone {
  std::optional<ldap::Account> account;  // nullopt: there is no such account
  policy::Denial denial = policy::Denial::none;
  std::optional<protocol::PasswordPolicy> policy = {};  // where shows_password(): the account's own
  UnixSeconds now = 0;                                  // likewise
};
struct ReadFailed {
  Fault fault;
};
struct Answered {  // to Write or Void: the directory's verdict, and the account behind it
  ldap::WriteAnswer answer;
};
struct SignedIn {  // to TrySignIn
  ldap::SignIn verdict = ldap::SignIn::wrong_password;
};
struct Unanswered {  // to Write, TrySignIn or Void. `reread`: the one reading tried after it; nullopt: that failed too
  Fault fault;
  std::optional<ldap::Account> reread;
};
struct NotAPassword {  // to Write or TrySignIn: it would not open, or nobody can have it as a password; nothing was sent
  Say why;
};
struct Cancelled {};  // to Write, TrySignIn or Void: nothing was sent
struct TooLate {};    // likewise: past `exp` or `ttl_ms`
using Event = std::variant<ReadDone, ReadFailed, Answered, SignedIn, Unanswered, NotAPassword, Cancelled, TooLate>;

// The look right before a Modify: a process that was frozen since it took the job sends nothing. nullopt: send.
struct Limits {
  UnixSeconds exp = 0;               // by the corrected wall clock
  std::chrono::milliseconds ttl{0};  // since receipt, by CLOCK_BOOTTIME
};
std::optional<Event> before_sending(const Limits& limits, UnixSeconds now, std::chrono::milliseconds age, bool cancelled);

class AttemptMachine {
 public:
  explicit AttemptMachine(Attempt attempt);
  Action start() const;
  Action on(const Event& event);

 private:
  Action read(const ReadDone& event);
  Action written(const ldap::WriteAnswer& answer);
  Action write_lost(const Unanswered& event);
  Action sign_in_lost(const Fault& fault) const;
  Action refuse(Say why);
  Action when_superseded();
  Action void_first(Say then);
  Action voided(const ldap::WriteAnswer& answer) const;
  Action void_lost(const Unanswered& event) const;
  Action void_stands(const std::optional<ldap::Account>& account) const;
  Action void_unproven(const std::optional<ldap::Account>& account) const;

  Attempt a_;
  std::optional<protocol::Pre> seen_;  // the account as last read
  bool voiding_ = false;               // the last action was Void
  Say then_;                           // what is said once the void stands
};

// "wb1;<jti>;<fence>;A", written together with the password; ";V" instead of the password.
std::string marker_text(std::string_view jti, std::int64_t fence);
std::string void_text(std::string_view jti, std::int64_t fence);
enum class Marker { none_of_ours,
  applied,
  voided };
Marker read_marker(const std::optional<std::string>& marker, std::string_view jti);

// A first attempt that will show the directory a password which may be wrong: its reading wants the whole account, and the
// policy.
bool shows_password(const Attempt& attempt);

// This answer stays true whoever has had the job since: an applied write, and whatever a sign-in came to.
bool lasts(protocol::Op op, protocol::Code code);

// A probe could not read the account.
Say after_probe_fault(const Fault& fault);

// Nobody may answer this job again without asking the directory: a redelivery runs another attempt.
bool is_open(protocol::Code code);

}  // namespace wb::agent
