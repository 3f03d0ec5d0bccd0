// The service's and the client's side of a job, for tests of the agent: keys, endorsements, rosters, signed jobs, seals.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/base64url.hpp"
#include "core/clock.hpp"
#include "core/ids.hpp"
#include "crypto/jwe.hpp"
#include "crypto/jws.hpp"
#include "protocol/codec.hpp"

namespace wb::test {

struct JobMaker {
  crypto::PrivateKey sr = crypto::PrivateKey::generate().value(), sk = crypto::PrivateKey::generate().value(), dr = crypto::PrivateKey::generate().value();
  std::string issuer = "https://reset.example", tenant = "demo", domain = "corp.example";

  template <class T> static std::string sign(const crypto::PrivateKey& key, std::string_view typ, const T& payload, crypto::CarryKey carry = crypto::CarryKey::no) {
    return crypto::sign(key, typ, protocol::encode(payload), carry).value();
  }
  std::string endorsement(const crypto::PrivateKey& key, UnixSeconds now = unix_now()) const {
    return sign(sr, protocol::typ_endorse, protocol::Endorsement{issuer, key.public_key().jwk(), now, now, now + 86'400}, crypto::CarryKey::yes);
  }
  std::string roster(std::int64_t rsn, std::vector<protocol::RosterAgent> agents, UnixSeconds now = unix_now()) const {
    return roster_by(dr, rsn, std::move(agents), now);
  }
  std::string roster_by(const crypto::PrivateKey& root, std::int64_t rsn, std::vector<protocol::RosterAgent> agents, UnixSeconds now = unix_now()) const {
    return sign(root, protocol::typ_roster, protocol::Roster{tenant, domain, rsn, now, now + 86'400, std::move(agents)}, crypto::CarryKey::yes);
  }
  protocol::Job probe(const std::string& name, UnixSeconds now = unix_now()) const {
    protocol::Job job;
    job.iss = issuer, job.aud = tenant + "/" + domain, job.jti = new_ulid(), job.fence = 1, job.att = 1, job.op = protocol::Op::probe;
    job.name = name, job.iat = now, job.exp = now + 60, job.acr = "test";
    return job;
  }
  protocol::Job reset(const std::string& sub, const protocol::Pre& pre, UnixSeconds now = unix_now()) const {
    auto job = probe("", now);
    job.name.reset();
    job.op = protocol::Op::reset, job.sub = sub, job.pre = pre, job.exp = now + 100;
    return job;
  }
  // Settles that job: the same jti, account and `pre`, times of its own, no password.
  protocol::Job resolve(protocol::Job job, std::int64_t fence, UnixSeconds now = unix_now()) const {
    job.op = protocol::Op::resolve, job.fence = fence, job.att = static_cast<int>(fence), job.iat = now, job.exp = now + 30, job.sh.reset();
    return job;
  }
  protocol::SealBinding binding_of(const protocol::Job& job) const {
    return {job.jti, tenant, domain, job.sub, job.op, job.exp - 100, job.exp, 1, *job.pre, base64url(random_bytes(16))};
  }
  // Seals, and writes the seal's hash into the job. `old`: of a change.
  static std::string seal(protocol::Job& job, const protocol::SealBinding& binding, const std::vector<crypto::PublicKey>& to, std::string_view password = "New-Passw0rd-1",
      std::optional<std::string_view> old = std::nullopt) {
    const auto before = Secret::copy_of(old.value_or(""));
    const auto plain = crypto::make_plaintext(Secret::copy_of(password), old ? &before : nullptr);
    auto sec = crypto::seal(to, binding, plain).value();
    job.sh = crypto::sha256_url(sec);
    return sec;
  }
  std::string signed_job(const protocol::Job& job) const { return sign(sk, protocol::typ_job, job); }
  protocol::JobMessage message(const protocol::Job& job, std::optional<std::string> sec = std::nullopt, int ttl_ms = 60'000) const { return {signed_job(job), std::move(sec), ttl_ms}; }
};

}  // namespace wb::test
