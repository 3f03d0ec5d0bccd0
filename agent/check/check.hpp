// The verb `check`, a doctor for a whole installation: says of every part whether it is as the agent needs it, and what mends it.
// Nothing needs it to have run. It writes nothing to a directory and says no hello to the service; the journal it opens as the
// agent's next start would. Blocking; used by the command line only.
#pragma once
#include <filesystem>
#include <iosfwd>
#include <string>

namespace wb::agent {

struct CheckQuestion {
  std::filesystem::path config;
  std::string user;  // whose rights are looked at, as for Directory::find; empty: nobody's
  bool json = false;
};

// The exit code: 0, or 1 where anything failed.
int check(const CheckQuestion& question, std::ostream& out);

}  // namespace wb::agent
