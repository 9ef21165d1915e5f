#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

/// gzip (zlib) and zstd, whole and streaming, always with a cap on what comes out.
namespace bl {

enum class Encoding { identity, gzip, zstd };

/// The HTTP content-coding names: "gzip" and "x-gzip", "zstd", "identity" and "". Errors:
/// unsupported_media.
Result<Encoding> parse_encoding(std::string_view name);

/// Inflates everything; several gzip members or zstd frames, one after the other, are allowed.
/// Errors: malformed (broken, truncated, other bytes after the end), too_large (more than bytes_max
/// would come out, or a zstd window over 8 MiB, the most that RFC 9659 lets HTTP use). The answer
/// never grows beyond bytes_max.
Result<std::string> decompress(Encoding encoding, std::string_view bytes, std::size_t bytes_max);

/// gzip level 1 or zstd level 3: the levels for answers on the fly.
std::string compress(Encoding encoding, std::string_view bytes);

/// Inflates piece by piece; for request bodies that are streamed. After an error it is of no
/// further use. One thread at a time. Memory: 64 KiB for gzip, for zstd the window that the frame
/// asks for, at most 8 MiB.
class Decompressor {
 public:
  virtual ~Decompressor() = default;
  /// Appends to `out` what the bytes give. Errors: malformed, too_large (in all, over the bytes_max
  /// of make).
  virtual Result<void> feed(std::string_view bytes, std::string& out) = 0;
  /// Errors: malformed when the stream is not at its end.
  virtual Result<void> finish() = 0;
  static std::unique_ptr<Decompressor> make(Encoding encoding, std::size_t bytes_max);
};

/// Deflates piece by piece; for answers that are streamed. Every feed is flushed, so that the
/// reader sees it; all output is appended to `out`. finish() comes once, and last. One thread at a
/// time.
class Compressor {
 public:
  virtual ~Compressor() = default;
  virtual void feed(std::string_view bytes, std::string& out) = 0;
  virtual void finish(std::string& out) = 0;
  static std::unique_ptr<Compressor> make(Encoding encoding);
};

}  // namespace bl
