#include "agent/check/check.hpp"

#include <cstdlib>
#include <ostream>

#include "agent/check/directory.hpp"
#include "agent/check/host.hpp"
#include "agent/check/running.hpp"
#include "agent/check/service.hpp"
#include "agent/control_client.hpp"

namespace wb::agent {
namespace {
constexpr auto step = std::chrono::seconds(5);  // of the way to the service
constexpr int exit_failed = 1;

void check_all(const CheckQuestion& question, Report& report) {
  const auto& file = question.config;
  const auto config = check_config(file, report);
  if (!config) {
    for (const auto* group : {"state", "enrolment", "service", "directory"}) report.skip(group, file.string(), "the configuration can't be used");
    return;
  }
  check_files(*config, report);
  check_state(*config, report);
  check_enrolment(*config, unix_now(), report);
  check_service(*config, step, report);
  const auto status = ask(config->control_path(), "status");
  judge_silence(status, report);
  judge_trust(status, report);
  for (const auto& domain : config->domains) check_directory(domain, question.user, report);
}
}  // namespace

int check(const CheckQuestion& question, std::ostream& out) {
  Report report;
  check_all(question, report);
  out << (question.json ? report.json() + "\n" : report.text());
  return report.worst() == CheckResult::fail ? exit_failed : EXIT_SUCCESS;
}

}  // namespace wb::agent
