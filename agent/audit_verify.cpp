#include <algorithm>
#include <fstream>
#include <limits>
#include <ostream>

#include "agent/audit_file.hpp"
#include "core/ids.hpp"

namespace wb::agent {
namespace {
namespace fs = std::filesystem;
using crypto::AuditHead;

constexpr std::size_t line_bytes_max = 64 * 1024;

// Lines of several files, one after the other. One that is too long is cut, and then no line of ours.
class Lines {
 public:
  explicit Lines(std::vector<fs::path> files) : files_(std::move(files)) {}
  std::optional<std::string> next() {
    for (;;) {
      if (!in_.is_open() && !open()) return std::nullopt;
      std::string line;
      for (int c = in_.get(); c != std::char_traits<char>::eof(); c = in_.get()) {
        if (c == '\n') return line;
        if (line.size() <= line_bytes_max) line += static_cast<char>(c);
      }
      in_.close(), in_.clear();
      if (line.empty()) continue;
      if (at_ < files_.size()) return line + " without an end";  // a file that was taken aside was whole
      torn_ = true;
      return std::nullopt;
    }
  }
  bool torn() const { return torn_; }
  const fs::path* unread() const { return unread_ ? &*unread_ : nullptr; }

 private:
  bool open() {
    if (at_ == files_.size() || unread_) return false;
    in_.open(files_[at_], std::ios::binary);
    if (!in_) unread_ = files_[at_];
    ++at_;
    return !unread_;
  }
  std::vector<fs::path> files_;
  std::size_t at_ = 0;
  std::ifstream in_;
  bool torn_ = false;
  std::optional<fs::path> unread_;
};

// Where the file stands in the chain; one that says nothing of it comes last, and is then read as it is.
std::int64_t first_row(const fs::path& file) {
  const auto line = Lines({file}).next();
  const auto row = line ? crypto::audit_row_from(*line) : fault(Fault::Kind::malformed, "audit.line");
  return row ? row->seq : std::numeric_limits<std::int64_t>::max();
}

}  // namespace

Result<AuditFinding> verify_audit_files(std::vector<fs::path> files, const std::optional<AuditHead>& known) {
  std::vector<std::pair<std::int64_t, fs::path>> ordered;
  for (auto& file : files) ordered.emplace_back(first_row(file), file);
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < files.size(); ++i) files[i] = ordered[i].second;
  Lines lines(std::move(files));
  AuditFinding finding;
  finding.report = crypto::verify_lines([&] { return lines.next(); }, false, known);
  finding.torn = lines.torn();
  if (const auto* unread = lines.unread()) return fault(Fault::Kind::unreachable, "audit.verify", printable(unread->string(), 400) + " can't be read");
  return finding;
}

Result<bool> tell_audit(const std::vector<fs::path>& files, const std::string& head, std::ostream& out) {
  const auto known = crypto::audit_head_from(head);
  if (!head.empty() && !known) return fault(Fault::Kind::refused, "audit.verify", "--head: what `audit verify` or the log's audit.head said, SEQ:HASH");
  auto found = verify_audit_files(files, known);
  if (!found) return found.error();
  const auto& report = found->report;
  if (report.broken) {
    out << "broken at row " << report.broken->seq << ": " << report.broken->why << "\n";
    if (report.rows > 0) out << "The " << report.rows << " before it are sound, up to " << text_of(report.last) << "\n";
    return false;
  }
  if (report.rows == 0) out << "sound: no rows\n";
  else out << "sound: " << report.rows << " rows behind " << report.first.seq << ", head " << text_of(report.last) << "\n";
  if (found->torn) out << "The last line is unfinished: the agent ended while it was written, or somebody cut it. The agent cuts it off at its next start.\n";
  return true;
}

}  // namespace wb::agent
