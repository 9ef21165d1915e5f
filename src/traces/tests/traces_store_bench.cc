// Spans in the lake: how fast they come in, how many bytes they take, and how long each kind of
// question takes, with what it read (spec/traces.md 7.9, B1 to B9).
//
//     traces_store_bench [SPANS [FOLDER]]
//
// One JSON line for each figure. A FOLDER is kept: when spans are there, none are added.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/testing/temporary_folder.h"
#include "lake/lake.h"
#include "traces/lake_trace_store.h"
#include "traces/testing/trace_maker.h"

namespace {

using namespace bl;
using namespace bl::traces;
using Timer = std::chrono::steady_clock;

constexpr std::size_t k_batch = 2'000;
constexpr std::size_t k_samples = 400;

double ms_since(Timer::time_point start) {
  return std::chrono::duration<double, std::milli>(Timer::now() - start).count();
}

void print(std::string_view what, double value, std::string_view unit) {
  fmt::print("{{\"figure\":\"{}\",\"value\":{:.4g},\"unit\":\"{}\"}}\n", what, value, unit);
  std::fflush(stdout);
}

// Of all threads: on a machine that others use it says more than the time that passed.
double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

double resident_mb(std::string_view line_name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(line_name))
      return std::strtod(line.c_str() + line.find(':') + 1, nullptr) / 1024;
  }
  return 0;
}

// Times of one kind of question, and what they read.
class Scenario {
 public:
  explicit Scenario(std::string name) : name_(std::move(name)) {}
  template <class Ask>
  void ask(const Ask& question) {
    const double cpu = cpu_ms();
    const auto start = Timer::now();
    const ReadCost cost = question();
    ms_.push_back(ms_since(start));
    cpu_ms_.push_back(cpu_ms() - cpu);
    files_ = std::max(files_, cost.files_read);
    files_sum_ += cost.files_read;
    groups_sum_ += cost.row_groups_read;
    bytes_sum_ += cost.bytes_read;
    hits_ += cost.cache_hits;
  }
  ~Scenario() {
    std::ranges::sort(ms_);
    const auto at = [&](double share) {
      return ms_[std::min(ms_.size() - 1,
                          static_cast<std::size_t>(share * static_cast<double>(ms_.size())))];
    };
    std::ranges::sort(cpu_ms_);
    const auto count = static_cast<double>(ms_.size());
    fmt::print(
        "{{\"scenario\":\"{}\",\"count\":{},\"p50_ms\":{:.4g},\"p95_ms\":{:.4g},"
        "\"p99_ms\":{:.4g},\"max_ms\":{:.4g},\"files_max\":{},\"files\":{:.4g},"
        "\"row_groups\":{:.4g},\"kilobytes\":{:.4g},\"cache_hits\":{},\"cpu_p50_ms\":{:.4g},\"cpu_"
        "p95_ms\":{:.4g}}}\n",
        name_, ms_.size(), at(0.5), at(0.95), at(0.99), ms_.back(), files_,
        static_cast<double>(files_sum_) / count, static_cast<double>(groups_sum_) / count,
        static_cast<double>(bytes_sum_) / count / 1024, hits_, cpu_ms_[cpu_ms_.size() / 2],
        cpu_ms_[cpu_ms_.size() * 95 / 100]);
    std::fflush(stdout);
  }

 private:
  std::string name_;
  std::vector<double> ms_, cpu_ms_;
  std::int64_t files_ = 0, files_sum_ = 0, groups_sum_ = 0, bytes_sum_ = 0, hits_ = 0;
};

struct World {
  explicit World(std::string at) : folder(std::move(at)) { open(); }
  void open() {
    lake::LakeOptions options;
    options.folder = folder + "/lake";
    options.objects = folder + "/objects";
    options.catalog = "sqlite://" + folder + "/catalog.sqlite";
    options.housekeeping = false;
    options.delta = false;
    lake = lake::Lake::open(options, {*disk, clock, random, log, metrics}).value();
    store = LakeTraceStore::open({*lake, *disk, clock, log, metrics, folder + "/index"}).value();
  }
  void close() {
    store.reset();
    lake.reset();
  }
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  std::unique_ptr<Disk> disk = make_real_disk();
  std::string folder;
  std::unique_ptr<lake::Lake> lake;
  std::unique_ptr<LakeTraceStore> store;
};

TraceShape shape_of(std::int64_t spans) {
  TraceShape shape;
  shape.services = 40;
  shape.step_ns = 30ll * 86'400 * 1'000'000'000 / std::max<std::int64_t>(spans, 1);
  shape.attribute_bytes_max = 4'096;
  return shape;
}

// Some spans, evenly from all.
void sample(Spans& samples, const Spans& spans, std::mt19937_64& random, std::size_t& seen) {
  for (const Span& span : spans) {
    if (++seen <= k_samples) {
      samples.push_back(span);
    } else if (const std::size_t at = random() % seen; at < k_samples) {
      samples[at] = span;
    }
  }
}

void fill(World& world, std::int64_t spans, Spans& samples, bool is_there) {
  TraceMaker maker(shape_of(spans));
  std::mt19937_64 random(1);
  std::size_t seen = 0;
  double in_ms = 0, flush_ms = 0;
  std::vector<double> acks;
  for (std::int64_t done = 0; done < spans;) {
    const Spans batch = maker.take(k_batch);
    sample(samples, batch, random, seen);
    done += std::ssize(batch);
    if (is_there) continue;
    Spans copy = batch;
    auto start = Timer::now();
    BL_CHECK(world.store->ingest(std::move(copy), "").ok());
    acks.push_back(ms_since(start));
    in_ms += acks.back();
    if (done % 200'000 == 0) {
      start = Timer::now();
      BL_CHECK((*world.lake->table("spans"))->flush().ok());
      flush_ms += ms_since(start);
    }
  }
  if (is_there) return;
  std::ranges::sort(acks);
  print("B9 spans in per second, one client, durable", static_cast<double>(spans) / in_ms * 1000,
        "1/s");
  print("B9 ack p99", acks[acks.size() * 99 / 100], "ms");
  print("flush, of each million spans", flush_ms * 1e6 / static_cast<double>(spans), "ms");
  const auto start = Timer::now();
  BL_CHECK(world.store->compact().ok());
  print("compact and index", ms_since(start), "ms");
}

ReadCost by_id(LakeTraceStore& store, const TraceId& id, std::optional<Window> hint) {
  TraceQuery query;
  query.id = id;
  query.hint = hint;
  const auto found = store.trace(query);
  BL_CHECK(found.ok());
  return found->cost;
}

Condition condition(std::variant<IntrinsicField, AttributeField> field, Comparison comparison,
                    AnyValue value) {
  Condition out;
  out.field = std::move(field);
  out.comparison = comparison;
  out.value = std::move(value);
  return out;
}

ReadCost search(LakeTraceStore& store, const Window& window, SpanFilter filter) {
  SearchQuery query;
  query.window = window;
  query.filter = std::move(filter);
  auto found = store.search(query);
  BL_CHECK(found.ok());
  return found->cost;
}

// The day around a span.
Window day_of(const Span& span) {
  constexpr std::int64_t k_half = 43'200'000'000'000;
  return {span.start_ns - k_half, span.start_ns + k_half};
}

void ask_by_id(LakeTraceStore& store, const Spans& samples, std::string_view when) {
  {
    Scenario scenario(fmt::format("B1 by id with a hint, {}", when));
    for (std::size_t i = 0; i < samples.size() / 2; ++i) {
      const Span& span = samples[i];
      scenario.ask(
          [&] { return by_id(store, span.trace_id, Window{span.start_ns, span.end_ns + 1}); });
    }
  }
  {
    Scenario scenario(fmt::format("B2 by id, bounds, {}", when));
    for (std::size_t i = samples.size() / 2; i < samples.size(); ++i) {
      scenario.ask([&] { return by_id(store, samples[i].trace_id, std::nullopt); });
    }
  }
  {
    Scenario scenario(fmt::format("B3 unknown id, {}", when));
    std::mt19937_64 random(7);
    for (int i = 0; i < 500; ++i) {
      const TraceId id{random(), random()};
      scenario.ask([&] { return by_id(store, id, std::nullopt); });
    }
  }
  {
    Scenario scenario(fmt::format("B5 by id again, {}", when));
    for (int i = 0; i < 500; ++i) {
      scenario.ask([&] { return by_id(store, samples.back().trace_id, std::nullopt); });
    }
  }
}

void ask_searches(LakeTraceStore& store, const Spans& samples) {
  const std::size_t count = std::min<std::size_t>(60, samples.size());
  {
    Scenario scenario("B6 service and duration, 24 h");
    for (std::size_t i = 0; i < count; ++i) {
      const Span& span = samples[i];
      scenario.ask([&] {
        return search(store, day_of(span),
                      SpanFilter::all_of(
                          {SpanFilter::where(condition(
                               IntrinsicField{IntrinsicField::Name::service}, Comparison::equal,
                               AnyValue(std::string(service_of(*span.resource))))),
                           SpanFilter::where(
                               condition(IntrinsicField{IntrinsicField::Name::duration},
                                         Comparison::at_least, AnyValue(span.duration_ns())))}));
      });
    }
  }
  {
    Scenario scenario("B7 attribute, 24 h");
    for (std::size_t i = 0; i < count; ++i) {
      const Span& span = samples[i];
      if (span.attributes.empty()) continue;
      const Attribute& one = span.attributes[i % span.attributes.size()];
      if (!std::holds_alternative<std::string>(one.value.value)) continue;
      scenario.ask([&] {
        return search(store, day_of(span),
                      SpanFilter::where(condition(AttributeField{AttributePlace::span, one.key},
                                                  Comparison::equal, one.value)));
      });
    }
  }
  {
    Scenario scenario("B7 attribute that none has, 24 h");
    for (std::size_t i = 0; i < count; ++i) {
      scenario.ask([&] {
        return search(
            store, day_of(samples[i]),
            SpanFilter::where(condition(AttributeField{AttributePlace::span, "http.request.method"},
                                        Comparison::equal, AnyValue(std::string("NOBODY")))));
      });
    }
  }
  {
    Scenario scenario("B8 services and operations");
    for (int i = 0; i < 200; ++i) {
      scenario.ask([&] {
        const auto services = store.services();
        (void)store.operations((*services)[static_cast<std::size_t>(i) % services->size()], {})
            .ok();
        return ReadCost();
      });
    }
  }
  {
    Scenario scenario("metrics of a service, 24 h");
    for (std::size_t i = 0; i < 10; ++i) {
      MetricQuery query;
      query.window = day_of(samples[i]);
      scenario.ask([&] { return store.metrics(query)->cost; });
    }
  }
}

void ask_without_index(World& world, const Spans& samples) {
  Scenario scenario("B4 by id, everything looked through");
  for (std::size_t i = 0; i < 20; ++i) {
    TraceQuery query;
    query.id = samples[i].trace_id;
    query.only = LookupPath::full;
    scenario.ask([&] { return world.store->trace(query)->cost; });
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::int64_t spans = count > 1 ? std::atoll(arguments[1]) : 1'000'000;
  const TemporaryFolder temporary;
  const std::string folder = count > 2 ? arguments[2] : temporary.path();
  const bool is_there = std::filesystem::exists(folder + "/catalog.sqlite");
  World world(folder);
  Spans samples;
  fill(world, spans, samples, is_there);
  const auto status = world.store->status();
  print("spans", static_cast<double>(status->spans), "1");
  print("traces", static_cast<double>(status->traces), "1");
  print("files", static_cast<double>(status->files), "1");
  print("bytes on disk of a span",
        static_cast<double>(status->bytes) / static_cast<double>(status->spans), "bytes");
  print("helpers in memory", static_cast<double>(status->resident_bytes) / 1e6, "MB");
  world.close();
  auto start = Timer::now();
  world.open();
  BL_CHECK(world.store->settle().ok());
  print("open", ms_since(start), "ms");
  ask_by_id(*world.store, samples, "first");
  world.close();
  world.open();
  for (const Span& span : samples) (void)by_id(*world.store, span.trace_id, Window{0, 1});
  ask_by_id(*world.store, samples, "footers known");
  ask_searches(*world.store, samples);
  ask_without_index(world, samples);
  print("resident", resident_mb("VmRSS"), "MB");
  print("resident, no file's", resident_mb("RssAnon"), "MB");
}
