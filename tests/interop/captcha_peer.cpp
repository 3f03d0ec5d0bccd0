// Our side of the captcha's interop test, on the command line and standard input.
//   captcha_peer challenge KEY PURPOSE MAXNUMBER NUMBER EXPIRES | captcha_peer check KEY PURPOSE NOW < PAYLOAD
#include <iostream>
#include <iterator>

#include "service/captcha.hpp"

int main(int count, char** words) {
  using namespace wb::service;
  const std::vector<std::string> w(words, words + count);
  try {
    const Captcha captcha{wb::Secret::copy_of(w.at(2))};
    if (w.at(1) == "challenge") {
      std::cout << captcha.challenge_of(w.at(3), std::stoll(w.at(4)), std::stoll(w.at(5)), std::stoll(w.at(6)));
      return 0;
    }
    const std::string payload((std::istreambuf_iterator<char>(std::cin)), {});
    const auto outcome = captcha.check(payload, w.at(3), std::stoll(w.at(4)));
    const auto* no = std::get_if<CaptchaRefusal>(&outcome);
    std::cout << (no ? to_string(*no) : "solved");
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "captcha_peer: " << e.what() << "\n";
    return 2;
  }
}
