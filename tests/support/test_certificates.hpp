// Throw-away certificates for tests: a CA of their own and one server certificate signed by it.
#pragma once
#include <filesystem>
#include <string>

namespace wb::test {

struct TestCertificates {
  std::filesystem::path ca, cert, key;  // PEM files
};

// Made once per process in a temporary folder that is removed at exit: P-256, valid for 60 days, for `localhost`,
// 127.0.0.1 and ::1.
const TestCertificates& test_certificates();

enum class CertificateFlaw { none,
  expired,
  ends_soon,
  not_yet_valid,
  self_signed };
// Another CA and certificate in a folder the caller owns; `names` is an OpenSSL subjectAltName ("DNS:a.example,IP:::1").
TestCertificates make_certificates(const std::filesystem::path& folder, const std::string& names, const std::string& ca_name = "Writeback test CA",
    CertificateFlaw flaw = CertificateFlaw::none);

}  // namespace wb::test
