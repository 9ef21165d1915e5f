#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "formats/formats.h"

/// What `submit` reads: files, folders, patterns, standard input; each piece of a source is one
/// reading.
namespace bl::results {

/// Something to read in one go: a file, standard input, or one commit of an asv directory.
struct SubmissionSource {
  std::string place;
  formats::Format format;
  std::function<Result<formats::Reading>(const formats::Facts&)> read;
};

struct SourceOptions {
  std::optional<formats::Format> format;  ///< absent: looked for in the bytes
};

/// Patterns that the shell left alone are expanded, `-` is `input`, a folder must be asv's. Errors:
/// not_found (nothing matches), invalid (format not recognised), each with the place.
Result<std::vector<SubmissionSource>> open_sources(Disk& disk,
                                                   const std::vector<std::string>& arguments,
                                                   std::FILE* input, const SourceOptions& options);

}  // namespace bl::results
