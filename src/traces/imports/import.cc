#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/compression.h"
#include "traces/imports/import_context.h"

namespace bl::traces {
namespace {

constexpr std::array<std::string_view, 5> k_names = {"ninja", "time-trace", "bazel", "chrome",
                                                     "otlp"};
constexpr std::size_t k_looked_at_max = 4'096;

Encoding encoding_of(std::string_view content) {
  if (content.starts_with("\x1f\x8b")) return Encoding::gzip;
  if (content.starts_with("\x28\xb5\x2f\xfd")) return Encoding::zstd;
  return Encoding::identity;
}

/// The first bytes of what is compressed; as much as comes out.
std::string beginning_of(std::string_view content) {
  const Encoding encoding = encoding_of(content);
  if (encoding == Encoding::identity) return std::string(content.substr(0, k_looked_at_max));
  std::string out;
  const auto decompressor = Decompressor::make(encoding, 64 * k_looked_at_max);
  // What fails is the cap, or a stream that is cut here: what came out before is enough.
  (void)decompressor->feed(content.substr(0, k_looked_at_max), out).ok();
  return out;
}

std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

bool looks_like_protobuf(std::string_view begin) {
  // The first field of a request; or the big-endian length of the first one of many.
  return begin.starts_with('\x0a') ||
         (begin.size() > 4 && begin.starts_with('\0') && begin[4] == '\x0a');
}

/// clang says when it began before all events or behind them, as its version has it; of what is
/// compressed only the beginning is seen.
bool looks_like_clang(std::string_view begin, std::string_view content) {
  constexpr std::string_view k_key = "\"beginningOfTime\":";
  constexpr std::size_t k_tail = 100;
  if (begin.starts_with(fmt::format("{{{}", k_key))) return true;
  if (!begin.starts_with("{\"traceEvents\":[{\"pid\":")) return false;
  const std::string_view tail = content.substr(content.size() - std::min(content.size(), k_tail));
  return encoding_of(content) != Encoding::identity || tail.find(k_key) != tail.npos;
}

}  // namespace

std::string_view name_of(TraceFormat format) {
  return k_names[static_cast<std::size_t>(format)];
}

std::optional<TraceFormat> trace_format_named(std::string_view name) {
  const auto found = std::ranges::find(k_names, name);
  if (found == k_names.end()) return std::nullopt;
  return static_cast<TraceFormat>(found - k_names.begin());
}

std::optional<TraceFormat> trace_format_of(std::string_view content) {
  const std::string whole = beginning_of(content);
  if (whole.starts_with("# ninja log v")) return TraceFormat::ninja_log;
  const std::string_view begin = without_blanks(whole);
  if (begin.starts_with('[')) return TraceFormat::chrome;
  if (begin.starts_with('{')) {
    if (begin.find("\"resourceSpans\"") < begin.find("\"traceEvents\"")) return TraceFormat::otlp;
    if (begin.find("\"otherData\"") < begin.find("\"traceEvents\"") &&
        (begin.find("\"bazel_version\"") != begin.npos || begin.find("\"build_id\"") != begin.npos))
      return TraceFormat::bazel_profile;
    if (looks_like_clang(begin, content)) return TraceFormat::time_trace;
    if (begin.find("\"traceEvents\"") != begin.npos) return TraceFormat::chrome;
    return std::nullopt;
  }
  if (looks_like_protobuf(whole)) return TraceFormat::otlp;
  return std::nullopt;
}

Result<Imported> import_trace(TraceFormat format, std::string_view content,
                              const ImportOptions& options, const ImportLimits& limits) {
  std::string plain;
  if (const Encoding encoding = encoding_of(content); encoding != Encoding::identity) {
    BL_TRY(plain, decompress(encoding, content, limits.bytes_max));
    content = plain;
  }
  if (content.size() > limits.bytes_max)
    return Error{Code::too_large, fmt::format("the file has over {} bytes", limits.bytes_max)};
  ImportContext context(options, limits);
  switch (format) {
    case TraceFormat::ninja_log:
      BL_RETURN_IF_ERROR(import_ninja_log(content, context));
      break;
    case TraceFormat::otlp:
      BL_RETURN_IF_ERROR(import_otlp(content, context));
      break;
    default:
      BL_RETURN_IF_ERROR(import_chrome(format, content, context));
  }
  return std::move(context.imported());
}

}  // namespace bl::traces
