// What the OpenLDAP tests need of the lab (tests/support/slapd): settings, people, an administrator's hand.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ldap/directory.hpp"
#include "ldap/settings.hpp"

namespace wb::test {

std::string env(const char* name);  // ends the program when it is not there: run it with slapd-lab
ldap::Settings lab_settings();      // as svc-wb with the rights of docs/OPERATIONS.md, over LDAPS, marker wbLastJob
std::string fresh_user();           // u000, u001, ...: one nobody has touched in this run
std::string distinct_password();    // never the same twice
inline Secret secret(std::string_view text) { return Secret::copy_of(text); }
inline std::string person(const std::string& rdn) { return rdn + ",ou=People," + env("SLAPD_BASE"); }

ldap::Account found(ldap::Directory& directory, std::string_view name);  // find() that must find
ldap::WriteOrder order_for(const ldap::Account& account);                // with a marker of its own
int bind_code(const std::string& dn, const std::string& password);       // LDAP result of a simple bind

// As the rootdn: replaces an attribute (by nothing: removes it), renames, reads a value.
void root_replace(const std::string& dn, const std::string& attribute, const std::vector<std::string>& values);
void root_rename(const std::string& dn, const std::string& new_rdn);
std::string root_read(const std::string& dn, const std::string& attribute);

// The server stands still while one of these lives: it accepts connections and bytes, and answers nothing.
class Frozen {
 public:
  Frozen();
  ~Frozen();
};

// A directory to the lab's slapd; write() must get an answer.
class BesideSlapd : public testing::Test {
 protected:
  ldap::WriteAnswer write(const ldap::WriteOrder& order, const std::string& password) {
    auto answer = directory_->write_password(order, secret(password));
    if (!answer) throw std::runtime_error(answer.error().where + ": " + answer.error().detail);
    return std::move(*answer);
  }
  ldap::WriteAnswer change(const ldap::Account& account, const std::string& old, const std::string& to) {
    const auto before = secret(old);
    auto answer = directory_->write_password(order_for(account), secret(to), &before);
    if (!answer) throw std::runtime_error(answer.error().where + ": " + answer.error().detail);
    return std::move(*answer);
  }
  ldap::SignIn sign_in(const ldap::Account& account, const std::string& password) {
    auto answer = directory_->authenticate(account, secret(password));
    if (!answer) throw std::runtime_error(answer.error().where + ": " + answer.error().detail);
    return answer->sign_in;
  }
  // Four writers of one account at once, over two directories, again and again: one of them, and the others are told.
  void expect_one_of_four_writers(ldap::Directory& other, int rounds);
  ldap::Refusal refusal_of(const std::string& name, const std::string& password) { return write(order_for(found(*directory_, name)), password).refusal; }
  static void lock_out(const std::string& dn) {
    for (int i = 0; i < 3; ++i) bind_code(dn, "wrong");
  }
  std::unique_ptr<ldap::Directory> directory_ = ldap::open_directory(lab_settings());
  const std::string start_ = env("SLAPD_USER_PW");
};

}  // namespace wb::test
