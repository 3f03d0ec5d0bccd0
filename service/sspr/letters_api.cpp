#include "service/sspr/letters_api.hpp"

#include "service/sspr/letter_change.hpp"
#include "service/sspr/letter_view.hpp"

namespace wb::service::sspr {
namespace {

using protocol::Members;

json::array shape(const std::vector<std::string>& names) {
  json::array out;
  for (const auto& name : names) out.emplace_back(name);
  return out;
}

}  // namespace

std::vector<Endpoint> LettersApi::endpoints() {
  return {
      {"GET", "/api/v1/letters", service::Scope::settings, [this](HttpCall call) -> Reply { co_return list(call); }},
      of_one("GET", "", &LettersApi::show),
      of_one("PUT", "", &LettersApi::put),
      of_one("DELETE", "", &LettersApi::give_back),
      of_one("POST", "/preview", &LettersApi::preview),
      of_one("GET", "/history", &LettersApi::history),
  };
}

Endpoint LettersApi::of_one(std::string method, const std::string& below, Handler handler) {
  return {std::move(method), "/api/v1/letters/{letter}/{language}" + below, service::Scope::settings, [this, handler](HttpCall call) -> Reply {
            const auto key = letter_key(self_.catalogue, call.caller.domain, call.path[0], call.path[1]);
            co_return key ? (this->*handler)(call, *key) : told(self_, call.request, 404, "not_found");
          }};
}

LettersApi::Response LettersApi::list(const HttpCall& call) {
  auto own = self_.letters.own(call.caller.domain);
  if (!own) return refuse_for(own.error());
  json::array letters;
  for (const auto notice : all_notices()) {
    json::array languages;
    for (const auto& one : *own)
      if (one.notice == to_string(notice)) languages.emplace_back(one.language);
    letters.push_back(json::object{{"letter", to_string(notice)}, {"placeholders", shape(placeholders_of(self_.catalogue, notice))}, {"needed", shape(needed_of(self_.catalogue, notice))}, {"own", std::move(languages)}});
  }
  return answer(200, {{"languages", shape(self_.catalogue.languages())}, {"letters", std::move(letters)}});
}

LettersApi::Response LettersApi::show(const HttpCall&, const LetterKey& key) {
  auto now = self_.letters.current(key);
  if (!now) return refuse_for(now.error());
  auto response = answer(200, shown(self_.catalogue, key, *now));
  response.headers["ETag"] = tag_of(now->version);
  return response;
}

std::optional<LettersApi::Response> LettersApi::read(const HttpCall& call, const LetterKey& key, OwnWording& out) const {
  auto body = protocol::parse_json(call.request.body);
  auto read = body ? Members(*body, Members::Unknown::refused).text("subject", out.subject).text("text", out.text).finish() : Result<void>(body.error());
  if (!read) return told(self_, call.request, 400, "malformed_request", read.error().detail);
  const auto flaw = flaw_of(self_.catalogue, key.notice, out);
  return flaw ? std::optional(told(self_, call.request, 422, to_string(flaw->flaw), flaw->what)) : std::nullopt;
}

LettersApi::Response LettersApi::put(const HttpCall& call, const LetterKey& key) {
  OwnWording wanted;
  if (auto no = read(call, key, wanted)) return std::move(*no);
  return save(call, key, wanted);
}

LettersApi::Response LettersApi::give_back(const HttpCall& call, const LetterKey& key) { return save(call, key, shipped(self_.catalogue, key)); }

LettersApi::Response LettersApi::save(const HttpCall& call, const LetterKey& key, const OwnWording& wanted) {
  auto now = self_.letters.current(key);
  if (!now) return refuse_for(now.error());
  if (auto no = too_late(self_, call.request, now->version)) return std::move(*no);
  auto saved = save_letter(self_.store, self_.catalogue, {key.domain, call.caller.actor, name_of(call.caller)}, key, *now, wanted, unix_now_ms());
  if (!saved) return refuse_for(saved.error());
  if (!*saved) return told(self_, call.request, 412, "precondition_failed");
  return show(call, key);
}

LettersApi::Response LettersApi::preview(const HttpCall& call, const LetterKey& key) {
  OwnWording wanted;
  if (auto no = read(call, key, wanted)) return std::move(*no);
  auto rules = self_.rules.current(key.domain);
  if (!rules) return refuse_for(rules.error());
  const auto letter = example(self_.catalogue, self_.settings.public_url, key, rules->settings, wanted, unix_now());
  return answer(200, {{"subject", letter.subject}, {"text", letter.text}, {"html", letter.html}});
}

LettersApi::Response LettersApi::history(const HttpCall& call, const LetterKey& key) {
  const auto limit = count_of(call.request, "limit", history_otherwise, history_most);
  if (!limit) return told(self_, call.request, 400, "malformed_request", "limit: 1 to 100");
  auto all = self_.letters.history(key, *limit);
  if (!all) return refuse_for(all.error());
  json::array versions;
  for (const auto& one : *all) versions.push_back(json::object{{"version", one.version}, {"at", one.at}, {"actor", one.actor}, {"own", one.own ? json::value(shown(*one.own)) : json::value(nullptr)}});
  return answer(200, {{"versions", std::move(versions)}});
}

}  // namespace wb::service::sspr
