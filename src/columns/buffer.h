#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

/// Memory that grows, as column builders fill it. Aligned to 64 bytes, with room up to a multiple
/// of it, as Arrow wants it; Arrow takes it over without a copy. One thread.
namespace bl::columns {

class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { free(); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) {
      free();
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
      capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
  }

  const std::uint8_t* data() const { return data_; }
  std::uint8_t* data() { return data_; }
  std::size_t size() const { return size_; }

  void append(const void* bytes, std::size_t count) {
    if (count == 0) return;
    make_room(count);
    std::memcpy(data_ + size_, bytes, count);
    size_ += count;
  }
  template <class T>
  void push(T value) {
    make_room(sizeof(T));
    std::memcpy(data_ + size_, &value, sizeof(T));
    size_ += sizeof(T);
  }
  /// Grows, with zeros, to that many bytes; never shrinks.
  void extend(std::size_t size) {
    if (size <= size_) return;
    make_room(size - size_);
    std::memset(data_ + size_, 0, size - size_);
    size_ = size;
  }

 private:
  void make_room(std::size_t more) {
    if (capacity_ - size_ < more) grow(more);
  }
  void grow(std::size_t more);
  void free();

  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// One bit for each row, least significant first.
class BitBuffer {
 public:
  void push(bool bit) {
    if (bits_ % 8 == 0) buffer_.push(std::uint8_t{0});
    if (bit) buffer_.data()[bits_ / 8] |= static_cast<std::uint8_t>(1u << (bits_ % 8));
    ++bits_;
  }
  void push_many(bool bit, std::int64_t count);
  std::int64_t bits() const { return bits_; }
  Buffer take() {
    bits_ = 0;
    return std::move(buffer_);
  }

 private:
  Buffer buffer_;
  std::int64_t bits_ = 0;
};

}  // namespace bl::columns
