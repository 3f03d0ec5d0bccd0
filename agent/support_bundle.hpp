// The verb `support-bundle`: what somebody who helps from afar asks for first, in one JSON file of mode 0600. Redacted by construction:
// nothing is copied and then blackened, but each member is put in by name, and none holds a secret (docs/OPERATIONS.md, A support bundle).
// Blocking; used by the command line only.
#pragma once
#include <filesystem>
#include <string>

#include "config/agent_config.hpp"
#include "core/result.hpp"

namespace wb::agent {

struct BundleQuestion {
  std::filesystem::path config;
  std::filesystem::path log;             // a file that the agent's log went to; empty: none
  std::string unit = "writeback-agent";  // of systemd, whose journal is asked for
  std::filesystem::path journalctl = "/usr/bin/journalctl";
};

// {"made", "version", "host", "config", "state_files", "status", "check", "log", "journal"}. Never fails: what can't be had is {"error"} in its place.
std::string support_bundle(const BundleQuestion& question);
// A new file. Fault refused "bundle.file" when there is one already; else as platform::write_private_file.
Result<void> write_support_bundle(const BundleQuestion& question, const std::filesystem::path& file);

}  // namespace wb::agent
