// The methods at work within a session: what starts one, and whether what was typed is right. Of a name that nobody has the same
// is done, with secrets that nobody has: answer and time say nothing about which it was.
#pragma once
#include <string>
#include <vector>

#include "service/methods/proof.hpp"
#include "service/sspr/self_service.hpp"

namespace wb::service::sspr {

class Gates {
 public:
  explicit Gates(SelfService& self);

  // To whom a code of this session goes, and what limits and the code's binding call it. Of a stranger: a name of its own, and nobody.
  struct Destination {
    std::string key, method;  // method: its id
    std::optional<EmailAddress> address;
  };
  // Of several registered addresses that which was proven last (before_in_codes); `sent_to`: that method's instead, while it is registered.
  Result<Destination> destination(const KeptSession& session, std::string_view sent_to = {});
  // A new code in the session; and its letter on its way when `really`. False: it could not be handed over.
  Result<bool> send_code(KeptSession& session, const Settings& rules, const Destination& to, bool really);
  Result<void> ask_questions(KeptSession& session, const Settings& rules);
  struct Verdict {
    bool right = false;
    std::optional<Ticket> pass = {};  // the temporary access pass that it was, not spent yet
  };
  // Spends what can be used once, but for a pass. Takes the time of the hashes, on a pool.
  Awaitable<Result<Verdict>> right(KeptSession& session, Proof proof);

 private:
  Result<std::vector<RegisteredMethod>> methods(const KeptSession& session, Method kind);
  Result<bool> app_code_right(const KeptSession& session, const Secret& code);
  Result<Verdict> pass_right(const KeptSession& session, const Secret& typed);
  Result<bool> email_code_right(KeptSession& session, const Secret& code);
  Awaitable<Result<bool>> answers_right(const KeptSession& session, std::vector<GivenAnswer> answers);
  std::vector<KeptAnswer> decoys(const KeptSession& session, const Settings& rules) const;
  SelfService& self_;
  RegisteredMethod nobodys_app_;  // sealed for nobody, opened for strangers: it takes the same time
};

// Whether the code is one of these people's apps; spends its step.
Result<bool> some_app_fits(SelfService& self, std::string_view domain, std::string_view sub, const std::vector<RegisteredMethod>& methods, const Secret& code);

}  // namespace wb::service::sspr
