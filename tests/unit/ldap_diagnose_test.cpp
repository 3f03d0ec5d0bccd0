// Samba 4.24 and 4.17 texts as measured; Windows texts from MS-ADTS and public traces.
#include <gtest/gtest.h>

#include "ldap/diagnose.hpp"

namespace wb::ldap {
namespace {

struct Case {
  int code;
  const char* text;
  Refusal refusal;
};

constexpr Case resets[] = {
    {0, "", Refusal::none},
    // policy, Samba: 53 since 4.24, 19 before
    {53, "0000052D: Unwilling to perform - check_password_restrictions: the password is too short. It should be equal to or longer than 8 characters!", Refusal::too_short},
    {19, "0000052D: Constraint violation - check_password_restrictions: the password is too short. It should be equal or longer than 8 characters!", Refusal::too_short},
    {53, "0000052D: Unwilling to perform - check_password_restrictions: the password does not meet the complexity criteria!", Refusal::not_complex},
    {53, "0000052D: Unwilling to perform - check_password_restrictions: the password was already used (previous password)!", Refusal::in_history},
    {53, "0000052D: Unwilling to perform - check_password_restrictions: the password was already used (in history)!", Refusal::in_history},
    {53, "0000052D: Unwilling to perform - check_password_restrictions: password is too young to change!", Refusal::too_young},
    {53, "0000052D: Unwilling to perform - check_password_restrictions: the password doesn't fit due to a miscellaneous restriction!", Refusal::refused_by_filter},
    // policy, Windows: never names the rule
    {53, "0000052D: SvcErr: DSID-031A1261, problem 5003 (WILL_NOT_PERFORM), data 0\n", Refusal::policy},
    {19, "0000052D: AtrErr: DSID-03191083, #1:\n\t0: 0000052D: DSID-03191083, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)\n", Refusal::policy},
    {53, "0000052d: SvcErr: DSID-031A1261, problem 5003 (WILL_NOT_PERFORM), data 0\n", Refusal::policy},
    // the swap, whatever else the text says
    {16, "00002085: setup_last_set_field: old pwdLastSet value not found! at ../../source4/dsdb/samdb/ldb_modules/password_hash.c:2404", Refusal::swap_failed},
    {16, "attribute 'adminDisplayName': no matching attribute value while deleting attribute on 'CN=Alice'", Refusal::swap_failed},
    {20, "0000200D: SINGLE-VALUE attribute adminDisplayName on CN=Alice specified more than once", Refusal::swap_failed},
    {20, "00002083: AtrErr: DSID-03151904, #1: problem 1006 (ATT_OR_VALUE_EXISTS)", Refusal::swap_failed},
    {19, "00002081: AtrErr: DSID-03151D0C, #1: problem 1005 (CONSTRAINT_ATT_TYPE)", Refusal::swap_failed},
    {53, "00002085: SvcErr: DSID-031A0000, problem 5003 (WILL_NOT_PERFORM), data 0", Refusal::swap_failed},
    // rights
    {50, "error in module acl: insufficient access rights during LDB_MODIFY (50)", Refusal::no_rights},
    {50, "00002098: Object CN=Hugo has no write property access", Refusal::no_rights},
    {50, "00000005: SecErr: DSID-031A1190, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\n", Refusal::no_rights},
    {19, "error in module acl: Constraint violation during LDB_MODIFY (19)", Refusal::no_rights},
    // the object, the channel, the rest
    {32, "00002030: No such Base DN: CN=Nobody", Refusal::not_found},
    {32, "0000208D: NameErr: DSID-0310028B, problem 2001 (NO_OBJECT), data 0, best match of: 'DC=corp'", Refusal::not_found},
    {8, "BindSimple: Transport encryption required.", Refusal::not_encrypted},
    {13, "", Refusal::not_encrypted},
    {53, "0000001F: SvcErr: DSID-031A126C, problem 5003 (WILL_NOT_PERFORM), data 0", Refusal::not_encrypted},
    {53, "00002077: SvcErr: DSID-031A126C, problem 5003 (WILL_NOT_PERFORM), data 0", Refusal::not_encrypted},
    {53, "00002035: setup_io: it's not allowed to set the NT hash password directly'", Refusal::directory_error},
    {19, "0000202F: something", Refusal::directory_error},
    {12, "Critical extension is unavailable", Refusal::directory_error},
    {10, "0000202B: RefErr: DSID-03100742, data 0, 1 access points", Refusal::read_only},
    {34, "00002032: ldb_modify: invalid dn", Refusal::directory_error},
    {80, "00000057: pwdLastSet must be 0 or -1 only!", Refusal::directory_error},
    {1, "00002020: Operation unavailable without authentication", Refusal::directory_error},
    {9999, "", Refusal::directory_error},
};

template <std::size_t N> void expect_named(const Case (&cases)[N], WriteKind kind) {
  for (const auto& one : cases) {
    const auto diagnosis = diagnose(one.code, one.text, kind);
    ASSERT_TRUE(diagnosis) << one.code << ' ' << one.text;
    EXPECT_EQ(diagnosis->refusal, one.refusal) << one.code << ' ' << one.text << " gave " << to_string(diagnosis->refusal);
  }
}

constexpr Case changes[] = {
    {0, "", Refusal::none},
    // the old password: Windows as published, Samba as measured
    {19, "00000056: AtrErr: DSID-03191083, #1:\n\t0: 00000056: DSID-03191083, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)\n", Refusal::old_password_wrong},
    {19, "00000056: Constraint violation - check_password_restrictions: The old password specified doesn't match!", Refusal::old_password_wrong},
    {19, "00000775: Password change not permitted, account locked out! at source4/dsdb/samdb/ldb_modules/password_hash.c:4055:setup_io", Refusal::locked},
    // Who may not change it: the account's own list, not the agent's rights
    {19, "00000005: AtrErr: DSID-03191083, #1:\n\t0: 00000005: DSID-03191083, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)\n", Refusal::cannot_change},
    {19, "error in module acl: Constraint violation during LDB_MODIFY (19)", Refusal::cannot_change},
    {53, "error in module acl: Unwilling to perform", Refusal::cannot_change},
    {50, "error in module acl: insufficient access rights during LDB_MODIFY (50)", Refusal::cannot_change},
    {50, "00002098: Object CN=Hugo has no write property access", Refusal::no_rights},
    // policy: 19 everywhere; Windows never names the rule
    {19, "0000052D: Constraint violation - check_password_restrictions: the password is too short. It should be equal to or longer than 8 characters!", Refusal::too_short},
    {19, "0000052D: Constraint violation - check_password_restrictions: the password does not meet the complexity criteria!", Refusal::not_complex},
    {19, "0000052D: Constraint violation - check_password_restrictions: the password was already used (in history)!", Refusal::in_history},
    {19, "0000052D: Constraint violation - check_password_restrictions: password is too young to change!", Refusal::too_young},
    {19, "0000052D: AtrErr: DSID-03191083, #1:\n\t0: 0000052D: DSID-03191083, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)\n", Refusal::policy},
    // the swap, the object, the channel: as of a reset
    {16, "00002085: setup_last_set_field: old pwdLastSet value not found!", Refusal::swap_failed},
    {20, "00002083: AtrErr: DSID-03151904, #1: problem 1006 (ATT_OR_VALUE_EXISTS)", Refusal::swap_failed},
    {32, "00002030: No such Base DN: CN=Nobody", Refusal::not_found},
    {10, "0000202B: RefErr: DSID-03100742, data 0, 1 access points", Refusal::read_only},
    {53, "0000001F: SvcErr: DSID-031A126C, problem 5003 (WILL_NOT_PERFORM), data 0", Refusal::not_encrypted},
    {1, "00002020: Operation unavailable without authentication", Refusal::directory_error},
};

TEST(TheAnswerToAReset, IsOneNamedVerdict) { expect_named(resets, WriteKind::reset); }

TEST(TheAnswerToAChange, IsOneNamedVerdict) { expect_named(changes, WriteKind::change); }

TEST(TheAnswerToAReset, KnowsNoOldPassword) {
  for (const auto& [code, text, refusal] : {Case{19, "00000056: AtrErr: DSID-03191083, #1:", Refusal::directory_error}, Case{19, "00000775: Constraint violation", Refusal::directory_error},
           Case{53, "00000005: SecErr: DSID-031A1190", Refusal::no_rights}, Case{19, "error in module acl: Constraint violation during LDB_MODIFY (19)", Refusal::no_rights}})
    EXPECT_EQ(diagnose(code, text, WriteKind::reset)->refusal, refusal) << text;
}

TEST(TheAnswerToAReset, IsNoVerdictWhileTheDirectoryIsBusyOrGoingDown) {
  for (const int code : {51, 52}) {
    const auto diagnosis = diagnose(code, "00002024: SvcErr: DSID-0, problem 5001 (BUSY), data 0", WriteKind::reset);
    ASSERT_FALSE(diagnosis);
    EXPECT_EQ(diagnosis.error().kind, Fault::Kind::unreachable);
    EXPECT_TRUE(is_busy(diagnosis.error()));
  }
}

TEST(TheAnswerToAReset, IsToldToTheOperatorInCodesAndNeverInTheDirectorysWords) {
  const auto diagnosis = diagnose(50, "00002098: Object CN=Hugo Outside has no write property access", WriteKind::reset);
  EXPECT_EQ(diagnosis->detail, "ldap 50, 00002098, no_rights");
  EXPECT_EQ(diagnose(16, "attribute 'x'", WriteKind::reset)->detail, "ldap 16, swap_failed");
  EXPECT_EQ(diagnose(0, "", WriteKind::reset)->detail, "");
}

TEST(TheAnswerToAnUnlock, KnowsNoSwapAndNoPassword) {
  EXPECT_EQ(diagnose(53, "0000052D: SvcErr: DSID-031A1261", WriteKind::unlock)->refusal, Refusal::directory_error);
  EXPECT_EQ(diagnose(10, "0000202B: RefErr: DSID-03100742, data 0, 1 access points", WriteKind::unlock)->refusal, Refusal::read_only);
  EXPECT_EQ(diagnose(0, "", WriteKind::unlock)->refusal, Refusal::none);
  EXPECT_EQ(diagnose(16, "", WriteKind::unlock)->refusal, Refusal::directory_error);
  EXPECT_EQ(diagnose(50, "00002098: Object", WriteKind::unlock)->refusal, Refusal::no_rights);
}

TEST(ASignIn, IsNamedByTheDataOfItsRefusal) {
  const auto told = [](int code, const std::string& text) { const auto is = diagnose_sign_in(code, text); return is ? std::string(to_string(*is)) : "nothing"; };
  const auto windows = [](const std::string& data) { return "80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext error, data " + data + ", v4563"; };
  EXPECT_EQ(told(0, ""), "accepted");
  for (const auto& [data, sign_in] : {std::pair("525", "wrong_password"), {"52e", "wrong_password"}, {"530", "logon_hours"}, {"531", "workstation"}, {"532", "password_expired"}, {"533", "disabled"},
           {"701", "account_expired"}, {"773", "must_change"}, {"775", "locked"}, {"568", "wrong_password"}, {"52", "wrong_password"}})
    EXPECT_EQ(told(49, windows(data)), sign_in) << data;
  EXPECT_EQ(told(49, "Simple Bind Failed: NT_STATUS_LOGON_FAILURE"), "wrong_password") << "Samba 4.17 without data";
  EXPECT_EQ(told(49, ""), "wrong_password");
  for (const int code : {8, 13, 34, 51, 52, 53, 80}) EXPECT_EQ(told(code, windows("52e")), "nothing") << code << " says nothing about the password";
}

TEST(ARefusedBind, SaysWhatTheOperatorMustMend) {
  EXPECT_EQ(bind_refusal(49, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1"), "wrong name or password (data 52e)");
  EXPECT_EQ(bind_refusal(49, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 775, v1db1"), "the account is locked (data 775)");
  EXPECT_EQ(bind_refusal(49, ""), "wrong name or password");
  EXPECT_EQ(bind_refusal(8, ""), "the directory wants an encrypted connection");
  EXPECT_EQ(bind_refusal(53, ""), "ldap 53");
}

}  // namespace
}  // namespace wb::ldap
