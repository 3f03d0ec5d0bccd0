// reset-service letters: what an organisation's mails say, language by language.
#include <algorithm>
#include <iostream>

#include "core/ids.hpp"
#include "platform/private_files.hpp"
#include "service/sspr/letter_change.hpp"
#include "service/sspr/letter_view.hpp"
#include "service/verbs.hpp"

namespace wb::service {
namespace {

constexpr int versions_most = 100;
constexpr std::size_t name_width = 22;

// A letter in a language, as the call names it, and its newest version.
struct Named {
  const config::ServiceConfig& config;
  const Call& call;
  Store& store;
  const Catalogue& catalogue;
  sspr::Letters letters;
  sspr::LetterKey key;
  sspr::LetterVersion now = {};
  std::string name() const { return std::string(to_string(key.notice)) + " in " + key.language; }
};

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

int refuse_names(const Catalogue& catalogue, const Call& call) {
  if (!notice_from(call.words[0])) return refuse("there is no such letter; `letters list` prints them", exit_usage);
  return refuse("there is no such language: expected one of " + joined(catalogue.languages()), exit_usage);
}

// Does something with the letter that the call names.
template <class F> int of_one(const config::ServiceConfig& config, const Call& call, F does) {
  auto catalogue = Catalogue::load(config.mail_texts);
  if (!catalogue) return failed(catalogue.error());
  const auto key = sspr::letter_key(*catalogue, call.domain, call.words[0], call.words[1]);
  if (!key) return refuse_names(*catalogue, call);
  auto store = open_store(config);
  if (!store) return failed(store.error());
  Named one{config, call, *store, *catalogue, {store->database(), *catalogue}, *key};
  auto now = one.letters.current(*key);
  if (!now) return failed(now.error());
  one.now = std::move(*now);
  return does(one);
}

// An organisation's administrators write texts, and operators read them: what could move the cursor does not get to the terminal.
void print(std::string_view text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    std::cout << text_for_people(text.substr(begin, end - begin), std::string_view::npos) << "\n";
    begin = end + 1;
  }
}

int show_example(const Named& one, const OwnWording& wanted) {
  auto rules = sspr::SettingsStore(one.store.database()).current(one.key.domain);
  if (!rules) return failed(rules.error());
  const auto letter = sspr::example(one.catalogue, one.config.public_url, one.key, rules->settings, wanted, unix_now());
  std::cout << "Nothing was saved. People would get this, with their own account, time, code and link:\n\n";
  print("Subject: " + letter.subject + "\n\n" + letter.text);
  return exit_done;
}

int save(const Named& one, const OwnWording& wanted) {
  const bool is_shipped = wanted == sspr::shipped(one.catalogue, one.key);
  // The shipped text is sent whatever it says, and an earlier version's may be of before its letter changed.
  const auto found = is_shipped ? std::nullopt : flaw_of(one.catalogue, one.key.notice, wanted);
  const auto code = found ? std::string(to_string(found->flaw)) : std::string();
  if (found) return refuse(code + ": " + one.catalogue.text("en", "refusal." + code, {{"problem", found->what}}));
  if (const auto refused = too_late(one.call, one.now.version)) return *refused;
  if (one.call.has("dry-run")) return show_example(one, wanted);
  auto saved = sspr::save_letter(one.store, one.catalogue, {one.key.domain, {ActorKind::operator_}, actor()}, one.key, one.now, wanted, unix_now_ms());
  if (!saved) return failed(saved.error());
  if (!*saved) return overtaken("letters show");
  if (**saved == one.now.version) std::cout << "nothing to change: that is version " << one.now.version << "\n";
  else std::cout << "saved: version " << **saved << " of " << one.name() << " for " << one.key.domain << (is_shipped ? ", the shipped text\n" : "\n");
  return exit_done;
}

void print_letter(const Catalogue& catalogue, Notice notice, const std::vector<sspr::Letters::Named>& own) {
  const auto needed = needed_of(catalogue, notice);
  const auto name = std::string(to_string(notice));
  std::cout << name << std::string(name_width - name.size(), ' ');
  for (const auto& placeholder : placeholders_of(catalogue, notice))
    std::cout << "{" << placeholder << "}" << (std::find(needed.begin(), needed.end(), placeholder) == needed.end() ? " " : "* ");
  std::vector<std::string> languages;
  for (const auto& one : own)
    if (one.notice == name) languages.push_back(one.language);
  std::cout << (languages.empty() ? "" : " own: " + joined(languages)) << "\n";
}

}  // namespace

int list_letters(const config::ServiceConfig& config, const Call& call) {
  auto catalogue = Catalogue::load(config.mail_texts);
  if (!catalogue) return failed(catalogue.error());
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto own = sspr::Letters(store->database(), *catalogue).own(call.domain);
  if (!own) return failed(own.error());
  for (const auto notice : all_notices()) print_letter(*catalogue, notice, *own);
  std::cout << "(* the text has to say it. Languages: " << joined(catalogue->languages()) << ")\n";
  return exit_done;
}

int show_letter(const config::ServiceConfig& config, const Call& call) {
  return of_one(config, call, [](const Named& one) {
    if (one.call.has("json")) return print(protocol::json::serialize(sspr::shown(one.catalogue, one.key, one.now))), exit_done;
    const bool as_shipped = one.call.has("shipped") || !one.now.own;
    // Beside the document, which alone is standard output.
    std::cerr << one.name() << ", version " << one.now.version;
    if (one.now.version > 0) std::cerr << ", " << utc(one.now.at) << ", " << printable(one.now.actor);
    std::cerr << (as_shipped ? ": the shipped text\n" : "\n");
    print(sspr::document_of(as_shipped ? sspr::shipped(one.catalogue, one.key) : *one.now.own));
    return exit_done;
  });
}

int set_letter(const config::ServiceConfig& config, const Call& call) {
  return of_one(config, call, [](const Named& one) {
    auto document = platform::read_file(one.call.words[2]);
    if (!document) return failed(document.error());
    auto wanted = sspr::wording_from(*document);
    return wanted ? save(one, *wanted) : failed(wanted.error());
  });
}

int restore_letter(const config::ServiceConfig& config, const Call& call) {
  return of_one(config, call, [](Named& one) {
    if (one.call.words.size() == 2) return save(one, sspr::shipped(one.catalogue, one.key));
    const auto number = version_number(one.call.words[2]);
    if (!number) return refuse("expected the number of a version, as `letters history` prints it", exit_usage);
    auto old = one.letters.version(one.key, *number);
    if (!old) return failed(old.error());
    if (!*old) return refuse("there is no such version");
    return save(one, sspr::said_by(one.catalogue, one.key, **old));
  });
}

int letter_history(const config::ServiceConfig& config, const Call& call) {
  return of_one(config, call, [](Named& one) {
    auto all = one.letters.history(one.key, versions_most + 1);  // one more, to know whether there are more
    if (!all) return failed(all.error());
    if (all->empty()) std::cout << one.name() << ": nobody has written anything yet; it is the shipped text\n";
    for (std::size_t i = 0; i < all->size() && i < versions_most; ++i) {
      const auto& version = (*all)[i];
      std::cout << "version " << version.version << "  " << utc(version.at) << "  " << printable(version.actor) << "\n";
      print(version.own ? "  Subject: " + version.own->subject : std::string("  the shipped text"));
    }
    if (all->size() > versions_most) std::cerr << "(the newest " << versions_most << "; there are more)\n";
    return exit_done;
  });
}

}  // namespace wb::service
