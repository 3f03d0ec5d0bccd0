// The types of docs/PROTOCOL.md: what is said on the link and inside signed objects. Plain values; codec.hpp turns
// them into JSON and back, and rejects what the contract does not allow.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/findings.hpp"
#include "protocol/trace.hpp"

namespace wb::protocol {

// ---- limits (sections 2, 4, 8) ------------------------------------------------------------------------------
constexpr std::size_t message_bytes_max = 64 * 1024;
constexpr std::size_t hello_bytes_max = 4 * 1024;
constexpr std::size_t job_bytes_max = 32 * 1024;
constexpr std::size_t recipients_max = 32;
constexpr std::size_t roots_max = 8;             // successions of one domain
constexpr std::size_t password_units_max = 256;  // UTF-16 code units
constexpr int json_depth_max = 8;
constexpr int seal_seconds_max = 120;
constexpr std::string_view exporter_label = "EXPORTER-wb-hello-v1";
constexpr std::string_view subprotocol = "wb.v1";
constexpr std::string_view cap_findings = "findings";  // of a service: it takes that message

// ---- typ of signed objects (section 3) ----------------------------------------------------------------------
constexpr std::string_view typ_hello = "wb-hello+jws", typ_enroll = "wb-enroll+jws", typ_roster = "wb-roster+jws", typ_root = "wb-root+jws",
                           typ_statement = "wb-statement+jws", typ_submit = "wb-submit+jws", typ_endorse = "wb-endorse+jws",
                           typ_job = "wb-job+jws", typ_signing = "wb-signing+jws", typ_result = "wb-result+jws", typ_sealed = "wb-sealed+jwe";

// ---- envelope -----------------------------------------------------------------------------------------------
struct Envelope {
  std::string type, id;
  std::optional<std::string> re;
  std::string body;  // JSON text of `b`, already checked for size, depth and duplicate members
};

// ---- link messages (section 5) ------------------------------------------------------------------------------
struct Challenge {
  std::string nonce, gateway;
  std::int64_t now = 0;
  std::vector<int> versions;
  std::string cb;
};
struct Hello {
  std::string jws;
};
struct Welcome {
  std::string session;
  int version = 1;
  int heartbeat_ms = 25'000, lease_ms = 5'000, window = 8;
  std::int64_t now = 0;
  std::vector<std::string> caps = {};  // what else this service understands
  std::string software = {};           // its program and version, for people; empty: not said
};
struct ServiceKeys {
  std::vector<std::string> sk;
  std::map<std::string, std::string> rosters;
  std::map<std::string, std::vector<std::string>> roots = {};  // by domain: successions, the oldest first
};
struct AgentKeys {
  std::map<std::string, std::string> statements;
};
struct JobMessage {
  std::string jws;
  std::optional<std::string> sec;
  int ttl_ms = 0;
  Trace trace = {};
};
struct JobRef {
  std::string jti;
  std::int64_t fence = 0;
};  // accept, ack, cancel
struct Progress {
  std::string jti;
  std::int64_t fence = 0;
  std::string state;
};
struct ResultMessage {
  std::string jws;
};
struct Readiness {
  bool ready = false;
  std::string reason;
  std::string dc;
  bool marker = false, hints = false;
};
struct AgentHeartbeat {
  int inflight = 0, window = 0;
  std::map<std::string, Readiness> ready;
};
constexpr std::size_t findings_max = 32;
struct FoundThing {
  CheckResult result = CheckResult::pass;
  std::string code;     // of findings.hpp, or a later version's; of pass and skip its group alone
  std::string domain;   // empty: the agent's host, or its way to the service
  std::string subject;  // a server's name, with its port where it was configured; empty: the thing itself
};
struct AgentFindings {
  std::int64_t age_s = 0;  // since they were made
  std::vector<FoundThing> findings;
};
struct ServiceHeartbeat {
  std::int64_t now = 0;
};
struct Drain {
  int deadline_ms = 0;
};
struct Draining {};
struct Error {
  std::string code, message;
  std::optional<int> retry_after_ms;
};

// ---- payloads of signed objects (sections 3 and 5) ----------------------------------------------------------
// A public P-256 key; x and y are base64url of 32 bytes each. On-curve is checked where a key is made of it.
struct Jwk {
  std::string x, y;
  bool operator==(const Jwk&) const = default;
};

struct HelloClaims {
  std::string agent, ten;
  std::vector<std::string> domains;
  std::string nonce, gateway, cb;
  std::int64_t epoch = 0;
  std::string sw;
  std::vector<std::string> caps, ae_kids;
  int window = 0;
  std::optional<std::string> from = {};  // the session that this one takes over from, where both live for a moment
};
struct EnrollClaims {
  std::string token;
  Jwk ae;
  std::string host, sw;
  std::int64_t iat = 0;
};
struct SigningClaims {    // by an agent's next signing key: that it is there
  std::string agent, as;  // as: thumbprint of the present one, which it shall succeed
  std::int64_t iat = 0;
};
struct RosterAgent {
  std::string id;
  Jwk as;
};
struct Roster {
  std::string ten, dom;
  std::int64_t rsn = 0, iat = 0, exp = 0;
  std::vector<RosterAgent> agents;
};
struct Succession {  // a domain root names the next one
  std::string ten, dom;
  Jwk dr;
  std::int64_t iat = 0;
};
struct StatementKey {
  std::string kid;
  Jwk jwk;
};
struct Statement {
  std::string ten, dom, agent;
  std::int64_t rsn = 0;
  std::vector<StatementKey> ae;
  std::int64_t iat = 0, exp = 0;
};
struct SubmitClaims {
  std::string agent, dom, sh;
  std::int64_t iat = 0;
};
struct Endorsement {
  std::string iss;
  Jwk sk;
  std::int64_t iat = 0, nbf = 0, exp = 0;
};

// The account as the probe saw it on the DC that all attempts will use.
struct Pre {
  std::string dc;
  std::int64_t ver = -1;
  std::string pls;
  std::optional<std::string> mk;
  bool operator==(const Pre&) const = default;
};

enum class Op { probe,
  reset,         // an administrator's: the new password alone
  unlock,        // the password stays
  change,        // the person's own: the old and the new password
  authenticate,  // is this the password? Nothing is written
  resolve };
// Its end, where it is not known, can be found out (resolve).
constexpr bool writes_password(Op op) { return op == Op::reset || op == Op::change; }
// It comes with a sealed password.
constexpr bool is_sealed(Op op) { return writes_password(op) || op == Op::authenticate; }
struct JobOptions {
  bool unlock = false, must_change = false, enforce_history = true;
};
constexpr std::size_t named_groups_max = 200, named_groups_bytes_max = 16 * 1024;  // of one probe
struct Job {
  std::string iss, aud, jti;
  std::int64_t fence = 0;
  int att = 0;
  Op op = Op::probe;
  std::string sub;  // empty when a probe goes by name
  std::optional<std::string> name;
  std::vector<std::string> want;
  std::vector<std::string> groups = {};  // a probe's: DNs or SIDs that the answer must not leave out
  std::int64_t iat = 0, exp = 0;
  std::optional<Pre> pre;
  std::optional<std::string> sh;
  std::string acr;
  std::vector<std::string> amr;
  JobOptions opts;
};

// The `wb` member of a sealed password's protected header.
struct SealBinding {
  std::string jti, ten, dom, sub;
  Op op = Op::reset;
  std::int64_t iat = 0, exp = 0, rsn = 0;
  Pre pre;
  std::string nce;
};

enum class Code { ok,
  applied,
  applied_but,
  rejected,
  denied,
  superseded,
  failed,
  reprobe,
  invalid,
  busy,
  in_doubt,
  unknown };

struct AccountState {
  bool disabled = false, locked = false, must_change = false, expired = false, never_expires = false;  // expired: the password
  bool account_expired = false, cannot_change = false, smart_card = false;
  std::optional<std::int64_t> locked_until = {};  // Unix seconds; locked without it: until somebody ends it
};
struct PasswordPolicy {
  int min_length = 0;
  bool complexity = false;
  int history = 0;
  std::int64_t min_age_s = 0, max_age_s = 0;
  std::optional<std::int64_t> change_from = {};  // Unix seconds: the minimum age is in the way until then
  int lockout_threshold = 0;                     // wrong passwords that lock; 0: none does
  std::int64_t lockout_window_s = 0;             // within which they count; 0: until a right one
  std::int64_t lockout_duration_s = 0;           // 0: until somebody ends it
};
struct ProbeAnswer {
  std::string sub, dc;
  AccountState state;
  PasswordPolicy policy;
  std::string display_name;
  std::string privileged = {};  // why, where the guardrails spare a privileged account; empty: it is none
  std::string language = {};    // as the directory spells it: "de", "de-AT"; empty: not told
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> contacts;  // by the directory's attribute names, as far as the agent's configuration permits
  Pre pre;
  std::int64_t now = 0;
};

struct JobResult {
  std::string jti;
  std::int64_t fence = 0;
  int att = 0;
  std::string agent;
  Op op = Op::probe;
  std::optional<std::string> sub;
  Code code = Code::unknown;
  std::string reason, text;
  std::optional<std::int64_t> retry_after;  // Unix seconds
  std::optional<std::string> dc, pls;
  std::optional<std::int64_t> ver, usn;
  std::vector<std::string> also;
  std::optional<ProbeAnswer> probe;
  double total_ms = 0, directory_ms = 0;
  std::int64_t at = 0;
};

std::string_view to_string(Op op);
std::string_view to_string(Code code);
std::optional<Op> op_from(std::string_view text);
std::optional<Code> code_from(std::string_view text);

}  // namespace wb::protocol
