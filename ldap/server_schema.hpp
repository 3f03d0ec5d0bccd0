// What one LDAP server calls things and another otherwise, and how a write is made conditional on it: the pure half of a
// dialect of OpenLdap's kind. No connection, no clock.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ldap/connection.hpp"
#include "ldap/directory.hpp"
#include "ldap/open_ldap_entry.hpp"
#include "ldap/password_policy.hpp"
#include "ldap/settings.hpp"

namespace wb::ldap {

class ServerSchema {
 public:
  virtual ~ServerSchema() = default;
  virtual std::vector<std::string> person_attributes(const Settings& settings) const = 0;
  virtual std::string is(std::string_view sub) const = 0;  // the filter for the entry with this identity
  virtual Result<Account> person(const Entry& entry, const std::optional<PolicyRules>& rules, const Settings& settings, const std::string& dc, UnixSeconds now) const = 0;
  virtual bool locked_for_good(const Entry& entry) const = 0;  // by a lock that a write would end unless it is put back

  virtual std::string schema_dn() const = 0;
  virtual std::string default_policy() const = 0;  // its DN; empty: to be looked for
  virtual std::vector<std::string> rule_attributes() const = 0;
  virtual std::optional<PolicyRules> rules(const Entry& entry) const = 0;

  // A condition is the assertion control's filter (RFC 4528), or modifications that fail where it does not hold.
  virtual bool asserts() const = 0;
  virtual std::vector<Modification> guards(const Condition& condition, const protocol::Pre& pre) const = 0;
  virtual bool pending(const Account& after) const = 0;  // the server has answered, and is not yet done with a new password
  virtual std::vector<Modification> marker(const std::string& attribute, const std::optional<std::string>& from, const std::string& to) const = 0;
  virtual std::vector<Modification> must_change(const protocol::Pre& seen) const = 0;
  virtual bool must_change_apart() const = 0;  // in a Modify of its own behind the password's, conditional on `seen`
  virtual std::vector<Modification> unlock() const = 0;
  virtual bool resets_unlock() const = 0;  // every reset ends a lock by itself

  virtual Result<Diagnosis> diagnose(int code, std::optional<int> error, std::string_view text, WriteKind kind) const = 0;
  virtual std::optional<SignIn> sign_in(int code, std::optional<int> error) const = 0;
};

const ServerSchema& schema_of(DirectoryType type);  // openldap or ds389

}  // namespace wb::ldap
