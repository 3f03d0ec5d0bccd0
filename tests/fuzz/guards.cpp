// What strangers and files bring to the guards: a captcha's payload, a device's cookie, a line of an exported audit. The first
// line says which of them.
#include "service/audit.hpp"
#include "service/captcha.hpp"
#include "service/device_token.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {

using namespace service;

void run(std::string_view input) {
  constexpr UnixSeconds now = 1'900'000'000;
  static const Secret key = Secret::copy_of("the key of the corpus");
  static const Captcha captcha{Secret::copy_of("the key of the corpus")};
  const auto what = take_line(input);
  if (what == "captcha") {
    const auto outcome = captcha.check(input, "start", now);
    if (const auto* solved = std::get_if<Captcha::Solved>(&outcome)) hold(solved->expires > now && solved->challenge.size() == 64, "a solution has its time");
  } else if (what == "device") {
    const auto device = known_device(key, input, "corp.example/alice", now);
    hold(!device || device->size() == 22, "a device's name");
  } else if (what == "audit") {
    const auto row = audit_row_from(input);
    if (!row) return;
    const auto again = audit_row_from(line_of(*row));
    hold(again && again->row == row->row && again->hash == row->hash && again->before == row->before, "a line says the same when it is written again");
    AuditChain chain(std::nullopt);
    if (!chain.add(*row)) hold(audit_hash(row->before, row->row) == row->hash, "a row that is believed has its hash");
  } else if (what == "head") {
    const auto head = audit_head_from(input);
    hold(!head || text_of(*head) == input, "a head has one spelling");
  }
}

}  // namespace wb::fuzz
