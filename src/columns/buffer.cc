#include "columns/buffer.h"

#include <algorithm>
#include <new>

namespace bl::columns {
namespace {
constexpr std::size_t k_alignment = 64;
}  // namespace

void Buffer::grow(std::size_t more) {
  std::size_t wanted = std::max(capacity_ * 2, size_ + more);
  wanted = (std::max<std::size_t>(wanted, 256) + k_alignment - 1) / k_alignment * k_alignment;
  auto* data = static_cast<std::uint8_t*>(::operator new(wanted, std::align_val_t{k_alignment}));
  if (size_ > 0) std::memcpy(data, data_, size_);
  const std::size_t size = size_;
  free();
  data_ = data;
  size_ = size;
  capacity_ = wanted;
}

void Buffer::free() {
  if (data_ != nullptr) ::operator delete(data_, std::align_val_t{k_alignment});
  data_ = nullptr;
  size_ = capacity_ = 0;
}

void BitBuffer::push_many(bool bit, std::int64_t count) {
  while (count > 0 && bits_ % 8 != 0) {
    push(bit);
    --count;
  }
  const std::int64_t whole = count / 8;
  if (whole > 0) {
    const std::size_t before = buffer_.size();
    buffer_.extend(before + static_cast<std::size_t>(whole));
    std::memset(buffer_.data() + before, bit ? 0xff : 0, static_cast<std::size_t>(whole));
    bits_ += whole * 8;
  }
  for (count -= whole * 8; count > 0; --count) push(bit);
}

}  // namespace bl::columns
