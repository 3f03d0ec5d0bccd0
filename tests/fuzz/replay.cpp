// A target without libFuzzer: runs it over every file of the folders named, once. For the ordinary builds' tests.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/target.hpp"

int main(int count, char** folders) {
  int files = 0;
  for (int i = 1; i < count; ++i)
    for (const auto& entry : std::filesystem::directory_iterator(folders[i])) {
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string input((std::istreambuf_iterator<char>(in)), {});
      std::printf("%s\n", entry.path().filename().c_str());
      std::fflush(stdout);  // the last name is the culprit's
      wb::fuzz::run(input);
      ++files;
    }
  std::printf("%d inputs\n", files);
  return files > 0 ? 0 : 1;
}
