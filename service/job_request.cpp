#include "service/job_request.hpp"

#include "core/ids.hpp"
#include "crypto/jwe.hpp"
#include "protocol/codec.hpp"
#include "service/dispatch.hpp"

namespace wb::service {
namespace {

using Members = protocol::Members;
using protocol::Op;
constexpr std::size_t sealed_bytes_max = 24 * 1024;  // with its quotes escaped, and the JWS beside it, a job stays below 32 KiB
constexpr std::int64_t clock_tolerance = 60;

Result<protocol::JobOptions> read_options(const protocol::json::value* value, Op op) {
  protocol::JobOptions opts;
  if (op == Op::unlock) opts.unlock = true;
  if (!value || value->is_null()) return opts;
  Members members(*value, Members::Unknown::refused);
  const auto flag = [&](std::string_view name, bool& out) {
    if (value->is_object() && value->as_object().contains(name)) members.flag(name, out);
  };
  flag("unlock", opts.unlock);
  flag("must_change", opts.must_change);
  flag("enforce_history", opts.enforce_history);
  if (auto done = members.finish(); !done) return done.error();
  // A person's own password needs no administrator's help, and a locked account's is not tried.
  if ((op == Op::change || op == Op::authenticate) && (opts.unlock || opts.must_change)) return fault(Fault::Kind::malformed, "api.opts", "opts: neither unlock nor must_change here");
  return opts;
}

// The first member of the binding that does not fit, or nothing.
std::optional<std::string_view> misfit(const protocol::SealBinding& b, const Settings& settings, const std::string& domain, const ProbeRow& probe, Op op, UnixSeconds now) {
  if (b.ten != settings.tenant) return "ten";
  if (b.dom != domain) return "dom";
  if (b.op != op) return "op";
  if (b.sub != probe.sub) return "sub";
  if (!(b.pre == probe.pre)) return "pre";
  if (b.exp <= now || b.exp > b.iat + protocol::seal_seconds_max || b.exp > now + protocol::seal_seconds_max + clock_tolerance) return "exp";
  return std::nullopt;
}

}  // namespace

std::optional<link::HttpResponse> read_job_request(const Settings& settings, Store& store, Rosters& rosters, const ClientRow& client, const std::string& text, JobRequest& request) {
  auto& job = request.job;
  const auto bad = [](std::string_view why) { return std::optional(refuse(Refusal::bad_request, why)); };
  auto body = protocol::parse_json(text);
  if (!body) return bad(body.error().detail);
  std::optional<std::string> op_text;
  Members members(*body, Members::Unknown::refused);
  members.text("probe", job.probe).text("sealed", job.sealed).text("op", op_text);
  const auto* opts_value = members.any("opts", false);
  if (auto read = members.finish(); !read) return bad(read.error().detail);
  const auto op = protocol::op_from(op_text.value_or("reset"));
  if (!op || (!protocol::is_sealed(*op) && *op != Op::unlock)) return bad("op: reset, unlock, change or authenticate");
  auto opts = read_options(opts_value, *op);
  if (!opts) return bad(opts.error().detail);
  if (!is_ulid(job.probe)) return bad("probe: a ULID");
  if (protocol::is_sealed(*op) != job.sealed.has_value()) return bad("sealed: needed for all but unlock, and only there");
  job.op = *op, job.opts = *opts, job.domain = client.domain, job.client = client.id;
  job.correlation_id = new_ulid(), job.created_ms = now_ms();

  auto probe = store.probe(job.probe, job.domain);
  if (!probe) return refuse_for(probe.error());
  if (!*probe) return refuse(Refusal::not_found, "no such probe");
  const auto now = unix_now();
  job.sub = (*probe)->sub, job.pre = (*probe)->pre;
  job.iat = now, job.exp = now + protocol::seal_seconds_max;
  if (!job.sealed) {
    // Nothing names this job but its probe: the same again means the same probe.
    job.jti = (*probe)->used_by.value_or(new_ulid());
    return std::nullopt;
  }
  if (job.sealed->size() > sealed_bytes_max) return refuse(Refusal::too_large, "sealed: at most 24 KiB");
  auto header = crypto::read_sealed(*job.sealed);
  if (!header) return bad("sealed: " + header.error().detail);
  const auto& binding = header->binding;
  if (!is_ulid(binding.jti)) return bad("sealed: jti");
  job.jti = binding.jti, job.iat = binding.iat, job.exp = binding.exp;
  job.sh = crypto::sha256_url(*job.sealed);
  auto known = store.job(job.jti);
  if (!known) return refuse_for(known.error());
  if (*known) return std::nullopt;  // the same again may come after its time: submit() compares
  if (auto what = misfit(binding, settings, job.domain, **probe, job.op, now))
    return refuse(Refusal::conflict, std::string("sealed for something else: ") + std::string(*what));
  if (!rosters.takes(job.domain, binding.rsn, header->kids, now)) return refuse(Refusal::conflict, "sealed to another roster: get the keys again");
  request.recipients = std::move(header->kids);
  return std::nullopt;
}

std::optional<link::HttpResponse> refuse_submit(Submitted submitted) {
  switch (submitted) {
    case Submitted::stored:
    case Submitted::same_again: return std::nullopt;
    case Submitted::jti_taken: return refuse(Refusal::conflict, "this jti belongs to another request");
    case Submitted::probe_unknown: return refuse(Refusal::not_found, "no such probe");
    case Submitted::probe_gone: return refuse(Refusal::gone, "the probe was used or is too old: probe again");
    case Submitted::account_busy: return refuse(Refusal::busy_account, "another request for this account is on its way", 1'000);
    case Submitted::account_in_doubt: return refuse(Refusal::in_doubt, "an earlier request for this account is in doubt on another domain controller");
  }
  return std::nullopt;
}

}  // namespace wb::service
