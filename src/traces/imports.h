#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "traces/model.h"

/// Traces that other tools wrote, as spans (spec/traces.md 5.3). Ids come from the content and the
/// place in it: importing the same again gives the same spans, which change nothing in a store.
/// Pure; the content may be anything.
namespace bl::traces {

enum class TraceFormat : unsigned char {
  ninja_log,      ///< `.ninja_log`, versions 5 to 7: each build in it is a trace
  time_trace,     ///< clang's `-ftime-trace`
  bazel_profile,  ///< Bazel's `--profile`
  chrome,         ///< Chrome trace events: an array, or an object with `traceEvents`
  otlp,  ///< export requests: JSON (one a line), protobuf (one, or many with their lengths)
};
/// `ninja`, `time-trace`, `bazel`, `chrome`, `otlp`.
std::string_view name_of(TraceFormat format);
std::optional<TraceFormat> trace_format_named(std::string_view name);
/// By what the content begins with; gzip and zstd are looked into. nullopt: none of them.
std::optional<TraceFormat> trace_format_of(std::string_view content);

struct ImportOptions {
  std::string name;     ///< of the build: `cicd.pipeline.name`; empty: the tool's
  std::string service;  ///< `service.name`; empty: the tool's
  std::string run_id;   ///< `benchlake.run_id`, of the resources; empty: none
  std::int64_t now_ns = 0;
  /// When the file was written: the end of a trace that does not say when it was itself.
  std::int64_t written_ns = 0;
  SpanLimits limits;
};
struct ImportLimits {
  std::size_t bytes_max = 256u << 20;  ///< decompressed
  std::size_t spans_max = 2'000'000;
};
struct Imported {
  Spans spans;                ///< of each trace the root first
  std::int64_t skipped = 0;   ///< parts of the file that gave no span though they should have
  std::vector<Fault> faults;  ///< why, of the first 10: `line 7`, `/traceEvents/3/ts`
};

/// One root for each build, above all else; OTLP's spans stay as they are. Errors: malformed (not
/// that format at all), too_large, unsupported (a version of a log that we do not read).
Result<Imported> import_trace(TraceFormat format, std::string_view content,
                              const ImportOptions& options, const ImportLimits& limits = {});

}  // namespace bl::traces
