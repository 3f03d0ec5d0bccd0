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

  // To whom a code of this session goes: what the limits count. Of a stranger: a name of its own.
  Result<std::string> destination(const KeptSession& session);
  // A new code in the session; and its letter on its way when `really`. False: it could not be handed over.
  Result<bool> send_code(KeptSession& session, const Settings& rules, bool really);
  Result<void> ask_questions(KeptSession& session, const Settings& rules);
  // Spends what can be used once. Takes the time of the hashes, on a pool.
  Awaitable<Result<bool>> right(KeptSession& session, Proof proof);

 private:
  Result<std::vector<RegisteredMethod>> methods(const KeptSession& session, Method kind);
  Result<bool> app_code_right(const KeptSession& session, const Secret& code);
  Result<bool> email_code_right(KeptSession& session, const Secret& code);
  Awaitable<Result<bool>> answers_right(const KeptSession& session, std::vector<GivenAnswer> answers);
  std::vector<KeptAnswer> decoys(const KeptSession& session, const Settings& rules) const;
  SelfService& self_;
  RegisteredMethod nobodys_app_;  // sealed for nobody, opened for strangers: it takes the same time
};

// A question as it is shown: a predefined one in the person's language, or one of the organisation's own ("own.1", from 1).
std::string question_text(const Catalogue& catalogue, std::string_view language, const Settings& rules, std::string_view id);
std::vector<std::string> question_ids(const Settings& rules);  // all that may be registered

}  // namespace wb::service::sspr
