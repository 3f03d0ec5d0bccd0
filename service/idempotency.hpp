// Requests that may be sent again (draft-ietf-httpapi-idempotency-key-header-07): a client names its POST, PUT or DELETE with the header
// Idempotency-Key, and the same request under the same key is answered with the first answer. Kept for 24 hours, sealed, in the
// table `answered` (service/sspr/schema.hpp). The key is the header's text as it stands, quotes included if it has them.
//
// Kept are answers that will not change: not 5xx, 429 or 409, which say that nothing was done and that another time may be better.
// A restart in the middle of an answer forgets that it was begun: what a request does twice is then up to its handler (a job: nothing).
#pragma once
#include <memory>
#include <set>
#include <string>
#include <variant>

#include "core/clock.hpp"
#include "crypto/vault.hpp"
#include "link/web_server.hpp"
#include "queue/database.hpp"

namespace wb::service {

class Idempotency {
 public:
  static constexpr std::int64_t rows_max = 100'000;
  static constexpr UnixSeconds kept_seconds = 86'400;

  // `most`: rows; beyond them the oldest go.
  Idempotency(queue::Database& database, const crypto::Vault& vault, std::int64_t most = rows_max)
      : database_(database), vault_(vault), name_key_(vault.derived("idempotency")), most_(most) {}

  // A request that is being answered for the first time; as long as it lives, the same again is told so.
  class Turn {
   public:
    Turn(std::shared_ptr<std::set<std::string>> busy, std::string key, std::string request) : busy_(std::move(busy)), key_(std::move(key)), request_(std::move(request)) { busy_->insert(key_); }
    Turn(Turn&&) noexcept = default;
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (busy_) busy_->erase(key_);
    }

   private:
    friend class Idempotency;
    std::shared_ptr<std::set<std::string>> busy_;  // shared: a request that is cut may go after the service
    std::string key_, request_;
  };

  // Nothing: the request has no key, or is of a method that needs none. A response: it is the answer, whatever the handler would say:
  // the first one, 400 bad_request (the key), 422 idempotency_key_reused, 409 idempotency_in_progress, 503.
  using Asked = std::variant<std::monostate, Turn, link::HttpResponse>;
  Asked ask(const std::string& client, const link::HttpRequest& request, UnixSeconds now);
  // Remembers this answer; a store that fails is logged, and the caller has its answer all the same.
  void keep(const Turn& turn, const link::HttpResponse& response, UnixSeconds now);
  Result<void> prune(UnixSeconds now);

 private:
  Result<std::int64_t> count();
  Result<void> make_room();
  queue::Database& database_;
  const crypto::Vault& vault_;
  Secret name_key_;
  std::int64_t most_, rows_ = -1;                                                            // rows_: at most so many; -1: not counted
  std::shared_ptr<std::set<std::string>> busy_ = std::make_shared<std::set<std::string>>();  // no more than requests that are being answered
};

}  // namespace wb::service
