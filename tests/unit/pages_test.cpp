#include "service/pages.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <fstream>

namespace wb::service {
namespace {

namespace fs = std::filesystem;

class TheBuiltPages : public testing::Test {
 protected:
  TheBuiltPages() {
    std::string name = (fs::temp_directory_path() / "wb-pages-XXXXXX").string();
    top_ = ::mkdtemp(name.data());
    folder = top_ / "portal";
    write("portal/index.html", "<!doctype html>");
    write("portal/not-me.html", "<!doctype html>2");
    write("portal/not-me.html.gz", "gz2");
    write("portal/.draft.html", "x");
    write("portal/notes.js", "x");
    write("portal/assets/index-B1x_2.js", "let a;");
    write("portal/assets/index-B1x_2.js.gz", "gz");
    write("portal/assets/index-C3.css", "a{}");
    write("portal/assets/.hidden.js", "x");
    write("portal/assets/notes.txt", "x");
    write("secret.js", "secret");
    fs::create_symlink(top_ / "secret.js", folder / "assets/linked.js");
  }
  ~TheBuiltPages() override { fs::remove_all(top_); }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories((top_ / name).parent_path());
    std::ofstream(top_ / name) << text;
  }
  // As the router would: the endpoint whose pattern fits.
  link::HttpResponse get(const Pages& pages, const std::string& path, const std::string& encodings = {}) {
    for (const auto& endpoint : pages.endpoints()) {
      auto places = fits(endpoint.path, path);
      if (!places) continue;
      HttpCall call;
      call.request.method = "GET", call.request.path = path, call.request.accept_encoding = encodings, call.path = std::move(*places);
      asio::io_context io;
      auto answered = asio::co_spawn(io, endpoint.handler(std::move(call)), asio::use_future);
      io.run();
      return answered.get();
    }
    link::HttpResponse none;
    none.status = 404;
    return none;
  }

  fs::path top_, folder;
};

TEST_F(TheBuiltPages, AreServedWithTheirTypesAndAStrictPolicy) {
  const auto pages = Pages::read(folder);
  ASSERT_TRUE(pages);
  EXPECT_EQ(pages->files(), 4U);
  const auto index = get(*pages, "/");
  EXPECT_EQ(index.status, 200);
  EXPECT_EQ(index.body, "<!doctype html>");
  EXPECT_EQ(index.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(index.headers.at("Cache-Control"), "no-cache");
  EXPECT_EQ(get(*pages, "/assets/index-C3.css").content_type, "text/css; charset=utf-8");
  EXPECT_EQ(get(*pages, "/not-me").body, "<!doctype html>2") << "each page by its name";
  EXPECT_EQ(get(*pages, "/not-me", "gzip").body, "gz2");
  EXPECT_EQ(get(*pages, "/not-me").headers.at("Cache-Control"), "no-cache");
  for (const auto* path : {"/", "/not-me", "/assets/index-B1x_2.js"}) {
    const auto headers = get(*pages, path).headers;
    EXPECT_EQ(headers.at("Content-Security-Policy"),
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; worker-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
    EXPECT_EQ(headers.at("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(headers.at("X-Content-Type-Options"), "nosniff");
  }
  EXPECT_NE(get(*pages, "/assets/index-B1x_2.js").headers.at("Cache-Control").find("immutable"), std::string::npos);
}

TEST_F(TheBuiltPages, MayHaveTheStylesThatTheyWereBuiltWithAndNoOthers) {
  write("portal/not-me.html", "<!doctype html><style>body{margin:0}</style><p>");
  write("portal/torn.html", "<!doctype html><style>body{margin:0}");
  write("portal/assets/odd.svg", "<style>a{}</style>");
  const auto pages = Pages::read(folder);
  ASSERT_TRUE(pages);
  const auto allowed = [&](const char* path) {
    const auto policy = get(*pages, path).headers.at("Content-Security-Policy");
    const auto from = policy.find("style-src ");
    return policy.substr(from, policy.find(';', from) - from);
  };
  // printf 'body{margin:0}' | openssl dgst -sha256 -binary | base64
  EXPECT_EQ(allowed("/not-me"), "style-src 'self' 'sha256-IAdwN3biDCQ3brrgp1m8kBEsPQYyqfREKOEfeoREopc='");
  EXPECT_EQ(allowed("/"), "style-src 'self'");
  EXPECT_EQ(allowed("/torn"), "style-src 'self'");
  EXPECT_EQ(allowed("/assets/odd.svg"), "style-src 'self'") << "a page's only";
}

TEST_F(TheBuiltPages, AreSentCompressedToWhomTakesThat) {
  const auto pages = Pages::read(folder);
  ASSERT_TRUE(pages);
  const auto small = get(*pages, "/assets/index-B1x_2.js", "br, gzip;q=0.8"), plain = get(*pages, "/assets/index-B1x_2.js", "br");
  EXPECT_EQ(small.body, "gz");
  EXPECT_EQ(small.headers.at("Content-Encoding"), "gzip");
  EXPECT_EQ(plain.body, "let a;");
  EXPECT_FALSE(plain.headers.contains("Content-Encoding"));
  EXPECT_EQ(plain.headers.at("Vary"), "Accept-Encoding");
  EXPECT_EQ(get(*pages, "/assets/index-C3.css", "gzip").body, "a{}") << "there is no smaller one";
}

TEST_F(TheBuiltPages, ShowNothingThatWasNotAmongThemAtTheStart) {
  const auto pages = Pages::read(folder);
  ASSERT_TRUE(pages);
  write("portal/assets/later.js", "x");
  for (const auto* path : {"/assets/../index.html", "/assets/..", "/assets/", "/assets/.hidden.js", "/assets/notes.txt", "/assets/linked.js", "/assets/later.js", "/assets/index-B1x_2.js.gz",
           "/assets/..%2f..%2fsecret.js", "/assets//etc/passwd", "/secret.js", "/index.html", "/index", "/not-me.html", "/not-me.html.gz", "/notes", "/notes.js", "/.draft", "/not-me/", "/assets/%00", "/assets/../../secret.js"})
    EXPECT_EQ(get(*pages, path).status, 404) << path;
  EXPECT_EQ(get(*pages, std::string("/assets/") + '\0').status, 404);
  EXPECT_EQ(get(*pages, "/assets/../secret.js").status, 404) << "as it stands after percent-decoding";
}

TEST_F(TheBuiltPages, HaveTheSumsOfWhatIsServedAndOfNothingElse) {
  const auto pages = Pages::read(folder);
  ASSERT_TRUE(pages);
  write("portal/index.html", "changed since");
  // By sha256sum, of the texts above.
  EXPECT_EQ(pages->sums(),
      "f355802cb6d444e175a567588ee4182ae21c1a063ff93a9526bf14b15e9392fa  assets/index-B1x_2.js\n"
      "2ed534af191bc3baaf1e09263808bf1bdd68db6241bd8f81e2bb014653dcbb36  assets/index-B1x_2.js.gz\n"
      "5f546eb4606b5c2b7d2a449a5cc2bbb477ed5a246c7051ce871b12f2dbfc8419  assets/index-C3.css\n"
      "fe26c59e91ac8de694b2531dc3bdc1b7faf471d3d7e4e00870af60f5f22897cb  index.html\n"
      "a5330b86cd6985eb6ba8cf42adce57d4d1a7516cc57588a876c684c5a7e2562e  not-me.html\n"
      "5b96870407dc490b83a7d12b7c3b0168fd507593c11ada9cc0dbdefe1a580fc6  not-me.html.gz\n");
  EXPECT_EQ(Pages::read(top_ / "nowhere")->sums(), "");
}

TEST_F(TheBuiltPages, AreNoneWhereThereIsNoFolder) {
  const auto pages = Pages::read(top_ / "nowhere");
  ASSERT_TRUE(pages);
  EXPECT_EQ(pages->files(), 0U);
  EXPECT_TRUE(pages->endpoints().empty());
}

TEST_F(TheBuiltPages, AreAFaultWhenHalfOfThemIsThere) {
  fs::remove(folder / "index.html");
  const auto without = Pages::read(folder);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().kind, Fault::Kind::malformed);
  write("portal/index.html", "");
  EXPECT_FALSE(Pages::read(folder));
  write("portal/index.html", "x");
  write("portal/not-me.html", "");
  EXPECT_FALSE(Pages::read(folder)) << "any page";
  write("portal/not-me.html", "x");
  fs::remove_all(folder / "assets");
  EXPECT_TRUE(Pages::read(folder)) << "a page alone is one";
}

TEST_F(TheBuiltPages, HaveALimitOfSizeAndNumber) {
  write("portal/assets/large.js", std::string(Pages::file_bytes_max + 1, 'x'));
  EXPECT_FALSE(Pages::read(folder));
  fs::remove(folder / "assets/large.js");
  for (std::size_t i = 0; i < Pages::files_max; ++i) write("portal/assets/n" + std::to_string(i) + ".js", "x");
  const auto many = Pages::read(folder);
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().kind, Fault::Kind::exhausted);
}

TEST(AnAcceptEncoding, IsReadAsTheStandardSays) {
  for (const auto* yes : {"gzip", "GZip", "br, gzip", " deflate ,\tgzip ; q=0.5", "gzip;q=1", "gzip;q=0.001"}) EXPECT_TRUE(takes_gzip(yes)) << yes;
  for (const auto* no : {"", "br", "*", "gzip;q=0", "gzip;q=0.0", "xgzip", "gzipx", ",,", ";"}) EXPECT_FALSE(takes_gzip(no)) << no;
}

}  // namespace
}  // namespace wb::service
