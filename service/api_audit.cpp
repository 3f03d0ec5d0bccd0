// GET /api/v1/audit?after=&activity=&correlation_id=&target=&from=&to=&limit=: what the audit says of the caller's domain, as JSON Lines (docs/OPERATIONS.md,
// "Audit"). Whoever pulls gives the header Audit-Next as `after` the next time, also when there were no rows.
#include "service/api.hpp"
#include "service/audit_query.hpp"

namespace wb::service {
namespace {
constexpr std::size_t body_bytes_most = 1024 * 1024;
}

Reply Api::audit(HttpCall call) {
  auto asked = audit_query(call.request.query);
  if (const auto* problem = std::get_if<std::string>(&asked)) co_return refuse(Refusal::bad_request, *problem);
  auto& query = std::get<AuditQuery>(asked);
  query.filter.domain = call.caller.domain;
  auto page = store_.audit().page(query.filter, query.after, query.limit);
  if (!page) co_return refuse_for(page.error());
  link::HttpResponse response;
  response.content_type = "application/x-ndjson";
  response.headers["Cache-Control"] = "no-store";
  auto next = page->next;
  for (const auto& row : page->rows) {
    auto line = line_of(row);
    if (response.body.size() + line.size() > body_bytes_most) {  // settings are long; the rest comes with the next page
      next = row.seq - 1;
      break;
    }
    response.body += line + "\n";
  }
  response.headers["Audit-Next"] = std::to_string(next);
  co_return response;
}

}  // namespace wb::service
