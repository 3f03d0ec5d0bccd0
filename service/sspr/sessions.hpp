// Sessions of people on their way through a reset, kept in the store: a restart of the service costs nobody their place.
// On the service's own database, on its event loop.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "queue/database.hpp"
#include "service/methods/codes.hpp"
#include "service/sspr/flow.hpp"
#include "service/sspr/people.hpp"

namespace wb::service::sspr {

struct KeptSession {
  std::string id;    // ULID; also the correlation id of everything that it leads to
  std::string hash;  // of its credential's secret (service/credentials)
  std::string domain, name, language;
  std::string name_key;               // the name's, whoever spells it how (sspr/spelling)
  std::int64_t settings_version = 0;  // the rules it began under
  Session flow;
  // What its current method asks for:
  std::optional<SentCode> code;
  std::string method;              // id of the method that the code went to
  std::vector<std::string> asked;  // questions
  // What it writes, or wrote:
  std::string probe, jti;
  int looks = 0;  // probes that it asked for
  // How its last write, or the session itself, ended: a result's code and reason where the directory had a word in it.
  Reason said = Reason::none;
  std::string said_code, said_reason;
  std::optional<UnixSeconds> said_until;
  int min_length = 0, history = 0;  // of the account's password policy, as last seen: for the words of a refusal
  std::int64_t min_age_s = 0;
  bool seen = false;                    // the account has been looked up
  bool helped = false;                  // the organisation's administrators were asked for help
  std::int64_t begun_ms = 0;            // unix_now_ms()
  std::string address;                  // of the browser, for the audit
  std::vector<RegisteredMethod> found;  // addresses that the directory has, of somebody who has registered none: id, label and secret
  std::string device;                   // the name of a device token that is good for this account; empty: none
  bool operator==(const KeptSession&) const = default;
};

void remember(KeptSession& session, const protocol::PasswordPolicy& policy);  // for the words of a refusal

constexpr int sessions_max = 100'000;  // open ones

class Sessions {
 public:
  explicit Sessions(queue::Database& database) : database_(database) {}

  // False when there are too many. Not flushed: a lost session is begun anew.
  Result<bool> add(const KeptSession& session);
  // nullopt: no such session, or another secret. Fault malformed: what is kept can't be read.
  Result<std::optional<KeptSession>> find(std::string_view id, std::string_view hash);
  Result<void> keep(const KeptSession& session);         // not flushed
  Result<void> keep_within(const KeptSession& session);  // the caller's transaction
  // By id alone: for the service itself.
  Result<std::optional<KeptSession>> find(std::string_view id);
  // Those whose job was on its way when the service stopped.
  Result<std::vector<std::string>> writing();
  // Those that are over for this long, with what they were: for the audit's "abandoned". At most `most`.
  Result<std::vector<KeptSession>> take_ended(UnixSeconds now, int most);

 private:
  queue::Database& database_;
};

// As they are kept; exposed for tests.
std::string to_json(const KeptSession& session);
Result<KeptSession> session_from(std::string_view json);

}  // namespace wb::service::sspr
