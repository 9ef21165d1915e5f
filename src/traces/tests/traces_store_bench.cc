// Spans in the lake: how fast they come in, how many bytes they take, and how long each kind of
// question takes, with what it read (spec/traces.md 7.9, B1 to B14).
//
//     traces_store_bench [SPANS [FOLDER [ARTIFACTS]]]
//
// A FOLDER is kept: when spans are there, none are added. ARTIFACTS: a folder that gets what
// `benchlake traces triggers` compares; all is asked three times then. On top of SPANS come a trace
// of 50,000 spans and one of a tenth of SPANS (of ten million: a million).
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <random>

#include "base/json.h"
#include "base/testing/temporary_folder.h"
#include "duck/connection.h"
#include "traces/columns.h"
#include "traces/otlp.h"
#include "traces/tests/bench_report.h"
#include "traces/tests/bench_world.h"

namespace {

using namespace bl;
using namespace bl::traces;

constexpr std::size_t k_batch = 2'000;
constexpr std::size_t k_samples = 1'400;
constexpr std::size_t k_searches = 100;
constexpr std::size_t k_large_spans = 50'000;
constexpr std::uint64_t k_large_seed = 11, k_huge_seed = 12;

struct Bench {
  Report report;
  BenchWorld& world;
  Spans samples;  // roots, evenly from all: each trace is as likely as another, whatever its size
  std::size_t huge_spans = 0;
  LakeTraceStore& store() { return *world.store; }
};

// Spans in
// -----------------------------------------------------------------------------------------

void take_in(Bench& bench, Spans spans, Samples& acks) {
  const auto start = Timer::now();
  BL_CHECK(bench.store().ingest(std::move(spans), "").ok());
  acks.add(ms_since(start));
}

void sample(Bench& bench, const Spans& spans, std::mt19937_64& random, std::size_t& seen) {
  for (const Span& span : spans) {
    if (span.parent_span_id) continue;
    if (++seen <= k_samples) {
      bench.samples.push_back(span);
    } else if (const std::size_t at = random() % seen; at < k_samples) {
      bench.samples[at] = span;
    }
  }
}

void fill(Bench& bench, std::int64_t spans, bool is_there) {
  BenchSpans maker(spans);
  std::mt19937_64 random(1);
  std::size_t seen = 0;
  Samples acks;
  double flush_ms = 0, compact_ms = 0;
  for (std::int64_t done = 0; done < spans;) {
    Spans batch = maker.take(k_batch);
    sample(bench, batch, random, seen);
    done += std::ssize(batch);
    if (is_there) continue;
    take_in(bench, std::move(batch), acks);
    if (done % 200'000 != 0) continue;
    auto start = Timer::now();
    bench.world.flush();
    flush_ms += ms_since(start);
    if (done % 2'000'000 != 0) continue;
    start = Timer::now();
    BL_CHECK(bench.store().compact().ok());
    compact_ms += ms_since(start);
  }
  if (is_there) return;
  const double seconds = acks.mean() * static_cast<double>(acks.size()) / 1'000;
  bench.report.print("spans in, one client, durable, not decoded",
                     static_cast<double>(spans) / seconds, "1/s");
  bench.report.print("ack of 2,000 spans, p99", acks.quantile(0.99), "ms");
  bench.report.print("most resident memory by then", resident_mb("VmHWM"), "MB");
  for (const auto& [seed, count] :
       {std::pair(k_large_seed, k_large_spans), std::pair(k_huge_seed, bench.huge_spans)}) {
    const Spans all = BenchSpans::large_trace(seed, count);
    for (std::size_t at = 0; at < all.size(); at += k_batch) {
      const auto from = all.begin() + static_cast<std::ptrdiff_t>(at);
      take_in(bench, Spans(from, from + std::min<std::ptrdiff_t>(k_batch, all.end() - from)), acks);
      if (at % 400'000 == 0) bench.world.flush();
    }
  }
  // As closed days are: what is small is put together, however few they are.
  bench.world.compact_files = 2;
  bench.world.close();
  bench.world.open();
  const auto start = Timer::now();
  BL_CHECK(bench.store().compact().ok());
  compact_ms += ms_since(start);
  const double millions = static_cast<double>(spans) / 1e6;
  bench.report.print("flush, of a million spans", flush_ms / millions, "ms");
  bench.report.print("compact and index, of a million spans", compact_ms / millions, "ms");
}

// B9: a client that encodes, and what a server does with it, on the same processors.
void measure_intake(Bench& bench, bool is_json) {
  const TemporaryFolder temporary;
  BenchWorld world(temporary.path());
  BenchSpans maker(1'000'000);
  Samples acks;
  std::int64_t spans = 0;
  const double cpu = cpu_ms();
  const auto start = Timer::now();
  for (int i = 0; i < 150; ++i) {
    const Spans batch = maker.take(k_batch);
    const std::string body = is_json ? encode_otlp_json(batch) : encode_otlp_protobuf(batch);
    const auto sent = Timer::now();
    const std::int64_t now_ns = batch.back().start_ns;
    auto decoded = is_json ? decode_otlp_json(body, now_ns) : decode_otlp_protobuf(body, now_ns);
    BL_CHECK(decoded.ok());
    spans += std::ssize(decoded->spans);
    BL_CHECK(world.store->ingest(std::move(decoded->spans), std::to_string(i)).ok());
    acks.add(ms_since(sent));
  }
  const std::string_view wire = is_json ? "JSON" : "protobuf";
  bench.report.print(fmt::format("B9 OTLP {} in, durable, with its client", wire),
                     static_cast<double>(spans) / ms_since(start) * 1'000, "1/s");
  bench.report.print(fmt::format("B9 OTLP {}, the same by processor time", wire),
                     static_cast<double>(spans) / (cpu_ms() - cpu) * 1'000, "1/s of a core");
  bench.report.print(fmt::format("B9 OTLP {}, ack p99", wire), acks.quantile(0.99), "ms");
}

// By id
// --------------------------------------------------------------------------------------------

ReadCost by_id(LakeTraceStore& store, const TraceId& id, std::optional<Window> hint = {},
               std::optional<LookupPath> only = {}) {
  TraceQuery query;
  query.id = id;
  query.hint = hint;
  query.only = only;
  const auto found = store.trace(query);
  BL_CHECK(found.ok());
  return found->cost;
}

// A file of the store that the machine has not in memory.
void forget_files(const std::string& folder) {
  for (const auto& one : std::filesystem::recursive_directory_iterator(folder + "/objects")) {
    if (!one.is_regular_file()) continue;
    const int file = ::open(one.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    (void)::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
  }
}

void ask_by_hint(Bench& bench, std::string name, std::size_t from, std::size_t count,
                 std::string_view measurement) {
  Scenario scenario{std::move(name)};
  for (std::size_t i = from; i < std::min(from + count, bench.samples.size()); ++i) {
    const Span& span = bench.samples[i];
    scenario.ask([&] {
      return by_id(bench.store(), span.trace_id, Window{span.start_ns, span.end_ns + 1});
    });
  }
  bench.report.print(scenario);
  if (!measurement.empty()) {
    bench.report.add(std::string(measurement), scenario.ms.quantile(0.95), scenario.ms.size());
  }
}

double ask_bounds(Bench& bench, std::string name, std::size_t from, std::size_t count,
                  bool is_measured) {
  Scenario scenario{std::move(name)};
  std::size_t full = 0;
  for (std::size_t i = from; i < std::min(from + count, bench.samples.size()); ++i) {
    scenario.ask([&] {
      const ReadCost cost = by_id(bench.store(), bench.samples[i].trace_id);
      full += cost.path == LookupPath::full ? 1 : 0;
      return cost;
    });
  }
  bench.report.print(scenario);
  if (is_measured) {
    const std::size_t asked = scenario.ms.size();
    bench.report.add("candidate_files_p95", scenario.files.quantile(0.95), asked);
    bench.report.add("by_id_ms_p50", scenario.ms.quantile(0.5), asked);
    bench.report.add("by_id_ms_p95", scenario.ms.quantile(0.95), asked);
    bench.report.add("full_fallback_share", static_cast<double>(full) / static_cast<double>(asked),
                     asked);
  }
  return scenario.ms.quantile(0.95);
}

void ask_unknown(Bench& bench) {
  Scenario scenario{"B3 unknown id"};
  std::mt19937_64 random(7);
  for (int i = 0; i < 1'000; ++i) {
    const TraceId id{random(), random()};
    scenario.ask([&] { return by_id(bench.store(), id); });
  }
  bench.report.print(scenario);
  bench.report.add("unknown_id_files_p95", scenario.files.quantile(0.95), scenario.ms.size());
  bench.report.add("unknown_id_ms_p95", scenario.ms.quantile(0.95), scenario.ms.size());
}

void ask_again(Bench& bench) {
  Scenario scenario{"B5 by id again"};
  const TraceId& id = bench.samples.back().trace_id;
  (void)by_id(bench.store(), id);
  for (int i = 0; i < 1'000; ++i) {
    scenario.ask([&] { return by_id(bench.store(), id); });
  }
  bench.report.print(scenario);
}

// B4 and B11: the same ids, by what is known of them and by nothing.
void ask_unbounded(Bench& bench) {
  Scenario bounded{"B11 by id, bounds"}, full{"B4 by id, everything looked through"};
  for (std::size_t i = 0; i < 30; ++i) {
    const TraceId& id = bench.samples[i * 7].trace_id;
    bounded.ask([&] { return by_id(bench.store(), id, {}, LookupPath::bounds); });
    full.ask([&] { return by_id(bench.store(), id, {}, LookupPath::full); });
  }
  bench.report.print(bounded);
  bench.report.print(full);
  bench.report.print("B11 files, everything to bounds", full.files.mean() / bounded.files.mean(),
                     "times");
}

void ask_large(Bench& bench) {
  Scenario first{fmt::format("a trace of {} spans, whole", k_large_spans)};
  TraceQuery query;
  query.id = BenchSpans::large_trace(k_large_seed, 1).front().trace_id;
  for (std::size_t i = 0; i < 7; ++i) {
    query.hint_pad_ns = static_cast<std::int64_t>(i);  // another question for the cache
    first.ask([&] {
      const auto found = bench.store().trace(query);
      BL_CHECK(found.ok() && found->trace && found->trace->spans.size() == k_large_spans);
      return found->cost;
    });
  }
  bench.report.print(first);
}

void ask_huge(Bench& bench) {
  TraceQuery query;
  query.id = BenchSpans::large_trace(k_huge_seed, 1).front().trace_id;
  Scenario summary{fmt::format("B12 a trace of {} spans: summary", bench.huge_spans)};
  Scenario page{fmt::format("B12 a trace of {} spans: summary and 500", bench.huge_spans)};
  const double before = resident_mb("RssAnon");
  for (std::size_t i = 0; i < 5; ++i) {
    summary.ask([&] {
      const auto found = bench.store().summaries({query.id});
      BL_CHECK(found.ok() && found->front().spans == static_cast<std::int64_t>(bench.huge_spans));
      return ReadCost();
    });
    query.spans_max = 500 + i;
    page.ask([&] {
      const auto found = bench.store().trace(query);
      BL_CHECK(found.ok() && found->trace && found->trace->has_more);
      return found->cost;
    });
  }
  bench.report.print(summary);
  bench.report.print(page);
  bench.report.print("B12 memory, more than before", resident_mb("RssAnon") - before, "MB");
}

// Searches
// -----------------------------------------------------------------------------------------

SpanFilter where(std::variant<IntrinsicField, AttributeField> field, Comparison comparison,
                 AnyValue value) {
  Condition out;
  out.field = std::move(field);
  out.comparison = comparison;
  out.value = std::move(value);
  return SpanFilter::where(std::move(out));
}

ReadCost search(LakeTraceStore& store, const Window& window, SpanFilter filter, bool has_one) {
  SearchQuery query;
  query.window = window;
  query.filter = std::move(filter);
  auto found = store.search(query);
  BL_CHECK(found.ok());
  BL_CHECK(found->traces.empty() != has_one);
  return found->cost;
}

// The day around a span.
Window day_of(const Span& span) {
  constexpr std::int64_t k_half = 43'200'000'000'000;
  return {span.start_ns - k_half, span.start_ns + k_half};
}

double ask_by_service(Bench& bench) {
  Scenario scenario{"B6 service and duration, 24 h"};
  for (std::size_t i = 0; i < k_searches; ++i) {
    const Span& span = bench.samples[i];
    scenario.ask([&] {
      return search(bench.store(), day_of(span),
                    SpanFilter::all_of(
                        {where(IntrinsicField{IntrinsicField::Name::service}, Comparison::equal,
                               AnyValue(std::string(service_of(*span.resource)))),
                         where(IntrinsicField{IntrinsicField::Name::duration}, Comparison::at_least,
                               AnyValue(span.duration_ns()))}),
                    true);
    });
  }
  bench.report.print(scenario);
  return scenario.ms.quantile(0.95);
}

void ask_by_attribute(Bench& bench) {
  Scenario some{"B7 attribute, 24 h"}, rare{"B7 attribute of one in 500,000, 24 h"};
  for (std::size_t i = 0; some.ms.size() < k_searches && i < bench.samples.size(); ++i) {
    const Span& span = bench.samples[i];
    if (span.attributes.empty()) continue;
    const Attribute& one = span.attributes[i % span.attributes.size()];
    if (!std::holds_alternative<std::string>(one.value.value)) continue;
    Scenario& of = one.key == "user.id" ? rare : some;
    of.ask([&] {
      return search(
          bench.store(), day_of(span),
          where(AttributeField{AttributePlace::span, one.key}, Comparison::equal, one.value), true);
    });
  }
  bench.report.print(some);
  bench.report.print(rare);
  Scenario none{"B7 attribute that none has, 24 h"};
  for (std::size_t i = 0; i < k_searches; ++i) {
    none.ask([&] {
      return search(bench.store(), day_of(bench.samples[i]),
                    where(AttributeField{AttributePlace::span, "http.request.method"},
                          Comparison::equal, AnyValue(std::string("NOBODY"))),
                    false);
    });
  }
  bench.report.print(none);
}

void ask_lists(Bench& bench) {
  Scenario scenario{"B8 services, and operations of one"};
  const std::size_t services = bench.store().services()->size();
  for (std::size_t i = 0; i < 500; ++i) {
    scenario.ask([&] {
      const auto names = bench.store().services();
      BL_CHECK(bench.store().operations((*names)[i % names->size()], {}).ok());
      return ReadCost();
    });
  }
  bench.report.print(scenario);
  bench.report.add("services", static_cast<double>(services), 500);
  Scenario metrics{"metrics by service, 24 h"};
  for (std::size_t i = 0; i < 10; ++i) {
    MetricQuery query;
    query.window = day_of(bench.samples[i]);
    metrics.ask([&] { return bench.store().metrics(query)->cost; });
  }
  bench.report.print(metrics);
}

// The conditions that reach the reader of files, as the plan says it; empty: none do.
std::string filters_of(const json::Value& plan) {
  if (plan.is_object()) {
    if (const json::Value* filters = plan.find("Filters")) return json::to_text(*filters);
    for (const auto& [key, member] : plan.members()) {
      if (std::string found = filters_of(member); !found.empty()) return found;
    }
  }
  if (plan.is_array()) {
    for (const json::Value& one : plan.items()) {
      if (std::string found = filters_of(one); !found.empty()) return found;
    }
  }
  return {};
}

std::string golden_query(BenchWorld& world, const lake::Snapshot& snapshot, const Span& span,
                         bool has_all_files) {
  const Window day = day_of(span);
  const lake::ColumnRange range{"hour", lake::Bound(std::int64_t{hour_of(day.start_ns)}),
                                lake::Bound(std::int64_t{hour_of(day.end_ns)})};
  std::vector<lake::ColumnRange> ranges;
  if (!has_all_files) ranges.push_back(range);
  std::string list;
  for (const lake::DataFile* file : snapshot.files().may_hold(ranges)) {
    list += fmt::format("{}'{}'", list.empty() ? "" : ", ", world.lake->store().address(file->key));
  }
  return fmt::format(
      "SELECT trace_high, trace_low, max(start_ns) FROM read_parquet([{}]) WHERE hour BETWEEN {} "
      "AND {} AND service = '{}' AND duration_ns >= {} GROUP BY ALL ORDER BY 3 DESC LIMIT 84",
      list, hour_of(day.start_ns), hour_of(day.end_ns), service_of(*span.resource),
      std::max<std::int64_t>(span.duration_ns(), 1'000));
}

// What a plan of the engine costs, and whether bounds reach the reader of files: of all files,
// since of those of a day alone it may know that each row meets them, and drops them rightly.
void measure_planning(Bench& bench, double warm_p95_ms) {
  const auto table = bench.world.lake->table("spans").value();
  const auto snapshot = table->snapshot();
  const auto connection = bench.world.lake->engine().connect().value();
  Samples ms;
  double lost = 0;
  for (std::size_t i = 0; i < 500; ++i) {
    const Span& span = bench.samples[i % bench.samples.size()];
    const auto explained = [&](std::string_view how, bool has_all_files) {
      auto answer = connection->query(fmt::format(
          "EXPLAIN {} {}", how, golden_query(bench.world, snapshot, span, has_all_files)));
      BL_CHECK(answer.ok());
      const auto rows = answer->all();
      BL_CHECK(rows.ok());
      return std::string(rows->column(1).as<std::string_view>().value()[0]);
    };
    const auto start = Timer::now();
    (void)explained("", false);
    ms.add(ms_since(start));
    const std::string told = explained("(FORMAT json)", true);
    const auto plan = json::parse(told);
    BL_CHECK(plan.ok());
    const std::string filters = filters_of(*plan);
    const bool is_whole = std::ranges::all_of(
        std::array{"hour", "service", "duration_ns"},
        [&](const char* column) { return filters.find(column) != std::string::npos; });
    lost += is_whole ? 0 : 1;
    if (!is_whole && lost == 1) fmt::print("a plan without a predicate: {}\n", told);
  }
  bench.report.print("a plan of the engine, p95", ms.quantile(0.95), "ms");
  bench.report.print("plans that lost a predicate, of 500", lost, "");
  bench.report.add("planning_ms_p95", ms.quantile(0.95), 500);
  bench.report.add("planning_share_of_warm_p95", ms.quantile(0.95) / warm_p95_ms, 500);
  bench.report.add("golden_queries_that_lost_a_predicate", lost, 500);
}

// B10: a day of many small files, and the same day put together.
void measure_small_files(Bench& bench, std::size_t files) {
  const TemporaryFolder temporary;
  BenchWorld world(temporary.path(), 2);
  TraceShape shape;
  shape.step_ns = 500'000'000;
  shape.very_late = shape.midnight = 0;
  TraceMaker maker(shape);
  std::vector<Span> asked;
  for (std::size_t i = 0; i < files; ++i) {
    Spans spans = maker.take(100);
    asked.push_back(spans.front());
    BL_CHECK(world.store->ingest(std::move(spans), "").ok());
    world.flush();
  }
  for (const bool is_compacted : {false, true}) {
    if (is_compacted) BL_CHECK(world.store->compact().ok());
    world.open_again();
    const std::string what = is_compacted ? "put together" : fmt::format("{} flushes", files);
    Scenario lookup{"B10 by id, " + what}, service{"B10 by service, " + what};
    for (std::size_t i = 0; i < 50; ++i) {
      const Span& span = asked[i * asked.size() / 50];
      lookup.ask([&] { return by_id(*world.store, span.trace_id); });
      if (i % 5 != 0) continue;
      service.ask([&] {
        return search(*world.store, day_of(span),
                      where(IntrinsicField{IntrinsicField::Name::service}, Comparison::equal,
                            AnyValue(std::string(service_of(*span.resource)))),
                      true);
      });
    }
    bench.report.print(lookup);
    bench.report.print(service);
  }
}

// B14.
void measure_far_store(Bench& bench, const std::string& artifacts) {
  bench.world.open_again();
  bench.world.disk.is_far = true;
  Scenario cold{"B14 far store, footers not known"}, warm{"B14 far store, footers known"};
  Scenario again{"B14 far store, asked again"};
  for (std::size_t i = 0; i < 120; ++i) {
    // One question of a process that has asked nothing before.
    if (i % 10 == 0) {
      bench.world.disk.is_far = false;
      bench.world.open_again();
      bench.world.disk.is_far = true;
    }
    const TraceId& id = bench.samples[i * 11].trace_id;
    (i % 10 == 0 ? cold : warm).ask([&] { return by_id(bench.store(), id); });
    again.ask([&] { return by_id(bench.store(), id); });
  }
  bench.world.disk.is_far = false;
  for (Scenario* one : {&cold, &warm, &again}) bench.report.print(*one);
  if (artifacts.empty()) return;
  bench.report.add("by_id_ms_p99", cold.ms.quantile(0.99), cold.ms.size());
  bench.report.write(artifacts, "object_cold", bench.world.clock);
  bench.report.add("by_id_ms_p99", warm.ms.quantile(0.99), warm.ms.size());
  bench.report.write(artifacts, "object_warm", bench.world.clock);
}

// The ways of reading, turn by turn, of the same ids.
void compare_readers(Bench& bench) {
  for (const bool is_direct : {false, true}) {
    LakeTraceStoreLimits limits;
    limits.reads_directly = is_direct;
    bench.world.open_again(limits);
    for (const Span& span : bench.samples) (void)by_id(bench.store(), span.trace_id, Window{0, 1});
    Scenario scenario{is_direct ? "by id, read here" : "by id, read by the engine"};
    for (std::size_t i = 0; i < 600; ++i) {
      scenario.ask([&] { return by_id(bench.store(), bench.samples[i].trace_id); });
    }
    bench.report.print(scenario);
    if (!is_direct) {
      bench.report.add("engine_scan_by_id_ms_p95", scenario.ms.quantile(0.95), scenario.ms.size());
    }
  }
}

void tell_size(Bench& bench) {
  const auto status = bench.store().status();
  const auto spans = static_cast<double>(status->spans);
  bench.report.print("spans", spans, "");
  bench.report.print("traces", static_cast<double>(status->traces), "");
  bench.report.print("files", static_cast<double>(status->files), "");
  bench.report.print("a span on disk", static_cast<double>(status->bytes) / spans, "bytes");
  bench.report.print("helpers in memory", static_cast<double>(status->resident_bytes) / 1e6, "MB");
  bench.report.add("spans_of_largest_window", spans, 500);
}

// All questions, as a process asks them that begins; one artifact of each profile.
void ask_everything(Bench& bench, const std::string& folder, const std::string& artifacts) {
  BenchWorld& world = bench.world;
  tell_size(bench);
  world.close();
  forget_files(folder);
  const auto start = Timer::now();
  world.open();
  BL_CHECK(world.store->settle().ok());
  bench.report.print("open, files not in memory", ms_since(start), "ms");
  bench.report.heading();
  ask_by_hint(bench, "B1, B13 by id with a hint, cold", 0, 400, "");
  const double cold = ask_bounds(bench, "B13 by id, bounds, cold", 400, 500, false);
  world.open_again();
  for (const Span& span : bench.samples) (void)by_id(*world.store, span.trace_id, Window{0, 1});
  ask_by_hint(bench, "B1 by id with a hint, warm", 0, 600, "by_hint_ms_p95");
  const double warm = ask_bounds(bench, "B2 by id, bounds, warm", 600, 800, true);
  bench.report.add("cold_over_warm_p95", cold / warm, 500);
  ask_unknown(bench);
  ask_again(bench);
  ask_unbounded(bench);
  ask_large(bench);
  ask_huge(bench);
  const double service_ms = ask_by_service(bench);
  ask_by_attribute(bench);
  ask_lists(bench);
  measure_planning(bench, service_ms);
  bench.report.print("resident", resident_mb("VmRSS"), "MB");
  bench.report.print("resident, no file's", resident_mb("RssAnon"), "MB");
  compare_readers(bench);
  if (!artifacts.empty()) bench.report.write(artifacts, "local_nvme", world.clock);
  measure_far_store(bench, artifacts);
}

}  // namespace

int main(int count, char** arguments) {
  const std::int64_t spans = count > 1 ? std::atoll(arguments[1]) : 1'000'000;
  const TemporaryFolder temporary;
  const std::string folder = count > 2 ? arguments[2] : temporary.path();
  const std::string artifacts = count > 3 ? arguments[3] : "";
  const bool is_there = std::filesystem::exists(folder + "/catalog.sqlite");
  BenchWorld world(folder, is_there ? 2 : 8);
  Bench bench{.report = {}, .world = world, .samples = {}, .huge_spans = 0};
  bench.huge_spans = std::max<std::size_t>(static_cast<std::size_t>(spans) / 10, 60'001);
  fill(bench, spans, is_there);
  // A trigger holds when it does in three runs (docs/deferred-optimizations.md).
  const int runs = artifacts.empty() ? 1 : 3;
  for (int run = 0; run < runs; ++run) ask_everything(bench, folder, artifacts);
  measure_small_files(bench, 400);
  measure_intake(bench, false);
  measure_intake(bench, true);
}
