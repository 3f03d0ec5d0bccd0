// What a check has come to, line by line, for people and for programs. Pure, but for the clock.
#pragma once
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "protocol/findings.hpp"

namespace wb::agent {

using protocol::CheckResult;
using protocol::Finding;

constexpr std::int64_t skew_warning_s = 60;  // as of the running agent

std::string said(const Fault& why);  // where and what

std::string in_days(UnixSeconds end);  // "in 3 days"

struct CheckLine {
  CheckResult result = CheckResult::pass;
  std::string code;     // of the finding; of pass and skip the group alone: "service"
  std::string subject;  // a file, a URL, a server
  std::string detail;
  std::string remedy;  // of warn and fail
};

class Report {
 public:
  void pass(std::string group, std::string subject, std::string detail);
  void skip(std::string group, std::string subject, std::string why);
  // `remedy`: a command that is exact here, instead of the table's.
  void warn(Finding finding, std::string subject, std::string detail, std::string remedy = {}) { add(CheckResult::warn, finding, std::move(subject), std::move(detail), std::move(remedy)); }
  void fail(Finding finding, std::string subject, std::string detail, std::string remedy = {}) { add(CheckResult::fail, finding, std::move(subject), std::move(detail), std::move(remedy)); }

  // Warns when it ends within 14 days, as the alerts of docs/prometheus do. 0: none was shown.
  void certificate(Finding soon, std::string subject, UnixSeconds ends);

  const std::vector<CheckLine>& lines() const { return lines_; }
  bool failed(std::string_view group) const;
  CheckResult worst() const;  // pass, warn or fail: what was skipped counts for nothing
  std::string text() const;
  // {"result":"fail","checks":[{"result":"fail","code":"service.dns","subject","detail","meaning","remedy"}]}
  std::string json() const;

 private:
  void add(CheckResult result, Finding finding, std::string subject, std::string detail, std::string remedy);
  std::vector<CheckLine> lines_;
};

}  // namespace wb::agent
