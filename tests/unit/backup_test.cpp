// All that the service keeps, copied and put back, by the words of the command line.
#include <sys/stat.h>

#include <atomic>
#include <functional>
#include <thread>

#include "platform/private_files.hpp"
#include "service/backup.hpp"
#include "service/sspr/settings_store.hpp"
#include "tests/support/self_service_operator.hpp"

namespace wb::service {
namespace {

class ABackup : public AnOperatorOfSelfService {
 protected:
  const fs::path copy = folder / "copy", other = folder / "other";
  ABackup() {
    std::ofstream(folder / "other.yaml") << "listen: {address: 127.0.0.1, port: 1, certificate_file: c.pem, key_file: k.pem}\npublic_url: https://reset.example\nstate_dir: other\n";
    person(alice, "alice@corp.example", {staff}, {sspr::Method::app_code, sspr::Method::email});
    EXPECT_TRUE(Keys::open(config.state_dir, config.public_url, unix_now()));
  }
  int puts_back(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"restore", copy.string()});
    return does(more, "other.yaml");
  }
  // Whoever looks: what is in the folder before and after.
  static std::string listing(const fs::path& of) {
    std::string text;
    for (const auto& entry : fs::directory_iterator(of)) text += entry.path().filename().string() + " " + std::to_string(entry.is_regular_file() ? entry.file_size() : 0) + "\n";
    return text;
  }
};

TEST_F(ABackup, IsMadeWhileOthersWriteAndIsWholeInAnotherPlace) {
  std::atomic<bool> stop = false, began = false;
  std::thread writer([&] {
    auto kept = store();
    for (int i = 0; !stop; ++i) {
      auto guard = kept.database().begin();  // two rows or none
      (void)kept.database().run("INSERT INTO suffixes VALUES(?, 'a')", "a" + std::to_string(i));
      (void)kept.database().run("INSERT INTO suffixes VALUES(?, 'b')", "b" + std::to_string(i));
      (void)guard->commit();
      began = true;
    }
  });
  while (!began) std::this_thread::yield();
  const int code = does({"backup", copy.string()});
  stop = true;
  writer.join();
  ASSERT_EQ(code, exit_done) << err;
  EXPECT_TRUE(said("store.sqlite") && said("vault-1.key") && said("sr.pem") && said("holds the service's keys")) << out;
  for (const auto& entry : fs::directory_iterator(copy)) {
    struct stat st {};
    ASSERT_EQ(::stat(entry.path().c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777U, 0600U) << entry.path();
  }
  const auto root = Keys::open(config.state_dir, config.public_url, unix_now()).value().root().kid();
  ASSERT_EQ(puts_back(), exit_done) << err;
  EXPECT_TRUE(said("revoked")) << out;
  config.state_dir = other;
  EXPECT_EQ(opened(), 2);
  EXPECT_EQ(Keys::open(other, config.public_url, unix_now()).value().root().kid(), root);
  auto kept = store();
  auto q = kept.database().query("SELECT sum(domain='a'), sum(domain='b') FROM suffixes");
  ASSERT_TRUE(q.next().value());
  EXPECT_GT(q.number(0), 0);
  EXPECT_EQ(q.number(0), q.number(1)) << "one moment of it";
}

TEST_F(ABackup, IsNotMadeOverAnother) {
  ASSERT_EQ(does({"backup", copy.string()}), exit_done);
  const auto before = listing(copy);
  EXPECT_EQ(does({"backup", copy.string()}), exit_failed);
  EXPECT_TRUE(complained("there already")) << err;
  EXPECT_EQ(listing(copy), before);
  EXPECT_EQ(does({"backup", (folder / "no" / "where").string()}), exit_failed);
  EXPECT_EQ(does({"backup", (folder / "nothing").string()}, "other.yaml"), exit_failed) << "of nothing";
  EXPECT_FALSE(fs::exists(other / "store.sqlite"));
  fs::remove(config.state_dir / "sr.pem");
  EXPECT_EQ(does({"backup", (folder / "half").string()}), exit_failed);
  EXPECT_FALSE(fs::exists(folder / "half")) << "no keys are left lying about";
}

TEST_F(ABackup, DoesNotGoOverWhatIsThereUnlessItIsAskedFor) {
  ASSERT_EQ(does({"backup", copy.string()}), exit_done);
  ASSERT_EQ(puts_back(), exit_done) << err;
  EXPECT_EQ(puts_back(), exit_failed);
  EXPECT_TRUE(complained("--replace")) << err;
  ASSERT_EQ(does({"routes", "add", "new.example", "--domain", corp}, "other.yaml"), exit_done);
  EXPECT_EQ(puts_back({"--replace"}), exit_done) << err;
  const auto at = out.find(other.string() + "/replaced-");
  ASSERT_NE(at, std::string::npos) << out;
  const fs::path aside = out.substr(at, out.find(' ', at) - at);
  EXPECT_EQ(does({"routes", "list"}, "other.yaml"), exit_done);
  EXPECT_TRUE(said("no suffix")) << out;
  EXPECT_TRUE(fs::exists(aside / "sr.pem"));
  config.state_dir = aside;
  auto kept = store();
  EXPECT_EQ(sspr::SettingsStore(kept.database()).routes().value().size(), 1U) << "nothing is lost";
}

TEST_F(ABackup, IsNotPutUnderARunningService) {
  ASSERT_EQ(does({"backup", copy.string()}), exit_done);
  ASSERT_TRUE(platform::private_folder(other));
  const auto running = platform::FileLock::take(other / backup::lock_name).value();
  for (const auto& more : {std::vector<std::string>{}, std::vector<std::string>{"--replace"}}) {
    EXPECT_EQ(puts_back(more), exit_failed);
    EXPECT_TRUE(complained("stop it first")) << err;
  }
}

TEST_F(ABackup, ThatIsDamagedReplacesNothing) {
  ASSERT_EQ(does({"backup", copy.string()}), exit_done);
  ASSERT_EQ(puts_back(), exit_done);
  const auto before = listing(other);
  const auto text = platform::read_file(copy / "manifest.json").value();
  const auto exchanged = [&](const std::string& piece, const std::string& by) {
    auto changed = text;
    const auto at = changed.find(piece);
    EXPECT_NE(at, std::string::npos) << piece;
    return changed.replace(at, piece.size(), by);
  };
  const auto store_copy = platform::read_file(copy / "store.sqlite", 10'000'000).value();
  const auto flip = [&](std::size_t at) {
    auto bytes = store_copy;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    std::ofstream(copy / "store.sqlite", std::ios::binary) << bytes;
  };
  struct Row {
    std::string what;
    std::function<void()> damage;
    std::string says;
  };
  const std::vector<Row> rows = {
      {"no manifest", [&] { fs::remove(copy / "manifest.json"); }, "did not come to its end"},
      {"no JSON", [&] { std::ofstream(copy / "manifest.json") << "{"; }, "manifest.json"},
      {"a later format", [&] { std::ofstream(copy / "manifest.json") << exchanged(R"("format":1)", R"("format":2)"); }, "format"},
      {"a path", [&] { std::ofstream(copy / "manifest.json") << exchanged("sr.pem", "../sr.pem"); }, "files"},
      {"a foreign file", [&] { std::ofstream(copy / "manifest.json") << exchanged("sr.pem", "passwd"); }, "files"},
      {"twice", [&] { std::ofstream(copy / "manifest.json") << exchanged("vault-1.key", "sr.pem"); }, "twice"},
      {"one bit", [&] { flip(store_copy.size() / 2); }, "store.sqlite is not what was backed up"},
      {"cut off", [&] { fs::resize_file(copy / "store.sqlite", 100); }, "store.sqlite is not what was backed up"},
      {"another key", [&] { std::ofstream(copy / "vault-1.key") << "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"; }, "vault-1.key is not what"},
      {"a file less", [&] { fs::remove(copy / "sr.pem"); }, "sr.pem"},
  };
  const auto sound = folder / "sound";
  fs::copy(copy, sound);
  for (const auto& row : rows) {
    row.damage();
    EXPECT_EQ(puts_back({"--replace"}), exit_failed) << row.what;
    EXPECT_TRUE(complained(row.says)) << row.what << ": " << err;
    EXPECT_EQ(listing(other), before) << row.what;
    fs::copy(sound, copy, fs::copy_options::overwrite_existing | fs::copy_options::recursive);
  }
  EXPECT_EQ(puts_back({"--replace"}), exit_done) << err;
}

// Digests say that a file is what it was, not that it ever was good.
TEST_F(ABackup, OfWhatCouldNotServeIsRefused) {
  {
    auto kept = store();
    ASSERT_TRUE(sspr::People(kept.database()).reseal(methods(alice)[0].id, "wv1.7.AAAA"));
  }
  ASSERT_EQ(does({"backup", copy.string()}), exit_done);
  EXPECT_EQ(puts_back(), exit_failed);
  EXPECT_TRUE(complained("vault-7.key is missing: 1 methods")) << err;
  fs::remove_all(copy);
  {
    auto kept = store();
    ASSERT_TRUE(kept.database().run("PRAGMA user_version=99"));
  }
  EXPECT_EQ(does({"backup", copy.string()}), exit_failed) << "a store of a later program";
  EXPECT_FALSE(fs::exists(copy));
  EXPECT_FALSE(fs::exists(other / "store.sqlite"));
}

TEST_F(ABackup, ThatWasInterruptedWhileItWasPutBackStopsEverythingUntilItIsDoneAgain) {
  ASSERT_EQ(does({"backup", copy.string()}), exit_done);
  ASSERT_EQ(puts_back(), exit_done);
  ASSERT_TRUE(platform::private_folder(other / "restore.new"));
  std::ofstream(other / "restore.moving") << "";
  fs::rename(other / "store.sqlite", other / "restore.new" / "store.sqlite");
  for (const auto& words : std::vector<std::vector<std::string>>{{"routes", "list"}, {"serve"}, {"backup", (folder / "x").string()}}) {
    EXPECT_EQ(does(words, "other.yaml"), exit_failed) << words[0];
    EXPECT_TRUE(words[0] == "serve" || complained("run it again")) << err;
  }
  EXPECT_FALSE(fs::exists(other / "store.sqlite")) << "no empty one was begun";
  EXPECT_EQ(puts_back(), exit_done) << err;
  config.state_dir = other;
  EXPECT_EQ(opened(), 2);
}

}  // namespace
}  // namespace wb::service
