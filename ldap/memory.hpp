// What libldap needs of this process.
#pragma once

namespace wb::ldap {

// Makes the C heap overwrite blocks when they are freed (glibc's M_PERTURB): libldap encodes each Modify and Bind,
// password included, into buffers of its own and frees them as they are. Blocks over 1 KiB are overwritten always,
// smaller ones only when they leave the thread's cache; request buffers have 4 KiB and more.
// Also makes libldap deaf to ldap.conf and LDAP* environment variables, which could switch certificate checks off.
// Call it first thing in main(), before there are threads; open_directory() calls it too. Later calls do nothing.
//
// main() must also ignore SIGPIPE: libldap writes to its socket with write(2).
void wipe_ldap_memory();

}  // namespace wb::ldap
