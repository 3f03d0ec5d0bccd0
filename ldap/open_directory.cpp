#include "ldap/active_directory.hpp"
#include "ldap/memory.hpp"

namespace wb::ldap {
namespace {

// Stands in for a dialect that is not there yet: never ready, and says why.
class Unsupported final : public Directory {
 public:
  Result<std::optional<Account>> find(std::string_view) override { return why(); }
  Result<std::optional<Account>> read(std::string_view) override { return why(); }
  Result<protocol::PasswordPolicy> policy_of(const Account&) override { return why(); }
  Result<WriteAnswer> write_password(const WriteOrder&, const Secret&) override { return why(); }
  Result<WriteAnswer> unlock(const std::string&) override { return why(); }
  DirectoryState check() override { return {false, why().detail, {}, false, false}; }

 private:
  static Fault why() { return fault(Fault::Kind::refused, "ldap.type", "openldap is not supported in this version"); }
};

}  // namespace

std::unique_ptr<Directory> open_directory(const Settings& settings) {
  wipe_ldap_memory();
  if (settings.type == DirectoryType::openldap) return std::make_unique<Unsupported>();
  return std::make_unique<ActiveDirectory>(settings);
}

}  // namespace wb::ldap
