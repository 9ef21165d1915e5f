#pragma once

#include <cstring>
#include <memory>
#include <memory_resource>
#include <string_view>

namespace bl {

/// Keeps many texts in a few large pieces of memory, all for as long as the arena or a copy of it
/// lives: copies share what is kept. For answers of thousands of short texts. Threads: one at a
/// time.
class TextArena {
 public:
  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    char* const kept = static_cast<char*>(memory_->allocate(text.size(), 1));
    std::memcpy(kept, text.data(), text.size());
    return {kept, text.size()};
  }

 private:
  std::shared_ptr<std::pmr::monotonic_buffer_resource> memory_ =
      std::make_shared<std::pmr::monotonic_buffer_resource>(4096);
};

}  // namespace bl
