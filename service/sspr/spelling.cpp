#include "service/sspr/spelling.hpp"

#include <algorithm>

#include "core/ids.hpp"
#include "service/dispatch.hpp"
#include "service/methods/answer_text.hpp"

namespace wb::service::sspr {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// What a directory's collation does not see is not there for us either.
std::string plain(std::string_view typed) {
  std::string text(typed);
  std::erase_if(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
  if (!is_ascii(text))
    if (auto folded = normalised(text); folded && is_ascii(*folded)) text = std::move(*folded);
  if (const auto slash = text.rfind('\\'); slash != std::string::npos) text.erase(0, slash + 1);
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  text.erase(text.find_last_not_of(' ') + 1);
  return lowered(text);
}

}  // namespace

Spelling spelling_of(std::string_view typed, std::string_view domain, const std::vector<std::string>& suffixes) {
  std::vector<std::string> alike{lowered(domain)};
  for (const auto& suffix : suffixes)
    if (alike.size() <= suffixes_asked_max && std::find(alike.begin(), alike.end(), lowered(suffix)) == alike.end()) alike.push_back(lowered(suffix));
  const auto name = plain(typed);
  const auto at = name.rfind('@');
  Spelling out{name, {name}};
  const auto mine = at == std::string::npos ? alike.begin() : std::find(alike.begin(), alike.end(), name.substr(at + 1));
  if (mine != alike.end()) {
    std::rotate(alike.begin(), mine, mine + 1);  // what was typed goes before the others: they may be other people's
    const auto user = name.substr(0, at);
    out = {user + "@" + lowered(domain), {}};
    for (const auto& suffix : alike) out.asked.push_back(user + "@" + suffix);
  }
  std::erase_if(out.asked, [](const std::string& one) { return one.size() > name_bytes_max; });
  return out;
}

}  // namespace wb::service::sspr
