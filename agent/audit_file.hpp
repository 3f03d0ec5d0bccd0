// The agent's own audit, on its own disk: one line for each job's end, hash-chained (crypto/audit_chain.hpp), so that what this
// machine did can be held against what the service says. Accounts stand there by their objectGUID; there is no member for a name
// or a password.
//
// A file that is full is taken aside, and the next one goes on with its chain. After a restart the chain goes on; a last line that a crash
// left unfinished is cut off. A file that is damaged is never continued: all there are go aside, and a new chain begins.
#pragma once
#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/kept_file.hpp"
#include "core/result.hpp"
#include "crypto/audit_chain.hpp"
#include "platform/line_file.hpp"
#include "protocol/messages.hpp"

namespace wb::agent {

class AuditFile {
 public:
  // Faults as LineFile::open's and put_aside's.
  static Result<AuditFile> open(const KeptFile& settings, std::string agent, std::int64_t now_ms);

  // False: the line could not be written, and the next one that can be says how many are missing before it (`lost`).
  bool append(const protocol::JobResult& result, const std::string& domain, const std::string& correlation_id, std::int64_t at_ms);
  void missed(std::int64_t lines) { lost_ += lines; }
  bool sync() { return file_.sync(); }
  const crypto::AuditHead& head() const { return head_; }

 private:
  AuditFile(platform::LineFile file, crypto::AuditHead head, std::string agent) : file_(std::move(file)), head_(std::move(head)), agent_(std::move(agent)) {}
  bool put(boost::json::object row, std::int64_t at_ms);
  platform::LineFile file_;
  crypto::AuditHead head_;
  std::string agent_;
  std::int64_t lost_ = 0;
};

// The same without waiting, on a thread of its own: a line is on the disk a moment after the answer has left, not before.
class AuditTrail {
 public:
  explicit AuditTrail(AuditFile file) : file_(std::move(file)) {}
  ~AuditTrail();  // when all that was noted is written
  AuditTrail(const AuditTrail&) = delete;
  AuditTrail& operator=(const AuditTrail&) = delete;
  void note(const protocol::JobResult& result, const std::string& domain, const std::string& correlation_id);  // a disk that is too slow or full: lines are lost, and the log says so

 private:
  void kept(bool written, std::int64_t away);
  AuditFile file_;
  std::atomic<int> waiting_ = 0;
  std::atomic<std::int64_t> turned_away_ = 0;
  std::int64_t spell_ = 0;  // of the pool's thread
  asio::thread_pool pool_{1};
};

// What `audit verify` finds in files of one chain, in whatever order they are named.
struct AuditFinding {
  crypto::AuditReport report;
  bool torn = false;  // the last line has no end: a crash, or the end was cut off
};
// Fault unreachable "audit.verify" when a file can't be read.
Result<AuditFinding> verify_audit_files(std::vector<std::filesystem::path> files, const std::optional<crypto::AuditHead>& known);
// The same, told to an operator. False: broken.
Result<bool> tell_audit(const std::vector<std::filesystem::path>& files, const std::string& head, std::ostream& out);

}  // namespace wb::agent
