#include "link/served_certificate.hpp"

#include <sys/stat.h>

#include "core/log.hpp"

namespace wb::link {

// The stamp is older than what is read: a change meanwhile is seen by the next look.
ServedCertificate::ServedCertificate(std::filesystem::path certificate_file, std::filesystem::path key_file)
    : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)), tried_(stamp()), seen_(tried_) {}

Result<ServedCertificate> ServedCertificate::load(std::filesystem::path certificate_file, std::filesystem::path key_file) {
  ServedCertificate made(std::move(certificate_file), std::move(key_file));
  auto tls = server_tls(made.certificate_file_, made.key_file_);
  if (!tls) return tls.error();
  made.tls_ = std::move(*tls);
  return made;
}

ServedCertificate::Stamp ServedCertificate::stamp() const {
  Stamp out{};
  auto at = out.begin();
  for (const auto* file : {&certificate_file_, &key_file_}) {
    struct stat found {};
    if (::stat(file->c_str(), &found) != 0) found = {};
    for (const auto number : {static_cast<std::int64_t>(found.st_dev), static_cast<std::int64_t>(found.st_ino), static_cast<std::int64_t>(found.st_size),
             static_cast<std::int64_t>(found.st_ctim.tv_sec), static_cast<std::int64_t>(found.st_ctim.tv_nsec)})
      *at++ = number;
  }
  return out;
}

void ServedCertificate::look() {
  const auto now = stamp();
  const bool settled = now == seen_;
  seen_ = now;
  if (!settled || now == tried_) return;
  tried_ = now;
  auto tls = server_tls(certificate_file_, key_file_);
  if (!tls) return log::fault("tls.certificate_refused", tls.error());
  tls_ = std::move(*tls);
  log::info("tls.certificate_reloaded", log::field("not_after", end_of(tls_)));
}

}  // namespace wb::link
