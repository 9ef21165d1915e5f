#include "base/zstd_frame.h"

#include <zstd.h>

#include <memory>

namespace bl {

Result<void> unpack_zstd_frame(std::string_view frame, std::span<char> out) {
  // A context is large; one for each thread.
  thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                                  &ZSTD_freeDCtx);
  const std::size_t size =
      ZSTD_decompressDCtx(context.get(), out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(size) == 0 && size == out.size()) return {};
  return Error{Code::malformed, "no zstd frame of that size"};
}

}  // namespace bl
