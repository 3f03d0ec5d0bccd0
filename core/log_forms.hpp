// What a record of the log looks like on its way: one function for each form that core/log.hpp and docs/OPERATIONS.md (Logs) describe. Pure. In
// each of them values are printable ASCII, so that nothing ends a line, a literal or a parameter.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "core/log.hpp"

namespace wb::log {

struct Record {
  std::string time;  // RFC 3339
  Level level;
  std::string_view event;
  std::span<const Field> fields;
};

std::string as_line(const Record& record);                    // time level event key=value ...
std::string as_json(const Record& record);                    // one object
std::string as_message(Format format, const Record& record);  // event key=value ..., or the object
std::string as_journal(Format format, const Record& record);  // the message as MESSAGE=, each field as a line of its own
// RFC 5424: header with `origin` (its HOSTNAME, APP-NAME and PROCID), the event as MSGID and each field as a parameter, then the message. Without a
// byte order mark, which announces UTF-8 beyond ASCII. 8,192 octets at most, cut at the end.
std::string as_rfc5424(Format format, const Record& record, std::string_view origin);

}  // namespace wb::log
