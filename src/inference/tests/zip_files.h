#pragma once

#include <zip.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace bl::inference {

struct ZipEntry {
  std::string name;
  std::string bytes;
  bool compressed = true;
  bool is_link = false;
};

/// A zip with those entries.
inline std::string make_zip(const std::vector<ZipEntry>& entries) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_t* archive = zip_open_from_source(target, ZIP_TRUNCATE, &error);
  BL_CHECK(archive != nullptr);
  zip_source_keep(target);
  for (const ZipEntry& entry : entries) {
    zip_source_t* source = zip_source_buffer(archive, entry.bytes.data(), entry.bytes.size(), 0);
    zip_int64_t index = zip_file_add(archive, entry.name.c_str(), source, ZIP_FL_ENC_GUESS);
    BL_CHECK(index >= 0);
    auto place = static_cast<zip_uint64_t>(index);
    if (!entry.compressed) zip_set_file_compression(archive, place, ZIP_CM_STORE, 0);
    if (entry.is_link) {
      zip_file_set_external_attributes(archive, place, 0, ZIP_OPSYS_UNIX, 0120777u << 16);
    }
  }
  BL_CHECK(zip_close(archive) == 0);
  BL_CHECK(zip_source_open(target) == 0);
  BL_CHECK(zip_source_seek(target, 0, SEEK_END) == 0);
  std::string bytes(static_cast<std::size_t>(zip_source_tell(target)), '\0');
  BL_CHECK(zip_source_seek(target, 0, SEEK_SET) == 0);
  BL_CHECK(zip_source_read(target, bytes.data(), bytes.size()) ==
           static_cast<zip_int64_t>(bytes.size()));
  zip_source_close(target);
  zip_source_free(target);
  return bytes;
}

/// Every `from` becomes `to`, of the same length: what no honest tool writes.
inline std::string patched(std::string bytes, std::string_view from, std::string_view to) {
  BL_CHECK(from.size() == to.size());
  for (std::size_t at = bytes.find(from); at != bytes.npos; at = bytes.find(from, at + 1)) {
    bytes.replace(at, from.size(), to);
  }
  return bytes;
}

}  // namespace bl::inference
