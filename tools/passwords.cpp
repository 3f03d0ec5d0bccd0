// writeback-passwords: what the operator of an agent needs for its password rules, on whichever machine. It makes the
// compact file of breached passwords out of the public list, checks such a file, and explains what the rules say of one
// password (read from standard input, never from the command line).
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "core/secret.hpp"
#include "crypto/password_digest.hpp"
#include "platform/private_files.hpp"
#include "platform/random_file.hpp"
#include "policy/banned_words.hpp"
#include "policy/breached.hpp"
#include "policy/password_rules.hpp"
#include "tools/breached_compile.hpp"

namespace {
using namespace wb;

constexpr const char* usage =
    "usage: writeback-passwords VERB\n"
    "  compile LIST FILE [--at-least N]   makes FILE out of a list of SHA-1 or NTLM hashes that is ordered by hash\n"
    "                                     (haveibeenpwned.com/Passwords); only hashes that were seen N times or more\n"
    "  verify FILE                        reads all of FILE and says whether it is whole\n"
    "  explain [--banned LIST] [--breached FILE] [--account NAME] [--display NAME] [--organisation NAME]\n"
    "                                     what the rules say of the password on standard input (one line)\n";
constexpr int failed = 1, wrong_usage = 2;

int fail(const Fault& fault) {
  std::fprintf(stderr, "writeback-passwords: %s: %s\n", fault.where.c_str(), fault.detail.c_str());
  return failed;
}

Result<policy::BreachedSet> open_breached(const std::string& path) {
  auto file = platform::RandomFile::open(path);
  if (!file) return file.error();
  auto shared = std::make_shared<platform::RandomFile>(std::move(*file));
  const auto size = shared->size();
  return policy::BreachedSet::open([shared](std::uint64_t at, std::span<std::byte> out) { return shared->read_at(at, out); }, size);
}

int compile(const std::vector<std::string>& words) {
  std::uint64_t at_least = 1;
  const bool option = words.size() == 5 && words[3] == "--at-least";
  if (words.size() != 3 && !option) return std::fputs(usage, stderr), wrong_usage;
  if (option) {
    const auto [end, problem] = std::from_chars(words[4].data(), words[4].data() + words[4].size(), at_least);
    if (problem != std::errc() || end != words[4].data() + words[4].size()) return std::fputs("--at-least: a number\n", stderr), wrong_usage;
  }
  const auto made = tools::compile_breached(words[1], words[2], at_least);
  if (!made) return fail(made.error());
  std::printf("%s: %llu of %llu %s hashes, %.2f bytes each\n", words[2].c_str(), static_cast<unsigned long long>(made->taken), static_cast<unsigned long long>(made->lines),
      std::string(to_string(made->digest)).c_str(), static_cast<double>(made->bytes) / static_cast<double>(made->taken));
  return 0;
}

int verify(const std::vector<std::string>& words) {
  if (words.size() != 2) return std::fputs(usage, stderr), wrong_usage;
  const auto set = open_breached(words[1]);
  if (!set) return fail(set.error());
  if (const auto whole = set->verify(); !whole) return fail(whole.error());
  std::printf("%s: whole, %llu %s hashes\n", words[1].c_str(), static_cast<unsigned long long>(set->size()), std::string(to_string(set->digest())).c_str());
  return 0;
}

// One line of standard input, without its end.
Secret read_password() {
  auto line = Secret::of_size(2048);
  std::size_t size = 0;
  line.expose_mutable([&](std::span<char> to) {
    std::setvbuf(stdin, nullptr, _IONBF, 0);  // no copy of it in a buffer of the library's
    for (int c = std::getchar(); c != EOF && c != '\n' && size < to.size(); c = std::getchar()) to[size++] = static_cast<char>(c);
  });
  line.truncate(size);
  return line;
}

int explain_banned(const std::string& list, const Secret& password, const std::vector<policy::Name>& names) {
  policy::BannedWords words;
  if (!list.empty()) {
    const auto text = platform::read_file(list, policy::BannedWords::bytes_max);
    if (!text) return fail(text.error());
    auto parsed = policy::BannedWords::parse(*text);
    if (!parsed) return fail(parsed.error());
    words = std::move(*parsed);
    std::printf("list:     %zu words, %zu skipped%s\n", words.size(), words.skipped(), words.skipped() ? (" (the first in line " + std::to_string(words.first_skipped()) + ")").c_str() : "");
  }
  const auto verdict = password.expose([&](std::string_view pw) { return words.judge(pw, names); });
  std::printf("words:    %s, %s\n", verdict.refused ? "refused" : "accepted", policy::explanation(verdict).c_str());
  return 0;
}

int explain_breached(const std::string& file, const Secret& password) {
  const auto set = open_breached(file);
  if (!set) return fail(set.error());
  const auto digest = set->digest() == policy::breached::Digest::sha1 ? crypto::sha1_of(password) : crypto::ntlm_of(password);
  if (!digest) return fail(digest.error());
  const auto found = digest->expose([&](std::string_view bytes) { return set->contains(std::as_bytes(std::span(bytes))); });
  if (!found) return fail(found.error());
  std::printf("breached: %s\n", *found ? "refused, it is in the list" : "accepted");
  return 0;
}

int explain(const std::vector<std::string>& words) {
  std::map<std::string, std::string> options = {{"--banned", ""}, {"--breached", ""}, {"--account", ""}, {"--display", ""}, {"--organisation", ""}};
  for (std::size_t i = 1; i < words.size(); i += 2) {
    if (!options.contains(words[i]) || i + 1 == words.size()) return std::fputs(usage, stderr), wrong_usage;
    options[words[i]] = words[i + 1];
  }
  const auto password = read_password();
  const auto facts = password.expose([&](std::string_view pw) { return policy::facts_of(pw, {options["--account"], options["--display"]}); });
  std::printf("windows:  %d characters, %d of 5 categories (3 are needed)%s%s\n", facts.units, facts.categories, facts.holds_account_name ? ", contains the account name" : "",
      facts.holds_display_name ? ", contains a part of the display name" : "");
  const std::vector<policy::Name> names = {{"account name", options["--account"]}, {"display name", options["--display"]}, {"organisation", options["--organisation"]}};
  if (const auto code = explain_banned(options["--banned"], password, names); code != 0) return code;
  return options["--breached"].empty() ? 0 : explain_breached(options["--breached"], password);
}

}  // namespace

int main(int argc, char** argv) {
  secret_heap_start();
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string verb = words.empty() ? "" : words[0];
  if (verb == "compile") return compile(words);
  if (verb == "verify") return verify(words);
  if (verb == "explain") return explain(words);
  std::fputs(usage, verb == "--help" || verb == "-h" ? stdout : stderr);
  return verb == "--help" || verb == "-h" ? 0 : wrong_usage;
}
