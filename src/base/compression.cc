#include "base/compression.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <limits>

namespace bl {
namespace {

constexpr std::size_t k_piece_bytes = 16 << 10;
constexpr int k_gzip_window = 15 + 16;  // 32 KiB of history, and the gzip wrapper
constexpr int k_gzip_level = 1;
constexpr int k_zstd_level = 3;
constexpr int k_zstd_window_log_max = 23;
constexpr std::size_t k_zstd_header_bytes_max = 18;  // RFC 8878 3.1.1.1, with the magic number

using Piece = std::array<char, k_piece_bytes>;

/// zlib counts its input with 32 bits: hands over the front part that fits.
uInt take_input(z_stream& stream, std::string_view& bytes) {
  auto size =
      static_cast<uInt>(std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max() / 2));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = size;
  bytes.remove_prefix(size);
  return size;
}

/// Adds what comes out to the caller's string, and stops it at the cap.
class CappedOutput {
 public:
  explicit CappedOutput(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  Result<void> append(std::string& out, const char* data, std::size_t size) {
    if (size > bytes_max_ - total_) {
      return Error{Code::too_large,
                   "inflates to more than " + std::to_string(bytes_max_) + " bytes"};
    }
    total_ += size;
    // Doubling, but never room for more than may come: a bomb must not buy twice its cap.
    if (out.capacity() - out.size() < size) {
      std::size_t wanted = std::max(out.size() + size, 2 * out.capacity());
      std::size_t most = out.size() + size + (bytes_max_ - total_);
      out.reserve(std::min(wanted, most));
    }
    out.append(data, size);
    return {};
  }

 private:
  std::size_t bytes_max_;
  std::size_t total_ = 0;
};

class IdentityDecompressor final : public Decompressor {
 public:
  explicit IdentityDecompressor(std::size_t bytes_max) : output_(bytes_max) {}
  Result<void> feed(std::string_view bytes, std::string& out) override {
    return output_.append(out, bytes.data(), bytes.size());
  }
  Result<void> finish() override { return {}; }

 private:
  CappedOutput output_;
};

class GzipDecompressor final : public Decompressor {
 public:
  explicit GzipDecompressor(std::size_t bytes_max) : output_(bytes_max) {
    BL_CHECK(inflateInit2(&stream_, k_gzip_window) == Z_OK);
  }
  ~GzipDecompressor() override { inflateEnd(&stream_); }
  GzipDecompressor(const GzipDecompressor&) = delete;
  GzipDecompressor& operator=(const GzipDecompressor&) = delete;

  Result<void> feed(std::string_view bytes, std::string& out) override {
    while (!bytes.empty()) {
      take_input(stream_, bytes);
      BL_RETURN_IF_ERROR(drain(out));
    }
    return {};
  }

  Result<void> finish() override {
    if (at_member_end_) return {};
    return Error{Code::malformed, "the gzip stream is truncated"};
  }

 private:
  Result<void> drain(std::string& out) {
    bool output_was_full = false;
    while (stream_.avail_in > 0 || output_was_full) {
      if (at_member_end_) {
        BL_CHECK(inflateReset(&stream_) == Z_OK);
        at_member_end_ = false;
      }
      stream_.next_out = reinterpret_cast<Bytef*>(piece_.data());
      stream_.avail_out = static_cast<uInt>(piece_.size());
      int outcome = inflate(&stream_, Z_NO_FLUSH);
      // Z_BUF_ERROR is no error: there was nothing left to do with this input.
      if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR) {
        return Error{Code::malformed, std::string("the gzip stream is broken: ") +
                                          (stream_.msg ? stream_.msg : zError(outcome))};
      }
      BL_RETURN_IF_ERROR(output_.append(out, piece_.data(), piece_.size() - stream_.avail_out));
      at_member_end_ = outcome == Z_STREAM_END;
      output_was_full = stream_.avail_out == 0 && !at_member_end_;
    }
    return {};
  }

  z_stream stream_ = {};
  CappedOutput output_;
  bool at_member_end_ = false;
  Piece piece_;
};

class ZstdDecompressor final : public Decompressor {
 public:
  explicit ZstdDecompressor(std::size_t bytes_max)
      : context_(ZSTD_createDCtx()), output_(bytes_max) {
    BL_CHECK(context_ != nullptr);
    std::size_t set =
        ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, k_zstd_window_log_max);
    BL_CHECK(!ZSTD_isError(set));
  }

  Result<void> feed(std::string_view bytes, std::string& out) override {
    ZSTD_inBuffer input = {bytes.data(), 0, 0};
    bool output_was_full = false;
    while (input.pos < bytes.size() || output_was_full) {
      // A frame's header goes in byte by byte. While it reads one, the library also looks at the
      // rest of the input: for a whole frame, which another decoder would take and judge
      // otherwise, and for formats older than 1.0. What comes out must not depend on the pieces.
      const std::size_t begin = input.pos;
      input.size =
          frame_bytes_ < k_zstd_header_bytes_max ? std::min(begin + 1, bytes.size()) : bytes.size();
      ZSTD_outBuffer output = {piece_.data(), piece_.size(), 0};
      std::size_t outcome = ZSTD_decompressStream(context_.get(), &output, &input);
      if (ZSTD_isError(outcome)) return to_error(outcome);
      BL_RETURN_IF_ERROR(output_.append(out, piece_.data(), output.pos));
      at_frame_end_ = outcome == 0;
      frame_bytes_ = at_frame_end_ ? 0 : frame_bytes_ + (input.pos - begin);
      output_was_full = output.pos == output.size && !at_frame_end_;
    }
    return {};
  }

  Result<void> finish() override {
    if (at_frame_end_) return {};
    return Error{Code::malformed, "the zstd stream is truncated"};
  }

 private:
  static Error to_error(std::size_t outcome) {
    if (ZSTD_getErrorCode(outcome) == ZSTD_error_frameParameter_windowTooLarge) {
      return Error{Code::too_large, "the zstd window is larger than 8 MiB"};
    }
    return Error{Code::malformed,
                 std::string("the zstd stream is broken: ") + ZSTD_getErrorName(outcome)};
  }

  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  CappedOutput output_;
  std::size_t frame_bytes_ = 0;  // of the frame under way, that went in
  bool at_frame_end_ = false;
  Piece piece_;
};

class IdentityCompressor final : public Compressor {
 public:
  void feed(std::string_view bytes, std::string& out) override { out.append(bytes); }
  void finish(std::string&) override {}
};

class GzipCompressor final : public Compressor {
 public:
  GzipCompressor() {
    BL_CHECK(deflateInit2(&stream_, k_gzip_level, Z_DEFLATED, k_gzip_window, MAX_MEM_LEVEL - 1,
                          Z_DEFAULT_STRATEGY) == Z_OK);
  }
  ~GzipCompressor() override { deflateEnd(&stream_); }
  GzipCompressor(const GzipCompressor&) = delete;
  GzipCompressor& operator=(const GzipCompressor&) = delete;

  void feed(std::string_view bytes, std::string& out) override {
    while (!bytes.empty()) {
      take_input(stream_, bytes);
      drain(bytes.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH, out);
    }
  }
  void finish(std::string& out) override {
    stream_.avail_in = 0;
    drain(Z_FINISH, out);
  }

 private:
  void drain(int flush, std::string& out) {
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(piece_.data());
      stream_.avail_out = static_cast<uInt>(piece_.size());
      int outcome = deflate(&stream_, flush);
      BL_CHECK(outcome == Z_OK || outcome == Z_STREAM_END || outcome == Z_BUF_ERROR);
      out.append(piece_.data(), piece_.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

  z_stream stream_ = {};
  Piece piece_;
};

class ZstdCompressor final : public Compressor {
 public:
  ZstdCompressor() : context_(ZSTD_createCCtx()) {
    BL_CHECK(context_ != nullptr);
    std::size_t set = ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, k_zstd_level);
    BL_CHECK(!ZSTD_isError(set));
  }

  void feed(std::string_view bytes, std::string& out) override {
    if (!bytes.empty()) drain(bytes, ZSTD_e_flush, out);
  }
  void finish(std::string& out) override { drain({}, ZSTD_e_end, out); }

 private:
  void drain(std::string_view bytes, ZSTD_EndDirective directive, std::string& out) {
    ZSTD_inBuffer input = {bytes.data(), bytes.size(), 0};
    std::size_t left = 0;
    do {
      ZSTD_outBuffer output = {piece_.data(), piece_.size(), 0};
      left = ZSTD_compressStream2(context_.get(), &output, &input, directive);
      BL_CHECK(!ZSTD_isError(left));
      out.append(piece_.data(), output.pos);
    } while (left > 0 || input.pos < input.size);
  }

  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context_;
  Piece piece_;
};

}  // namespace

Result<Encoding> parse_encoding(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (lower.empty() || lower == "identity") return Encoding::identity;
  if (lower == "gzip" || lower == "x-gzip") return Encoding::gzip;
  if (lower == "zstd") return Encoding::zstd;
  return Error{Code::unsupported_media,
               "unknown content encoding (gzip, zstd and identity are read): " +
                   std::string(name.substr(0, 64))};
}

Result<std::string> decompress(Encoding encoding, std::string_view bytes, std::size_t bytes_max) {
  auto decompressor = Decompressor::make(encoding, bytes_max);
  std::string out;
  BL_RETURN_IF_ERROR(decompressor->feed(bytes, out));
  BL_RETURN_IF_ERROR(decompressor->finish());
  return out;
}

std::string compress(Encoding encoding, std::string_view bytes) {
  std::string out;
  if (encoding == Encoding::zstd) {
    // In one go, so that the frame tells its size.
    out.resize(ZSTD_compressBound(bytes.size()));
    std::size_t size =
        ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), k_zstd_level);
    BL_CHECK(!ZSTD_isError(size));
    out.resize(size);
    return out;
  }
  auto compressor = Compressor::make(encoding);
  compressor->feed(bytes, out);
  compressor->finish(out);
  return out;
}

std::unique_ptr<Decompressor> Decompressor::make(Encoding encoding, std::size_t bytes_max) {
  switch (encoding) {
    case Encoding::gzip:
      return std::make_unique<GzipDecompressor>(bytes_max);
    case Encoding::zstd:
      return std::make_unique<ZstdDecompressor>(bytes_max);
    case Encoding::identity:
      break;
  }
  return std::make_unique<IdentityDecompressor>(bytes_max);
}

std::unique_ptr<Compressor> Compressor::make(Encoding encoding) {
  switch (encoding) {
    case Encoding::gzip:
      return std::make_unique<GzipCompressor>();
    case Encoding::zstd:
      return std::make_unique<ZstdCompressor>();
    case Encoding::identity:
      break;
  }
  return std::make_unique<IdentityCompressor>();
}

}  // namespace bl
