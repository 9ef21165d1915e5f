#include "base/file_copy.h"

#include "base/hash.h"

namespace bl {
namespace {

constexpr std::size_t k_piece_bytes = 1 << 20;

Result<FileDigest> read_pieces(Disk& disk, const std::string& path, const FileProgress& progress,
                               const std::function<Result<void>(std::string_view)>& take) {
  BL_TRY(const auto file, disk.open_read(path));
  BL_TRY(const std::uint64_t total, file->size());
  Sha256 hash;
  FileDigest digest;
  std::vector<std::byte> piece(k_piece_bytes);
  while (true) {
    if (!progress(digest.bytes, total)) return Error(Code::cancelled, "cancelled: " + path);
    BL_TRY(const std::size_t got, file->read_at(digest.bytes, piece));
    if (got == 0) break;
    const std::string_view bytes(reinterpret_cast<const char*>(piece.data()), got);
    hash.add(bytes);
    BL_RETURN_IF_ERROR(take(bytes));
    digest.bytes += got;
  }
  digest.sha256 = hash.finish_hex();
  return digest;
}

}  // namespace

Result<FileDigest> digest_file(Disk& disk, const std::string& path, const FileProgress& progress) {
  return read_pieces(disk, path, progress, [](std::string_view) { return Result<void>(); });
}

Result<FileDigest> copy_file(Disk& disk, const std::string& from, const std::string& to,
                             const FileProgress& progress) {
  BL_TRY(const auto target, disk.create(to, FileMode::secret));
  BL_TRY(FileDigest digest, read_pieces(disk, from, progress, [&](std::string_view bytes) {
           return target->append(bytes);
         }));
  BL_RETURN_IF_ERROR(target->sync());
  return digest;
}

Result<void> sync_file(Disk& disk, const std::string& path) {
  BL_TRY(const auto file, disk.open_append(path));
  return file->sync();
}

Result<void> remove_if_there(Disk& disk, const std::string& path) {
  auto removed = disk.remove(path);
  if (!removed.ok() && removed.error().code == Code::not_found) return {};
  return removed;
}

Result<void> remove_tree(Disk& disk, const std::string& path) {
  const auto facts = disk.facts(path);
  if (!facts.ok() && facts.error().code == Code::not_found) return {};
  if (!facts.ok()) return facts.error();
  if (facts->kind == FileFacts::Kind::folder) {
    BL_TRY(const auto names, disk.list(path));
    for (const std::string& name : names) {
      BL_RETURN_IF_ERROR(remove_tree(disk, path + "/" + name));
    }
  }
  return disk.remove(path);
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace bl
