#include "duck/extensions.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/hash.h"

namespace bl::duck {
namespace {

constexpr std::array<Extension, 6> k_known{{
    {"ducklake", "e51bf9e8d933d0e83780ae096455501b542cf962569a2ce5613532d702c08302"},
    {"sqlite_scanner", "693d2bf90779df23ca5ebe0688639b9adfc11c2d55ae3466b33e28be16afaa5e"},
    {"postgres_scanner", "b1ced4cfc6311313e117c2afb3eac76508718778dde0716421503c7dbfb5605c"},
    {"httpfs", "887c392b1e49128d11667c81e3698d8b00dfdeb456771acf66d05a0f74f7b7d8"},
    {"delta", "24b10f221b799a82f2aec588102702540fb79b34ba4be7f47328333a02fd4e1e"},
    {"tpch", "3da16edae72039b20afccf092f49b9e17ebbcf56c93f89a9fcb54a39a027e088"},
}};

Result<std::string> digest_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Code::not_found, "the engine's extension is not there: " + path};
  Sha256 digest;
  std::vector<char> piece(1u << 20);
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    digest.add({piece.data(), static_cast<std::size_t>(file.gcount())});
  }
  if (!file.eof()) return Error{Code::io, "the engine's extension cannot be read: " + path};
  return digest.finish_hex();
}

}  // namespace

std::span<const Extension> known_extensions() {
  return k_known;
}

std::string default_extension_folder() {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path beside = program.parent_path() / "../lib/benchlake/duckdb-extensions";
    if (fs::is_directory(beside, error)) return fs::weakly_canonical(beside, error).string();
  }
  return BL_DUCKDB_EXTENSIONS;
}

Result<std::string> checked_extension(const std::string& folder, std::string_view name) {
#if !defined(__x86_64__) || !defined(__linux__)
  return Error{Code::unsupported,
               fmt::format("extensions are known for {} only, wanted: {}", k_platform, name)};
#endif
  for (const auto& extension : k_known) {
    if (extension.name != name) continue;
    std::string path = fmt::format("{}/{}.duckdb_extension", folder, name);
    BL_TRY(const std::string digest, digest_of(path));
    if (digest != extension.sha256) {
      return Error{Code::corrupt, fmt::format("this is not the extension {} of DuckDB {}: {}", name,
                                              k_engine_version, path)};
    }
    return path;
  }
  return Error{Code::not_found, fmt::format("no such extension: {}", name)};
}

}  // namespace bl::duck
