// The command line of reset-service: one function per verb, each with its exit code (0 done, 1 failed, 2 usage,
// 78 configuration).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "config/service_config.hpp"

namespace wb::service {

constexpr int exit_done = 0, exit_failed = 1, exit_usage = 2, exit_config = 78;

int serve(const config::ServiceConfig& config);
int create_token(const config::ServiceConfig& config, const std::string& domain);
int list_agents(const config::ServiceConfig& config);
// Writes the credential file 0600, or to standard output.
int create_client(const config::ServiceConfig& config, const std::string& domain, const std::optional<std::string>& out);

}  // namespace wb::service
