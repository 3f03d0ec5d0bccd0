#include "service/idempotency.hpp"

#include <algorithm>

#include "crypto/keys.hpp"
#include "crypto/mac.hpp"
#include "service/http.hpp"

namespace wb::service {
namespace {

constexpr std::size_t key_bytes_max = 128, body_bytes_max = 64 * 1024;

bool good_key(std::string_view key) {
  return key.size() <= key_bytes_max && std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// Each part with its length before it: no two requests have the same text.
void add(std::string& out, std::string_view part) { out += std::to_string(part.size()) + ":" + std::string(part); }

std::string digest_of(const link::HttpRequest& request) {
  std::string all;
  add(all, request.method);
  add(all, request.path);
  for (const auto& [name, value] : request.query) add(all, name), add(all, value);
  all += "\n";
  add(all, request.body);
  return crypto::sha256(all);
}

bool will_not_change(int status) { return status < 500 && status != 429 && status != 409; }

}  // namespace

Idempotency::Asked Idempotency::ask(const std::string& client, const link::HttpRequest& request, UnixSeconds now) {
  if (request.idempotency_key.empty() || (request.method != "POST" && request.method != "PUT" && request.method != "DELETE")) return {};
  if (!good_key(request.idempotency_key)) return refuse(Refusal::bad_request, "Idempotency-Key: 1 to 128 visible characters");
  const auto key = crypto::hex(crypto::hmac_sha256(name_key_, client + "\n" + request.idempotency_key));
  auto digest = digest_of(request);
  if (busy_->contains(key)) return problem(409, "idempotency_in_progress", "the first request of this Idempotency-Key is still being answered", {{"retry_after_ms", 1'000}});
  auto q = database_.query("SELECT request, status, content_type, body FROM answered WHERE key=? AND expires>?", key, now);
  auto row = q.next();
  if (!row) return refuse_for(row.error());
  if (!*row) return Turn(busy_, key, std::move(digest));
  if (q.text(0) != digest) return problem(422, "idempotency_key_reused", "this Idempotency-Key belongs to another request");
  auto body = vault_.open_sealed(q.text(3), "answered/" + key);
  if (!body) return refuse_for(body.error());
  link::HttpResponse response;
  response.status = static_cast<int>(q.number(1));
  response.content_type = q.text(2);
  response.body = body->expose([](std::string_view text) { return std::string(text); });
  response.headers["Cache-Control"] = "no-store";
  response.headers["Idempotency-Replayed"] = "true";
  return response;
}

void Idempotency::keep(const Turn& turn, const link::HttpResponse& response, UnixSeconds now) {
  if (!will_not_change(response.status) || response.body.size() > body_bytes_max) return;
  const auto kept = [&]() -> Result<void> {
    auto sealed = vault_.seal(Secret::copy_of(response.body), "answered/" + turn.key_);
    if (!sealed) return sealed.error();
    const auto relaxed = database_.unsynced();
    auto put = database_.run(
        "INSERT INTO answered(key, request, status, content_type, body, expires) VALUES(?,?,?,?,?,?) ON CONFLICT(key) DO UPDATE SET "
        "request=excluded.request, status=excluded.status, content_type=excluded.content_type, body=excluded.body, expires=excluded.expires",
        turn.key_, queue::Blob{turn.request_}, response.status, response.content_type, *sealed, now + kept_seconds);
    if (!put) return put;
    if (rows_ >= 0) ++rows_;
    return make_room();
  }();
  if (!kept) log::fault("store.failed", kept.error());
}

Result<std::int64_t> Idempotency::count() {
  auto q = database_.query("SELECT count(*) FROM answered");
  auto row = q.next();
  if (!row) return row.error();
  return q.number(0);
}

// Counted only now and then: in between, rows that replaced another make the number too high, which is the safe side.
Result<void> Idempotency::make_room() {
  if (rows_ >= 0 && rows_ <= most_) return {};
  auto counted = count();
  if (!counted) return counted.error();
  rows_ = *counted;
  if (rows_ <= most_) return {};
  const auto too_many = rows_ - most_ + most_ / 100;
  auto gone = database_.run("DELETE FROM answered WHERE key IN (SELECT key FROM answered ORDER BY expires LIMIT ?)", too_many);
  if (gone) rows_ -= too_many;
  return gone;
}

Result<void> Idempotency::prune(UnixSeconds now) {
  rows_ = -1;
  return database_.run("DELETE FROM answered WHERE expires<=?", now);
}

}  // namespace wb::service
