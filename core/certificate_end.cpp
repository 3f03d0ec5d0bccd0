#include "core/certificate_end.hpp"

#include <openssl/err.h>

#include <ctime>
#include <memory>

namespace wb {

UnixSeconds end_of_certificate(const X509* certificate) {
  std::tm parts{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return 0;
  return ::timegm(&parts);
}

UnixSeconds end_of_certificate(const void* der, std::size_t size) {
  const auto* at = static_cast<const unsigned char*>(der);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(d2i_X509(nullptr, &at, static_cast<long>(size)), &X509_free);
  if (!certificate) ERR_clear_error();
  return end_of_certificate(certificate.get());
}

}  // namespace wb
