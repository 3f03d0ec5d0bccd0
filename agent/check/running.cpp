#include "agent/check/running.hpp"

#include "agent/json_at.hpp"
#include "core/ids.hpp"

namespace wb::agent {
namespace {
namespace json = protocol::json;
constexpr auto group = "enrolment";
constexpr std::int64_t day = 86'400, roster_soon_s = 7 * day;  // as WritebackRosterEndsSoon has it
constexpr std::size_t text_max = 253;

std::string word(const json::value& value) {
  const auto* text = value.if_string();
  return text ? printable({text->data(), text->size()}, text_max) : std::string();
}
std::optional<UnixSeconds> time_in(const json::value& value) { return value.is_int64() ? std::optional(value.get_int64()) : std::nullopt; }
std::string after(std::int64_t seconds) { return seconds < day ? std::to_string(seconds / 3'600) + " h" : std::to_string(seconds / day) + " days"; }

// Refused by name: everything that is known beside it is from before. While one signing key succeeds another, `unknown_agent`
// says of the one that it is not in force, and the agent says hello with the other next.
bool revoked(const json::value& all, Report& report) {
  const auto& no_link = at(at(all, "link"), "no_link");
  const auto why = word(at(no_link, "detail"));
  if (word(at(no_link, "where")) != "session.refused" || (why != "revoked" && why != "unknown_agent")) return false;
  if (why == "unknown_agent" && at(at(all, "keys"), "next_signing").is_string()) return false;
  const auto service = word(at(no_link, "service"));
  report.fail(Finding::enrolment_revoked, word(at(all, "agent")), why, "where it is meant to serve again: runuser -u writeback-agent -- writeback-agent enroll --again --service " + service + " --token-file FILE");
  return true;
}

void judge_domain(const json::value& all, const std::string& name, const json::value& one, UnixSeconds now, Report& report) {
  const auto& keys = at(all, "keys");
  const auto trust = word(at(one, "trust"));
  if (!at(one, "trust").is_string()) return report.skip(group, name, "no link has told the agent of a roster yet");
  const bool foreign = trust == "foreign_key";
  if (trust == "not_approved" || foreign) {
    const auto key = at(keys, "next_signing").is_string() ? word(at(keys, "next_signing")) : word(at(keys, "signing"));
    return report.fail(Finding::enrolment_approval, name, foreign ? "the roster names another signing key for it" : "no roster names it",
        "on the machine with the domain's root: runuser -u writeback-agent -- writeback-agent approve " + word(at(all, "agent")) + " --fingerprint " + key + " --domain " + name);
  }
  const auto ends = time_in(at(one, "roster_ends"));
  const auto renew = "on the machine with the domain's root: runuser -u writeback-agent -- writeback-agent roster renew --domain " + name;
  if (trust == "roster_expired" || (ends && *ends <= now)) report.fail(Finding::enrolment_roster, name, "it has expired", renew);
  else if (ends && *ends - now <= roster_soon_s) report.warn(Finding::enrolment_roster, name, "it ends in " + after(*ends - now), renew);
  else report.pass(group, name, "approved" + (ends ? ", by a roster that ends in " + after(*ends - now) : std::string()));
}

void judge_service_keys(const json::value& all, UnixSeconds now, Report& report) {
  constexpr auto subject = "the service's keys";
  const auto ends = time_in(at(at(all, "keys"), "service_ends"));
  if (!at(at(all, "link"), "up").is_bool() || (!at(at(all, "link"), "up").get_bool() && !ends)) return report.skip(group, subject, "no link has told the agent of any yet");
  if (!ends || *ends <= now) report.fail(Finding::enrolment_service_keys, subject, "none is believed");
  else if (*ends - now < day) report.warn(Finding::enrolment_service_keys, subject, "the last that is believed ends in " + after(*ends - now));
  else report.pass(group, subject, "the last that is believed ends in " + after(*ends - now));
}
}  // namespace

void judge_trust(const Result<std::string>& status, Report& report) {
  constexpr auto subject = "approval, rosters, service keys";
  constexpr int depth = 12;
  const auto read = status ? protocol::parse_json(*status, depth) : Result<json::value>(status.error());
  const auto now = read ? time_in(at(*read, "now")) : std::nullopt;
  const auto* domains = read ? at(*read, "domains").if_object() : nullptr;
  if (!now || !domains) return report.skip(group, subject, "no running agent could be asked: one that runs knows");
  if (revoked(*read, report)) return;
  for (const auto& [name, one] : *domains) judge_domain(*read, printable({name.data(), name.size()}, text_max), one, *now, report);
  judge_service_keys(*read, *now, report);
}

}  // namespace wb::agent
