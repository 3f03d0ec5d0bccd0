#include "agent/job_check.hpp"

#include <cstdlib>

#include "core/ids.hpp"
#include "crypto/jwe.hpp"
#include "crypto/jws.hpp"
#include "protocol/codec.hpp"

namespace wb::agent {
namespace {
using protocol::Job;
using protocol::Op;

Invalid invalid(std::string_view reason, const Job& job) {
  return {reason, protocol::JobRef{job.jti, job.fence}, job.att, job.op};
}

// Why a payload did not decode: another version of the contract is told from nonsense.
std::string_view undecodable(const Fault& fault) { return fault.detail.starts_with("v:") ? "version" : "malformed"; }

bool is_guid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

bool fits_operation(const Job& job) {
  if (!is_ulid(job.jti) || job.fence < 1 || job.att < 1) return false;
  const bool named = job.name && !job.name->empty() && job.name->size() <= 1024;
  switch (job.op) {
    case Op::probe: return !job.sh && (named != is_guid(job.sub));
    case Op::reset: return is_guid(job.sub) && job.pre && job.sh;
    case Op::change:
    case Op::authenticate: return is_guid(job.sub) && job.pre && job.sh && !job.opts.unlock && !job.opts.must_change;
    case Op::unlock: return is_guid(job.sub) && !job.sh;
    case Op::resolve: return is_guid(job.sub) && job.pre && !job.sh && job.exp <= job.iat + protocol::seal_seconds_max;
  }
  return false;
}

// "tenant/domain": the domain, when the tenant is ours.
std::string audience_domain(std::string_view aud, std::string_view tenant) {
  if (!aud.starts_with(tenant) || aud.size() <= tenant.size() || aud[tenant.size()] != '/') return {};
  return std::string(aud.substr(tenant.size() + 1));
}

// The payload of a job nobody signed for us is read only to know whom to answer.
Invalid unsigned_job(std::string_view payload) {
  Invalid out{"signature", std::nullopt};
  if (auto job = protocol::decode<Job>(payload); job && is_ulid(job->jti)) return invalid("signature", *job);
  return out;
}

bool same_binding(const Believed& b, const protocol::SealBinding& seal) {
  const Job& job = b.job;
  return seal.jti == job.jti && seal.ten + "/" + seal.dom == job.aud && seal.dom == b.domain && seal.sub == job.sub && seal.op == job.op &&
      seal.exp == job.exp && job.pre && seal.pre == *job.pre;
}

}  // namespace

std::variant<Believed, Invalid> believe(std::string_view jws, const Trust& trust, const Moment& moment) {
  auto parsed = crypto::parse_jws(jws, protocol::typ_job, crypto::CarryKey::no);
  if (!parsed) return Invalid{"malformed", std::nullopt};
  const auto key = trust.service_keys.find(parsed->kid);
  if (key == trust.service_keys.end() || !in_force(key->second, moment.now)) return unsigned_job(parsed->payload);
  auto payload = crypto::verify(jws, protocol::typ_job, key->second.key);
  if (!payload) return unsigned_job(parsed->payload);
  auto decoded = protocol::decode<Job>(*payload);
  if (!decoded) return Invalid{undecodable(decoded.error()), std::nullopt};
  Job job = std::move(decoded).value();
  if (!fits_operation(job)) return invalid("malformed", job);
  const auto domain = audience_domain(job.aud, trust.tenant);
  if (job.iss != trust.issuer || domain.empty()) return invalid("audience", job);
  if (std::abs(moment.clock_offset_s) > clock_skew_max_s) return invalid("clock_skew", job);
  if (job.iat > moment.now + clock_skew_max_s) return invalid("clock_skew", job);
  if (job.exp <= moment.now) return invalid("expired", job);
  return Believed{std::move(job), domain};
}

std::optional<Invalid> check_binding(const Believed& b, const std::optional<std::string>& sec, const Seen& seen, std::chrono::milliseconds age,
    std::chrono::milliseconds ttl, const Moment& moment) {
  const Job& job = b.job;
  if (age > ttl || job.exp <= moment.now) return invalid("expired", job);
  if (seen && job.fence <= *seen) return invalid("replay", job);
  if (sec.has_value() != job.sh.has_value()) return invalid("binding", job);
  if (!sec) return std::nullopt;
  if (crypto::sha256_url(*sec) != *job.sh) return invalid("binding", job);
  auto sealed = crypto::read_sealed(*sec);
  if (!sealed) return invalid("malformed", job);
  const auto& seal = sealed->binding;
  // `rsn` is the client's: it chose the recipients, and a roster that has meanwhile changed takes none of them back.
  if (!same_binding(b, seal)) return invalid("binding", job);
  if (seal.exp - seal.iat > protocol::seal_seconds_max || seal.exp <= seal.iat) return invalid("binding", job);
  if (seal.iat > moment.now + clock_skew_max_s) return invalid("clock_skew", job);
  return std::nullopt;
}

}  // namespace wb::agent
