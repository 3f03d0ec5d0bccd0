// A world for tests of the command line about self-service: a state folder, its service.yaml, people with sealed methods, and
// every verb by its words, as they are typed.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "crypto/vault.hpp"
#include "service/service.hpp"
#include "service/sspr/people.hpp"
#include "service/verbs.hpp"

namespace wb::service {

namespace fs = std::filesystem;
inline const std::string corp = "corp.example", alice = "7c1f0f4a-0000-4000-8000-000000000001", bob = "7c1f0f4a-0000-4000-8000-000000000002";
inline const std::string staff = "CN=Staff,OU=Groups,DC=corp,DC=example", secret = "JBSWY3DPEHPK3PXP";

class AnOperatorOfSelfService : public testing::Test {
 protected:
  fs::path folder = [] {
    const fs::path memory = "/dev/shm";  // where there is one: a verb opens a database and flushes, and no power is cut here
    std::string name = ((fs::exists(memory) ? memory : fs::temp_directory_path()) / "wb-sspr-verbs-XXXXXX").string();
    return fs::path(::mkdtemp(name.data()));
  }();
  config::ServiceConfig config;
  std::string out, err;  // of the last verb
  AnOperatorOfSelfService() {
    std::ofstream(folder / "service.yaml") << "listen: {address: 127.0.0.1, port: 1, certificate_file: c.pem, key_file: k.pem}\npublic_url: https://reset.example\nstate_dir: state\n";
    config = std::get<config::ServiceConfig>(config::load_service_config(folder / "service.yaml"));
  }
  ~AnOperatorOfSelfService() override { fs::remove_all(folder); }

  int does(std::vector<std::string> words, const std::string& state = {}) {
    words.insert(words.end(), {"--config", (folder / (state.empty() ? "service.yaml" : state)).string()});
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = command_line(words);
    out = testing::internal::GetCapturedStdout(), err = testing::internal::GetCapturedStderr();
    return code;
  }
  int of_corp(std::vector<std::string> words) {
    words.insert(words.end(), {"--domain", corp});
    return does(words);
  }
  bool said(const std::string& part) const { return out.find(part) != std::string::npos; }
  bool complained(const std::string& part) const { return err.find(part) != std::string::npos; }

  Store store() { return open_store(config).value(); }
  // Somebody with methods, whose secrets are sealed.
  void person(const std::string& sub, const std::string& name, const std::vector<std::string>& groups, const std::vector<sspr::Method>& kinds) {
    auto kept = store();
    register_one(kept, crypto::Vault::open(config.state_dir).value(), sub, name, groups, kinds);
  }
  static void register_one(Store& kept, const crypto::Vault& vault, const std::string& sub, const std::string& name, const std::vector<std::string>& groups, const std::vector<sspr::Method>& kinds) {
    sspr::People people(kept.database());
    ASSERT_TRUE(people.saw({corp, sub, name, "Älice", "mail@corp.example", "de", groups, unix_now() - 3 * 86'400, 0, 0}));
    for (const auto kind : kinds) {
      sspr::RegisteredMethod m{new_ulid(), kind, "a...@e...com", "", 0, 100, 0};
      if (kind == sspr::Method::questions) m.questions = {"first_pet", "first_car", "first_job"};
      m.sealed = vault.seal(Secret::copy_of(secret), sspr::context(corp, sub, m)).value();
      ASSERT_TRUE(people.add(corp, sub, m).value());
    }
  }
  std::vector<sspr::RegisteredMethod> methods(const std::string& sub) {
    auto kept = store();
    return sspr::People(kept.database()).methods(corp, sub).value();
  }
  // How many of all methods the keys in the folder open.
  int opened() {
    auto kept = store();
    const auto vault = crypto::Vault::open(config.state_dir).value();
    int count = 0;
    for (const auto& [domain, sub, m] : sspr::People(kept.database()).not_under("-", 10'000).value())
      if (vault.open_sealed(m.sealed, sspr::context(domain, sub, m))) ++count;
    return count;
  }
  std::string job(const std::string& sub, bool final) {
    auto kept = store();
    const ProbeRow probe{new_ulid(), corp, sub, {"dc1.corp.example", 3, "133", "mk"}, unix_now(), std::nullopt};
    EXPECT_TRUE(kept.add_probe(probe));
    JobRow j;
    j.jti = new_ulid(), j.domain = corp, j.client = "c", j.probe = probe.id, j.sub = sub, j.pre = probe.pre, j.correlation_id = "cor";
    j.sealed = "{sealed}", j.iat = unix_now(), j.exp = j.iat + 120, j.created_ms = j.iat * 1'000;
    EXPECT_EQ(kept.submit(j, unix_now()).value(), Submitted::stored);
    j.outcome = "applied";
    if (final) { EXPECT_TRUE(kept.finish(j).value()); }
    return j.jti;
  }
};

}  // namespace wb::service
