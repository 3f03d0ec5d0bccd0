#include "agent/password_check.hpp"

#include <vector>

#include "core/log.hpp"
#include "crypto/password_digest.hpp"
#include "platform/private_files.hpp"
#include "platform/random_file.hpp"

namespace wb::agent {
namespace {
using policy::Mode;
using protocol::Code;

constexpr std::size_t policies_max = 4096;
constexpr UnixSeconds policies_kept = 600;

Result<policy::BannedWords> read_words(const std::filesystem::path& file) {
  const auto text = platform::read_file(file, policy::BannedWords::bytes_max);
  if (!text) return text.error();
  auto words = policy::BannedWords::parse(*text);
  if (!words) return fault(words.error().kind, words.error().where, file.string() + ": " + words.error().detail);
  return words;
}

Result<policy::BreachedSet> open_breached(const std::filesystem::path& path) {
  auto file = platform::RandomFile::open(path);
  if (!file) return file.error();
  const auto shared = std::make_shared<platform::RandomFile>(std::move(*file));
  auto set = policy::BreachedSet::open([shared](std::uint64_t at, std::span<std::byte> out) { return shared->read_at(at, out); }, shared->size());
  if (!set) return fault(set.error().kind, set.error().where, path.string() + ": " + set.error().detail);
  return set;
}

Result<bool> is_breached(const policy::BreachedSet& set, const Secret& password) {
  const auto digest = set.digest() == policy::breached::Digest::sha1 ? crypto::sha1_of(password) : crypto::ntlm_of(password);
  if (!digest) return digest.error();
  return digest->expose([&set](std::string_view bytes) { return set.contains(std::as_bytes(std::span(bytes))); });
}

std::vector<policy::Name> names_of(const ldap::Account& account, const config::PasswordRules& rules) {
  std::vector<policy::Name> names = {{"account name", account.sam}, {"account name", std::string_view(account.upn).substr(0, account.upn.find('@'))}, {"display name", account.display_name}};
  for (const auto& name : rules.organisation) names.push_back({"organisation's name", name});
  return names;
}

}  // namespace

// ---- lists --------------------------------------------------------------------------------------------------
std::shared_ptr<const PasswordCheck::Lists> PasswordCheck::lists() const {
  const std::lock_guard lock(mutex_);
  return lists_;
}

Result<void> PasswordCheck::read(Lists& next) const {
  const auto was = lists();
  if (rules_.banned != Mode::off && !rules_.banned_file.empty()) {
    next.words_version = platform::file_version(rules_.banned_file);  // before reading: a change meanwhile is seen next time
    if (was && !next.words_version.empty() && was->words_version == next.words_version) next.words = was->words;
    else {
      auto words = read_words(rules_.banned_file);
      if (!words) return words.error();
      next.words = std::move(*words);
      log::info("password_list.read", log::field("file", rules_.banned_file.string()), log::field("words", next.words.size()), log::field("skipped", next.words.skipped()),
          log::field("first_skipped_line", next.words.first_skipped()));
    }
  }
  if (rules_.breached != Mode::off) {
    next.breached_version = platform::file_version(rules_.breached_file);
    if (was && !next.breached_version.empty() && was->breached_version == next.breached_version) next.breached = was->breached;
    else {
      auto set = open_breached(rules_.breached_file);
      if (!set) return set.error();
      next.breached = std::move(*set);
      log::info("password_list.read", log::field("file", rules_.breached_file.string()), log::field("hashes", next.breached->size()));
    }
  }
  return {};
}

Result<void> PasswordCheck::refresh() {
  if (const auto was = lists()) {
    const bool same_words = rules_.banned == Mode::off || rules_.banned_file.empty() || was->words_version == platform::file_version(rules_.banned_file);
    if (same_words && (rules_.breached == Mode::off || was->breached_version == platform::file_version(rules_.breached_file))) return {};
  }
  auto next = std::make_shared<Lists>();
  auto done = read(*next);
  const std::lock_guard lock(mutex_);
  lists_ = done ? std::shared_ptr<const Lists>(std::move(next)) : nullptr;
  return done;
}

// ---- what probes have read ----------------------------------------------------------------------------------
void PasswordCheck::remember(const std::string& sub, const protocol::PasswordPolicy& policy, UnixSeconds now) {
  const std::lock_guard lock(mutex_);
  if (policies_.size() >= policies_max) std::erase_if(policies_, [now](const auto& p) { return p.second.first + policies_kept < now; });
  if (policies_.size() >= policies_max) policies_.erase(policies_.begin());
  policies_.insert_or_assign(sub, std::pair(now, policy));
}

std::optional<protocol::PasswordPolicy> PasswordCheck::recall(const std::string& sub, UnixSeconds now) {
  const std::lock_guard lock(mutex_);
  const auto found = policies_.find(sub);
  if (found == policies_.end() || found->second.first + policies_kept < now) return std::nullopt;
  return found->second.second;
}

// ---- one password -------------------------------------------------------------------------------------------
std::optional<Say> PasswordCheck::broken(const log::About& about, Mode mode, std::string_view reason, const std::string& why) const {
  if (mode == Mode::enforce) log::info("password.refused", about, log::field("rule", reason), log::field("why", why));
  else log::info("password.audited", about, log::field("rule", reason), log::field("why", why));
  return mode == Mode::enforce ? std::optional(Say{Code::rejected, std::string(reason), {}}) : std::nullopt;
}

PasswordCheck::Judged PasswordCheck::judge(const log::About& about, const Secret& password, const ldap::Account& account, UnixSeconds now) {
  Judged out;
  out.facts = password.expose([&account](std::string_view pw) { return policy::facts_of(pw, {account.sam, account.display_name}); });
  const auto use = lists();
  const auto unusable = [&out] {
    out.no = Say{Code::failed, "rules_unavailable", {}};
    return out;
  };
  if (!use) return unusable();
  if (const auto known = recall(account.sub, now); known && rules_.directory != Mode::off)
    if (const auto rule = policy::judge(*known, out.facts); rule != policy::RuleBroken::none)
      if ((out.no = broken(about, rules_.directory, policy::reason_of(rule), "the directory's policy"))) return out;
  if (rules_.banned != Mode::off) {
    const auto verdict = password.expose([&](std::string_view pw) { return use->words.judge(pw, names_of(account, rules_)); });
    if (verdict.refused)
      if ((out.no = broken(about, rules_.banned, verdict.name_of.empty() ? "banned" : "contains_name", policy::explanation(verdict)))) return out;
  }
  if (use->breached) {
    const auto found = is_breached(*use->breached, password);
    if (!found) {
      log::fault("password_list.unusable", found.error());
      return unusable();
    }
    if (*found) out.no = broken(about, rules_.breached, "breached", "it is in the list");
  }
  return out;
}

std::vector<ListSeen> look_at_lists(const config::PasswordRules& rules) {
  std::vector<ListSeen> out;
  if (rules.banned != Mode::off && !rules.banned_file.empty()) {
    const auto words = read_words(rules.banned_file);
    out.push_back({rules.banned_file, words ? Result<std::string>(std::to_string(words->size()) + " words") : Result<std::string>(words.error())});
  }
  if (rules.breached != Mode::off) {
    const auto set = open_breached(rules.breached_file);
    out.push_back({rules.breached_file, set ? Result<std::string>(std::to_string(set->size()) + " hashes") : Result<std::string>(set.error()), true});
  }
  return out;
}

std::string_view explained(const std::optional<protocol::PasswordPolicy>& policy, const policy::PasswordFacts& facts, bool hints_used, UnixSeconds now) {
  return policy::reason_of(policy::explain(policy, facts, {.ages_enforced = hints_used, .now = now}));
}

}  // namespace wb::agent
