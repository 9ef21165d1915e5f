// Files of other tools as spans: real samples (data/), and files that mean harm.
#include "traces/imports.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/compression.h"
#include "traces/otlp.h"
#include "traces/testing/trace_maker.h"

namespace bl::traces {
namespace {

constexpr std::int64_t k_now = 1'795'500'000'000'000'000;
constexpr std::int64_t k_ms = 1'000'000;

std::string sample(const std::string& name) {
  const char* source = std::getenv("BL_TEST_SOURCE");
  std::ifstream file(std::string(source ? source : ".") + "/src/traces/tests/data/" + name);
  EXPECT_TRUE(file) << "run the test in the repository's root, or set BL_TEST_SOURCE";
  return {std::istreambuf_iterator<char>(file), {}};
}

Imported imported(TraceFormat format, std::string_view content, ImportOptions options = {}) {
  options.now_ns = k_now;
  if (options.written_ns == 0) options.written_ns = k_now;
  auto result = import_trace(format, content, options);
  EXPECT_TRUE(result.ok()) << result.error().message;
  return result.ok() ? *std::move(result) : Imported{};
}

std::string chrome(std::string_view events) {
  return fmt::format("[{}]", events);
}

/// The names above a span, from the root down to it.
std::string way_to(const Spans& spans, std::string_view name) {
  std::map<SpanId, const Span*> by_id;
  for (const Span& span : spans) by_id[span.span_id] = &span;
  for (const Span& span : spans) {
    if (span.name != name) continue;
    std::string way;
    for (const Span* at = &span; at != nullptr;
         at = at->parent_span_id ? by_id[*at->parent_span_id] : nullptr)
      way = at->name + (way.empty() ? "" : ">" + way);
    return way;
  }
  return "not there";
}

std::size_t roots(const Spans& spans) {
  return static_cast<std::size_t>(
      std::ranges::count_if(spans, [](const Span& span) { return !span.parent_span_id; }));
}

const Span* named(const Spans& spans, std::string_view name) {
  const auto found = std::ranges::find(spans, name, &Span::name);
  return found == spans.end() ? nullptr : &*found;
}

TEST(ImportNinja, EachBuildOfALogIsATrace) {
  const Imported builds = imported(TraceFormat::ninja_log, sample("ninja_log_v5"));
  EXPECT_EQ(builds.skipped, 0);
  ASSERT_EQ(builds.spans.size(), 7u) << "three commands, then two, and two roots";
  EXPECT_EQ(roots(builds.spans), 2u);
  const Span& root = builds.spans.front();
  EXPECT_EQ(root.name, "BUILD ninja");
  EXPECT_EQ(root.kind, SpanKind::server);
  EXPECT_EQ(root.duration_ns(), 1'650 * k_ms);
  EXPECT_EQ(builds.spans[4].duration_ns(), 1'144 * k_ms);
  const Span& command = builds.spans[1];
  EXPECT_EQ(command.name, "b.o");
  EXPECT_EQ(command.start_ns - root.start_ns, 38 * k_ms);
  EXPECT_EQ(std::get<std::string>(find(command.attributes, "cicd.pipeline.task.type")->value),
            "build");
  // When it was: as the file's times of outputs say, within a few milliseconds.
  EXPECT_NEAR(static_cast<double>(root.end_ns), 1795416459474579810.0, 1e8);
}

TEST(ImportNinja, CommandsAtTheSameTimeHaveLanesOfTheirOwn) {
  const Imported build = imported(TraceFormat::ninja_log, sample("ninja_log_v5"));
  const auto lane = [&](std::size_t i) {
    return std::get<std::int64_t>(find(build.spans[i].attributes, "thread.id")->value);
  };
  EXPECT_NE(lane(1), lane(2));
  EXPECT_EQ(std::min(lane(1), lane(2)), 0);
}

TEST(ImportNinja, NewerVersionsHaveTheTimeOfTheStart) {
  const Imported build = imported(TraceFormat::ninja_log,
                                  "# ninja log v7\n100\t200\t1795416458100000000\ta.o\tff\n"
                                  "100\t200\t1795416458100000000\ta.d\tff\n150\t400\t0\tapp\te1\n");
  ASSERT_EQ(build.spans.size(), 3u);
  EXPECT_EQ(build.spans[1].start_ns, 1795416458100000000);
  const AnyValue* outputs = find(build.spans[1].attributes, "ninja.outputs");
  ASSERT_NE(outputs, nullptr) << "one command with two outputs is one span";
  EXPECT_EQ(std::get<Array>(outputs->value).size(), 2u);
}

TEST(ImportNinja, ABuildThatStandsThereTwiceIsOneBuild) {
  const std::string lines = "5\t9\t0\ta.o\tff\n", first = "1\t3\t0\tb.o\tee\n";
  const Imported builds =
      imported(TraceFormat::ninja_log, "# ninja log v5\n" + first + lines + first + lines);
  EXPECT_EQ(builds.spans.size(), 3u);
}

TEST(ImportNinja, BrokenLinesAreNamedAndOthersStay) {
  const Imported build = imported(
      TraceFormat::ninja_log,
      "# ninja log v5\n1\t2\n5\t1\t0\tbackward\tff\n1\t99999999999999999999\t0\tx\tff\n"
      "0\t9223372036854775807\t0\ty\tff\n-5\t1\t0\tz\tff\n1\t2\t9223372036854775807\ta.o\tff\n");
  EXPECT_EQ(build.skipped, 5);
  EXPECT_EQ(build.faults.front().path, "line 2");
  ASSERT_EQ(build.spans.size(), 2u);
  EXPECT_EQ(build.spans.front().end_ns, k_now) << "no time in it: it ended when it was written";
}

TEST(ImportNinja, OtherVersionsAndFilesAreRefused) {
  const ImportOptions options;
  for (const char* text : {"# ninja log v4\n", "# ninja log v8\n", "# ninja log v\n"})
    EXPECT_EQ(import_trace(TraceFormat::ninja_log, text, options).error().code, Code::unsupported);
  EXPECT_EQ(import_trace(TraceFormat::ninja_log, "x", options).error().code, Code::malformed);
}

TEST(ImportTimeTrace, ACompilationIsATreeUnderOneRoot) {
  const Imported trace = imported(TraceFormat::time_trace, sample("time_trace.json"));
  EXPECT_EQ(trace.skipped, 0);
  EXPECT_EQ(roots(trace.spans), 1u);
  EXPECT_EQ(trace.spans.front().name, "BUILD clang");
  EXPECT_EQ(way_to(trace.spans, "Frontend"), "BUILD clang>ExecuteCompiler>Frontend");
  EXPECT_EQ(way_to(trace.spans, "Source").substr(0, 38), "BUILD clang>ExecuteCompiler>Frontend>S");
  for (const Span& span : trace.spans) EXPECT_FALSE(span.name.starts_with("Total "));
  // beginningOfTime: the day on which the sample was made.
  EXPECT_EQ(trace.spans.front().start_ns / 86'400'000'000'000, 20'780);
}

TEST(ImportBazel, AProfileHasItsTimesItsThreadsAndItsBuild) {
  const std::string text = sample("bazel_profile.json");
  const Imported trace = imported(TraceFormat::bazel_profile, compress(Encoding::gzip, text));
  EXPECT_EQ(trace.skipped, 0);
  ASSERT_EQ(trace.spans.size(), 5u);
  const Span& root = trace.spans.front();
  EXPECT_EQ(root.start_ns, 1'795'416'457'500'000'000);
  EXPECT_EQ(std::get<std::string>(find(root.attributes, "cicd.pipeline.run.id")->value),
            "5e4e5e0c-2d3c-4a5b-9a55-0c9a2c1f7d11");
  EXPECT_EQ(way_to(trace.spans, "subprocess.run"), "BUILD bazel>Compiling a.cc>subprocess.run");
  const Span* run = named(trace.spans, "subprocess.run");
  EXPECT_EQ(run->duration_ns(), 300'000'500);
  EXPECT_EQ(std::get<std::string>(find(run->attributes, "thread.name")->value),
            "skyframe-evaluator 3");
  ASSERT_EQ(root.events.size(), 1u);
  EXPECT_EQ(root.events.front().name, "Finishing");
}

TEST(ImportChrome, EveryPhaseThatIsTimeBecomesASpan) {
  const Imported trace = imported(TraceFormat::chrome, chrome(R"(
    {"ph":"M","pid":7,"tid":1,"name":"process_name","args":{"name":"app"}},
    {"ph":"B","pid":7,"tid":1,"ts":10,"name":"outer","args":{"a":1}},
    {"ph":"X","pid":7,"tid":1,"ts":12,"dur":3,"name":"inner","args":{"deep":{"b":[1,2.5,null]}}},
    {"ph":"i","pid":7,"tid":1,"ts":13,"name":"tick"},
    {"ph":"E","pid":7,"tid":1,"ts":20},
    {"ph":"b","cat":"io","id":"0x1","pid":7,"tid":2,"ts":11,"name":"read"},
    {"ph":"n","cat":"io","id":"0x1","pid":7,"tid":3,"ts":12,"name":"half"},
    {"ph":"b","cat":"io","id":"0x1","pid":7,"tid":3,"ts":12.5,"name":"disk"},
    {"ph":"e","cat":"io","id":"0x1","pid":7,"tid":3,"ts":13.25,"name":"disk"},
    {"ph":"e","cat":"io","id":"0x1","pid":7,"tid":2,"ts":30,"name":"read"},
    {"ph":"C","pid":7,"ts":11,"name":"memory","args":{"v":1}},
    {"ph":"s","pid":7,"tid":1,"ts":11,"id":1,"name":"flow"})"));
  EXPECT_EQ(trace.skipped, 0);
  ASSERT_EQ(trace.spans.size(), 5u);
  EXPECT_EQ(way_to(trace.spans, "inner"), "chrome>outer>inner");
  EXPECT_EQ(way_to(trace.spans, "disk"), "chrome>read>disk");
  EXPECT_EQ(named(trace.spans, "disk")->duration_ns(), 750);
  EXPECT_EQ(named(trace.spans, "inner")->events.at(0).name, "tick");
  EXPECT_EQ(named(trace.spans, "read")->events.at(0).name, "half");
  EXPECT_EQ(service_of(*named(trace.spans, "outer")->resource), "app");
  EXPECT_EQ(trace.spans.front().end_ns, k_now) << "no time of day in it: it ended when written";
  EXPECT_EQ(trace.spans.front().duration_ns(), 20'000);
}

TEST(ImportChrome, WhatIsWrongIsNamedAndTheRestStays) {
  const Imported trace = imported(TraceFormat::chrome, chrome(R"(
    {"ph":"E","pid":1,"tid":1,"ts":5},
    {"ph":"X","pid":1,"tid":1,"ts":1e300,"dur":1,"name":"far"},
    {"ph":"X","pid":1,"tid":1,"ts":9223372036854775807,"dur":1,"name":"far"},
    {"ph":"X","pid":1,"tid":1,"ts":1,"dur":-1,"name":"backward"},
    {"ph":"X","pid":1,"tid":1,"name":"never"},
    5, {"no":"phase"},
    {"ph":"B","pid":1,"tid":1,"ts":6,"name":"open"},
    {"ph":"X","pid":1,"tid":1,"ts":7,"dur":2,"name":"good"})"));
  EXPECT_EQ(trace.skipped, 7);
  ASSERT_EQ(trace.spans.size(), 3u);
  EXPECT_EQ(way_to(trace.spans, "good"), "chrome>open>good");
  EXPECT_TRUE(std::get<bool>(find(named(trace.spans, "open")->attributes, "unfinished")->value));
}

TEST(ImportChrome, AFileThatIsCutGivesWhatStandsInIt) {
  const std::string events = R"({"ph":"X","pid":1,"tid":1,"ts":1,"dur":2,"name":"good"},{"ph":"X)";
  for (const std::string& text : {"[" + events, "{\"traceEvents\":[" + events}) {
    const Imported trace = imported(TraceFormat::chrome, text);
    EXPECT_EQ(trace.spans.size(), 2u) << text;
    EXPECT_EQ(trace.skipped, 1);
  }
  for (const char* text : {"", "{", "{}", "7", "{\"traceEvents\":5}"})
    EXPECT_EQ(import_trace(TraceFormat::chrome, text, {}).error().code, Code::malformed) << text;
  EXPECT_TRUE(imported(TraceFormat::chrome, "[]").spans.empty());
}

TEST(ImportChrome, TwoListsOfEventsHaveIdsOfTheirOwn) {
  const std::string list = R"("traceEvents":[{"ph":"X","pid":1,"tid":1,"ts":1,"dur":2}])";
  const Imported trace = imported(TraceFormat::chrome, fmt::format("{{{},{}}}", list, list));
  ASSERT_EQ(trace.spans.size(), 3u);
  EXPECT_NE(trace.spans[1].span_id, trace.spans[2].span_id);
}

TEST(ImportChrome, AHundredThousandWithinEachOtherAreATree) {
  std::string events;
  constexpr int k_depth = 100'000;
  for (int i = 0; i < k_depth; ++i)
    events += fmt::format(R"({{"ph":"B","pid":1,"tid":1,"ts":{},"name":"n"}},)", i);
  for (int i = 0; i < k_depth; ++i)
    events += fmt::format(R"({{"ph":"E","pid":1,"tid":1,"ts":{}}},)", k_depth + i);
  const Imported trace = imported(TraceFormat::chrome, chrome(events));
  EXPECT_EQ(trace.spans.size(), k_depth + 1u);
  EXPECT_EQ(roots(trace.spans), 1u);
}

TEST(ImportChrome, ArgumentsNestedTooDeepAreOneEventsFault) {
  const std::string deep(100'000, '[');
  const Imported trace = imported(
      TraceFormat::chrome,
      chrome(R"({"ph":"X","pid":1,"tid":1,"ts":1,"dur":2,"name":"good"},{"ph":"X","args":)" + deep +
             std::string(100'000, ']') + "}"));
  EXPECT_EQ(trace.spans.size(), 2u);
  EXPECT_EQ(trace.skipped, 1);
}

TEST(ImportOtlp, LinesDocumentsAndProtobufGiveTheSame) {
  Spans spans = TraceMaker().take(50);
  const Spans more(spans.begin() + 25, spans.end());
  spans.resize(25);
  const std::string lines = encode_otlp_json(spans) + "\n\n" + encode_otlp_json(more) + "\n";
  const auto framed = [](const std::string& bytes) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8)
      out += static_cast<char>(bytes.size() >> shift & 255);
    return out + bytes;
  };
  const std::string frames =
      framed(encode_otlp_protobuf(spans)) + framed(encode_otlp_protobuf(more));
  const std::string one = encode_otlp_protobuf(spans) + encode_otlp_protobuf(more);
  Spans all = spans;
  all.insert(all.end(), more.begin(), more.end());
  for (const std::string& content : {lines, frames, one, compress(Encoding::zstd, lines)}) {
    EXPECT_EQ(trace_format_of(content), TraceFormat::otlp);
    EXPECT_EQ(imported(TraceFormat::otlp, content).spans, all);
  }
  EXPECT_FALSE(import_trace(TraceFormat::otlp, frames.substr(0, frames.size() - 3), {}).ok());
  const auto broken = import_trace(TraceFormat::otlp, lines + "{", {.now_ns = k_now});
  ASSERT_FALSE(broken.ok());
  EXPECT_TRUE(broken.error().message.starts_with("line 4")) << broken.error().message;
}

TEST(Import, TheSameFileGivesTheSameSpansAndAnotherOneOthers) {
  const std::pair<TraceFormat, std::string> files[] = {
      {TraceFormat::ninja_log, sample("ninja_log_v5")},
      {TraceFormat::time_trace, sample("time_trace.json")},
      {TraceFormat::bazel_profile, sample("bazel_profile.json")},
  };
  std::set<std::pair<TraceId, SpanId>> ids;
  for (const auto& [format, content] : files) {
    EXPECT_EQ(trace_format_of(content), format);
    EXPECT_EQ(trace_format_of(compress(Encoding::gzip, content)), format);
    const Imported first = imported(format, content);
    EXPECT_EQ(first.spans, imported(format, content).spans);
    for (const Span& span : first.spans)
      EXPECT_TRUE(ids.emplace(span.trace_id, span.span_id).second);
    EXPECT_NE(imported(format, content + "\n").spans.size(), 0u);
  }
  const std::string log = sample("ninja_log_v5");
  const Imported later = imported(TraceFormat::ninja_log, log + "1\t2\t0\tx.o\tff\n");
  EXPECT_EQ(later.spans.front(), imported(TraceFormat::ninja_log, log).spans.front())
      << "builds of before keep their ids when the log grows";
}

TEST(Import, AFormatIsKnownByItsBeginning) {
  const std::pair<std::string_view, std::optional<TraceFormat>> rows[] = {
      {"# ninja log v6\n", TraceFormat::ninja_log},
      {" [{\"ph\":\"X\"}", TraceFormat::chrome},
      {"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[]}", TraceFormat::chrome},
      {"{\"traceEvents\":[{\"pid\":1}]}", TraceFormat::chrome},
      {"{\"traceEvents\":[{\"pid\":1}],\"beginningOfTime\":1}", TraceFormat::time_trace},
      {"{\"beginningOfTime\":1,\"traceEvents\":[]}", TraceFormat::time_trace},
      {"{\"resourceSpans\":[]}", TraceFormat::otlp},
      {"\x0a\x05", TraceFormat::otlp},
      {"{\"benchmarks\":[]}", std::nullopt},
      {"\x1f\x8b", std::nullopt},
      {"", std::nullopt},
      {"text", std::nullopt},
  };
  for (const auto& [content, format] : rows) EXPECT_EQ(trace_format_of(content), format) << content;
}

TEST(Import, NamesAreTheCallersWhenItHasThem) {
  const Imported build = imported(TraceFormat::ninja_log, sample("ninja_log_v5"),
                                  {.name = "nightly", .service = "builder", .run_id = "run-1"});
  const Span& root = build.spans.front();
  EXPECT_EQ(root.name, "BUILD nightly");
  EXPECT_EQ(service_of(*root.resource), "builder");
  EXPECT_EQ(run_id_of(build.spans.back()), "run-1");
}

TEST(Import, FilesHaveLimits) {
  const ImportLimits limits{.bytes_max = 100'000, .spans_max = 3};
  const ImportOptions options{.now_ns = k_now, .written_ns = k_now};
  const auto code = [&](TraceFormat format, std::string_view content) {
    const auto result = import_trace(format, content, options, limits);
    return result.ok() ? std::optional<Code>() : result.error().code;
  };
  const std::string bomb = compress(Encoding::gzip, std::string(1 << 20, ' '));
  EXPECT_EQ(code(TraceFormat::chrome, bomb), Code::too_large);
  EXPECT_EQ(code(TraceFormat::chrome, std::string(100'001, ' ')), Code::too_large);
  EXPECT_EQ(code(TraceFormat::ninja_log, sample("ninja_log_v5")), Code::too_large);
  EXPECT_EQ(code(TraceFormat::bazel_profile, sample("bazel_profile.json")), Code::too_large);
}

}  // namespace
}  // namespace bl::traces
