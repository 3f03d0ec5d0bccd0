// What an error of libkrb5's means for the agent: one pure table.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace wb::ldap {

// `code`: a krb5_error_code, not 0. `said`: libkrb5's own words, used where the table has none. `host`: the controller asked.
// where: "kerberos.login"   the KDC does not take the account or its key: tried again and again, it locks the account
//        "kerberos.keytab"  the file is of no use
//        "kerberos.clock"   the clocks differ too much; the detail begins with "clock_skew"
//        "kerberos.service" the domain does not know the controller by this name
//        "kerberos.kdc"     (unreachable) the KDC can't serve now
//        "kerberos.failed"  all others
Fault kerberos_fault(std::int32_t code, std::string_view said, const std::string& host);

}  // namespace wb::ldap
