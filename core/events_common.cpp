// Events of both programs.
#include "core/events.hpp"

namespace wb::log {
namespace {
constexpr Event common_table[] = {
    {4001, "job.settled", "info", 0, "the outcome of one job: the agent's own with its times (`ms_event` is by outcome: [REFUSALS](REFUSALS.md)), or the service's", "[REFUSALS](REFUSALS.md) has each `code` and `reason`"},
    {4002, "audit.head", "info", 0,
        "number and hash of the audit's last row: the service's each hour, the agent's at start and end. Kept elsewhere, it proves to `audit verify --head` that nothing was cut off: [Audit](#audit)", ""},
    {4003, "log.lost", "error", 0, "on standard error only: a record could not be written where `log.to` says, and further ones may be lost. Jobs go on", "disk, rights, journald, the syslog daemon"},
    {4004, "log.resumed", "warn", 0, "the log is written again; `records` were lost", ""},
    {4005, "http.accept_failed", "warn", 0, "no connection could be taken, mostly for want of file descriptors", "raise the limit (`LimitNOFILE=`)"},
    {4006, "http.stop_cut", "warn", 0, "requests still ran 5 s after the end was asked for", ""},
    {4007, "http.crowded", "warn", 0,
        "more strangers at once than are dealt with (`turned_away` since the last such line): above `listen.connections_per_address` (512) connections of one address that are no links, or above `listen.handshakes_max` (512) TLS handshakes under way, where the oldest goes. "
        "A flood, or very many people behind one address",
        "a load balancer belongs into `listen.trusted_balancers`"},
    {4008, "http.connection_limit", "debug", 0, "a connection above the limit of all was turned away", ""},
    {4009, "http.tls_failed", "debug", 0, "a TLS handshake came to nothing", ""},
    {4010, "http.refused", "debug", 0, "a request that HTTP, or a limit, does not allow", ""},
    {4011, "http.peer_gone", "debug", 0, "a connection ended within a request or an answer", ""},
    {4012, "link.not_accepted", "debug", 0, "an upgrade to the agent link failed", ""},
    {4013, "http.connection_threw", "error", 0, "a bug of ours: what was thrown out of a connection stands beside it", "report it with the line"},
    {4014, "http.handler_threw", "error", 0, "a bug of ours: the same of a request", "report it with the line"},
    {4015, "link.handler_threw", "error", 0, "a bug of ours: the same of a link", "report it with the line"},
    {4016, "task.threw", "error", 0, "a bug of ours: the same of a task (`task`)", "report it with the line"},
};
}  // namespace

std::span<const Event> common_events() { return common_table; }

}  // namespace wb::log
