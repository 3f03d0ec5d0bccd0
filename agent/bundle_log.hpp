// What a support bundle has of the log: records in the forms that our log writes, of events that stand in the catalogue, and nothing else: it might be
// anything. Blocking.
#pragma once
#include <boost/json/object.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace wb::agent {

// {"lines":[...],"not_taken"}: the last 500 records of a file; or {"error"}.
boost::json::object log_of(const std::filesystem::path& file);
// {"unit","lines":[{"at","message"}...],"not_taken"}: of the last 500 entries of the unit's journal our records, and what systemd itself said of the unit; `at`
// in Unix seconds. Or {"error"}: there is no journalctl, it may not read the journal, or took longer than 10 s or said more than 4 MiB.
boost::json::object journal_of(const std::string& unit, const std::filesystem::path& journalctl);

// ---- pure ---------------------------------------------------------------------------------------------------
bool is_log_line(std::string_view line);        // time, level, event, fields; or the object of log.format: json
bool is_log_message(std::string_view message);  // event, fields: what journald and syslog get
bool is_unit(std::string_view name);            // of systemd, ".service" or not

}  // namespace wb::agent
