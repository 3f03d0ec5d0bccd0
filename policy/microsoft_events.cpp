#include "policy/microsoft_events.hpp"

#include <algorithm>
#include <array>

namespace wb::policy {
namespace {

using protocol::Code;
using protocol::Op;

struct Row {
  Code code;
  std::string_view reason;  // "*": every one
  int event;
};
constexpr std::array table{
    Row{Code::rejected, "old_password_wrong", 33007},  // ADUserIncorrectPassword
    Row{Code::rejected, "*", 33008},                   // ADPasswordPolicyError: age, history, complexity and filter alike
    Row{Code::denied, "protected", 33004},             // ADPermissionsError: "or adminCount = 1"
    Row{Code::denied, "disabled", 33005},              // ADUserAccountDisabled
    Row{Code::failed, "disabled", 33005},
    Row{Code::failed, "not_found", 33002},  // ADUserNotFoundError
    Row{Code::failed, "ambiguous", 33003},  // ADMutliMatchError, as it is spelled
    Row{Code::failed, "no_rights", 33004},
    Row{Code::failed, "cannot_change", 33004},
    Row{Code::failed, "locked", 33006},     // ADUserAccountLockedOut
    Row{Code::failed, "read_only", 33009},  // ADConfigurationError
    Row{Code::failed, "not_encrypted", 33009},
    Row{Code::failed, "rules_unavailable", 33009},
    Row{Code::failed, "dc_busy", 33001},
    Row{Code::failed, "clock_skew", 33001},
    Row{Code::failed, "dc_unavailable", 33001},  // ADUnKnownError
    Row{Code::failed, "directory_error", 33001},
    Row{Code::invalid, "decrypt", 32004},    // DecryptionError
    Row{Code::invalid, "malformed", 32003},  // InPutValidationError
    Row{Code::invalid, "version", 32003},
    Row{Code::invalid, "*", 32008},   // ValidationError
    Row{Code::in_doubt, "*", 32000},  // UnknownError
    Row{Code::unknown, "*", 32000},
};

}  // namespace

int microsoft_event(Op op, Code code, std::string_view reason) {
  if (code == Code::applied || code == Code::applied_but) return op == Op::reset ? 31002 : op == Op::change ? 31007
                                                                                                            : 0;
  const auto* row = std::find_if(table.begin(), table.end(), [&](const Row& r) { return r.code == code && (r.reason == "*" || r.reason == reason); });
  return row == table.end() ? 0 : row->event;
}

}  // namespace wb::policy
