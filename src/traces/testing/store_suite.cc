#include "traces/testing/store_suite.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "traces/columns.h"
#include "traces/otlp.h"
#include "traces/testing/trace_maker.h"

namespace bl::traces {
namespace {

using Name = IntrinsicField::Name;
using Engine = std::mt19937_64;

std::string text_of(const TraceSummary& summary) {
  std::string out = fmt::format("{} [{}, {}] spans {} errors {} orphans {} root {}/{} run {}",
                                summary.id.hex(), summary.start_ns, summary.end_ns, summary.spans,
                                summary.errors, summary.orphans, summary.root_service.value_or("-"),
                                summary.root_name.value_or("-"), summary.run_id);
  for (const ServiceCount& one : summary.services) {
    out += fmt::format(" {}:{}:{}", one.name, one.spans, one.errors);
  }
  return out;
}

Condition where(std::variant<IntrinsicField, AttributeField> field, Comparison comparison,
                AnyValue value = {}) {
  Condition condition;
  condition.field = std::move(field);
  condition.comparison = comparison;
  condition.value = std::move(value);
  return condition;
}
SpanFilter filter(Name name, Comparison comparison, AnyValue value) {
  return SpanFilter::where(where(IntrinsicField{name}, comparison, std::move(value)));
}

AnyValue text(std::string_view value) {
  return AnyValue(std::string(value));
}

// The same number in the other of the two kinds, where it has one.
AnyValue other_kind_of(const AnyValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.value)) {
    return AnyValue(static_cast<double>(*whole));
  }
  const auto* number = std::get_if<double>(&value.value);
  if (number == nullptr || !(std::abs(*number) < 1e15)) return value;
  return AnyValue(static_cast<std::int64_t>(*number));
}

// Of a value that an attribute has: equal, or nearly.
SpanFilter about_value(AttributeField field, const AnyValue& value, Engine& random) {
  if (const auto* array = std::get_if<Array>(&value.value); array != nullptr && !array->empty()) {
    return about_value(std::move(field), (*array)[random() % array->size()], random);
  }
  const bool is_text = std::holds_alternative<std::string>(value.value);
  const bool is_number = std::holds_alternative<std::int64_t>(value.value) ||
                         std::holds_alternative<double>(value.value);
  const bool is_scalar = is_text || is_number || std::holds_alternative<bool>(value.value);
  const auto with = [&](Comparison comparison, AnyValue wanted = {}) {
    return SpanFilter::where(where(field, comparison, std::move(wanted)));
  };
  if (!is_scalar || random() % 5 == 0) {
    return with(random() % 3 == 0 ? Comparison::absent : Comparison::exists);
  }
  switch (random() % 6) {
    case 0:
      return with(Comparison::not_equal, value);
    case 1:
      return is_text
                 ? with(Comparison::contains, text(std::get<std::string>(value.value).substr(0, 3)))
                 : with(Comparison::equal, other_kind_of(value));
    case 2:
      return is_number ? with(Comparison::at_most, value) : with(Comparison::equal, value);
    default:
      return with(Comparison::equal, value);
  }
}

// A condition that the span meets, or nearly.
SpanFilter about(const Span& span, Engine& random) {
  constexpr Comparison k_orders[] = {Comparison::at_least, Comparison::at_most,
                                     Comparison::more,     Comparison::less,
                                     Comparison::equal,    Comparison::not_equal};
  switch (random() % 16) {
    case 0:
      return filter(Name::service, Comparison::equal, text(service_of(*span.resource)));
    case 1:
      return filter(Name::name, Comparison::equal, text(span.name));
    case 2:
      return filter(Name::duration, k_orders[random() % 6], AnyValue(span.duration_ns()));
    case 3:
      return filter(Name::status, Comparison::equal, text("error"));
    case 4:
      return filter(Name::kind, Comparison::equal,
                    text(name_of(span.kind).empty() ? "server" : name_of(span.kind)));
    case 5:
      return filter(Name::root_service, Comparison::equal, text(service_of(*span.resource)));
    case 6:
      return filter(Name::trace_duration, Comparison::more, AnyValue(span.duration_ns()));
    case 7:
      return filter(Name::name, Comparison::contains, text(span.name.substr(0, 2)));
    case 8:
      return SpanFilter::all_of(
          {filter(Name::service, Comparison::equal, text(service_of(*span.resource))),
           filter(Name::duration, k_orders[random() % 4],
                  AnyValue(span.duration_ns() + static_cast<std::int64_t>(random() % 3) - 1))});
    case 9:
      return filter(Name::run_id, random() % 3 == 0 ? Comparison::not_equal : Comparison::equal,
                    text(run_id_of(span)));
    case 10:
      return filter(Name::service, Comparison::not_equal, text(service_of(*span.resource)));
    case 11:
      return filter(Name::trace_id, Comparison::equal, text(span.trace_id.hex()));
    default:
      break;
  }
  AttributeField field;
  const Attributes* list = &span.attributes;
  field.place = AttributePlace::span;
  if (random() % 4 == 0) {
    list = &span.resource->attributes;
    field.place = AttributePlace::resource;
  } else if (!span.events.empty() && random() % 2 == 0) {
    list = &span.events[random() % span.events.size()].attributes;
    field.place = AttributePlace::event;
  } else if (!span.links.empty() && random() % 2 == 0) {
    list = &span.links[random() % span.links.size()].attributes;
    field.place = AttributePlace::link;
  }
  if (list->empty()) return SpanFilter::everything();
  const Attribute& one = (*list)[random() % list->size()];
  field.key = one.key;
  if (random() % 2 == 0) field.place = AttributePlace::any;
  return about_value(std::move(field), one.value, random);
}

}  // namespace

SpanFilter some_filter(const Spans& known, Engine& random) {
  const Span& span = known[random() % known.size()];
  switch (random() % 8) {
    case 0:
      return SpanFilter::everything();
    case 1:
      return SpanFilter::all_of({about(span, random), about(span, random)});
    case 2:
      return SpanFilter::any_of({about(span, random), about(known[0], random)});
    case 3:
      return SpanFilter::none_of({about(span, random)});
    default:
      return about(span, random);
  }
}

namespace {

Window some_window(const Spans& known, Engine& random) {
  if (random() % 3 == 0) {
    return {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  }
  std::int64_t a = known[random() % known.size()].start_ns;
  std::int64_t b = known[random() % known.size()].start_ns;
  if (a > b) std::swap(a, b);
  return {a, b + static_cast<std::int64_t>(random() % 2)};
}

void expect_same(const Spans& rule, const Spans& store) {
  ASSERT_EQ(rule.size(), store.size());
  for (std::size_t i = 0; i < rule.size(); ++i) {
    EXPECT_TRUE(rule[i] == store[i]) << i << ": " << encode_otlp_json({rule[i]}) << "\n"
                                     << encode_otlp_json({store[i]});
  }
}

void ask_trace(TraceStore& rule, TraceStore& store, const TraceQuery& query) {
  const auto wanted = rule.trace(query);
  const auto got = store.trace(query);
  ASSERT_TRUE(wanted.ok());
  ASSERT_TRUE(got.ok()) << got.error().message;
  ASSERT_EQ(wanted->trace.has_value(), got->trace.has_value()) << query.id.hex();
  if (!got->trace) return;
  EXPECT_EQ(got->trace->partial_reason, "");
  EXPECT_EQ(text_of(wanted->trace->summary), text_of(got->trace->summary));
  EXPECT_EQ(wanted->trace->has_more, got->trace->has_more);
  EXPECT_GE(wanted->trace->repeated, got->trace->repeated);  // some may have gone
  expect_same(wanted->trace->spans, got->trace->spans);
}

// Whatever way is forced: the same, or it says that it is not the whole.
void ask_forced(TraceStore& rule, TraceStore& store, TraceQuery query, const Span& span) {
  query.hint = Window{span.start_ns, span.end_ns + 1};
  for (const auto path : {LookupPath::hint, LookupPath::bounds, LookupPath::recent,
                          LookupPath::windows, LookupPath::full}) {
    query.only = path;
    const auto wanted = rule.trace(query);
    const auto got = store.trace(query);
    ASSERT_TRUE(got.ok()) << got.error().message;
    EXPECT_EQ(got->cost.path, path);
    if (path == LookupPath::full) {
      ASSERT_TRUE(got->trace.has_value());
      EXPECT_EQ(got->trace->partial_reason, "");
    }
    if (!got->trace || !got->trace->partial_reason.empty()) continue;
    SCOPED_TRACE(name_of(path));
    EXPECT_EQ(text_of(wanted->trace->summary), text_of(got->trace->summary));
    expect_same(wanted->trace->spans, got->trace->spans);
  }
}

void ask_pages(TraceStore& rule, TraceStore& store, TraceQuery query) {
  query.spans_max = 3;
  for (int page = 0; page < 5; ++page) {
    ask_trace(rule, store, query);
    const auto answer = rule.trace(query);
    if (!answer->trace || !answer->trace->has_more) return;
    const Span& last = answer->trace->spans.back();
    query.after = TraceQuery::After{last.start_ns, last.span_id, last.kind};
  }
}

void ask_search(TraceStore& rule, TraceStore& store, SearchQuery query) {
  for (int page = 0; page < 3; ++page) {
    const auto wanted = rule.search(query);
    const auto got = store.search(query);
    ASSERT_TRUE(wanted.ok()) << wanted.error().message;
    ASSERT_TRUE(got.ok()) << got.error().message;
    EXPECT_EQ(got->partial_reason, "");
    ASSERT_EQ(wanted->traces.size(), got->traces.size());
    for (std::size_t i = 0; i < got->traces.size(); ++i) {
      EXPECT_EQ(text_of(wanted->traces[i].summary), text_of(got->traces[i].summary)) << i;
      EXPECT_EQ(wanted->traces[i].matched, got->traces[i].matched) << i;
      expect_same(wanted->traces[i].spans, got->traces[i].spans);
    }
    EXPECT_EQ(wanted->next_page, got->next_page);
    if (wanted->next_page.empty()) return;
    query.page = wanted->next_page;
  }
}

void ask_metrics(TraceStore& rule, TraceStore& store, const MetricQuery& query) {
  const auto wanted = rule.metrics(query);
  const auto got = store.metrics(query);
  ASSERT_TRUE(wanted.ok() && got.ok());
  const auto text = [](const MetricAnswer& answer) {
    std::string out;
    for (const MetricSeries& one : answer.series) {
      out += fmt::format("{}/{}:", one.service, one.operation);
      for (const auto& b : one.buckets) {
        out += fmt::format(" {} {} {} {} {} {};", b.start_ns, b.spans, b.errors, b.p50_ns, b.p95_ns,
                           b.p99_ns);
      }
    }
    return out;
  };
  EXPECT_EQ(text(*wanted), text(*got));
}

// What spans say that count, and what others said as long as it is known: repeated ones until they
// are put together, names until the index is lost.
template <class T>
void expect_between(const std::vector<T>& least, const Result<std::vector<T>>& got,
                    const std::vector<T>& most) {
  ASSERT_TRUE(got.ok()) << got.error().message;
  const auto all_in = [](const std::vector<T>& some, const std::vector<T>& all) {
    return std::ranges::all_of(
        some, [&](const T& one) { return std::ranges::find(all, one) != all.end(); });
  };
  EXPECT_TRUE(all_in(least, *got));
  EXPECT_TRUE(all_in(*got, most));
}

void ask_lists(MemoryTraceStore& rule, TraceStore& store, const Spans& known, Engine& random) {
  const auto settled = rule.settled();
  expect_between(*settled->services(), store.services(), *rule.services());
  const Span& span = known[random() % known.size()];
  const auto service = service_of(*span.resource);
  for (const auto kind : {std::optional<SpanKind>(), std::optional(span.kind)}) {
    expect_between(*settled->operations(service, kind), store.operations(service, kind),
                   *rule.operations(service, kind));
  }
  for (const auto place : {std::optional<AttributePlace>(), std::optional(AttributePlace::event)}) {
    expect_between(*settled->attribute_keys(place), store.attribute_keys(place),
                   *rule.attribute_keys(place));
  }
  const auto keys = *rule.attribute_keys(std::nullopt);
  if (keys.empty()) return;
  const AttributeKey& key = keys[random() % keys.size()];
  const AttributeField field{random() % 2 == 0 ? key.place : AttributePlace::any, key.key};
  const Window window = some_window(known, random);
  constexpr std::size_t k_all = 100'000;
  const auto got = store.attribute_values(field, window, k_all);
  expect_between(*settled->attribute_values(field, window, k_all), got,
                 *rule.attribute_values(field, window, k_all));
  auto first = *got;
  if (first.size() > 20) first.resize(20);
  EXPECT_TRUE(first == *store.attribute_values(field, window, 20)) << field.key;
}

}  // namespace

void expect_same_answers(MemoryTraceStore& rule, TraceStore& store, const Spans& known,
                         std::uint64_t seed) {
  Engine random(seed);
  for (int i = 0; i < 6; ++i) {
    const Span& span = known[random() % known.size()];
    TraceQuery query;
    query.id = span.trace_id;
    ask_trace(rule, store, query);
    ask_trace(rule, store, query);  // from a cache, maybe
    ask_forced(rule, store, query, span);
    ask_pages(rule, store, query);
    query.family = random() % 4 == 0 ? span.parent_span_id : span.span_id;
    ask_trace(rule, store, query);
    ask_pages(rule, store, query);
  }
  TraceQuery unknown;
  unknown.id = {random(), random()};
  ask_trace(rule, store, unknown);
  std::vector<TraceId> ids{unknown.id};
  for (int i = 0; i < 10; ++i) ids.push_back(known[random() % known.size()].trace_id);
  const auto wanted = rule.summaries(ids), got = store.summaries(ids);
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_TRUE(*wanted == *got);
  for (int i = 0; i < 8; ++i) {
    SearchQuery query;
    query.window = some_window(known, random);
    query.filter = some_filter(known, random);
    query.limit = 1 + random() % 8;
    query.spans_of_trace = random() % 4;
    SCOPED_TRACE(fmt::format("search {} of seed {}", i, seed));
    ask_search(rule, store, query);
  }
  for (int i = 0; i < 3; ++i) {
    MetricQuery query;
    query.window = some_window(known, random);
    query.filter = some_filter(known, random);
    query.step_ns = static_cast<std::int64_t>(1 + random() % 100) * 1'000'000'000;
    query.by_operation = random() % 2 == 0;
    SCOPED_TRACE(fmt::format("metrics {} of seed {}", i, seed));
    ask_metrics(rule, store, query);
  }
  const Window window = some_window(known, random);
  const auto calls = rule.dependencies(window), others = store.dependencies(window);
  ASSERT_TRUE(others.ok()) << others.error().message;
  EXPECT_TRUE(*calls == *others);
  ask_lists(rule, store, known, random);
  EXPECT_GE(rule.status()->spans, store.status()->spans);
  // Those of files that no index knows yet are not counted.
  if (store.status()->bounds_complete) {
    // Nor is it known of which ones the last span reached over the end of a day that expired.
    if (rule.has_expired()) {
      EXPECT_LE(rule.status()->traces, store.status()->traces);
    } else {
      EXPECT_EQ(rule.status()->traces, store.status()->traces);
    }
  }
}

void run_history(const std::function<std::unique_ptr<StoreUnderTest>()>& make, std::uint64_t seed) {
  SCOPED_TRACE(fmt::format("history of seed {}", seed));
  Engine random(seed);
  MemoryTraceStore rule;
  const auto under_test = make();
  TraceShape shape;
  shape.seed = seed;
  shape.services = 4;
  shape.operations_of_service = 3;
  shape.spans_of_trace_max = 40;
  shape.traces_in_flight = 6;
  shape.step_ns = static_cast<std::int64_t>(1 + random() % 1'000) * 1'000'000'000;
  shape.late = 100;
  shape.very_late = 60;
  shape.repeated = 80;
  shape.lost = 40;
  shape.midnight = 200;
  shape.attribute_bytes_max = 2'000;
  TraceMaker maker(shape);
  Spans known;
  for (int piece = 0; piece < 6 && !::testing::Test::HasFailure(); ++piece) {
    Spans spans = maker.take(1 + random() % 120);
    if (piece % 3 == 1) {
      for (Span& span : any_spans(random(), 8)) spans.push_back(std::move(span));
    }
    // Spans that come again and say something else.
    for (int i = 0; i < 3 && !known.empty(); ++i) {
      Span changed = known[random() % known.size()];
      changed.name += "!";
      changed.attributes.push_back({"again", AnyValue(std::int64_t{1})});
      if (random() % 2 == 0) changed.status = StatusCode::error;
      spans.push_back(std::move(changed));
    }
    const std::string key = fmt::format("piece {}", piece);
    ASSERT_TRUE(rule.ingest(spans, key).ok());
    const auto done = under_test->store().ingest(spans, key);
    ASSERT_TRUE(done.ok()) << done.error().message;
    EXPECT_EQ(done->spans, std::ssize(spans));
    if (random() % 2 == 0) {
      EXPECT_TRUE(under_test->store().ingest(spans, key)->repeated);
    }
    known.insert(known.end(), spans.begin(), spans.end());
    expect_same_answers(rule, under_test->store(), known, random());
    const std::uint64_t choice = random();
    under_test->disturb(choice);
    SCOPED_TRACE(fmt::format("piece {}, disturbed by {}", piece, choice % 8));
    expect_same_answers(rule, under_test->store(), known, random());
  }
}

}  // namespace bl::traces
