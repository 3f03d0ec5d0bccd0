// The part of both configurations that says where the log goes.
#pragma once
#include <filesystem>

#include "config/yaml_reader.hpp"
#include "core/kept_file.hpp"
#include "core/log.hpp"

namespace wb::config {

void read_log(Section& section, const std::filesystem::path& folder, log::Destination& destination);
void read_kept_file(Section& section, const std::filesystem::path& folder, KeptFile& file);  // file, file_bytes_max, files_kept

}  // namespace wb::config
