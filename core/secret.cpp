#include "core/secret.hpp"

#include <openssl/crypto.h>

#include <cstring>
#include <new>
#include <ostream>

namespace wb {

Secret Secret::of_size(std::size_t bytes) {
  Secret made;
  if (bytes == 0) return made;
  made.data_ = static_cast<char*>(OPENSSL_secure_zalloc(bytes));
  // A full secure heap must not stop a reset: the ordinary heap is cleansed as well.
  if (!made.data_) made.data_ = static_cast<char*>(OPENSSL_zalloc(bytes));
  if (!made.data_) throw std::bad_alloc();
  made.size_ = bytes;
  return made;
}

Secret Secret::copy_of(std::string_view bytes) {
  auto made = of_size(bytes.size());
  if (!bytes.empty()) std::memcpy(made.data_, bytes.data(), bytes.size());
  return made;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

bool Secret::operator==(const Secret& other) const {
  return size_ == other.size_ && (size_ == 0 || CRYPTO_memcmp(data_, other.data_, size_) == 0);
}

void Secret::truncate(std::size_t bytes) {
  if (bytes >= size_) return;
  auto kept = copy_of({data_, bytes});
  *this = std::move(kept);
}

void Secret::wipe() {
  if (data_) OPENSSL_secure_clear_free(data_, size_);  // also right for memory that is not on the secure heap
  data_ = nullptr;
  size_ = 0;
}

void secret_heap_start() { CRYPTO_secure_malloc_init(1 << 20, 32); }
void cleanse(void* data, std::size_t bytes) { OPENSSL_cleanse(data, bytes); }
void PrintTo(const Secret&, std::ostream* out) { *out << "Secret(redacted)"; }

}  // namespace wb
