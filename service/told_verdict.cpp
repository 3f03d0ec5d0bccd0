#include "service/told_verdict.hpp"

#include <chrono>
#include <cstdio>

#include "protocol/messages.hpp"

namespace wb::service {
namespace {
using policy::Details;
using protocol::Code;
using protocol::Op;

bool plausible(const std::optional<std::int64_t>& unix_seconds) { return unix_seconds && *unix_seconds > 0 && *unix_seconds < 253'402'300'000; }

// One person's language, so that what follows reads as what it says.
class Voice {
 public:
  Voice(const Catalogue& catalogue, std::string_view language) : catalogue_(catalogue), language_(language) {}
  std::string say(std::string_view key, Values values = {}) const { return catalogue_.text(language_, key, values); }

  // What is not to come before a moment is told up to 59 s late, what has happened up to 59 s early: neither promises what is not so.
  std::string not_before(std::int64_t unix_seconds) const { return minute((unix_seconds + 59) / 60 * 60); }
  std::string happened(std::int64_t unix_seconds) const { return minute(unix_seconds / 60 * 60); }
  std::string minute(std::int64_t unix_seconds) const {
    using namespace std::chrono;
    const sys_seconds at{seconds(unix_seconds)};
    const auto day = floor<days>(at);
    const year_month_day date(day);
    const hh_mm_ss clock(at - day);
    char time[16];
    std::snprintf(time, sizeof time, "%02d:%02d", static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()));
    const auto month = say("month." + std::to_string(static_cast<unsigned>(date.month())));
    return say("moment", {{"time", time}, {"day", std::to_string(static_cast<unsigned>(date.day()))}, {"month", month}});
  }
  std::string counted(std::int64_t number, const std::string& unit) const {
    return number == 1 ? say("span." + unit) : say("span." + unit + "s", {{"count", std::to_string(number)}});
  }
  std::string span(std::int64_t seconds) const {
    if (seconds % 86'400 == 0) return counted(seconds / 86'400, "day");
    if (seconds % 3'600 == 0) return counted(seconds / 3'600, "hour");
    return counted((seconds + 59) / 60, "minute");
  }
  // Of the contract's table; a reason that it does not have gets the code's general sentence.
  std::string general(Code code) const { return say(key(code)); }
  bool knows(Code code, std::string_view reason) const { return !reason.empty() && catalogue_.has("en", key(code, reason)); }
  std::string of_table(Code code, std::string_view reason) const { return knows(code, reason) ? say(key(code, reason)) : general(code); }
  std::string done(Op op) const { return op == Op::unlock ? say("told.done.unlock") : general(Code::applied); }

 private:
  static std::string key(Code code, std::string_view reason = {}) {
    return "verdict." + std::string(protocol::to_string(code)) + (reason.empty() ? "" : "." + std::string(reason));
  }
  const Catalogue& catalogue_;
  std::string_view language_;
};

// A sentence more. Chinese and Japanese have no space after their full stop.
void follow(std::string& text, const std::string& sentence) { text += (text.ends_with("\u3002") ? "" : " ") + sentence; }

std::string applied_but(const Voice& voice, std::string_view reason, const Details& d) {
  auto out = voice.done(d.op);
  const auto add = [&](std::string_view what) {
    if (!voice.knows(Code::applied_but, what)) return;
    if (const auto text = voice.of_table(Code::applied_but, what); out.find(text) == std::string::npos) follow(out, text);
  };
  add(reason);
  for (const auto& what : d.also) add(what);
  return out;
}

// A refused password, where the details say more than the table; empty: they do not.
std::string rejected(const Voice& voice, std::string_view reason, const Details& d) {
  if (reason == "too_young") {
    auto out = d.min_age_s && *d.min_age_s > 0 ? voice.say("told.too_young", {{"span", voice.span(*d.min_age_s)}}) : voice.of_table(Code::rejected, reason);
    if (plausible(d.retry_after)) follow(out, voice.say("told.try_again_after", {{"moment", voice.not_before(*d.retry_after)}}));
    return out;
  }
  if (reason == "too_short" && d.min_length.value_or(0) > 0) {
    return *d.min_length == 1 ? voice.say("told.too_short_one") : voice.say("told.too_short", {{"count", std::to_string(*d.min_length)}});
  }
  if (reason == "in_history" && d.history.value_or(0) > 1) return voice.say("told.in_history", {{"count", std::to_string(*d.history)}});
  if (reason == "not_complex" && d.kinds && *d.kinds < 3) {
    return *d.kinds == 1 ? voice.say("told.not_complex_one") : voice.say("told.not_complex", {{"count", std::to_string(*d.kinds)}});
  }
  return {};
}

// What a sign-in comes to where its words differ from a change's; empty: they do not.
std::string_view sign_in_key(Code code, std::string_view reason) {
  if (code == Code::ok) return "told.sign_in.ok";
  if (code == Code::rejected && reason == "old_password_wrong") return "told.sign_in.old_password_wrong";
  if (code == Code::denied && reason == "too_often") return "told.sign_in.too_often";
  if (code == Code::in_doubt || code == Code::unknown) return "told.sign_in.unknown";
  return {};
}
}  // namespace

std::string told_verdict(const Catalogue& catalogue, std::string_view language, Code code, std::string_view reason, const Details& details) {
  const Voice voice(catalogue, language);
  if (code == Code::applied) return voice.done(details.op);
  if (code == Code::applied_but && (voice.knows(code, reason) || (reason.empty() && !details.also.empty()))) return applied_but(voice, reason, details);
  if (code == Code::rejected) {
    if (auto text = rejected(voice, reason, details); !text.empty()) return text;
  }
  if ((code == Code::in_doubt || code == Code::unknown) && details.op == Op::unlock) return voice.say("told.unlock_in_doubt");
  if (code == Code::unknown && (details.op == Op::probe || details.op == Op::resolve)) return voice.say("told.look_unknown");
  auto text = voice.of_table(code, reason);
  if (const auto own = sign_in_key(code, reason); details.op == Op::authenticate && !own.empty()) text = voice.say(own);
  const bool later = code == Code::busy || (code == Code::denied && (reason == "too_often" || reason == "lockout_near"));
  if (later && plausible(details.retry_after)) follow(text, voice.say("told.next_try", {{"moment", voice.not_before(*details.retry_after)}}));
  return text;
}

std::string told_from(const Catalogue& catalogue, std::string_view language, std::string text, UnixSeconds at) {
  const Voice voice(catalogue, language);
  follow(text, voice.say("told.try_again_after", {{"moment", voice.not_before(at)}}));
  return text;
}
std::string told_happened(const Catalogue& catalogue, std::string_view language, UnixSeconds at) { return Voice(catalogue, language).happened(at); }

}  // namespace wb::service
