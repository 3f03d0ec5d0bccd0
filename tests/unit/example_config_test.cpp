#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "config/agent_config.hpp"
#include "config/service_config.hpp"
#include "protocol/json.hpp"

namespace wb::config {
namespace {
namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ifstream in(file);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

void expect_every_key_explained(const fs::path& file, const std::vector<std::string>& keys) {
  const auto text = content(file);
  EXPECT_GT(keys.size(), 8U);
  for (const auto& key : keys) {
    const auto last = key.substr(key.rfind('.') + 1);
    const bool mentioned = text.find(' ' + last + ':') != std::string::npos || text.find('\n' + last + ':') != std::string::npos;
    EXPECT_TRUE(mentioned) << file << " does not mention " << key;
  }
}

// The keys of a JSON Schema as agent_config_keys() names them.
void collect(const protocol::json::object& node, const std::string& path, std::vector<std::string>& keys) {
  if (const auto* properties = node.if_contains("properties")) {
    for (const auto& [name, inner] : properties->as_object()) {
      const auto key = path.empty() ? std::string(name) : path + "." + std::string(name);
      keys.push_back(key);
      collect(inner.as_object(), key, keys);
    }
  }
  if (const auto* items = node.if_contains("items")) collect(items->as_object(), path + "[]", keys);
}

void expect_every_key(const fs::path& schema, std::vector<std::string> keys) {
  std::vector<std::string> there;
  collect(protocol::parse_json(content(schema), 32).value().as_object(), {}, there);
  std::sort(there.begin(), there.end());
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(there, keys) << schema << ": tests/integration/config_schema_test.py --write";
}

TEST(TheSchemas, HaveEveryKeyAndNoOther) {
  const fs::path folder = fs::path(WB_SOURCE_DIR) / "docs/schema";
  expect_every_key(folder / "agent.schema.json", agent_config_keys());
  expect_every_key(folder / "reset-service.schema.json", service_config_keys());
}

TEST(TheExampleConfigs, AreValidAndMentionEveryKey) {
  const fs::path folder = fs::path(WB_SOURCE_DIR) / "config";
  const auto agent = load_agent_config(folder / "agent.example.yaml");
  const auto service = load_service_config(folder / "service.example.yaml");
  if (const auto* problems = std::get_if<Problems>(&agent)) ADD_FAILURE() << to_string(problems->front());
  if (const auto* problems = std::get_if<Problems>(&service)) ADD_FAILURE() << to_string(problems->front());
  expect_every_key_explained(folder / "agent.example.yaml", agent_config_keys());
  expect_every_key_explained(folder / "service.example.yaml", service_config_keys());
  const auto keys = agent_config_keys();
  EXPECT_NE(std::find(keys.begin(), keys.end(), "domains[].directory.uris"), keys.end());
}

}  // namespace
}  // namespace wb::config
