// The verb `rights` against a real Samba AD: what it prints is applied as printed, and is exactly enough.
#include "agent/rights.hpp"

#include <gtest/gtest.h>
#include <ldap.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "agent/rights_text.hpp"
#include "ldap/rights_reader.hpp"
#include "ldap/text.hpp"
#include "tests/integration/directory_world.hpp"

namespace wb::agent {
namespace {

using namespace wb::test;
using Ids = std::set<std::string>;

struct Answer {
  bool ok = false;
  Ids missing, too_much;
  std::string text;
};

config::AgentConfig config_with(ldap::Settings settings) {
  config::AgentConfig config;
  config.domains.emplace_back().directory = std::move(settings);
  return config;
}

Answer verify(const ldap::Settings& settings, const std::string& ou, const std::string& user) {
  std::ostringstream out;
  const auto ok = rights(config_with(settings), {ou, user, true}, out);
  if (!ok) throw std::runtime_error(ok.error().where + ": " + ok.error().detail);
  Answer answer{*ok, {}, {}, out.str()};
  const auto parsed = boost::json::parse(out.str());
  for (const auto& one : parsed.as_object().at("findings").as_array()) {
    const auto& finding = one.as_object();
    const std::string id(finding.at("id").as_string());
    if (finding.at("status") == "fail") answer.missing.insert(id);
    if (finding.at("status") == "warn") answer.too_much.insert(id);
  }
  return answer;
}

std::string base() { return env("AD_BASE"); }
std::string people() { return "OU=People," + base(); }

// ---- the administrator's hand --------------------------------------------------------------------------------
class Administrator {
 public:
  Administrator() {
    const int version = LDAP_VERSION3, client = 0;
    ldap_initialize(&handle_, env("AD_URI").c_str());
    ldap_set_option(handle_, LDAP_OPT_PROTOCOL_VERSION, &version);
    ldap_set_option(handle_, LDAP_OPT_X_TLS_CACERTFILE, env("AD_CA").c_str());
    ldap_set_option(handle_, LDAP_OPT_X_TLS_NEWCTX, &client);
    auto password = env("AD_ADMIN_PW");
    const berval credentials{password.size(), password.data()};
    must(ldap_sasl_bind_s(handle_, env("AD_ADMIN").c_str(), LDAP_SASL_SIMPLE, const_cast<berval*>(&credentials), nullptr, nullptr, nullptr), "bind");
  }
  ~Administrator() { ldap_unbind_ext(handle_, nullptr, nullptr); }

  void add(const std::string& dn, const std::vector<std::pair<std::string, std::string>>& attributes) {
    Mods mods(attributes, LDAP_MOD_ADD);
    must(ldap_add_ext_s(handle_, dn.c_str(), mods.pointers.data(), nullptr, nullptr), dn);
  }
  void set_list(const std::string& dn, const ldap::SecurityDescriptor& list) {
    Mods mods({{"nTSecurityDescriptor", *dacl_bytes(list)}}, LDAP_MOD_REPLACE);
    char value[] = "\x30\x03\x02\x01\x04";
    LDAPControl dacl{const_cast<char*>("1.2.840.113556.1.4.801"), {5, value}, 1};
    LDAPControl* controls[]{&dacl, nullptr};
    must(ldap_modify_ext_s(handle_, dn.c_str(), mods.pointers.data(), controls, nullptr), dn);
  }
  static ldap::SecurityDescriptor list_of(const std::string& dn) {
    auto list = ldap::parse_security_descriptor(admin_read(dn, "nTSecurityDescriptor"));
    if (!list) throw std::runtime_error("no descriptor: " + dn);
    return *list;
  }

 private:
  struct Mods {
    Mods(const std::vector<std::pair<std::string, std::string>>& attributes, int op) : values(attributes), bytes(values.size()), arrays(values.size()), mods(values.size()) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        bytes[i] = {values[i].second.size(), values[i].second.data()};
        arrays[i] = {&bytes[i], nullptr};
        mods[i].mod_op = op | LDAP_MOD_BVALUES;
        mods[i].mod_type = values[i].first.data();
        mods[i].mod_bvalues = arrays[i].data();
        pointers.push_back(&mods[i]);
      }
      pointers.push_back(nullptr);
    }
    std::vector<std::pair<std::string, std::string>> values;
    std::vector<berval> bytes;
    std::vector<std::array<berval*, 2>> arrays;
    std::vector<LDAPMod> mods;
    std::vector<LDAPMod*> pointers;
  };
  static void must(int code, const std::string& what) {
    if (code != LDAP_SUCCESS) throw std::runtime_error(what + ": " + ldap_err2string(code));
  }
  ::ldap* handle_ = nullptr;
};

std::string quoted(const std::string& password) {
  return ldap::quoted_utf16(secret(password))->expose([](std::string_view bytes) { return std::string(bytes); });
}

// An OU with one person in it and a service account that has been granted nothing.
struct Fresh {
  std::string ou, user, user_dn, service_dn;
  ldap::Settings settings;
};
Fresh fresh(Administrator& administrator, bool hardened) {
  static int count = 0;
  const auto number = std::to_string(count++);
  Fresh made{"OU=Fresh\\, " + number + "," + base(), "person" + number, {}, {}, lab_settings()};
  made.user_dn = "CN=Person " + number + "," + made.ou;
  const auto service = "svc-fresh" + number;
  made.service_dn = "CN=" + service + ",CN=Users," + base();
  administrator.add(made.service_dn, {{"objectClass", "user"}, {"sAMAccountName", service}, {"userAccountControl", "66048"}, {"unicodePwd", quoted("Fresh-Passw0rd-1!")}});
  made.settings.bind_dn = "CORP\\" + service;
  made.settings.bind_password_file = password_file("Fresh-Passw0rd-1!");
  administrator.add(made.ou, {{"objectClass", "organizationalUnit"}});
  if (hardened) {  // for administrators only: what authenticated users get elsewhere is not there
    ldap::SecurityDescriptor list;
    list.has_dacl = true;
    list.control = ldap::SecurityDescriptor::dacl_protected;
    for (const auto* who : {"S-1-5-18", "S-1-5-32-544"}) list.dacl.push_back({ldap::Ace::Kind::allow, ldap::Ace::container_inherit, 0xF01FF, {}, {}, who, {}});
    administrator.set_list(made.ou, list);
  }
  administrator.add(made.user_dn, {{"objectClass", "user"}, {"sAMAccountName", made.user}, {"userAccountControl", "512"}, {"unicodePwd", quoted("Fresh-Passw0rd-1!")}});
  return made;
}

ldap::Delegation delegation_of(const Fresh& place) {
  auto reader = ldap::RightsReader::open(place.settings);
  if (!reader) throw std::runtime_error(reader.error().where + ": " + reader.error().detail);
  auto delegation = reader->delegation(place.ou);
  if (!delegation) throw std::runtime_error(delegation.error().where + ": " + delegation.error().detail);
  return *delegation;
}

void replace_once(std::string& text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  if (at == std::string::npos) throw std::runtime_error("not printed: " + what);
  text.replace(at, what.size(), with);
}

// Runs the printed samba-tool commands as they are, but signing in by a simple bind over LDAPS: the lab's DC runs
// without the services that NTLM and Kerberos sign-in of samba-tool want.
int apply_samba(const std::string& printed) {
  const auto root = env("AD_ROOT");
  int commands = 0;
  std::istringstream lines(printed);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("samba-tool dsacl set") == std::string::npos) continue;
    replace_once(line, "-H ldap://dc1.corp.example -U Administrator", "-H ldaps://dc1.corp.example --simple-bind-dn=" + env("AD_ADMIN") + " --password=" + shell_quoted(env("AD_ADMIN_PW")) + " --option='tls cafile=/run/ad/dc1/tls/ca.pem' --option='tls verify peer=ca_and_name'");
    const auto command = "chroot " + root.substr(0, root.rfind("/run/ad")) + " /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 " + line + " >/dev/null 2>&1";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + line);
    ++commands;
  }
  return commands;
}

ldap::WriteAnswer answer_to_reset(ldap::Directory& directory, const std::string& user, bool must_change = false) {
  auto order = order_for(found(directory, user));
  order.unlock = true;
  order.must_change = must_change;
  auto answer = directory.write_password(order, secret(distinct_password()));
  if (!answer) throw std::runtime_error(answer.error().where + ": " + answer.error().detail);
  return std::move(*answer);
}
ldap::Refusal reset(ldap::Directory& directory, const std::string& user, bool must_change = false) { return answer_to_reset(directory, user, must_change).refusal; }

// ---- the lab's own delegation --------------------------------------------------------------------------------
TEST(TheLabsDelegation, IsFoundCompleteAndExactOnAlice) {
  for (const auto* name : {"alice", "alice@corp.example", "CORP\\alice", "CN=Alice Liddell,OU=People,DC=corp,DC=example"}) {
    const auto answer = verify(lab_settings(), people(), name);
    EXPECT_TRUE(answer.ok) << answer.text;
    EXPECT_EQ(answer.missing, Ids{});
    EXPECT_EQ(answer.too_much, Ids{}) << answer.text;
  }
}

TEST(TheLabsDelegation, ReachesNestedAndAwkwardlyNamedPlaces) {
  for (const auto* name : {"bob", "carol", "frida"}) EXPECT_EQ(verify(lab_settings(), people(), name).missing, Ids{}) << name;
}

TEST(AnAccountElsewhere, LacksEveryRightByName) {
  const Ids all{"right.Reset_Password", "write.lockoutTime", "write.pwdLastSet", "write.adminDisplayName"};
  const auto from_people = verify(lab_settings(), people(), "hugo");
  EXPECT_FALSE(from_people.ok);
  EXPECT_EQ(from_people.missing, all);
  EXPECT_NE(from_people.text.find("the account is not below OU=People"), std::string::npos);
  const auto from_outside = verify(lab_settings(), "OU=Outside," + base(), "hugo");
  EXPECT_EQ(from_outside.missing, all);
  EXPECT_NE(from_outside.text.find("not granted on OU=Outside"), std::string::npos);
}

TEST(AnAdministratorsAccount, IsNamedAsProtected) {
  const auto answer = verify(lab_settings(), people(), "boss");
  EXPECT_FALSE(answer.ok);
  EXPECT_TRUE(answer.missing.contains("right.Reset_Password"));
  EXPECT_NE(answer.text.find("DACL is protected and its adminCount is 1 (AdminSDHolder)"), std::string::npos) << answer.text;
}

TEST(AnAdministratorAsTheAgentsAccount, IsTooMuch) {
  auto settings = lab_settings();
  settings.bind_dn = env("AD_ADMIN");
  settings.bind_password_file = password_file(env("AD_ADMIN_PW"));
  const auto answer = verify(settings, people(), "alice");
  EXPECT_TRUE(answer.ok) << answer.text;
  for (const auto* id : {"group.S-1-5-32-544", "excess.account", "excess.ou", "excess.domain", "excess.DS-Replication-Get-Changes-All"}) EXPECT_TRUE(answer.too_much.contains(id)) << id;
  EXPECT_NE(answer.text.find("member of Domain Admins"), std::string::npos);
  EXPECT_NE(answer.text.find("WriteDacl"), std::string::npos);
}

TEST(AnotherWriter, HasTheResetAloneAndIsToldTheRest) {
  auto settings = lab_settings();
  settings.bind_dn = env("AD_HELPDESK");
  settings.bind_password_file = password_file(env("AD_HELPDESK_PW"));
  EXPECT_EQ(verify(settings, people(), "alice").missing, (Ids{"write.lockoutTime", "write.pwdLastSet", "write.adminDisplayName", "read.password_settings"}));
}

TEST(AQuestion, ThatCannotBeAnsweredIsRefusedWithTheReason) {
  std::ostringstream out;
  const auto where = [&](const std::string& ou, const std::string& user, ldap::Settings settings) {
    const auto answer = rights(config_with(std::move(settings)), {ou, user, false}, out);
    return answer ? std::string("answered") : answer.error().where;
  };
  EXPECT_EQ(where("OU=Nowhere," + base(), "", lab_settings()), "rights.ou");
  EXPECT_EQ(where("OU=People,DC=other,DC=example", "", lab_settings()), "rights.ou");
  EXPECT_EQ(where("not a dn", "", lab_settings()), "rights.ou");
  EXPECT_EQ(where(people(), "nobody", lab_settings()), "rights.user");
  EXPECT_EQ(where(people(), "*", lab_settings()), "rights.user");
  auto settings = lab_settings();
  settings.marker_attribute = "noSuchAttribute";
  EXPECT_EQ(where(people(), "", settings), "rights.schema");
  settings = lab_settings();
  settings.bind_password_file = password_file("wrong");
  EXPECT_EQ(where(people(), "", settings), "ldap.bind");
}

// ---- applied as printed --------------------------------------------------------------------------------------
TEST(ThePrintedDelegation, IsEnoughInAnOrdinaryDomain) {
  Administrator administrator;
  const auto place = fresh(administrator, false);
  EXPECT_EQ(verify(place.settings, place.ou, place.user).missing, (Ids{"right.Reset_Password", "write.lockoutTime", "write.pwdLastSet", "write.adminDisplayName", "read.password_settings"}));
  auto directory = open_directory(place.settings);
  EXPECT_EQ(reset(*directory, place.user), ldap::Refusal::no_rights);

  auto printed = delegation_text(delegation_of(place));
  printed.resize(printed.find("Only if --verify names them"));
  EXPECT_EQ(apply_samba(printed), 2);
  const auto answer = verify(place.settings, place.ou, place.user);
  EXPECT_EQ(answer.missing, Ids{}) << answer.text;
  EXPECT_EQ(answer.too_much, Ids{}) << answer.text;
  EXPECT_EQ(reset(*directory, place.user), ldap::Refusal::none);
  EXPECT_EQ(reset(*directory, place.user, true), ldap::Refusal::none);
}

TEST(ThePrintedLdif, DoesTheSame) {
  Administrator administrator;
  const auto place = fresh(administrator, false);
  const auto file = password_file(env("AD_ADMIN_PW"));
  std::ofstream(file + ".pw") << env("AD_ADMIN_PW");
  std::ofstream(file + ".ldif") << delegation_ldif(delegation_of(place), false);
  const auto command = "env -u LDAPNOINIT LDAPTLS_CACERT=" + env("AD_CA") + " ldapmodify -x -H " + env("AD_URI") + " -D " + env("AD_ADMIN") + " -y " + file + ".pw -f " + file + ".ldif >" + file + ".said 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0) << std::ifstream(file + ".said").rdbuf();
  EXPECT_EQ(verify(place.settings, place.ou, place.user).missing, Ids{"read.password_settings"});  // the container is another object
  EXPECT_EQ(reset(*open_directory(place.settings), place.user), ldap::Refusal::none);
}

class AHardenedOu : public testing::Test {
 protected:
  AHardenedOu() : place_(fresh(administrator_, true)) {}
  // The agent's account can't even see the OU yet: the administrator's looks instead.
  void delegate() {
    auto eyes = place_;
    eyes.settings.bind_dn = env("AD_ADMIN");
    eyes.settings.bind_password_file = password_file(env("AD_ADMIN_PW"));
    delegation_ = delegation_of(eyes);
    delegation_.trustee_sid = *ldap::sid_text(admin_read(place_.service_dn, "objectSid"));
    EXPECT_EQ(apply_samba(delegation_text(delegation_)), 4);
  }
  Administrator administrator_;
  Fresh place_;
  ldap::Delegation delegation_;
};

TEST_F(AHardenedOu, IsRefusedBeforeAndServedWithExactlyWhatIsPrinted) {
  std::ostringstream out;
  EXPECT_FALSE(rights(config_with(place_.settings), {place_.ou, place_.user, true}, out));
  delegate();
  const auto answer = verify(place_.settings, place_.ou, place_.user);
  EXPECT_EQ(answer.missing, Ids{}) << answer.text;
  EXPECT_EQ(answer.too_much, Ids{}) << answer.text;
  auto directory = open_directory(place_.settings);
  EXPECT_EQ(reset(*directory, place_.user), ldap::Refusal::none);
  EXPECT_EQ(reset(*directory, place_.user, true), ldap::Refusal::none);
  const auto unlocked = directory->unlock(found(*directory, place_.user).sub);
  ASSERT_TRUE(unlocked);
  EXPECT_EQ(unlocked->refusal, ldap::Refusal::none);
  EXPECT_GE(found(*directory, place_.user).pre.ver, 1) << "replPropertyMetaData is read";
}

TEST_F(AHardenedOu, WithoutAnyOneEntryNamesTheOneThatIsGone) {
  delegate();
  const auto whole = Administrator::list_of(place_.ou);
  for (const auto& grant : delegation_.grants) {
    if (grant.place != ldap::Grant::Place::accounts) continue;
    auto list = whole;
    const auto entry = sddl(ace_of(grant, delegation_.trustee_sid));
    ASSERT_EQ(std::erase_if(list.dacl, [&](const ldap::Ace& ace) { return sddl(ace) == entry; }), 1U) << entry;
    administrator_.set_list(place_.ou, list);
    auto id = grant.name;
    std::replace(id.begin(), id.end(), ' ', '_');
    Ids wanted{(grant.mask & ldap::right::control_access ? "right." : "read.") + id};
    if (grant.mask & ldap::right::write_property) wanted.insert("write." + id);
    EXPECT_EQ(verify(place_.settings, place_.ou, place_.user).missing, wanted) << entry;
    if (!grant.only_if_missing && grant.mask != ldap::right::read_property) {  // and the DC refuses without it
      const auto answer = open_directory(place_.settings)->find(place_.user);
      ASSERT_TRUE(answer && *answer);
      const auto refused = answer_to_reset(*open_directory(place_.settings), place_.user);
      EXPECT_EQ(refused.refusal, ldap::Refusal::no_rights) << entry;
      const auto named = grant.mask & ldap::right::control_access ? grant.name : "write " + grant.name;
      EXPECT_TRUE(refused.detail.ends_with(", missing: " + named)) << entry << " gave " << refused.detail;
    }
    if (grant.name == "replPropertyMetaData") {
      EXPECT_EQ(found(*open_directory(place_.settings), place_.user).pre.ver, -1) << "the right is what shows it";
    }
  }
  administrator_.set_list(place_.ou, whole);
  EXPECT_EQ(verify(place_.settings, place_.ou, place_.user).missing, Ids{});
}

TEST_F(AHardenedOu, WithAProtectedOrDenyingAccountSaysSo) {
  delegate();
  const auto whole = Administrator::list_of(place_.user_dn);
  auto list = whole;
  list.dacl.insert(list.dacl.begin(), {ldap::Ace::Kind::deny, 0, ldap::right::control_access, std::string(ldap::reset_password_right), {}, delegation_.trustee_sid, {}});
  administrator_.set_list(place_.user_dn, list);
  auto answer = verify(place_.settings, place_.ou, place_.user);
  EXPECT_EQ(answer.missing, Ids{"right.Reset_Password"});
  EXPECT_NE(answer.text.find("an explicit entry denies it"), std::string::npos);
  EXPECT_EQ(reset(*open_directory(place_.settings), place_.user), ldap::Refusal::no_rights);

  list = whole;
  list.control |= ldap::SecurityDescriptor::dacl_protected;
  std::erase_if(list.dacl, [](const ldap::Ace& ace) { return ace.is(ldap::Ace::inherited); });
  administrator_.set_list(place_.user_dn, list);
  answer = verify(place_.settings, place_.ou, place_.user);
  EXPECT_TRUE(answer.missing.contains("right.Reset_Password"));
  EXPECT_NE(answer.text.find("inheritance is switched off"), std::string::npos) << answer.text;
}

}  // namespace
}  // namespace wb::agent
