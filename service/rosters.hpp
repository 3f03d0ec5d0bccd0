// The rosters of all domains as the service believes them, and the statements of agents that stand in them. The
// service only passes them on: sealing clients and agents check both themselves against the root they know.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "protocol/messages.hpp"
#include "service/store.hpp"

namespace wb::service {

class Rosters {
 public:
  struct Known {
    std::string jws, dr;
    protocol::Roster roster;
    std::vector<std::string> roots;  // how the root came to be: successions, the oldest first
  };

  Rosters(Store& store, std::string tenant) : store_(store), tenant_(std::move(tenant)) {}

  // The newest roster of a domain, expired or not; nullptr when it has none. Valid until the next accept().
  const Known* find(const std::string& domain);
  // Its members may work: it is there and not expired.
  const Known* current(const std::string& domain, UnixSeconds now);
  // With the key it has, or with the next one that it has shown.
  bool stands(const std::string& domain, const AgentRow& agent, UnixSeconds now);
  // With exactly this key.
  bool names(const std::string& domain, const std::string& agent, const protocol::Jwk& key, UnixSeconds now);

  // A roster that came in: the first of its domain sets the root, later ones need the same root and a greater number; or
  // `succession`, by which the root of now names the one that signed this. Fault refused / malformed says why not.
  Result<void> accept(const std::string& domain, const std::string& jws, const std::string& succession, UnixSeconds now);
  // The command line works on the same store. Domains whose root it has forgotten:
  std::vector<std::string> take_forgotten();
  void drop_statements(const std::string& agent);  // it was revoked
  // A statement that its agent sent; kept for sealing clients. Fault refused / malformed.
  Result<protocol::Statement> accept_statement(const std::string& domain, const AgentRow& agent, const std::string& jws, UnixSeconds now);
  // A new roster has no statements yet. Until every agent that had stated its keys under the former one and stands in the new
  // one has stated them again, but for restate_s at most, sealing clients are shown the former roster, and agents that said
  // nothing yet go on. Whoever is not in the new roster is out at once.
  static constexpr std::int64_t restate_s = 5;
  const Known* shown(const std::string& domain, UnixSeconds now);             // nullptr when there is none; may have expired
  bool counts(const std::string& domain, std::int64_t rsn, UnixSeconds now);  // a statement of this number, of an agent that stands
  // Whether a password sealed under that roster, to these keys, is taken: under the former one while it may still be on its
  // way, unless it was sealed to somebody who has left.
  bool takes(const std::string& domain, std::int64_t rsn, const std::vector<std::string>& recipients, UnixSeconds now);
  // The statements that go with the roster that is shown. Verified when something changed, not at every question.
  Result<std::vector<std::string>> statements(const std::string& domain, UnixSeconds now);

 private:
  struct Former {
    Known known;
    std::vector<StatementRow> statements;  // of agents that stand in the new roster too
    std::set<std::string> waited_for;      // those agents, until they have stated their keys again
    std::set<std::string> left;            // encryption keys of those that do not
    UnixSeconds since = 0;
  };
  const Former* former(const std::string& domain, UnixSeconds now) const;  // while somebody is waited for
  std::optional<Former> leave(const std::string& domain, UnixSeconds now);
  void succeed(const std::string& domain, std::optional<Former> former, UnixSeconds now);
  Result<const std::vector<StatementRow>*> stated(const std::string& domain, UnixSeconds now);
  struct Stated {
    std::vector<StatementRow> rows;
    UnixSeconds until = 0;  // the first of them ends, or the roster does
  };
  Store& store_;
  std::string tenant_;
  std::map<std::string, Known> known_;    // only domains that have a roster
  std::map<std::string, Former> former_;  // by domain: the roster before the one in known_
  std::map<std::string, Stated> stated_;  // of those; dropped with every roster and statement that comes in
};

}  // namespace wb::service
