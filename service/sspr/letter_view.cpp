#include "service/sspr/letter_view.hpp"

#include <boost/algorithm/string/replace.hpp>

#include "protocol/codec.hpp"
#include "service/sspr/letter_change.hpp"
#include "service/told_verdict.hpp"

namespace wb::service::sspr {
namespace {

namespace json = protocol::json;
constexpr std::string_view heading = "Subject:", byte_order_mark = "\xEF\xBB\xBF";

Fault malformed(const char* expected) { return fault(Fault::Kind::malformed, "letters.document", expected); }

}  // namespace

Letter example(const Catalogue& catalogue, const std::string& public_url, const LetterKey& key, const Settings& rules, const OwnWording& wording, UnixSeconds now) {
  const auto account = "alex@" + key.domain, link = public_url + "/#example";
  const auto time = told_happened(catalogue, key.language, now), method = catalogue.text(key.language, "method.email");
  return letter_of({key.language, wording.subject, wording.text, {}}, {{"account", account}, {"organisation", organisation_of(rules, key.domain)}, {"helpdesk", rules.helpdesk}, {"time", time}, {"method", method}, {"link", link}, {"code", "12345678"}, {"minutes", "5"}});
}

json::object shown(const OwnWording& wording) { return {{"subject", wording.subject}, {"text", wording.text}}; }

json::object shown(const Catalogue& catalogue, const LetterKey& key, const LetterVersion& now) {
  auto out = shown(said_by(catalogue, key, now));
  out["letter"] = to_string(key.notice), out["language"] = key.language;
  out["version"] = now.version, out["at"] = now.at, out["actor"] = now.actor, out["own"] = now.own.has_value();
  out["shipped"] = shown(shipped(catalogue, key));
  return out;
}

std::string document_of(const OwnWording& wording) { return std::string(heading) + " " + wording.subject + "\n\n" + wording.text + "\n"; }

Result<OwnWording> wording_from(std::string_view document) {
  if (document.starts_with(byte_order_mark)) document.remove_prefix(byte_order_mark.size());
  if (!protocol::utf16_units(document)) return malformed("expected text in UTF-8");
  auto text = boost::algorithm::replace_all_copy(std::string(document), "\r\n", "\n");
  const auto end = text.find('\n');
  if (!text.starts_with(heading)) return malformed("expected `Subject: ...` as the first line");
  if (end == std::string::npos || text.compare(end, 2, "\n\n") != 0) return malformed("expected an empty line behind the subject, and then the text");
  auto subject = text.substr(heading.size(), end - heading.size());
  if (subject.starts_with(' ')) subject.erase(0, 1);
  text.erase(0, end + 2);
  if (text.ends_with('\n')) text.pop_back();  // the end of the last line, which every editor writes
  return OwnWording{std::move(subject), std::move(text)};
}

}  // namespace wb::service::sspr
