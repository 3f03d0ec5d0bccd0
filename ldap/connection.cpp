#include "ldap/connection.hpp"

#include <ldap.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/failpoint.hpp"
#include "ldap/busy.hpp"

namespace wb::ldap {
namespace {

using Clock = std::chrono::steady_clock;
// libldap's own waits end at the deadline; the watchdog is for what it cannot time out, and comes right after.
constexpr std::chrono::milliseconds bite_after{100};
constexpr int entries_max = 5000, others_max = 16;  // of one answer: entries where nobody has said how many; references and the like

bool same_name(std::string_view a, std::string_view b) { return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0; }

timeval time_left(Deadline deadline) {
  const auto left = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(deadline - Clock::now()).count());
  return {static_cast<time_t>(left / 1'000'000), static_cast<suseconds_t>(left % 1'000'000)};
}

struct MessageFree {
  void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
};
using Message = std::unique_ptr<LDAPMessage, MessageFree>;
struct Status {
  int code = LDAP_OTHER;
  std::string text;
  std::vector<Control> controls;
};

// The result part of an answer; its memory is libldap's.
Status status_of(::ldap* ld, LDAPMessage* message) {
  Status status;
  char* text = nullptr;
  LDAPControl** controls = nullptr;
  const int parsed = ldap_parse_result(ld, message, &status.code, nullptr, &text, nullptr, &controls, 0);
  if (parsed != LDAP_SUCCESS) status.code = parsed;
  if (text) status.text = text;
  ldap_memfree(text);
  for (auto** one = controls; one && *one; ++one) {
    const auto& value = (*one)->ldctl_value;
    status.controls.push_back({(*one)->ldctl_oid, value.bv_val ? std::string(value.bv_val, value.bv_len) : std::string(), (*one)->ldctl_iscritical != 0});
  }
  if (controls) ldap_controls_free(controls);
  return status;
}

Entry entry_of(::ldap* ld, LDAPMessage* message) {
  Entry entry;
  if (char* dn = ldap_get_dn(ld, message)) {
    entry.dn = dn;
    ldap_memfree(dn);
  }
  BerElement* at = nullptr;
  for (char* name = ldap_first_attribute(ld, message, &at); name; name = ldap_next_attribute(ld, message, at)) {
    auto& [attribute, values] = entry.attributes.emplace_back(name, std::vector<std::string>());
    if (berval** found = ldap_get_values_len(ld, message, name)) {
      for (berval** value = found; *value; ++value) values.emplace_back((*value)->bv_val, (*value)->bv_len);
      ldap_value_free_len(found);
    }
    ldap_memfree(name);
  }
  if (at) ber_free(at, 0);
  return entry;
}

// Controls as libldap takes them: an array of pointers with a null at its end, all living here while it is used.
class Controls {
 public:
  explicit Controls(const std::vector<Control>& from) : sent_(from.size()) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      const auto& [oid, value, critical] = from[i];
      sent_[i] = {const_cast<char*>(oid.c_str()), {value.size(), value.empty() ? nullptr : const_cast<char*>(value.data())}, static_cast<char>(critical)};
      pointers_.push_back(&sent_[i]);
    }
    pointers_.push_back(nullptr);
  }
  Controls(const Controls&) = delete;
  Controls& operator=(const Controls&) = delete;
  LDAPControl** get() { return pointers_.data(); }

 private:
  std::vector<LDAPControl> sent_;
  std::vector<LDAPControl*> pointers_;
};

// A Modify as libldap takes it: arrays of pointers to arrays of pointers, all living here until it is encoded.
class Request {
  struct Encoded {
    berval value{};
    std::array<berval*, 2> values{};
    LDAPMod mod{};
  };

 public:
  Request(const std::vector<Modification>& mods, const std::vector<Control>& controls) : encoded_(mods.size()), controls_(controls) {
    for (std::size_t i = 0; i < mods.size(); ++i) {
      mods_.push_back(&encoded_[i].mod);
      encode(mods[i], encoded_[i]);
    }
    mods_.push_back(nullptr);
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  LDAPMod** mods() { return mods_.data(); }
  LDAPControl** controls() { return controls_.get(); }

 private:
  static int operation(Modification::Op op) {
    switch (op) {
      case Modification::Op::add: return LDAP_MOD_ADD;
      case Modification::Op::remove: return LDAP_MOD_DELETE;
      case Modification::Op::replace:
      case Modification::Op::clear: break;
    }
    return LDAP_MOD_REPLACE;  // by nothing: removes what is there, and nothing there is no mistake (RFC 4511 section 4.6)
  }
  static void encode(const Modification& from, Encoded& to) {
    auto point_at = [&](std::string_view bytes) { to.value = {bytes.size(), const_cast<char*>(bytes.data())}; };
    if (from.secret) from.secret->expose(point_at);
    else point_at(from.value);
    to.values = {from.op == Modification::Op::clear ? nullptr : &to.value, nullptr};
    to.mod.mod_op = LDAP_MOD_BVALUES | operation(from.op);
    to.mod.mod_type = const_cast<char*>(from.attribute.c_str());
    to.mod.mod_bvalues = to.values.data();
  }

  std::vector<Encoded> encoded_;
  std::vector<LDAPMod*> mods_;
  Controls controls_;
};

}  // namespace

Control dacl_only() { return {"1.2.840.113556.1.4.801", std::string("\x30\x03\x02\x01\x04", 5)}; }

const std::vector<std::string>& Entry::values(std::string_view name) const {
  static const std::vector<std::string> none;
  for (const auto& [attribute, found] : attributes)
    if (same_name(attribute, name)) return found;
  return none;
}

std::string Entry::first(std::string_view name) const {
  const auto& found = values(name);
  return found.empty() ? std::string() : found.front();
}

Connection::~Connection() {
  if (broken_) ::shutdown(socket_, SHUT_RDWR);  // or the unbind request could wait for a dead peer
  ldap_unbind_ext(ld_, nullptr, nullptr);
}

Fault Connection::fail(Fault why) {
  broken_ = true;
  return why;
}

bool Connection::quiet() const {
  pollfd socket{socket_, POLLIN | POLLRDHUP, 0};
  return !broken_ && ::poll(&socket, 1, 0) == 0;
}

Result<Bound> Connection::bind(const std::string& name, const Secret& password, const std::vector<Control>& controls, Deadline deadline) {
  // An empty name or password would make this an anonymous or unauthenticated bind, which succeeds (RFC 4513 5.1).
  if (name.empty()) return fail(Fault::Kind::refused, "ldap.bind", "the name is empty");
  if (password.empty()) return fail(Fault::Kind::refused, "ldap.bind", "the password is empty");
  // Whatever the configuration says and whoever calls: no password in the clear.
  if (!ldap_tls_inplace(ld_)) return fail(Fault::Kind::internal, "ldap.bind", "the connection is not under TLS");
  const Watchdog::Watch watch(dog_, socket_, deadline + bite_after);
  Controls sent_controls(controls);
  int id = -1;
  const int sent = password.expose([&](std::string_view text) {
    const berval credentials{text.size(), const_cast<char*>(text.data())};
    return ldap_sasl_bind(ld_, name.c_str(), LDAP_SASL_SIMPLE, const_cast<berval*>(&credentials), sent_controls.get(), nullptr, &id);
  });
  if (sent != LDAP_SUCCESS) return fail(Fault::Kind::lost, "ldap.bind", ldap_err2string(sent));
  failpoint("bind_sent", name);
  auto answer = collect(id, deadline, "ldap.bind", 0);
  if (!answer) return std::move(answer).error();
  if (says_busy(answer->code)) return fail(busy_fault("ldap.bind", "the DC"));
  return Bound{answer->code, std::move(answer->text), std::move(answer->controls)};
}

Result<int> Connection::send(const Search& search, const char* where) {
  std::vector<char*> names;
  for (const auto& name : search.attributes) names.push_back(const_cast<char*>(name.c_str()));
  names.push_back(nullptr);
  int id = -1;
  const int scope = search.subtree ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_BASE;
  std::vector<Control> wanted;
  if (search.control) wanted.push_back(*search.control);
  Controls controls(wanted);
  const int code = ldap_search_ext(ld_, search.base.c_str(), scope, search.filter.c_str(), names.data(), 0,
      controls.get(), nullptr, nullptr, search.entries_max, &id);
  if (code == LDAP_SUCCESS) return id;
  return fail(code == LDAP_SERVER_DOWN ? Fault::Kind::lost : Fault::Kind::internal, where, ldap_err2string(code));
}

// The answer to one request, message by message: who sends without end is noticed before it fills the memory. `most`: entries.
Result<Found> Connection::collect(int id, Deadline deadline, const char* where, int most) {
  Found found;
  for (int others = 0;;) {
    LDAPMessage* raw = nullptr;
    auto left = time_left(deadline);
    const int type = ldap_result(ld_, id, LDAP_MSG_ONE, &left, &raw);
    const Message message(raw);
    if (type == 0 || Clock::now() >= deadline) return fail(Fault::Kind::timed_out, where, "no answer in time");
    if (type < 0) return fail(Fault::Kind::lost, where, why_lost());
    if (type == LDAP_RES_SEARCH_ENTRY) {
      if (static_cast<int>(found.entries.size()) == most) return fail(Fault::Kind::lost, where, "more entries than were asked for");
      found.entries.push_back(entry_of(ld_, raw));
    } else if (type == LDAP_RES_SEARCH_REFERENCE || type == LDAP_RES_INTERMEDIATE) {
      if (++others > others_max) return fail(Fault::Kind::lost, where, "more messages than can be meant");
    } else {
      auto status = status_of(ld_, raw);
      found.code = status.code;
      found.text = std::move(status.text);
      found.controls = std::move(status.controls);
      return found;
    }
  }
}

// libldap keeps the code of a notice of disconnection (RFC 4511 section 4.4.1), or of its own trouble with what came: a negative one.
std::string Connection::why_lost() const {
  int code = LDAP_SUCCESS;
  ldap_get_option(ld_, LDAP_OPT_RESULT_CODE, &code);
  if (code > LDAP_SUCCESS) return "the DC said goodbye (ldap " + std::to_string(code) + ")";
  return code == LDAP_DECODING_ERROR ? "what came is not LDAP" : "the connection was lost";
}

Result<Found> Connection::search(const Search& search, Deadline deadline) {
  const Watchdog::Watch watch(dog_, socket_, deadline + bite_after);
  auto id = send(search, "ldap.search");
  if (!id) return std::move(id).error();
  const int most = !search.subtree ? 1 : search.entries_max > 0 ? search.entries_max
                                                                : entries_max;
  auto found = collect(*id, deadline, "ldap.search", most);
  if (found && says_busy(found->code)) return busy_fault("ldap.search", "the DC");
  return found;
}

Result<Control> Connection::assertion(const std::string& filter) const {
  berval value{};
  const int code = ldap_create_assertion_control_value(ld_, const_cast<char*>(filter.c_str()), &value);
  if (code != LDAP_SUCCESS) return fault(Fault::Kind::internal, "ldap.assertion", ldap_err2string(code));
  Control control{LDAP_CONTROL_ASSERT, std::string(value.bv_val, value.bv_len)};
  ber_memfree(value.bv_val);
  return control;
}

Result<Modified> Connection::extended(const std::string& oid, const Secret& value, const std::vector<Control>& controls, Deadline deadline) {
  const Watchdog::Watch watch(dog_, socket_, deadline + bite_after);
  Controls sent_controls(controls);
  int id = -1;
  const int code = value.expose([&](std::string_view bytes) {
    berval data{bytes.size(), const_cast<char*>(bytes.data())};
    return ldap_extended_operation(ld_, oid.c_str(), &data, sent_controls.get(), nullptr, &id);
  });
  if (code == LDAP_SERVER_DOWN) return fail(Fault::Kind::lost, "ldap.extended", "the connection was lost");
  if (code != LDAP_SUCCESS) return fail(Fault::Kind::internal, "ldap.extended", ldap_err2string(code));
  failpoint("extended_sent");
  auto answer = collect(id, deadline, "ldap.extended", 0);
  if (!answer) return std::move(answer).error();
  return Modified{answer->code, std::move(answer->text), std::nullopt, std::move(answer->controls)};
}

Result<Modified> Connection::modify(const std::string& dn, const std::vector<Modification>& mods, const std::vector<Control>& controls,
    const Search* read_back, Deadline deadline) {
  Request request(mods, controls);
  const Watchdog::Watch watch(dog_, socket_, deadline + bite_after);
  int id = -1;
  const int code = ldap_modify_ext(ld_, dn.c_str(), request.mods(), request.controls(), nullptr, &id);
  if (code == LDAP_SERVER_DOWN) return fail(Fault::Kind::lost, "ldap.modify", "the connection was lost");
  if (code != LDAP_SUCCESS) return fail(Fault::Kind::internal, "ldap.modify", ldap_err2string(code));
  std::optional<Result<int>> behind;
  if (read_back) behind = send(*read_back, "ldap.read_back");
  failpoint("modify_sent");
  auto answer = collect(id, deadline, "ldap.modify", 0);
  if (!answer) return std::move(answer).error();
  Modified modified{answer->code, std::move(answer->text), std::nullopt, std::move(answer->controls)};
  if (behind && *behind) {
    if (auto found = collect(**behind, deadline, "ldap.read_back", 1)) modified.after = std::move(*found);
  }
  return modified;
}

}  // namespace wb::ldap
