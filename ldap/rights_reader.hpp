// Reads from a domain controller, over the agent's own kind of connection, what ldap/rights.hpp judges by.
#pragma once
#include <optional>
#include <string>

#include "core/result.hpp"
#include "ldap/connection.hpp"
#include "ldap/rights.hpp"
#include "ldap/settings.hpp"

namespace wb::ldap {

struct Delegation {
  std::string dc, domain_dn, ou;
  std::string trustee;      // sam@dns.domain, which dsacls takes
  std::string trustee_sid;  // S-1-5-21-...
  Token token;              // the agent's own, as the DC sees it (rootDSE tokenGroups)
  std::vector<Grant> grants;
  std::optional<SecurityDescriptor> ou_list;  // nullopt: not readable
};

class RightsReader {
 public:
  // The first URI that answers, bound as the agent is. Faults as Connection::open has them.
  static Result<RightsReader> open(const Settings& settings);
  // Fault refused, where "rights.ou" (no such object, or not visible), "rights.account" (bind_dn's own entry is not
  // readable) or "rights.schema" (an attribute the forest does not have: marker_attribute).
  Result<Delegation> delegation(const std::string& ou);
  // `name` as for Directory::find, or a DN. Fault refused, where "rights.user": none, or several.
  Result<RightsView> view(const Delegation& delegation, const std::string& name);

 private:
  RightsReader(const Settings& settings, std::unique_ptr<Watchdog> dog, std::unique_ptr<Connection> connection)
      : settings_(settings), dog_(std::move(dog)), connection_(std::move(connection)) {}
  Deadline deadline() const { return std::chrono::steady_clock::now() + settings_.operation_timeout; }
  Result<std::optional<Entry>> object(const std::string& dn, std::vector<std::string> attributes);  // nullopt: none visible
  Result<std::optional<SecurityDescriptor>> list_of(const std::string& dn);
  Result<Entry> own_account();
  Result<Entry> account(const std::string& name);
  Result<Entry> only_one(const std::string& filter, std::vector<std::string> attributes, const char* where);
  Result<Schema> schema();
  Result<std::string> class_guid(const std::string& name);
  Result<void> read_policy(const Delegation& delegation, const std::string& pso, RightsView& view);

  Settings settings_;
  std::unique_ptr<Watchdog> dog_;  // outlives the connection
  std::unique_ptr<Connection> connection_;
};

}  // namespace wb::ldap
