// A Fault is the world failing us; a Result is a value or a Fault. Expected answers (a refused password) are not
// Faults: they are Verdicts and Outcomes with types of their own.
#pragma once
#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace wb {

struct Fault {
  enum class Kind {
    unreachable,  // no connection could be made, or it broke before anything was asked
    timed_out,    // the deadline passed
    refused,      // the other side said no: authentication, rights, protocol
    malformed,    // what came was not what the contract allows
    exhausted,    // a limit of ours: queue, window, size
    lost,         // the connection broke after something was asked: the effect is not known
    cancelled,    // we are shutting down
    internal,     // a library or the operating system failed (disk full, no memory, key unreadable)
  };
  Kind kind;
  std::string where;       // stable "noun.verb", e.g. "ldap.bind": leads to one line of source
  std::string detail;      // for operators; never input, never a secret
  bool disk_full = false;  // internal, and what would mend it is room

  bool worth_retrying() const { return kind == Kind::unreachable || kind == Kind::timed_out || kind == Kind::exhausted || kind == Kind::lost; }
};

constexpr std::string_view to_string(Fault::Kind kind) {
  switch (kind) {
    case Fault::Kind::unreachable: return "unreachable";
    case Fault::Kind::timed_out: return "timed_out";
    case Fault::Kind::refused: return "refused";
    case Fault::Kind::malformed: return "malformed";
    case Fault::Kind::exhausted: return "exhausted";
    case Fault::Kind::lost: return "lost";
    case Fault::Kind::cancelled: return "cancelled";
    case Fault::Kind::internal: return "internal";
  }
  return "internal";
}

// Found by boost::system::result when value() is called on a Fault: that is a bug, and throws std::logic_error.
[[noreturn]] void throw_exception_from_error(const Fault& fault, const boost::source_location& at);

template <class T = void>
class [[nodiscard]] Result : public boost::system::result<T, Fault> {
 public:
  using boost::system::result<T, Fault>::result;
};

inline Fault fault(Fault::Kind kind, std::string where, std::string detail = {}) {
  return Fault{kind, std::move(where), std::move(detail), false};
}

}  // namespace wb
