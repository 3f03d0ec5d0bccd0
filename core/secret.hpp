// Bytes that cannot be printed, copied or forgotten.
#pragma once
#include <cstddef>
#include <iosfwd>
#include <span>
#include <string_view>
#include <utility>

namespace wb {

// Owns secret bytes (UTF-8 password, private scalar, content key) on OpenSSL's secure heap when the process has one
// (locked, never in a core dump), else on the ordinary heap; cleansed when it ends. Move-only. There is no
// operator<<, no formatter and no conversion: expose() is the only way out, and tests/tidy.py lists who may call it.
class Secret {
 public:
  Secret() = default;
  static Secret copy_of(std::string_view bytes);  // the caller cleanses its own copy
  static Secret of_size(std::size_t bytes);       // zeroed; fill it through expose_mutable()
  Secret(Secret&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool operator==(const Secret& other) const;  // constant time for equal sizes

  template <class F> decltype(auto) expose(F&& fn) const { return std::forward<F>(fn)(std::string_view(data_, size_)); }
  template <class F> decltype(auto) expose_mutable(F&& fn) { return std::forward<F>(fn)(std::span<char>(data_, size_)); }

  void truncate(std::size_t bytes);  // keeps the first bytes, cleanses the rest
  void wipe();

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

// Calls OpenSSL's secure heap into being (1 MiB). Once, first thing in main().
void secret_heap_start();
// Overwrites memory that is not a Secret but held one for a moment (a parser's buffer).
void cleanse(void* data, std::size_t bytes);

// For GoogleTest, which otherwise prints the raw bytes of types it does not know.
void PrintTo(const Secret&, std::ostream*);

}  // namespace wb
