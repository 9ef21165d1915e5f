#pragma once

#include <optional>
#include <string>
#include <vector>

/// The committed files of real tools, and how each is submitted.
namespace bl::samples {

struct SampleFile {
  std::string path;                        ///< below tests/samples; a folder or a file
  std::optional<std::string> said_format;  ///< for --format, where the bytes do not tell
};

inline const std::vector<SampleFile>& sample_files() {
  static const std::vector<SampleFile> files = {{"asv/results", {}},
                                                {"criterion/messages.ndjson", {}},
                                                {"criterion/result", {}},
                                                {"folly/plain.json", "folly"},
                                                {"folly/verbose.json", {}},
                                                {"go/result.ndjson", {}},
                                                {"go/result.txt", {}},
                                                {"google_benchmark/result.json", {}},
                                                {"hyperfine/named.json", {}},
                                                {"hyperfine/result.json", {}},
                                                {"jmh/result.json", {}},
                                                {"pytest_benchmark/result.json", {}},
                                                {"pytest_benchmark/saved.json", {}}};
  return files;
}

}  // namespace bl::samples
