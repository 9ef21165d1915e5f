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

/// The facts to lay over a file of that format. Their timestamp, when there is one, gives way to an
/// earlier one: when the file was written.
using FactsOf = std::function<const formats::Facts&(formats::Format)>;

/// Something to read in one go: a file, standard input, one commit of an asv directory, the whole
/// of Criterion's. No file is read, and no format looked for in one, before read().
struct SubmissionSource {
  std::string place;
  std::function<Result<formats::Reading>(const FactsOf&)> read;
};

struct SourceOptions {
  std::optional<formats::Format> format;  ///< absent: looked for in the bytes
};

/// Patterns that the shell left alone are expanded, `-` is `input`, a folder must be asv's,
/// Criterion's or pytest-benchmark's. `disk` and `input` outlive the sources. Errors: not_found
/// (nothing matches an argument); what cannot be read says so in its own read(), so that one broken
/// file does not keep the others.
Result<std::vector<SubmissionSource>> open_sources(Disk& disk,
                                                   const std::vector<std::string>& arguments,
                                                   std::FILE* input, const SourceOptions& options);

}  // namespace bl::results
