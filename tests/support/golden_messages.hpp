// One of every link message and signed payload, each member set to a value of its own, as this tree's code writes it. tests/golden has what the
// code of each release wrote of them.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "crypto/keys.hpp"
#include "protocol/messages.hpp"

namespace wb::test {

struct GoldenMessage {
  std::string name;                                            // stable: the line in a release's file is found by it
  std::string_view kind;                                       // a link message's `t`, or the `typ` of a signed object
  bool is_signed = false;                                      // strict: a member that the reader does not know is refused
  bool carries_key = false;                                    // a signed object's header has `jwk`
  std::string body;                                            // JSON text
  std::function<Result<std::string>(std::string_view)> again;  // read and written again
};
std::vector<GoldenMessage> golden_messages();
protocol::SealBinding golden_binding();
constexpr std::string_view golden_password = "P\xc3\xa4ss \"\\/ 1";

}  // namespace wb::test
