// What the agent does at its control socket: tells its state, and takes four orders.
#include "agent/agent.hpp"

#include "core/ids.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {
namespace json = protocol::json;

std::string done(std::string text) { return json::serialize(json::object{{"ok", true}, {"text", std::move(text)}}); }
std::string no(std::string_view error, std::string text) { return json::serialize(json::object{{"error", error}, {"text", std::move(text)}}); }

std::optional<log::Level> level_of(std::string_view name) {
  constexpr std::pair<std::string_view, log::Level> levels[] = {{"debug", log::Level::debug}, {"info", log::Level::info}, {"warn", log::Level::warn}, {"error", log::Level::error}};
  for (const auto& [text, level] : levels)
    if (name == text) return level;
  return std::nullopt;
}
}  // namespace

// An agent without its control socket still does its work: it says so and goes on.
void Agent::open_control() {
  ControlDoor::Settings settings;
  settings.path = config_.control_path();
  auto opened = ControlDoor::start(io_, settings, [this](const std::string& line) { return obey(line); });
  if (opened) control_ = std::move(*opened);
  else log::fault("control.unavailable", opened.error());
}

void Agent::link_is(bool up) {
  if (up == link_up_) return;
  link_up_ = up;
  link_since_ = unix_now();
}

Status Agent::status() const {
  Status out;
  out.agent = trust_.identity().agent, out.tenant = trust_.identity().tenant;
  out.now = unix_now(), out.started = metrics_.started(), out.link_since = link_since_;
  out.snapshot = snapshot();
  if (out.snapshot.link_up) out.session = session_->id(), out.clock_offset_s = session_->clock_offset_s(), out.software = session_->software(), out.contract = session_->version();
  out.in_hand = worker_->in_hand();
  out.answered = metrics_.answered(), out.jobs_by_code = metrics_.by_code();
  out.sealing_key = sealing_key_;
  out.signing_kid = keys_->as.kid(), out.signing_made = keys_->as_made;
  if (keys_->next) out.next_signing_kid = keys_->next->kid();
  return out;
}

void Agent::pause(bool on) {
  if (stopping_ || paused_ == on) return;
  paused_ = on;
  worker_->pause(on);
  if (on) log::info("agent.draining", log::field("inflight", worker_->inflight()));
  else log::info("agent.resumed");
  if (session_) session_->heartbeat_soon();
}

std::string Agent::obey(const std::string& line) {
  if (line == "status") return status_json(status());
  const auto order = line.substr(0, line.find(' '));
  if (order != "drain" && order != "resume" && order != "reload" && order != "log-level") return no("unsupported", "status, drain, resume, reload or log-level LEVEL");
  log::info("control.order", log::field("order", order));
  if (stopping_) return no("stopping", "the agent is ending");
  if (line == "drain") {
    pause(true);
    return done("no new jobs are taken; in flight: " + std::to_string(worker_->inflight()));
  }
  if (line == "resume") {
    pause(false);
    return done("jobs are taken");
  }
  if (line == "reload") {
    if (!when_told_to_reload_) return no("unsupported", "this agent has no configuration file");
    const auto problems = when_told_to_reload_();
    std::string text;
    for (const auto& problem : problems) text += (text.empty() ? "" : "\n") + problem;
    return problems.empty() ? done("the configuration was read anew; what of it needs a restart stands in the log") : no("config", std::move(text));
  }
  const auto level = order == "log-level" && line.size() > order.size() ? level_of(std::string_view(line).substr(order.size() + 1)) : std::nullopt;
  if (!level) return no("unreadable", "log-level takes debug, info, warn or error; the others nothing");
  log::start(*level);
  return done("until the next start");
}

}  // namespace wb::agent
