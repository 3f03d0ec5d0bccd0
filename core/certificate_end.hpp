// When a certificate ends (notAfter, RFC 5280 section 4.1.2.5).
#pragma once
#include <openssl/x509.h>

#include "core/clock.hpp"

namespace wb {

// Unix seconds; 0 for none, or one whose time can't be read.
UnixSeconds end_of_certificate(const X509* certificate);
UnixSeconds end_of_certificate(const void* der, std::size_t size);

}  // namespace wb
