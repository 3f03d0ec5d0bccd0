// How long answers take says nothing about the name: 1,000 sessions, one of a name that somebody has beside one of a name that nobody has,
// from their beginning to a wrong code. Compared as the issue of enumeration demands: medians within 5 ms, and a Mann-Whitney test.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <future>

#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

constexpr int rounds = 500;  // of each
constexpr const char* steps[] = {"begin", "method", "answer"};

struct Times {
  std::vector<double> of[std::size(steps)];
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// Two-sided p of the Mann-Whitney U test, by its normal approximation (each side has hundreds of values; ties are none to speak of).
double mann_whitney(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<std::pair<double, bool>> all;
  for (const double x : a) all.emplace_back(x, true);
  for (const double x : b) all.emplace_back(x, false);
  std::sort(all.begin(), all.end());
  double ranks = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].second) ranks += static_cast<double>(i + 1);
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  const double u = ranks - n * (n + 1) / 2, mean = n * m / 2, deviation = std::sqrt(n * m * (n + m + 1) / 12);
  return std::erfc(std::abs(u - mean) / deviation / std::sqrt(2.0));
}

class ManyNames : public testing::Test {
 protected:
  static service::Settings shape() {
    log::start(log::Level::error);  // before the service runs: writing thousands of lines takes time too
    auto shape = ResetWorld::quick();
    shape.answer_step = service::Settings().answer_step;
    shape.look_span = 120ms;  // the agent here answers in a fraction of that, also where other tests run beside this one
    shape.limit = +[](service::LimitKind) { return service::Limit{1'000'000, 3'600'000, 1'000}; };
    return shape;
  }
  ResetWorld reset{{}, shape()};

  static std::string name_of(bool known) { return known ? "alice@corp.example" : "nobody@corp.example"; }
  void look_up() {
    const auto probe = reset.agent->next_job();
    ASSERT_TRUE(probe);
    if (probe->job.name == name_of(true)) Browser(reset).answer_probe(probe->job);
    else reset.agent->answer(probe->job, protocol::Code::failed, [](protocol::JobResult& r) { r.reason = "not_found"; });
  }

  struct Visitor {
    explicit Visitor(ResetWorld& reset, bool known) : browser(reset), name(name_of(known)), captcha(browser.solved_captcha()) {}
    Browser browser;
    std::string name, captcha;
  };
  // Both at once: whatever else the machine does falls on both. Who is first takes turns.
  void visit(bool known_first, Times& known, Times& unknown) {
    Visitor first{reset, known_first}, second{reset, !known_first};
    auto& times_of_first = known_first ? known : unknown;
    auto& times_of_second = known_first ? unknown : known;
    const auto both = [&](std::size_t step, int status, const std::function<HttpReply(Visitor&)>& call, bool looked_up = false) {
      const auto one = [&](Visitor& visitor) { return timed([&] { return call(visitor); }, status); };
      auto ours = std::async(std::launch::async, one, std::ref(first)), theirs = std::async(std::launch::async, one, std::ref(second));
      if (looked_up) look_up(), look_up();
      times_of_first.of[step].push_back(ours.get());
      times_of_second.of[step].push_back(theirs.get());
    };
    both(0, 201, [](Visitor& visitor) {
      auto reply = visitor.browser.call("POST", "sessions", {{"name", visitor.name}, {"captcha", visitor.captcha}});
      visitor.browser.token = reply.text("token");
      return reply;
    });
    // Asked for at once, while the agent still looks: what it takes longer for is hidden by the span.
    both(
        1, 200, [](Visitor& visitor) { return visitor.browser.choose("app_code"); }, true);
    both(2, 422, [](Visitor& visitor) { return visitor.browser.code("000000"); });
  }
};

TEST_F(ManyNames, AreAnsweredAlikeInTimeWhetherSomebodyHasThemOrNot) {
  reset.register_app();
  // By chance one comparison in a hundred has p < 0.01: what is told by time is told each time.
  bool told[std::size(steps)] = {true, true, true};
  for (int attempt = 0; attempt < 3 && (told[0] || told[1] || told[2]); ++attempt) {
    Times known, unknown, warm;
    for (int i = 0; i < 10; ++i) visit(i % 2 == 0, warm, warm);  // not counted: caches fill
    for (int i = 0; i < rounds; ++i) visit(i % 2 == 0, known, unknown);
    for (std::size_t step = 0; step < std::size(steps); ++step) {
      const double apart = median(known.of[step]) - median(unknown.of[step]), p = mann_whitney(known.of[step], unknown.of[step]);
      std::cout << steps[step] << ": medians " << median(known.of[step]) << " and " << median(unknown.of[step]) << " ms, p = " << p << "\n";
      EXPECT_LT(std::abs(apart), 5) << steps[step];
      told[step] = told[step] && p <= 0.01;
    }
  }
  for (std::size_t step = 0; step < std::size(steps); ++step) EXPECT_FALSE(told[step]) << "the time of " << steps[step] << " tells whether somebody has the name";
}

}  // namespace
}  // namespace wb::test
