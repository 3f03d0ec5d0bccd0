#include "service/sspr/edit.hpp"

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>

#include <algorithm>
#include <set>

#include "core/ids.hpp"
#include "protocol/json.hpp"

namespace wb::service::sspr {
namespace {

namespace json = protocol::json;

Fault wrong(const std::string& what) { return fault(Fault::Kind::malformed, "settings.set", what); }

enum class Act { set,
  add,
  take };
struct Word {
  std::string member, value;
  Act act = Act::set;
};

std::optional<Word> word_of(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  Word word{text.substr(0, equals), text.substr(equals + 1)};
  if (word.member.ends_with('+')) word.act = Act::add;
  if (word.member.ends_with('-')) word.act = Act::take;
  if (word.act != Act::set) word.member.pop_back();
  return word;
}

json::array items(const Word& word) {
  std::vector<std::string> texts{word.value};
  if (word.value.empty()) texts.clear();
  else if (word.member == "methods" || word.member == "own_mail_domains" || word.member == "contact_attributes") boost::algorithm::split(texts, word.value, boost::algorithm::is_any_of(","));
  json::array out;
  for (const auto& text : texts) out.emplace_back(text);
  return out;
}

// What the words say, by the kind of value that the member has now. Whether it fits, settings_from says.
json::value value_of(const Word& word, const json::value& now) {
  const bool as_json = now.is_array() ? word.value.starts_with('[') : now.is_string() ? word.value.starts_with('"')
                                                                                      : true;
  if (as_json)
    if (auto parsed = protocol::parse_json(word.value); parsed) return *parsed;
  if (now.is_array()) return items(word);
  return json::string(word.value);
}

Result<void> change_list(const Word& word, json::value& member) {
  if (!member.is_array()) return wrong(word.member + ": is no list: expected " + word.member + "=VALUE");
  auto& list = member.get_array();
  const auto wanted = items(word);
  if (wanted.empty()) return wrong(word.member + ": expected an item to add or to take away");
  for (const auto& item : wanted) {
    const auto same = [&](const json::value& other) { return other.is_string() && lowered(std::string(other.get_string())) == lowered(std::string(item.get_string())); };
    const auto* const at = std::find_if(list.begin(), list.end(), same);
    if (word.act == Act::add && at != list.end()) return wrong(word.member + ": holds that already");
    if (word.act == Act::take && at == list.end()) return wrong(word.member + ": does not hold that");
    if (word.act == Act::add) list.push_back(item);
    else list.erase(at);
  }
  return {};
}

}  // namespace

Result<Settings> edited(const Settings& settings, const std::vector<std::string>& words) {
  auto document = protocol::parse_json(to_json(settings));
  if (!document) return document.error();
  auto& members = document->get_object();
  std::set<std::string> set;
  for (const auto& text : words) {
    const auto word = word_of(text);
    if (!word) return wrong("expected MEMBER=VALUE");
    auto* const member = members.if_contains(word->member);
    if (!member) {
      std::string known;
      for (const auto& one : members) known += (known.empty() ? "" : ", ") + std::string(one.key());
      return wrong(printable(word->member) + ": no such member: expected one of " + known);
    }
    if (!protocol::parse_json(json::serialize(json::string(word->value)))) return wrong(word->member + ": expected text in UTF-8");
    if (word->act != Act::set) {
      if (auto changed = change_list(*word, *member); !changed) return changed.error();
      continue;
    }
    if (!set.insert(word->member).second) return wrong(word->member + ": set twice; += adds to a list");
    *member = value_of(*word, *member);
  }
  auto read = settings_from(json::serialize(*document));
  if (!read) return wrong(read.error().detail);
  return read;
}

}  // namespace wb::service::sspr
