#include "ops/file_list.h"

#include "base/hash.h"
#include "base/json.h"

namespace bl::ops {
namespace {

constexpr const char* k_list = "/files.json";
constexpr std::uint64_t k_list_bytes_max = 256u << 20;

std::string encode(std::span<const lake::CopiedFile> files) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("format", 1).key("files").begin_array();
  for (const lake::CopiedFile& file : files) {
    writer.begin_object()
        .member("key", file.key)
        .member("bytes", file.bytes)
        .member("sha256", file.sha256)
        .end_object();
  }
  writer.end_array().end_object();
  return text + "\n";
}

Result<std::vector<lake::CopiedFile>> decode_files(std::string_view text) {
  const Error broken(Code::corrupt, "the list of a backup's files is broken");
  const auto document = json::parse(text);
  const json::Value* list = document.ok() ? document->find("files") : nullptr;
  if (list == nullptr || !list->is_array()) return broken;
  std::vector<lake::CopiedFile> files;
  for (const json::Value& one : list->items()) {
    const json::Value* key = one.find("key");
    const json::Value* bytes = one.find("bytes");
    const json::Value* sum = one.find("sha256");
    if (key == nullptr || !key->is_string() || bytes == nullptr || !bytes->is_number() ||
        bytes->as_int64().value_or(-1) < 0 || sum == nullptr || !sum->is_string())
      return broken;
    files.push_back(
        {key->as_string(), static_cast<std::uint64_t>(*bytes->as_int64()), sum->as_string()});
  }
  return files;
}

}  // namespace

Result<std::string> write_file_list(Disk& disk, const std::string& folder,
                                    std::span<const lake::CopiedFile> files) {
  const std::string list = encode(files);
  BL_RETURN_IF_ERROR(write_file_atomically(disk, folder + k_list, list, FileMode::secret));
  return sha256_hex(list);
}

Result<std::vector<lake::CopiedFile>> read_file_list(Disk& disk, const std::string& folder,
                                                     const std::string& sha256) {
  BL_TRY(const std::string list, read_file(disk, folder + k_list, k_list_bytes_max));
  if (sha256_hex(list) != sha256) {
    return Error(Code::corrupt, "the list of the backup's files is not what its manifest says: " +
                                    folder + k_list);
  }
  return decode_files(list);
}

}  // namespace bl::ops
