#include <fmt/format.h>

#include "traces/imports/import_context.h"
#include "traces/otlp.h"

/// What collectors write into files: JSON, one request a line; protobuf, one request, or many with
/// four bytes of length (big-endian) before each.
namespace bl::traces {
namespace {

/// Spans of one request, with `place` before the paths of what is wrong in it.
Result<void> take(Result<DecodedSpans> decoded, std::string_view place, ImportContext& context) {
  if (!decoded.ok()) return std::move(decoded).error().with_context(place);
  for (const Fault& fault : decoded->faults)
    context.skip(fmt::format("{} {}", place, fault.path), fault.message, fault.value);
  context.imported().skipped +=
      decoded->rejected - static_cast<std::int64_t>(decoded->faults.size());
  Spans& spans = context.imported().spans;
  if (spans.size() + decoded->spans.size() > context.limits().spans_max) return context.too_many();
  std::ranges::move(decoded->spans, std::back_inserter(spans));
  return {};
}

Result<void> take_lines(std::string_view content, ImportContext& context) {
  const ImportOptions& options = context.options();
  // One document over many lines is one request.
  if (auto whole = decode_otlp_json(content, options.now_ns, options.limits); whole.ok())
    return take(std::move(whole), "file", context);
  std::size_t number = 0;
  while (!content.empty()) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    const std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    ++number;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    BL_RETURN_IF_ERROR(take(decode_otlp_json(line, options.now_ns, options.limits),
                            fmt::format("line {}", number), context));
  }
  return {};
}

Result<void> take_framed(std::string_view content, ImportContext& context) {
  const ImportOptions& options = context.options();
  for (std::size_t at = 0, number = 1; at < content.size(); ++number) {
    const std::string place = fmt::format("request {}", number);
    std::uint32_t size = 0;
    if (content.size() - at < 4)
      return Error{Code::malformed, fmt::format("{} is cut at byte {}", place, at)};
    for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(content[at++]);
    if (size > content.size() - at)
      return Error{Code::malformed, fmt::format("{} is cut at byte {}", place, at)};
    BL_RETURN_IF_ERROR(
        take(decode_otlp_protobuf(content.substr(at, size), options.now_ns, options.limits), place,
             context));
    at += size;
  }
  return {};
}

}  // namespace

Result<void> import_otlp(std::string_view content, ImportContext& context) {
  const std::size_t first = content.find_first_not_of(" \t\r\n");
  if (first != content.npos && content[first] == '{') return take_lines(content, context);
  if (content.starts_with('\0')) return take_framed(content, context);
  const ImportOptions& options = context.options();
  return take(decode_otlp_protobuf(content, options.now_ns, options.limits), "file", context);
}

}  // namespace bl::traces
