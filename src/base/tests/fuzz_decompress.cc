#include <cstddef>
#include <cstdint>

#include "base/compression.h"

// The first byte picks the encoding and the size of the pieces. Whole and in pieces must agree, and
// nothing may come out beyond the cap.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using bl::Encoding;
  constexpr std::size_t k_bytes_max = 1 << 20;
  if (size == 0) return 0;
  Encoding encoding = (data[0] & 1) != 0 ? Encoding::gzip : Encoding::zstd;
  std::size_t piece = 1 + (data[0] >> 1);
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  auto whole = bl::decompress(encoding, bytes, k_bytes_max);
  auto decompressor = bl::Decompressor::make(encoding, k_bytes_max);
  std::string out;
  bool fine = true;
  while (fine && !bytes.empty()) {
    fine = decompressor->feed(bytes.substr(0, piece), out).ok();
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  fine = fine && decompressor->finish().ok();
  BL_CHECK(out.size() <= k_bytes_max);
  BL_CHECK(fine == whole.ok());
  BL_CHECK(!fine || out == *whole);
  return 0;
}
