#include "agent/status.hpp"

#include <algorithm>
#include <cmath>

#include "agent/json_at.hpp"
#include "core/ids.hpp"

namespace wb::agent {
namespace {
namespace json = protocol::json;

constexpr std::size_t recent_shown = 10;

template <class T> json::value or_null(const std::optional<T>& known) { return known ? json::value(*known) : json::value(nullptr); }
json::value or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

json::object of_domain(const DomainSnapshot& one) {
  json::array controllers;
  for (const auto& c : one.directory.controllers)
    controllers.push_back(json::object{{"dc", c.dc}, {"up", c.up}, {"current", c.current}, {"pdc", c.pdc}, {"read_only", c.read_only}, {"shut_ms", c.shut_ms}, {"latency_ms", c.latency_ms}, {"why", c.why}});
  return {{"ready", one.ready}, {"reason", one.reason}, {"dc", one.directory.dc}, {"in_flight", one.inflight}, {"writes_last_minute", one.writes_last_minute}, {"writes_last_hour", one.writes_last_hour},
      {"breaker_open", one.breaker_open}, {"roster_ends", or_null(one.roster_ends)}, {"trust", or_null(one.trust)}, {"controllers", controllers}};
}

json::object of_link(const Status& status) {
  const auto& now = status.snapshot;
  json::value no_link = nullptr;
  if (now.no_link) no_link = json::object{{"reason", to_string(now.no_link->trouble)}, {"service", now.no_link->service}, {"where", now.no_link->where}, {"detail", now.no_link->detail}, {"at", now.no_link->at}};
  return {{"up", now.link_up}, {"since", status.link_since}, {"service", now.route.host}, {"proxy", now.route.proxy}, {"intercepted_by", now.route.intercepted_by}, {"session", status.session},
      {"clock_offset_s", now.link_up ? json::value(status.clock_offset_s) : json::value(nullptr)}, {"software", or_null(status.software)}, {"contract", status.contract > 0 ? json::value(status.contract) : json::value(nullptr)}, {"no_link", no_link}, {"idle_limit_ms", now.idle_limit ? json::value(now.idle_limit->count()) : json::value(nullptr)}};
}

json::object of_jobs(const Status& status) {
  json::array in_flight, recent;
  for (const auto& job : status.in_hand) in_flight.push_back(json::object{{"jti", job.jti}, {"op", protocol::to_string(job.op)}, {"domain", job.domain}, {"applying", job.applying}, {"ms", job.ms}});
  for (const auto& job : status.answered)
    recent.push_back(json::object{{"at", job.at}, {"domain", job.domain}, {"jti", job.jti}, {"op", job.op}, {"code", job.code}, {"reason", job.reason}, {"dc", job.dc}, {"ms", job.ms}, {"directory_ms", job.directory_ms}});
  return {{"in_flight", in_flight}, {"recent", recent}};
}

json::object counts(const std::map<std::string, std::uint64_t>& by_name) {
  json::object out;
  for (const auto& [name, count] : by_name) out[name] = count;
  return out;
}

// ---- for people ---------------------------------------------------------------------------------------------
std::string said(const json::value& value) {
  if (const auto* text = value.if_string()) return printable({text->data(), text->size()}, 300);
  return value.is_null() ? "" : printable(json::serialize(value), 300);
}
bool yes(const json::value& value) { return value.is_bool() && value.get_bool(); }
double number(const json::value& value) { return value.is_number() ? value.to_number<double>() : 0; }
std::string ms(const json::value& value) { return std::to_string(std::llround(number(value))) + " ms"; }
std::string in_brackets(const std::string& text) { return text.empty() ? "" : " (" + text + ")"; }
std::string padded(std::string text, std::size_t width) { return text.size() < width ? text + std::string(width - text.size(), ' ') : text + " "; }

// "3 d 4 h": two parts are enough. Clocks may have been set: no time is negative.
std::string span(double seconds) {
  const auto s = static_cast<std::int64_t>(std::clamp(seconds, 0.0, 1e9));
  if (s < 60) return std::to_string(s) + " s";
  if (s < 3'600) return std::to_string(s / 60) + " min " + std::to_string(s % 60) + " s";
  if (s < 86'400) return std::to_string(s / 3'600) + " h " + std::to_string(s / 60 % 60) + " min";
  return std::to_string(s / 86'400) + " d " + std::to_string(s / 3'600 % 24) + " h";
}

std::string link_text(const json::value& link, double now) {
  const auto& why = at(link, "no_link");
  std::string out = yes(at(link, "up")) ? "up" : "DOWN";
  out += " for " + span(now - number(at(link, "since")));
  if (yes(at(link, "up"))) {
    out += ", " + said(at(link, "service"));
    if (const auto proxy = said(at(link, "proxy")); !proxy.empty()) out += " through " + proxy;
    if (const auto box = said(at(link, "intercepted_by")); !box.empty()) out += ", read by " + box;
    if (const auto software = said(at(link, "software")); !software.empty()) out += " (" + software + ", contract " + said(at(link, "contract")) + ")";
    out += ", clock " + said(at(link, "clock_offset_s")) + " s";
    if (const auto& limit = at(link, "idle_limit_ms"); limit.is_number()) out += ", cut on the way after " + ms(limit) + " of silence (heartbeats come sooner)";
  } else if (why.is_object()) {
    out += ": " + said(at(why, "reason")) + in_brackets(said(at(why, "service")) + ", " + said(at(why, "where")) + ": " + said(at(why, "detail"))) + ", " + span(now - number(at(why, "at"))) + " ago";
  }
  return out;
}

std::string keys_text(const json::value& keys, double now) {
  std::string out;
  const auto& key = at(keys, "encryption");
  if (key.is_object()) out += "key       " + said(at(key, "kid")) + ", made " + span(now - number(at(key, "made"))) + " ago";
  if (const auto& due = at(key, "rotation_due"); due.is_number()) out += number(due) > now ? ", rotated in " + span(number(due) - now) : ", rotation DUE (runuser -u writeback-agent -- writeback-agent keys rotate)";
  if (!out.empty()) out += "\n";
  if (const auto& made = at(keys, "signing_made"); made.is_number()) out += "signing   " + said(at(keys, "signing")) + ", made " + span(now - number(made)) + " ago\n";
  if (const auto next = said(at(keys, "next_signing")); !next.empty()) out += "next key  " + next + " waits for its approval as the signing key\n";
  return out;
}

std::string domain_text(std::string_view name, const json::value& one, double now) {
  std::string out = padded(printable(name, 253), 24) + (yes(at(one, "ready")) ? "ready" : "NOT READY" + in_brackets(said(at(one, "reason"))));
  out += ", " + said(at(one, "in_flight")) + " in flight, " + said(at(one, "writes_last_hour")) + " writes in an hour";
  if (at(one, "roster_ends").is_number()) out += ", roster ends in " + span(number(at(one, "roster_ends")) - now);
  out += "\n";
  if (const auto* all = at(one, "controllers").if_array())
    for (const auto& c : *all)
      out += "  " + padded(said(at(c, "dc")), 34) + (yes(at(c, "current")) ? "chosen, " : "") + (yes(at(c, "up")) ? "up, " + ms(at(c, "latency_ms")) : "down" + in_brackets(said(at(c, "why")))) + (yes(at(c, "pdc")) ? ", PDC emulator" : "") + (yes(at(c, "read_only")) ? ", read only" : "") + "\n";
  return out;
}

std::string jobs_text(const json::value& jobs, double now) {
  std::string out;
  if (const auto* all = at(jobs, "in_flight").if_array())
    for (const auto& job : *all) out += "in flight " + said(at(job, "jti")) + "  " + padded(said(at(job, "op")), 13) + said(at(job, "domain")) + ", " + ms(at(job, "ms")) + (yes(at(job, "applying")) ? ", being written" : "") + "\n";
  const auto* recent = at(jobs, "recent").if_array();
  if (!recent || recent->empty()) return out + "no job was answered yet\n";
  const auto shown = std::min(recent->size(), recent_shown);
  out += "the last " + std::to_string(shown) + " jobs, the newest first:\n";
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& job = (*recent)[recent->size() - 1 - i];
    out += "  " + said(at(job, "jti")) + "  " + padded(said(at(job, "op")), 13) + padded(said(at(job, "code")) + in_brackets(said(at(job, "reason"))), 26) + padded(ms(at(job, "ms")), 10) + padded(said(at(job, "dc")), 24) + span(now - number(at(job, "at"))) + " ago\n";
  }
  return out;
}
}  // namespace

std::string status_json(const Status& status) {
  const auto& now = status.snapshot;
  json::object domains;
  for (const auto& [name, one] : now.domains) domains[name] = of_domain(one);
  json::value key = nullptr, signing_made = nullptr;
  if (status.signing_made > 0) signing_made = status.signing_made;
  if (!status.sealing_key.kid.empty()) key = json::object{{"kid", status.sealing_key.kid}, {"made", status.sealing_key.made}, {"rotation_due", status.sealing_key.made + ae_life_s}};
  return json::serialize(json::object{{"version", WB_VERSION}, {"agent", status.agent}, {"tenant", status.tenant}, {"now", status.now}, {"started", status.started}, {"draining", now.draining}, {"journal", now.journal_works},
      {"link", of_link(status)}, {"domains", domains}, {"jobs", of_jobs(status)},
      {"counters", json::object{{"jobs", counts(status.jobs_by_code)}, {"refused", counts(now.refused)}, {"results_waiting", now.results_waiting}}},
      {"keys", json::object{{"encryption", key}, {"signing", or_null(status.signing_kid)}, {"signing_made", signing_made}, {"next_signing", or_null(status.next_signing_kid)}, {"service_ends", or_null(now.service_keys_end)}}}});
}

Result<std::string> status_text(const std::string& text) {
  constexpr int depth = 12;
  const auto parsed = protocol::parse_json(text, depth);
  if (!parsed) return parsed.error();
  const auto& all = *parsed;
  const double now = number(at(all, "now"));
  std::string out = "agent     " + said(at(all, "agent")) + " of " + said(at(all, "tenant")) + ", version " + said(at(all, "version")) + ", running for " + span(now - number(at(all, "started"))) + "\n";
  if (yes(at(all, "draining"))) out += "DRAINING  no new jobs are taken (writeback-agent resume)\n";
  if (!yes(at(all, "journal"))) out += "JOURNAL   can't be written: no job is taken\n";
  out += "link      " + link_text(at(all, "link"), now) + "\n";
  out += keys_text(at(all, "keys"), now);
  if (const auto why = said(at(at(at(all, "link"), "no_link"), "detail")); !yes(at(at(all, "link"), "up")) && why == "revoked") out += "REVOKED   the service takes it no more (runuser -u writeback-agent -- writeback-agent enroll --again, where it shall serve)\n";
  if (at(at(all, "keys"), "service_ends").is_number()) out += "service   the last of its keys that are believed ends in " + span(number(at(at(all, "keys"), "service_ends")) - now) + "\n";
  std::string counted;
  if (const auto* jobs = at(at(all, "counters"), "jobs").if_object())
    for (const auto& [code, count] : *jobs) counted += (counted.empty() ? "" : ", ") + printable(code) + " " + said(count);
  out += "answered  " + (counted.empty() ? std::string("nothing yet") : counted) + "; " + said(at(at(all, "counters"), "results_waiting")) + " results wait for the service\n\n";
  if (const auto* domains = at(all, "domains").if_object())
    for (const auto& [name, one] : *domains) out += domain_text(name, one, now);
  return out + "\n" + jobs_text(at(all, "jobs"), now);
}

}  // namespace wb::agent
