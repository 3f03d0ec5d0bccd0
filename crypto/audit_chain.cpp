#include "crypto/audit_chain.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "core/ids.hpp"
#include "crypto/keys.hpp"
#include "crypto/mac.hpp"
#include "protocol/json.hpp"

namespace wb::crypto {
namespace {

constexpr std::size_t line_bytes_max = 64 * 1024;

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() != 64) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto pair = text.substr(i, 2);
    unsigned value = 0;
    const auto [end, ec] = std::from_chars(pair.data(), pair.data() + 2, value, 16);
    if (ec != std::errc() || end != pair.data() + 2) return std::nullopt;
    out += static_cast<char>(value);
  }
  return hex(out) == text ? std::optional(out) : std::nullopt;
}

void put_text(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef", shorts = "btn?fr";  // 0x08 to 0x0d; 0x0b has none
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\', out += c;
    else if (byte >= 0x20) out += c;
    else if (byte >= 0x08 && byte <= 0x0d && byte != 0x0b) out += '\\', out += shorts[byte - 8U];
    else out += "\\u00", out += digits[byte >> 4U], out += digits[byte & 15U];
  }
  out += '"';
}

// False: something that rows don't have.
bool put(std::string& out, const boost::json::value& value) {
  if (const auto* text = value.if_string()) return put_text(out, {text->data(), text->size()}), true;
  if (const auto* number = value.if_int64()) return out += std::to_string(*number), true;
  if (value.is_bool()) return out += value.get_bool() ? "true" : "false", true;
  if (value.is_null()) return out += "null", true;
  bool good = true, first = true;
  if (const auto* list = value.if_array()) {
    out += '[';
    for (const auto& item : *list) {
      if (!std::exchange(first, false)) out += ',';
      good = put(out, item) && good;
    }
    out += ']';
    return good;
  }
  const auto* object = value.if_object();
  if (!object) return false;
  std::map<std::string_view, const boost::json::value*> sorted;  // bytes of ASCII sort as UTF-16 does
  for (const auto& member : *object) sorted.emplace(std::string_view(member.key().data(), member.key().size()), &member.value());
  out += '{';
  for (const auto& [name, inner] : sorted) {
    good = good && std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (!std::exchange(first, false)) out += ',';
    put_text(out, name);
    out += ':';
    good = put(out, *inner) && good;
  }
  out += '}';
  return good;
}

}  // namespace

Result<std::string> canonical(const boost::json::value& value) {
  std::string out;
  if (!put(out, value)) return fault(Fault::Kind::malformed, "audit.canonical", "a fraction, or a member's name that is not ASCII");
  return out;
}

AuditHead audit_origin() { return {0, sha256("wb.audit.v1")}; }
std::string audit_hash(std::string_view before, std::string_view row) { return sha256(std::string(before) + std::string(row)); }
std::string text_of(const AuditHead& head) { return std::to_string(head.seq) + ":" + hex(head.hash); }

std::optional<AuditHead> audit_head_from(std::string_view text) {
  AuditHead head;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), head.seq);
  const auto rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (ec != std::errc() || head.seq < 0 || !rest.starts_with(':')) return std::nullopt;
  const auto hash = from_hex(rest.substr(1));
  if (!hash) return std::nullopt;
  head.hash = *hash;
  return text_of(head) == text ? std::optional(std::move(head)) : std::nullopt;
}

std::string line_of(const AuditRow& row) { return R"({"hash":")" + hex(row.hash) + R"(","prev":")" + hex(row.before) + R"(","row":)" + row.row + "}"; }

Result<AuditRow> audit_row_from(std::string_view line) {
  const auto no = [](const char* why) { return fault(Fault::Kind::malformed, "audit.line", why); };
  if (line.size() > line_bytes_max) return no("longer than any line of ours");
  const auto value = protocol::parse_json(line);
  if (!value) return no("not JSON");
  std::string hash, before;
  protocol::Members members(*value, protocol::Members::Unknown::refused);
  members.text("hash", hash).text("prev", before);
  const auto* inner = members.any("row");
  if (!members.finish() || !inner->is_object()) return no("not the members hash, prev and row");
  const auto* seq = inner->get_object().if_contains("seq");
  const auto h = from_hex(hash), b = from_hex(before);
  if (!h || !b || !seq || !seq->is_int64()) return no("no hashes, or no seq");
  auto text = canonical(*inner);
  if (!text) return text.error();
  return AuditRow{seq->get_int64(), std::move(*text), *b, *h};
}

std::optional<AuditBreak> AuditChain::add(const AuditRow& row) {
  const auto value = protocol::parse_json(row.row);
  const auto* object = value ? value->if_object() : nullptr;
  const auto* seq = object ? object->if_contains("seq") : nullptr;
  if (!seq || !seq->is_int64() || seq->get_int64() != row.seq) return AuditBreak{row.seq, "its text is not this row"};
  const auto spelled = canonical(*value);
  if (!spelled || *spelled != row.row) return AuditBreak{row.seq, "its text is not spelled as ours are"};
  if (at_ && row.seq <= at_->seq) return AuditBreak{row.seq, "it stands behind row " + std::to_string(at_->seq)};
  const bool next = !at_ || row.seq == at_->seq + 1;
  if (!next && !gaps_) return AuditBreak{at_->seq + 1, "it is missing: row " + std::to_string(row.seq) + " follows row " + std::to_string(at_->seq)};
  if (at_ && next && row.before != at_->hash) return AuditBreak{row.seq, "it does not stand on the row before it"};
  if (audit_hash(row.before, row.row) != row.hash) return AuditBreak{row.seq, "its hash is not that of its text"};
  at_ = AuditHead{row.seq, row.hash};
  return std::nullopt;
}

AuditReport verify_lines(const std::function<std::optional<std::string>()>& next, bool gaps, const std::optional<AuditHead>& known) {
  AuditReport report;
  AuditChain chain(std::nullopt, gaps);
  bool met = !known;
  for (std::int64_t number = 1;; ++number) {
    const auto line = next();
    if (!line) break;
    auto row = audit_row_from(*line);
    if (!row) {
      report.broken = AuditBreak{chain.at() ? chain.at()->seq + 1 : 0, "line " + std::to_string(number) + ": " + row.error().detail};
      return report;
    }
    if (report.rows == 0) report.first = {row->seq - 1, row->before};
    if ((report.broken = chain.add(*row))) return report;
    if (report.rows == 0 && row->seq == 1 && row->before != audit_origin().hash) {
      report.broken = AuditBreak{1, "it does not stand on the origin of every chain"};
      return report;
    }
    ++report.rows;
    report.last = *chain.at();
    met = met || *known == report.last || (report.rows == 1 && *known == report.first);
  }
  if (!met) report.broken = AuditBreak{known->seq, known->seq > report.last.seq ? "it is missing: the end of the chain was cut off" : "it is not here, or has another hash than the head that was given"};
  return report;
}

}  // namespace wb::crypto
