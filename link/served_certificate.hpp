// Inside link/ only: the certificate that the web server shows, and what becomes of its files while it runs.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>

#include "link/tls.hpp"

namespace wb::link {

class ServedCertificate {
 public:
  // Faults as server_tls.
  static Result<ServedCertificate> load(std::filesystem::path certificate_file, std::filesystem::path key_file);
  // For connections to come: those that stand keep theirs.
  const TlsContext& tls() const { return tls_; }
  // Looks whether the files were replaced, also behind a symbolic link, and takes over what is there if it can be used.
  // Two files are not replaced in one step: they are read when two looks in a row have found the same. A pair that is
  // refused is not tried again before something changes.
  void look();

 private:
  // Device, inode, size and the time of the last change of what stat(2) tells, which also moves with the content's and
  // when rights are mended; all zero for a file that is not there.
  using Stamp = std::array<std::int64_t, 10>;
  ServedCertificate(std::filesystem::path certificate_file, std::filesystem::path key_file);
  Stamp stamp() const;

  std::filesystem::path certificate_file_, key_file_;
  TlsContext tls_;
  Stamp tried_, seen_;
};

}  // namespace wb::link
