#include <algorithm>
#include <charconv>
#include <queue>
#include <set>

#include <fmt/format.h>

#include "base/utf8.h"
#include "traces/imports/import_context.h"

/// `.ninja_log`, versions 5 to 7: `start end mtime output hash`, tabs between, the first two in
/// milliseconds of their build. Lines come as commands end, so that an end before the line above
/// begins another build. Ninja rewrites the log now and then; the builds of before stay whole only
/// until then.
namespace bl::traces {
namespace {

constexpr std::string_view k_header = "# ninja log v";
constexpr std::int64_t k_ms = 1'000'000;
/// Older versions of ninja have seconds where newer ones have nanoseconds.
constexpr std::int64_t k_seconds_max = 9'000'000'000;
/// Year 2096: with the longest build behind it, it still fits.
constexpr std::int64_t k_begin_max = 4'000'000'000'000'000'000;

struct Command {
  std::int64_t start_ms = 0, end_ms = 0;
  std::int64_t mtime = 0;
  std::vector<std::string_view> outputs;
  std::string_view hash;
  std::size_t line = 0;
};
struct Build {
  std::vector<Command> commands;
  std::size_t begin = 0, end = 0;  // its lines in the file, bytes
};

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::optional<Command> command_of(std::string_view line, ImportContext& context,
                                  std::size_t number) {
  std::string_view fields[5];
  for (int i = 0; i < 5; ++i) {
    const std::size_t tab = i < 4 ? line.find('\t') : line.size();
    if (tab == line.npos) {
      context.skip(fmt::format("line {}", number), "has fewer than five fields");
      return std::nullopt;
    }
    fields[i] = line.substr(0, tab);
    line.remove_prefix(std::min(tab + 1, line.size()));
  }
  const auto start = number_of(fields[0]), end = number_of(fields[1]);
  constexpr std::int64_t k_ms_max = 1'000'000'000'000;  // 31 years: their nanoseconds fit
  if (!start || !end || *end < *start || *end > k_ms_max) {
    context.skip(fmt::format("line {}", number), "has no start and end");
    return std::nullopt;
  }
  return Command{*start, *end, number_of(fields[2]).value_or(0), {fields[3]}, fields[4], number};
}

std::vector<Build> builds_of(std::string_view content, ImportContext& context) {
  std::vector<Build> builds;
  std::int64_t last_end = 0;
  std::size_t number = 0;
  for (std::size_t at = 0; at < content.size();) {
    const std::size_t end = std::min(content.find('\n', at), content.size());
    const std::size_t begin = at;
    std::string_view line = content.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    auto command = command_of(line, context, number);
    if (!command) continue;
    if (builds.empty() || command->end_ms < last_end)
      builds.push_back({.commands = {}, .begin = begin, .end = begin});
    last_end = command->end_ms;
    Build& build = builds.back();
    build.end = std::min(at, content.size());
    // A command with several outputs has as many lines.
    Command* before = build.commands.empty() ? nullptr : &build.commands.back();
    if (before != nullptr && before->hash == command->hash &&
        before->start_ms == command->start_ms && before->end_ms == command->end_ms) {
      before->outputs.push_back(command->outputs.front());
    } else {
      build.commands.push_back(*std::move(command));
    }
  }
  return builds;
}

/// When a build began: what most of its commands say. Up to version 5 a log has the time of the
/// output, later that of the command's start. nullopt: none says it.
std::optional<std::int64_t> begin_of(const Build& build, int version) {
  std::vector<std::int64_t> begins;
  for (const Command& command : build.commands) {
    const std::int64_t scale = command.mtime < k_seconds_max ? 1'000'000'000 : 1;
    if (command.mtime == 0 || command.mtime > k_begin_max / scale) continue;
    begins.push_back(command.mtime * scale -
                     (version > 5 ? command.start_ms : command.end_ms) * k_ms);
  }
  if (begins.empty()) return std::nullopt;
  const auto middle = begins.begin() + static_cast<std::ptrdiff_t>(begins.size() / 2);
  std::ranges::nth_element(begins, middle);
  return *middle;
}

/// Which of the commands at work each one is, so that those of one lane do not overlap.
std::vector<std::int64_t> lanes_of(const std::vector<Command>& commands) {
  std::vector<std::size_t> order(commands.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return commands[i].start_ms; });
  using Free = std::pair<std::int64_t, std::int64_t>;  // since when, lane
  std::priority_queue<Free, std::vector<Free>, std::greater<>> free;
  std::vector<std::int64_t> lanes(commands.size());
  std::int64_t count = 0;
  for (const std::size_t i : order) {
    if (free.empty() || free.top().first > commands[i].start_ms) {
      lanes[i] = count++;
    } else {
      lanes[i] = free.top().second;
      free.pop();
    }
    free.emplace(commands[i].end_ms, lanes[i]);
  }
  return lanes;
}

bool add(const Build& build, const TraceId& trace, std::int64_t base, ImportContext& context,
         const std::shared_ptr<const Resource>& resource,
         const std::shared_ptr<const Scope>& scope) {
  Span root = context.build_root(trace, "ninja");
  root.resource = resource;
  root.scope = scope;
  std::int64_t first = build.commands.front().start_ms, last = 0;
  for (const Command& command : build.commands) {
    first = std::min(first, command.start_ms);
    last = std::max(last, command.end_ms);
  }
  root.start_ns = base + first * k_ms;
  root.end_ns = base + last * k_ms;
  if (!context.add(root, fmt::format("line {}", build.commands.front().line))) return false;
  const std::vector<std::int64_t> lanes = lanes_of(build.commands);
  for (std::size_t i = 0; i < build.commands.size(); ++i) {
    const Command& command = build.commands[i];
    Span span;
    span.trace_id = trace;
    span.span_id = span_id_of(trace, i + 1);
    span.parent_span_id = root.span_id;
    span.name = valid_utf8(command.outputs.front());
    span.kind = SpanKind::internal;
    span.start_ns = base + command.start_ms * k_ms;
    span.end_ns = base + command.end_ms * k_ms;
    span.attributes = {{"cicd.pipeline.task.name", span.name},
                       {"cicd.pipeline.task.run.id", span.span_id.hex()},
                       {"cicd.pipeline.task.type", "build"},
                       {"ninja.command_hash", valid_utf8(command.hash)}};
    if (command.outputs.size() > 1) {
      Array outputs;
      for (const std::string_view output : command.outputs)
        outputs.emplace_back(valid_utf8(output));
      span.attributes.push_back({"ninja.outputs", std::move(outputs)});
    }
    span.attributes.push_back({"thread.id", lanes[i]});
    span.resource = resource;
    span.scope = scope;
    if (!context.add(std::move(span), fmt::format("line {}", command.line))) return false;
  }
  return true;
}

}  // namespace

Result<void> import_ninja_log(std::string_view content, ImportContext& context) {
  if (!content.starts_with(k_header))
    return Error{Code::malformed, "not a log of ninja: it does not begin with \"# ninja log v\""};
  const std::size_t line_end = std::min(content.find('\n'), content.size());
  const auto version = number_of(content.substr(k_header.size(), line_end - k_header.size()));
  if (!version || *version < 5 || *version > 7)
    return Error{Code::unsupported,
                 fmt::format("logs of ninja are read in their versions 5 to 7, not {}",
                             content.substr(k_header.size(), std::min<std::size_t>(line_end, 32)))};
  const auto resource = context.resource("ninja");
  const auto scope = context.scope(TraceFormat::ninja_log);
  std::set<TraceId> seen;
  for (const Build& build : builds_of(content, context)) {
    const TraceId trace =
        trace_id_of(TraceFormat::ninja_log, content.substr(build.begin, build.end - build.begin));
    if (!seen.insert(trace).second) continue;  // the very same lines: the same build
    std::int64_t last = 0;
    for (const Command& command : build.commands) last = std::max(last, command.end_ms);
    const std::int64_t base = begin_of(build, static_cast<int>(*version))
                                  .value_or(context.options().written_ns - last * k_ms);
    if (!add(build, trace, base, context, resource, scope)) return context.too_many();
  }
  return {};
}

}  // namespace bl::traces
