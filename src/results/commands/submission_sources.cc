#include "results/commands/submission_sources.h"

#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>

#include <array>
#include <memory>

namespace bl::results {
namespace {

constexpr std::size_t k_file_bytes_max = 1u << 30;

Result<std::string> read_all(std::FILE* input) {
  std::string bytes;
  std::array<char, 64 << 10> piece;
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), input)) {
    bytes.append(piece.data(), count);
    if (bytes.size() > k_file_bytes_max) {
      return Error{Code::too_large,
                   fmt::format("standard input is longer than {} bytes", k_file_bytes_max)};
    }
  }
  if (std::ferror(input) != 0) return Error{Code::io, "standard input cannot be read"};
  return bytes;
}

/// What the argument stands for: itself, or the files that a pattern matches, sorted.
Result<std::vector<std::string>> expand(const std::string& argument) {
  struct stat status;
  if (argument == "-" || stat(argument.c_str(), &status) == 0)
    return std::vector<std::string>{argument};
  glob_t matches{};
  const int outcome = glob(argument.c_str(), GLOB_TILDE, nullptr, &matches);
  std::vector<std::string> files(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  globfree(&matches);
  if (outcome != 0 || files.empty()) return Error{Code::not_found, "no such file: " + argument};
  return files;
}

bool is_folder(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

void add_asv(Disk& disk, const std::string& folder, std::vector<SubmissionSource>& sources) {
  auto opened = formats::AsvDirectory::open(disk, folder);
  if (!opened.ok()) {
    sources.push_back({folder, [error = std::move(opened).error()](const FactsOf&) {
                         return Result<formats::Reading>(error);
                       }});
    return;
  }
  // Shared by the sources of its files.
  const auto directory = std::make_shared<const formats::AsvDirectory>(std::move(opened).value());
  for (std::size_t i = 0; i < directory->files().size(); ++i) {
    sources.push_back({directory->path(i), [directory, i](const FactsOf& facts_of) {
                         return directory->read(i, facts_of(formats::Format::asv));
                       }});
  }
}

/// A file of a format that was not found: what is wrong with it.
Error unknown_bytes(std::string_view bytes, const std::string& place) {
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  const bool is_json =
      first != std::string_view::npos && (bytes[first] == '{' || bytes[first] == '[');
  if (is_json) {
    if (auto parsed = json::parse(bytes); !parsed.ok())
      return std::move(parsed).error().with_context(place);
  }
  return {Code::invalid, fmt::format("none of {} (say it with --format): {}",
                                     fmt::join(formats::format_names(), ", "), place)};
}

Result<formats::Reading> read_bytes(std::string_view bytes, const std::string& place,
                                    const SourceOptions& options, const FactsOf& facts_of) {
  const auto format = options.format ? options.format : formats::detect(bytes);
  if (!format) return unknown_bytes(bytes, place);
  return formats::read(*format, bytes, place, facts_of(*format));
}

/// When a file was written is nearer to when its benchmarks ran than now.
formats::Facts facts_of_file(const formats::Facts& facts, const std::string& path) {
  formats::Facts of_file = facts;
  struct stat status;
  if (of_file.timestamp && stat(path.c_str(), &status) == 0) {
    const Timestamp written = Timestamp::from_seconds(status.st_mtim.tv_sec);
    of_file.timestamp = std::min(*of_file.timestamp, written);
  }
  return of_file;
}

SubmissionSource file_source(Disk& disk, const std::string& path, const SourceOptions& options) {
  return {path, [&disk, path, options](const FactsOf& facts_of) -> Result<formats::Reading> {
            BL_TRY(const std::string bytes, read_file(disk, path, k_file_bytes_max));
            formats::Facts facts;
            return read_bytes(bytes, path, options,
                              [&](formats::Format format) -> const formats::Facts& {
                                return facts = facts_of_file(facts_of(format), path);
                              });
          }};
}

/// asv: a source for each commit; Criterion: one; pytest-benchmark: one for each saved run.
void add_folder(Disk& disk, const std::string& folder, const SourceOptions& options,
                std::vector<SubmissionSource>& sources) {
  const auto format = options.format ? options.format : formats::detect_folder(disk, folder);
  if (format == formats::Format::criterion) {
    sources.push_back({folder, [&disk, folder](const FactsOf& facts_of) {
                         return formats::read_criterion_folder(
                             disk, folder, facts_of(formats::Format::criterion));
                       }});
  } else if (format == formats::Format::pytest_benchmark) {
    for (const std::string& path : formats::pytest_benchmark_files(disk, folder))
      sources.push_back(file_source(disk, path, options));
  } else if (format == formats::Format::asv) {
    add_asv(disk, folder, sources);
  } else {
    sources.push_back({folder, [folder](const FactsOf&) -> Result<formats::Reading> {
                         return Error{Code::invalid,
                                      "neither a folder of asv (benchmarks.json), of Criterion "
                                      "(new/benchmark.json below) nor of pytest-benchmark "
                                      "(.benchmarks): " +
                                          folder};
                       }});
  }
}

}  // namespace

Result<std::vector<SubmissionSource>> open_sources(Disk& disk,
                                                   const std::vector<std::string>& arguments,
                                                   std::FILE* input, const SourceOptions& options) {
  std::vector<SubmissionSource> sources;
  for (const std::string& argument : arguments) {
    BL_TRY(const std::vector<std::string> paths, expand(argument));
    for (const std::string& path : paths) {
      if (path == "-") {
        const std::string place = "standard input";
        sources.push_back(
            {place, [input, place, options](const FactsOf& facts_of) -> Result<formats::Reading> {
               BL_TRY(const std::string bytes, read_all(input));
               return read_bytes(bytes, place, options, facts_of);
             }});
      } else if (is_folder(path)) {
        add_folder(disk, path, options, sources);
      } else {
        sources.push_back(file_source(disk, path, options));
      }
    }
  }
  return sources;
}

}  // namespace bl::results
