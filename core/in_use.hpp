// One of a bounded number of things that go on at once: counted for as long as it lives. The counter is shared, because a coroutine that
// is cut may end after whoever started it.
#pragma once
#include <cstddef>
#include <memory>
#include <utility>

namespace wb {

using InUseCount = std::shared_ptr<std::size_t>;
inline InUseCount nothing_in_use() { return std::make_shared<std::size_t>(0); }

class InUse {
 public:
  explicit InUse(InUseCount count) : count_(std::move(count)) { ++*count_; }
  ~InUse() { --*count_; }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

 private:
  InUseCount count_;
};

}  // namespace wb
