// Of `writeback-agent check`: this machine. The configuration and the files it names, the state folder, the enrolment. Blocking.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "agent/check/report.hpp"
#include "agent/password_check.hpp"
#include "config/agent_config.hpp"
#include "core/clock.hpp"

namespace wb::agent {

// nullopt: it can't be used, and the report says why.
std::optional<config::AgentConfig> check_config(const std::filesystem::path& file, Report& report);
// The files with secrets and authorities that it names.
void check_files(const config::AgentConfig& config, Report& report);
// Makes nothing: a folder that is not there yet is the enrolment's business.
void check_state(const config::AgentConfig& config, Report& report);
void check_space(const config::AgentConfig& config, Report& report);                     // of the state folder, the audit and the log
void judge_list(const ListSeen& list, std::chrono::hours age, Report& report);           // pure
void judge_space(const std::string& folder, std::uintmax_t bytes_free, Report& report);  // pure
void check_enrolment(const config::AgentConfig& config, UnixSeconds now, Report& report);

}  // namespace wb::agent
