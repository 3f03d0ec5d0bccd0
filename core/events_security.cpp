// Security events: what came from outside and was not believed (core/refusals.hpp), all at level warn.
#include "core/events.hpp"

namespace wb::log {
namespace {
constexpr Event security_table[] = {
    {3001, "job.invalid_signature", "warn", 32008, "the agent: a job that the service's pinned key did not sign. Somebody between, or in, the service", "look at it before anything else"},
    {3002, "job.invalid_audience", "warn", 32008, "a job for another domain, tenant or issuer", "as of `job.invalid_signature`"},
    {3003, "job.invalid_binding", "warn", 32008, "a sealed password that belongs to another job", "as of `job.invalid_signature`"},
    {3004, "job.invalid_decrypt", "warn", 32004, "a sealed password that does not open: sealed to keys of before (a client with an old roster), or bent", "one: the person tries again. Many: which client?"},
    {3005, "job.invalid_malformed", "warn", 32003, "a signed job that the contract does not allow", "update the agent"},
    {3006, "job.invalid_version", "warn", 32003, "a signed job of a later version of the contract", "update the agent"},
    {3007, "job.invalid_replay", "warn", 32008, "a job that came twice under one fence: somebody repeats messages, or a service lost its store", "was the service restored? Else as of `job.invalid_signature`"},
    {3008, "job.invalid_expired", "warn", 32008, "a job that came after its end: load, or clocks", "mend NTP"},
    {3009, "job.invalid_clock_skew", "warn", 32008, "a job of the future: clocks", "mend NTP"},
    {3010, "message.invalid_envelope", "warn", 32008, "the service said what is no message of the contract", "versions: [UPGRADE](UPGRADE.md); the same versions: who answers at that address?"},
    {3011, "message.invalid_size", "warn", 32008, "the service sent more bytes than a message may have", "as of `message.invalid_envelope`"},
    {3012, "message.invalid_body", "warn", 32008, "a message of the service holds what the contract does not allow", "as of `message.invalid_envelope`"},
    {3013, "message.invalid_type", "warn", 32008, "a message of a type that this agent does not know", "as of `message.invalid_envelope`"},
    {3014, "message.flood", "warn", 0, "the service offered more jobs than any window allows", "as of `message.invalid_envelope`"},
    {3015, "keys.invalid", "warn", 32008, "a roster or endorsement was not believed (`why`). An attack, or a changed domain root", "compare fingerprints: [A domain's root](#a-domains-root)"},
    {3016, "keys.foreign", "warn", 0, "a roster names this agent with a signing key that it has not made (`domain` is not ready, `foreign_key`): somebody approved the wrong key",
        "`approve` it anew, with the fingerprint that `keys list` shows there"},
    {3017, "hello.invalid_malformed", "warn", 0, "the service: a hello from `peer` that the contract does not allow", "what dials there?"},
    {3018, "hello.invalid_unknown_agent", "warn", 0, "a hello of an agent of another service, or of one whose keys were lost", "that agent's `service.url`; else enroll it again"},
    {3019, "hello.invalid_signature", "warn", 0, "a hello that the agent's key did not sign", "many: somebody is at work at `peer`"},
    {3020, "hello.invalid_nonce", "warn", 0, "a hello that answers another challenge: a replay", "as of `hello.invalid_signature`"},
    {3021, "hello.invalid_gateway", "warn", 0, "a hello that was meant for another gateway", "as of `hello.invalid_signature`"},
    {3022, "hello.invalid_channel_binding", "warn", 0, "a hello of another TLS connection: somebody ends TLS on the way", "a box of the agent's network: [The way to the service](#the-way-to-the-service)"},
    {3023, "hello.invalid_tenant", "warn", 0, "a hello of an agent of another tenant", "that agent's `service.url`"},
    {3024, "hello.invalid_revoked", "warn", 0, "an agent that the operator has cut off still dials", "stop it, on its machine"},
    {3025, "hello.duplicate", "warn", 0, "a second life of an agent beside a living one: a cloned host, or one that came back before its old link was known to be dead",
        "for longer than a minute: [a cloned host](#a-restored-or-copied-host)"},
    {3026, "hello.slow_down", "warn", 0, "an agent that dials too often, or there are too many", "that agent's log says why it dials"},
    {3027, "hello.none", "warn", 0, "a link that came to no hello in time (`kind`)", ""},
    {3028, "agent.invalid_message", "warn", 0, "an agent (`agent`) said what the contract does not allow; after 16 of these its link is closed", "which version does it run? The same: look at that machine"},
    {3029, "agent.flood", "warn", 0, "that, too often, or more messages than its jobs can explain (8,192 at once, 2,000 a second)", "as of `agent.invalid_message`"},
    {3030, "agent.error", "warn", 0, "the agent refused something of ours", "its own log says what"},
    {3031, "agent.invalid_statement", "warn", 0, "keys an agent stated were not believed (`why`), mostly because the roster has changed meanwhile, or it is not approved yet", "for long: `runuser -u writeback-agent -- writeback-agent keys list` there"},
    {3032, "agent.invalid_result", "warn", 0, "an answer that this agent did not sign, or not as itself", "look at that machine"},
    {3033, "enroll.invalid_token", "warn", 0, "an enrolment with an unknown, used or expired token", "yours: a new token"},
    {3034, "enroll.invalid_proof", "warn", 0, "an enrolment, or a next signing key, with a proof that is none (`reason`)", "versions: [UPGRADE](UPGRADE.md); else somebody tries"},
    {3035, "enroll.flood", "warn", 0, "too many enrolments from one address", "not yours: somebody tries tokens"},
    {3036, "submit.invalid_signature", "warn", 0, "a roster, a next signing key, or a question for the list of agents, that no agent of the domain signed", "not yours: somebody tries"},
    {3037, "submit.invalid_roster", "warn", 0, "a roster that was not accepted (`reason`)", "by `reason`: a newer one is there, or another root signed it"},
    {3038, "api.invalid_credential", "warn", 0, "a client without a right credential (`peer`)", "yours: `reset-service client create`"},
    {3039, "api.forbidden_scope", "warn", 0, "a client (`client`) asked for what its credential is not for: set up wrongly, or somebody tries what a stolen one is good for", "`client create --scope`; else withdraw it"},
};
}  // namespace

std::span<const Event> security_events() { return security_table; }

}  // namespace wb::log
