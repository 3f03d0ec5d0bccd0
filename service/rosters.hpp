// The rosters of all domains as the service believes them, and the statements of agents that stand in them. The
// service only passes them on: sealing clients and agents check both themselves against the root they know.
#pragma once
#include <map>
#include <optional>
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
  bool stands(const std::string& domain, const AgentRow& agent, UnixSeconds now);

  // A roster that came in: the first of its domain sets the root, later ones need the same root and a greater number; or
  // `succession`, by which the root of now names the one that signed this. Fault refused / malformed says why not.
  Result<void> accept(const std::string& domain, const std::string& jws, const std::string& succession, UnixSeconds now);
  // The command line works on the same store. Domains whose root it has forgotten:
  std::vector<std::string> take_forgotten();
  void drop_statements() { stated_.clear(); }  // an agent was revoked: read them again
  // A statement that its agent sent; kept for sealing clients. Fault refused / malformed.
  Result<protocol::Statement> accept_statement(const std::string& domain, const AgentRow& agent, const std::string& jws, UnixSeconds now);
  // The statements that go with the current roster. Verified when something changed, not at every question.
  Result<std::vector<std::string>> statements(const std::string& domain, UnixSeconds now);

 private:
  struct Stated {
    std::vector<std::string> jws;
    UnixSeconds until = 0;  // the first of them ends, or the roster does
  };
  Store& store_;
  std::string tenant_;
  std::map<std::string, Known> known_;    // only domains that have a roster
  std::map<std::string, Stated> stated_;  // of those; dropped with every roster and statement that comes in
};

}  // namespace wb::service
