// What libldap must be told once about this process.
#pragma once

namespace wb::ldap {

// Makes liblber overwrite every buffer before it frees it (encoded Modify and Bind requests hold passwords), and makes
// libldap deaf to ldap.conf and LDAP* environment variables, which could switch certificate verification off.
// Call it first thing in main(), before there are threads; open_directory() calls it too. Later calls do nothing.
//
// main() must also ignore SIGPIPE: libldap writes to its socket with write(2).
void wipe_ldap_memory();

}  // namespace wb::ldap
