// Typed reads of a YAML file that collect every problem instead of stopping at the first. yaml-cpp stays in the .cpp.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wb::config {

// "agent.yaml:12:7: directory.uris: expected a list of ldaps:// URIs". Exit code 78 (EX_CONFIG) goes with them.
struct Problem { std::string file; int line = 0, column = 0; std::string key, expected; };
using Problems = std::vector<Problem>;
std::string to_string(const Problem& problem);

// The reader itself (class Reader) is declared here by the config engineer.

}  // namespace wb::config
