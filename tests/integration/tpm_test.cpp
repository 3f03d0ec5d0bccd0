// Private keys that never leave a TPM: a software one (swtpm) on loopback, behind OpenSSL's provider tpm2 as Debian ships it, configured
// as an operator would, by OPENSSL_CONF.
#include <arpa/inet.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "tests/support/crypto_world.hpp"

namespace wb::crypto {
namespace {
using namespace std::chrono_literals;

// A socket of that port, bound (0: of any) or connected; -1: not to be had.
int loopback(unsigned short port, int (*use)(int, const sockaddr*, socklen_t)) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET, to.sin_port = htons(port), to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (use(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return fd;
  ::close(fd);
  return -1;
}

// Two ports in a row, which is what the TPM's users expect: commands, and control. From below those that the system gives to whoever asks
// for any (ip_local_port_range, 32768 and more): other tests take such ones at any moment, also between our look and swtpm's bind.
unsigned short two_free_ports() {
  std::random_device any;
  for (int tries = 0; tries < 100; ++tries) {
    const auto port = static_cast<unsigned short>(20'000 + any() % 12'000);
    const int first = loopback(port, ::bind), second = loopback(static_cast<unsigned short>(port + 1), ::bind);
    for (const int fd : {first, second})
      if (fd >= 0) ::close(fd);
    if (first >= 0 && second >= 0) return port;
  }
  return 0;
}

pid_t started(std::vector<std::string> words) {
  std::vector<char*> args;
  for (auto& word : words) args.push_back(word.data());
  args.push_back(nullptr);
  pid_t pid = 0;
  return ::posix_spawnp(&pid, args[0], nullptr, nullptr, args.data(), environ) == 0 ? pid : 0;
}
bool done(std::vector<std::string> words) {
  const auto pid = started(std::move(words));
  int code = 1;
  return pid > 0 && ::waitpid(pid, &code, 0) == pid && code == 0;
}

// One for all tests, because this process's OpenSSL reads its configuration once.
class Tpm : public testing::Environment {
 public:
  static inline Tpm* one = nullptr;
  void SetUp() override {
    char name[] = "/tmp/wb-tpm-XXXXXX";  // by the system: a random name of ours would wake OpenSSL before its time
    folder = ::mkdtemp(name);
    std::filesystem::create_directory(folder / "state");
    const auto port = two_free_ports();
    ASSERT_NE(port, 0);
    const auto place = [](unsigned short at) { return "type=tcp,bindaddr=127.0.0.1,port=" + std::to_string(at); };
    pid = started({"swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + (folder / "state").string(), "--server", place(port), "--ctrl", place(static_cast<unsigned short>(port + 1)),
        "--flags", "not-need-init,startup-clear"});
    ASSERT_GT(pid, 0) << "swtpm is not installed: scripts/install test";
    int up = -1;
    for (const auto until = std::chrono::steady_clock::now() + 10s; up < 0 && std::chrono::steady_clock::now() < until; std::this_thread::yield())
      up = loopback(static_cast<unsigned short>(port + 1), ::connect);
    ASSERT_GE(up, 0);
    ::close(up);
    const auto where = "swtpm:host=127.0.0.1,port=" + std::to_string(port);
    ::setenv("TPM2OPENSSL_TCTI", where.c_str(), 1);
    ::setenv("TPM2TOOLS_TCTI", where.c_str(), 1);
    ::setenv("TSS2_LOG", "all+none", 1);
    std::ofstream(folder / "openssl.cnf") << "openssl_conf = all\n[all]\nproviders = those\n[those]\ndefault = on\ntpm2 = on\n[on]\nactivate = 1\n";
    ::setenv("OPENSSL_CONF", (folder / "openssl.cnf").c_str(), 1);
  }
  void TearDown() override {
    end();
    std::filesystem::remove_all(folder);
  }
  void end() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    pid = 0;
  }
  // A new key, which only this TPM can unwrap: its file is of no use elsewhere.
  std::string wrapped(const std::string& name) const {
    const auto file = (folder / name).string();
    EXPECT_TRUE(done({"openssl", "genpkey", "-provider", "tpm2", "-provider", "default", "-propquery", "?provider=tpm2", "-algorithm", "EC", "-pkeyopt", "group:P-256", "-quiet", "-out", file}));
    return "file:" + file;
  }
  // The same within the TPM, under a handle.
  std::string persistent(const std::string& handle, const std::string& kind, const std::string& use) const {
    const auto at = [&](const char* name) { return (folder / name).string(); };
    EXPECT_TRUE(done({"tpm2", "createprimary", "-Q", "-C", "o", "-G", "ecc256", "-c", at("primary")}) && done({"tpm2", "flushcontext", "-t"}) &&
        done({"tpm2", "create", "-Q", "-C", at("primary"), "-G", kind, "-a", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|" + use, "-u", at("pub"), "-r", at("priv")}) &&
        done({"tpm2", "flushcontext", "-t"}) && done({"tpm2", "load", "-Q", "-C", at("primary"), "-u", at("pub"), "-r", at("priv"), "-c", at("key")}) &&
        done({"tpm2", "flushcontext", "-t"}) && done({"tpm2", "evictcontrol", "-Q", "-C", "o", "-c", at("key"), handle}) && done({"tpm2", "flushcontext", "-t"}));
    return "handle:" + handle;
  }
  std::filesystem::path folder;
  pid_t pid = 0;
};

std::string opened(const std::string& sealed, const PrivateKey& key) {
  const auto plain = open_sealed(sealed, key);
  if (!plain) return plain.error().where;
  return read_passwords(*plain).value().pw.expose([](std::string_view text) { return std::string(text); });
}
std::string sealed_to(const PrivateKey& key) {
  return seal({key.public_key()}, test_binding(), make_plaintext(Secret::copy_of("Correct-Horse-1"))).value();
}

TEST(AKeyInATpm, SignsAndOpensAndIsInNoFile) {
  const Folder folder;
  const auto uri = Tpm::one->wrapped("as");
  const auto found = PrivateKey::from_store(uri);
  ASSERT_TRUE(found) << found.error().detail;
  ASSERT_TRUE(found->save(folder / "as.pem"));
  EXPECT_EQ(read_file(folder / "as.pem"), uri + "\n");
  EXPECT_EQ(read_file(Tpm::one->folder / "as").rfind("-----BEGIN TSS2 PRIVATE KEY-----", 0), 0U) << "wrapped by the TPM";
  const auto key = PrivateKey::load(folder / "as.pem").value();
  const auto jws = sign(key, protocol::typ_hello, "{}");
  ASSERT_TRUE(jws);
  EXPECT_TRUE(verify(*jws, protocol::typ_hello, PublicKey::from_jwk(key.public_key().jwk()).value()));
  EXPECT_EQ(opened(sealed_to(key), key), "Correct-Horse-1");
  EXPECT_EQ(opened(sealed_to(new_key()), key), fault_of(open_sealed(sealed_to(new_key()), key)).where);
  EXPECT_EQ(fault_of(key.save_sealed(folder / "out", Secret::copy_of("a dozen words on paper"))).kind, Fault::Kind::refused);
}

TEST(AKeyInATpm, DoesWhatItWasMadeFor) {
  const auto as = PrivateKey::from_store(Tpm::one->persistent("0x81000001", "ecc256:ecdsa-sha256", "sign")).value();
  const auto ae = PrivateKey::from_store(Tpm::one->persistent("0x81000002", "ecc256:ecdh", "decrypt")).value();
  EXPECT_TRUE(verify(sign(as, protocol::typ_hello, "{}").value(), protocol::typ_hello, as.public_key()));
  EXPECT_EQ(opened(sealed_to(ae), ae), "Correct-Horse-1");
  EXPECT_EQ(opened(sealed_to(as), as), "jwe.agree") << "the TPM refuses";
  EXPECT_EQ(fault_of(sign(ae, protocol::typ_hello, "{}")).where, "jws.sign") << "the TPM refuses";
  EXPECT_TRUE(verify(sign(as, protocol::typ_hello, "{}").value(), protocol::typ_hello, as.public_key())) << "and goes on";
}

TEST(AKeyInATpm, IsUsedByManyThreads) {
  const auto key = PrivateKey::from_store(Tpm::one->wrapped("shared")).value();
  const auto sealed = sealed_to(key);
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        const auto jws = sign(key, protocol::typ_hello, "{}");
        right += jws && verify(*jws, protocol::typ_hello, key.public_key()) && opened(sealed, key) == "Correct-Horse-1";
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 20);
}

TEST(AKeyInATpm, IsNamedWhenItCanNotBeHad) {
  const auto fault = fault_of(PrivateKey::from_store("handle:0x81004711"));
  EXPECT_EQ(fault.kind, Fault::Kind::unreachable);
  EXPECT_NE(fault.detail.find("no key behind the handle: URI; is its provider active"), std::string::npos) << fault.detail;
  EXPECT_EQ(fault.detail.find("4711"), std::string::npos);
}

// The last one: there is no TPM after it.
TEST(AKeyInATpm, FailsByNameWhenTheTpmIsGone) {
  const auto key = PrivateKey::from_store(Tpm::one->wrapped("lost")).value();
  const auto sealed = sealed_to(key);
  Tpm::one->end();
  EXPECT_EQ(fault_of(sign(key, protocol::typ_hello, "{}")).where, "jws.sign");
  EXPECT_EQ(opened(sealed, key), "jwe.agree");
  EXPECT_EQ(fault_of(PrivateKey::from_store("file:" + (Tpm::one->folder / "lost").string())).kind, Fault::Kind::unreachable);
}

const auto* registered = testing::AddGlobalTestEnvironment(Tpm::one = new Tpm);

}  // namespace
}  // namespace wb::crypto
