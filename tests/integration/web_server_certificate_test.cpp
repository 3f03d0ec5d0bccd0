// The files of a running web server's certificate are replaced: well, badly, and half.
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "core/clock.hpp"
#include "link/served_certificate.hpp"
#include "tests/support/link_world.hpp"

namespace wb {
namespace {
using namespace test;
namespace fs = std::filesystem;

// Standard error goes to a file while this lives, so that a line can be waited for.
class Said {
 public:
  explicit Said(const fs::path& file) : file_(file), before_(::dup(2)) {
    const int into = ::open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    ::dup2(into, 2);
    ::close(into);
  }
  ~Said() {
    ::dup2(before_, 2);
    ::close(before_);
  }
  Said(const Said&) = delete;
  Said& operator=(const Said&) = delete;
  int times(const std::string& event) const {
    std::ifstream in(file_);
    int count = 0;
    for (std::string line; std::getline(in, line);) count += line.find(event) == std::string::npos ? 0 : 1;
    return count;
  }
  std::string all() const {
    std::ostringstream out;
    out << std::ifstream(file_).rdbuf();
    return out.str();
  }

 private:
  fs::path file_;
  int before_;
};

struct ACertificateThatIsReplaced : ::testing::Test {
  fs::path folder;
  TestCertificates now, next;

  ACertificateThatIsReplaced() {
    std::string pattern = (fs::temp_directory_path() / "wb-replaced-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp");
    folder = pattern;
    now = make("now", "First CA"), next = make("next", "Second CA");
  }
  ~ACertificateThatIsReplaced() override {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  TestCertificates make(const std::string& name, const std::string& ca) const {
    fs::create_directory(folder / name);
    return make_certificates(folder / name, "IP:127.0.0.1", ca);
  }
  // As an installer does: another file takes its name in one step.
  void replace(const fs::path& file, const fs::path& by) const {
    fs::copy_file(by, folder / "incoming", fs::copy_options::overwrite_existing);
    fs::rename(folder / "incoming", file);
  }
  void replace_by_text(const fs::path& file, const std::string& text) const {
    std::ofstream(folder / "text") << text;
    fs::permissions(folder / "text", fs::perms(0600));
    replace(file, folder / "text");
  }
  link::ServedCertificate served() const {
    auto loaded = link::ServedCertificate::load(now.cert, now.key);
    if (!loaded) throw std::runtime_error(loaded.error().detail);
    return std::move(*loaded);
  }
  // What so many looks say.
  std::string said_by(link::ServedCertificate& certificate, int looks) const {
    const Said said(folder / "said");
    const auto before = said.all().size();
    for (int i = 0; i < looks; ++i) certificate.look();
    return said.all().substr(before);
  }
};

TEST_F(ACertificateThatIsReplaced, IsTakenWhenTwoLooksFindTheSame) {
  auto certificate = served();
  const auto before = certificate.tls();
  EXPECT_EQ(said_by(certificate, 3), "");
  replace(now.key, next.key), replace(now.cert, next.cert);
  EXPECT_EQ(said_by(certificate, 1), "") << "they may not all be there yet";
  const auto said = said_by(certificate, 1);
  EXPECT_NE(said.find("info tls.certificate_reloaded not_after=20"), std::string::npos) << said;
  EXPECT_NE(said.find(link::end_of(certificate.tls())), std::string::npos) << said;
  EXPECT_NE(certificate.tls(), before);
  EXPECT_EQ(said_by(certificate, 5), "");
}

TEST_F(ACertificateThatIsReplaced, IsSeenBehindASymbolicLink) {
  const auto point_to = [this](const TestCertificates& to) {
    for (const auto& [name, file] : {std::pair("cert", to.cert), std::pair("key", to.key)}) {
      fs::remove(folder / name);
      fs::create_symlink(file, folder / name);
    }
  };
  point_to(now);
  auto loaded = link::ServedCertificate::load(folder / "cert", folder / "key");
  ASSERT_TRUE(loaded);
  point_to(next);
  EXPECT_NE(said_by(*loaded, 2).find("reloaded"), std::string::npos);
  replace(next.cert, now.cert), replace(next.key, now.key);
  EXPECT_NE(said_by(*loaded, 2).find("reloaded"), std::string::npos) << "the link is the same, what it points to is not";
}

TEST_F(ACertificateThatIsReplaced, IsRefusedOnceWhenItCannotBeUsedAndTheOldOneStays) {
  auto certificate = served();
  const auto before = certificate.tls();
  const auto refused = [&](const std::string& where) {
    const auto said = said_by(certificate, 6);
    EXPECT_NE(said.find("warning tls.certificate_refused"), std::string::npos) << where << ": " << said;
    EXPECT_EQ(said.find("tls.certificate_refused"), said.rfind("tls.certificate_refused")) << "once: " << said;
    EXPECT_NE(said.find("where=" + where), std::string::npos) << said;
    EXPECT_EQ(certificate.tls(), before);
  };
  fs::copy_file(now.key, folder / "key"), fs::copy_file(now.cert, folder / "cert");
  replace_by_text(now.cert, "no certificate\n"), refused("tls.certificate");
  replace_by_text(now.cert, ""), refused("tls.certificate");
  fs::remove(now.cert), refused("tls.certificate");
  replace(now.cert, next.cert), refused("tls.key");
  replace(now.cert, folder / "cert"), replace_by_text(now.key, "-----BEGIN PRIVATE KEY-----\nAAAA\n"), refused("tls.key");
  fs::remove(now.key), refused("tls.key");
  replace(now.key, folder / "key"), fs::permissions(now.key, fs::perms(0644)), refused("key.mode");
  replace(now.key, folder / "key");
  EXPECT_NE(said_by(certificate, 2).find("tls.certificate_reloaded"), std::string::npos) << "what was before will do again";
}

TEST_F(ACertificateThatIsReplaced, IsRefusedWithAKeyOfAnotherKindOrAnEncryptedOne) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> rsa(EVP_RSA_gen(2048), &EVP_PKEY_free), curve(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const auto write = [this](EVP_PKEY* key, const EVP_CIPHER* cipher) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new_file((folder / "made").c_str(), "w"), &BIO_free);
    unsigned char word[] = "password";
    PEM_write_bio_PrivateKey(out.get(), key, cipher, cipher ? word : nullptr, cipher ? 8 : 0, nullptr, nullptr);
    fs::permissions(folder / "made", fs::perms(0600));
  };
  auto certificate = served();
  write(rsa.get(), nullptr);
  replace(now.key, folder / "made");
  EXPECT_NE(said_by(certificate, 2).find("where=tls.key"), std::string::npos);
  write(curve.get(), EVP_aes_128_cbc());
  replace(now.key, folder / "made");
  EXPECT_NE(said_by(certificate, 2).find("where=tls.key"), std::string::npos);
}

TEST_F(ACertificateThatIsReplaced, IsShownToConnectionsFromThenOnAndLinksStay) {
  LinkWorld world;
  world.settings.certificate_file = now.cert, world.settings.key_file = now.key, world.settings.certificate_look = 5ms;
  world.start();
  const Said said(folder / "log");
  world.run([&](LinkWorld& w) {
    return [](unsigned short port, ACertificateThatIsReplaced& test, const Said& log) -> Awaitable<> {
      auto work = [port, &test, &log] {
        RawTls agent(port);
        EXPECT_TRUE(agent.upgrade("wb.v1").starts_with("HTTP/1.1 101 "));
        EXPECT_EQ(agent.issuer(), "First CA");
        const Stopwatch watch;
        const auto until = [&](const std::string& event, const std::string& meanwhile) {
          for (; log.times(event) == 0 && watch.ms() < 20'000;) EXPECT_EQ(RawTls(port).issuer(), meanwhile);
          EXPECT_EQ(log.times(event), 1) << event;
        };
        test.replace_by_text(test.now.cert, "broken\n");
        until("tls.certificate_refused", "First CA");
        EXPECT_EQ(RawTls(port).issuer(), "First CA");
        test.replace(test.now.key, test.next.key), test.replace(test.now.cert, test.next.cert);
        while (log.times("tls.certificate_reloaded") == 0 && watch.ms() < 20'000) (void)RawTls(port).issuer();
        EXPECT_EQ(RawTls(port).issuer(), "Second CA");
        agent.frame(1, "still here");
        EXPECT_EQ(agent.bytes(12).substr(2), "still here") << "the echo of a link of before";
        return 0;
      };
      auto playing = blocking(std::move(work));
      co_await std::move(playing);
    }(w.server->bound_port(), *this, said);
  });
}

}  // namespace
}  // namespace wb
