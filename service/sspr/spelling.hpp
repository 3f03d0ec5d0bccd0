// The spellings of one sign-in name. The directory takes "CORP\x", "x" and "x@corp.example" for the same account. So do we, before it
// is asked and whether or not anybody has the name: by two spellings of it nobody learns which. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace wb::service::sspr {

constexpr std::size_t suffixes_asked_max = 4;  // besides the domain itself: each is one more question to the directory

struct Spelling {
  // What is counted and made up for the name goes by it; the same for all its spellings, and never that of an objectGUID.
  std::string key;
  // What to ask the directory for, the best first: all of it, of every spelling as much, as time would tell where that ends. None is a
  // bare objectGUID, which an agent would take for one. Empty: longer than any name.
  std::vector<std::string> asked;
  bool operator==(const Spelling&) const = default;
};

// `suffixes`: those that lead to the domain, of which the first suffixes_asked_max are looked at. White space around a name, control
// characters, a "DOMAIN\" before it, full-width letters and the case of ASCII ones make no difference. "x", "x@<domain>" and "x@<suffix>"
// have one key; a name under any other suffix has its own.
Spelling spelling_of(std::string_view typed, std::string_view domain, const std::vector<std::string>& suffixes);

}  // namespace wb::service::sspr
