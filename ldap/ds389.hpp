// 389 Directory Server (Red Hat Directory Server): its entries, policy and answers, as the other schema of OpenLdap's kind. Pure.
//
// Measured on 389 DS 2.3.1 (Debian 12), as a service account that no passwordAdminDN names:
// - It has no assertion control (RFC 4528). pwdUpdateTime (passwordTrackUpdateTime: on) can be written by who has the right
//   to, so the swap is Active Directory's: {[delete pwdUpdateTime old,] add pwdUpdateTime 1970}, {[delete marker old,] add
//   marker ours} and the password in one Modify. A value that is not there: 16; one too many: 65; the same twice: 20.
// - The server writes pwdUpdateTime (in whole seconds) and passwordExpirationTime by itself, *after* it has answered. Until
//   pwdUpdateTime is no longer the one of 1970, what is read back is not final, and what we write there is overwritten.
// - No modification names an entry by its identity: nsUniqueId can't be deleted. So where it is, is looked up right before each
//   write; an entry that is renamed in that moment, and whose name another takes with the same password time and marker,
//   is mistaken for it.
// - Syntax, history and minimum age bind a reset; the control says 5 (quality) for a short one, too: the text names the rule.
// - {delete userPassword old, add userPassword new}: the old one is compared with the hash; a wrong one is 16 as a lost swap
//   is, and is not counted. Reading again tells which: unmoved, it was the password.
// - passwordExpirationTime 19700101000000Z is "must change" where passwordMustChange is on. The server writes the attribute itself
//   with each password, so must-change is a Modify of its own behind it.
// - A locked account answers 19 to a sign-in; a reset does not end a lock; nsAccountLock answers 53.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "ldap/server_schema.hpp"

namespace wb::ldap {

const ServerSchema& ds389_schema();

// nsUniqueId, four times eight hexadecimal digits <-> the 8-4-4-4-12 that all else takes for an identity. nullopt: not one.
std::optional<std::string> sub_of_unique_id(std::string_view unique_id);
std::string unique_id_of_sub(std::string_view sub);

}  // namespace wb::ldap
