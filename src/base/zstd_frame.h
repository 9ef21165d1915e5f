#pragma once

#include <span>
#include <string_view>

#include "base/result.h"

namespace bl {

/// Unpacks a zstd frame whose size is known before, all at once: for pages of files, of which there
/// are many and small. Fills `out` exactly. Errors: malformed (broken, or of another size).
Result<void> unpack_zstd_frame(std::string_view frame, std::span<char> out);

}  // namespace bl
