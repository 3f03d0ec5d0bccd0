// The parts of both configurations that say where lines go: the log, and the agent's audit file.
#pragma once
#include <filesystem>

#include "config/yaml_reader.hpp"
#include "core/kept_file.hpp"
#include "core/log.hpp"

namespace wb::config {

void read_log(Section& section, const std::filesystem::path& folder, log::Destination& destination);
void read_kept_file(Section& section, const std::filesystem::path& folder, KeptFile& file);  // file, file_bytes_max, files_kept

}  // namespace wb::config
