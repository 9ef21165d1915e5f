#pragma once

#include <span>
#include <string_view>

#include "net/http.h"

/// Files that the build put into the program (cmake: bl_embed): the page, the API description.
/// The tables are constant data; any thread.
namespace bl::net {

struct EmbeddedFile {
  std::string_view path;          ///< as requested: `/assets/index-B5Qt9EMX.js`
  std::string_view bytes;         ///< as they are on disk
  std::string_view gzip_bytes;    ///< the same, compressed; empty when that would not pay
  std::string_view content_type;  ///< with charset
  std::string_view hash;          ///< of `bytes`, hexadecimal: the ETag without quotes
  bool immutable = false;         ///< the name changes with the content: cached for a year
};

/// The file of that path, or nullptr. `files` is sorted by path.
const EmbeddedFile* find(std::span<const EmbeddedFile> files, std::string_view path);

/// The answer to a GET or HEAD for `file`: 304 when If-None-Match names the ETag, gzip when the
/// client accepts it, a long or a validating Cache-Control, and for HTML the policy that allows
/// nothing from other origins.
Response respond(const EmbeddedFile& file, const Request& request);

}  // namespace bl::net
