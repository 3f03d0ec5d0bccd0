// docs/openapi.json against the service's own table of endpoints. Whoever adds an endpoint describes it there; what it really answers
// is held against the description by tests/integration/openapi_conformance_test.py.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "service/api.hpp"
#include "tests/support/service_world.hpp"

namespace wb::test {
namespace {

const json::object& document() {
  static const json::object parsed = protocol::parse_json(service::openapi_document(), 32).value().as_object();
  return parsed;
}

bool described_here(const service::Endpoint& endpoint) { return endpoint.path.starts_with("/api/v1/") || endpoint.path == "/healthz"; }  // the others are the agents', docs/PROTOCOL.md

struct Operation {
  std::string method, path;
  json::object shape;
  std::string name() const { return method + " " + path; }
};
std::vector<Operation> operations() {
  std::vector<Operation> all;
  for (const auto& [path, item] : document().at("paths").as_object())
    for (const auto& [method, shape] : item.as_object()) {
      std::string upper(method);
      for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      all.push_back({upper, std::string(path), shape.as_object()});
    }
  return all;
}

// What "#/a/b" names, or nothing. Names with '/' or '~' in them are no names of ours.
const json::value* named(std::string_view reference) {
  if (!reference.starts_with("#/")) return nullptr;
  boost::system::error_code ec;
  static const json::value whole = document();
  return whole.find_pointer(reference.substr(1), ec);
}
json::object resolved(const json::value& value) {
  const auto* reference = value.as_object().if_contains("$ref");
  if (!reference) return value.as_object();
  const auto* target = named(std::string_view(reference->as_string()));
  return target ? target->as_object() : json::object();
}

void each_reference(const json::value& value, const std::function<void(const std::string&)>& visit) {
  if (value.is_array())
    for (const auto& item : value.get_array()) each_reference(item, visit);
  if (!value.is_object()) return;
  for (const auto& [name, member] : value.get_object()) {
    if (name == "$ref" && member.is_string()) visit(std::string(member.as_string()));
    each_reference(member, visit);
  }
}

const std::vector<service::Endpoint>& endpoints() {
  static ServiceWorld world;
  return world.endpoints();
}

TEST(AnEndpoint, IsDescribed) {
  std::set<std::string> described;
  for (const auto& operation : operations()) described.insert(operation.name());
  for (const auto& endpoint : endpoints())
    if (described_here(endpoint)) {
      EXPECT_TRUE(described.contains(endpoint.method + " " + endpoint.path)) << endpoint.method << " " << endpoint.path << " has no description: add it to \"paths\" of docs/openapi.json";
    }
}

TEST(AnEndpoint, ThatIsDescribedIsThere) {
  std::set<std::string> served;
  for (const auto& endpoint : endpoints()) served.insert(endpoint.method + " " + endpoint.path);
  for (const auto& operation : operations()) EXPECT_TRUE(served.contains(operation.name())) << operation.name() << " stands in docs/openapi.json, and the router does not know it";
}

TEST(AnEndpoint, IsDescribedWithTheScopeThatItNeeds) {
  for (const auto& endpoint : endpoints())
    for (const auto& operation : operations()) {
      if (operation.name() != endpoint.method + " " + endpoint.path) continue;
      std::set<std::string> scopes;
      for (const auto& requirement : operation.shape.at("security").as_array())
        if (const auto* client = requirement.as_object().if_contains("client"))
          for (const auto& scope : client->as_array()) scopes.insert(std::string(scope.as_string()));
      EXPECT_EQ(scopes, endpoint.needs ? std::set<std::string>{std::string(to_string(*endpoint.needs))} : std::set<std::string>()) << operation.name();
    }
}

TEST(TheDescription, IsOpenApi31OfThisVersion) {
  EXPECT_EQ(document().at("openapi"), "3.1.0");
  EXPECT_EQ(document().at("info").at("version"), WB_VERSION);
}

TEST(TheDescription, IsServedAsItStandsInTheFolder) {
  std::ifstream file(WB_SOURCE_DIR "/docs/openapi.json");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(service::openapi_document(), text.str());
}

TEST(TheDescription, NamesNothingThatIsNotInIt) {
  each_reference(document(), [](const std::string& reference) { EXPECT_TRUE(named(reference)) << reference; });
}

TEST(TheDescription, NeedsAllThatIsInIt) {
  std::set<std::string> used;
  each_reference(document(), [&](const std::string& reference) { used.insert(reference); });
  used.insert("#/components/schemas/AuditLine");    // a line, which no media type of OpenAPI 3.1 names
  used.insert("#/components/schemas/JobProgress");  // and an event
  for (const std::string kind : {"schemas", "parameters", "responses"})
    for (const auto& [name, unused] : document().at("components").at(kind).as_object())
      EXPECT_TRUE(used.contains("#/components/" + kind + "/" + std::string(name))) << kind << " " << name << " is used nowhere";
}

TEST(AnOperation, HasAStableNameOfItsOwn) {
  std::set<std::string> names;
  for (const auto& operation : operations()) {
    const std::string id(operation.shape.at("operationId").as_string());
    EXPECT_FALSE(id.empty()) << operation.name();
    EXPECT_TRUE(names.insert(id).second) << id << " twice: " << operation.name();
  }
}

TEST(AnOperation, SaysWhatItTakesAndWhatItAnswers) {
  for (const auto& operation : operations()) {
    const auto& shape = operation.shape;
    // A body, or that there is none to be sent: POST .../seal.
    const auto* body = shape.if_contains("requestBody");
    EXPECT_TRUE(!body || resolved(*body).at("content").at("application/json").as_object().contains("schema")) << operation.name();
    bool good = false;
    for (const auto& [status, answer] : shape.at("responses").as_object()) {
      const auto response = resolved(answer);
      good = good || status.front() == '2';
      const auto* content = response.if_contains("content");
      if (status == "204" || status == "304") continue;  // RFC 9110: neither has content
      ASSERT_TRUE(content) << operation.name() << " " << status;
      for (const auto& [type, media] : content->as_object()) EXPECT_TRUE(media.as_object().contains("schema")) << operation.name() << " " << status << " " << type;
      EXPECT_TRUE(status.front() == '2' || content->as_object().contains("application/problem+json")) << operation.name() << " " << status;
    }
    EXPECT_TRUE(good) << operation.name();
    if (shape.at("security").as_array().empty()) continue;
    EXPECT_TRUE(shape.at("responses").as_object().contains("401")) << operation.name();
  }
}

TEST(AnOperation, NamesThePlacesOfItsPath) {
  for (const auto& operation : operations()) {
    std::set<std::string> in_path, said;
    for (std::size_t at = 0; (at = operation.path.find('{', at)) != std::string::npos; ++at) in_path.insert(operation.path.substr(at + 1, operation.path.find('}', at) - at - 1));
    if (const auto* parameters = operation.shape.if_contains("parameters"))
      for (const auto& one : parameters->as_array())
        if (const auto parameter = resolved(one); parameter.at("in") == "path") said.insert(std::string(parameter.at("name").as_string()));
    EXPECT_EQ(said, in_path) << operation.name();
  }
}

}  // namespace
}  // namespace wb::test
