// Every view of spans that nobody writes: JSON that reads, every span once, and where the wire is
// OTLP's the same spans again.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/protobuf.h"
#include "traces/otlp.h"
#include "traces/testing/trace_maker.h"
#include "traces/trace_diff.h"
#include "traces/trace_set_diff.h"
#include "traces/views/chrome_trace.h"
#include "traces/views/flame_graph.h"
#include "traces/views/folded_stacks.h"
#include "traces/views/jaeger.h"
#include "traces/views/tempo.h"
#include "traces/views/waterfall.h"

namespace bl::traces {
namespace {

constexpr std::uint64_t k_seeds = 60;

class AnySpans : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  const Spans spans_ = any_spans(GetParam(), 40);
  const SpanTree tree_ = tree_of(spans_);
  const std::vector<PathPart> path_ = critical_path(spans_, tree_);
};

TEST_P(AnySpans, JaegersJsonHoldsEachOnceWithAProcessThatIsThere) {
  const auto answer = json::parse(encode_jaeger_traces({spans_}));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  const json::Value& trace = answer->find("data")->items().at(0);
  const auto& shown = trace.find("spans")->items();
  ASSERT_EQ(shown.size(), spans_.size());
  for (std::size_t i = 0; i < shown.size(); ++i) {
    EXPECT_EQ(shown[i].find("spanID")->as_string(), spans_[i].span_id.hex());
    EXPECT_GE(shown[i].find("tags")->items().size(), spans_[i].attributes.size());
    EXPECT_EQ(shown[i].find("logs")->items().size(), spans_[i].events.size());
    const std::string& process = shown[i].find("processID")->as_string();
    const json::Value* named = trace.find("processes")->find(process);
    ASSERT_NE(named, nullptr);
    EXPECT_EQ(named->find("serviceName")->as_string(), service_of(*spans_[i].resource));
  }
}

TEST_P(AnySpans, TemposProtobufGivesTheSameSpansAgain) {
  TraceAnswer answer;
  answer.spans = spans_;
  const std::string bytes = encode_tempo_trace_v2_protobuf(answer);
  protobuf::Reader reader(bytes);
  protobuf::Field field;
  ASSERT_TRUE(reader.next(field));
  const auto decoded = decode_otlp_protobuf(field.bytes, k_any_spans_now);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(decoded->spans, spans_);
  EXPECT_TRUE(json::parse(encode_tempo_trace_v1(spans_)).ok());
  EXPECT_TRUE(json::parse(encode_tempo_trace_v2(answer)).ok());
}

TEST_P(AnySpans, JaegersV3GivesTheSameSpansAgain) {
  const std::string text = encode_jaeger_v3_spans(spans_);
  const std::string inner = text.substr(10, text.size() - 11);  // without {"result": and }
  const auto decoded = decode_otlp_json(inner, k_any_spans_now);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(decoded->spans, spans_);
}

TEST_P(AnySpans, ASearchWithAllOfTheirAttributesSelectedReads) {
  SearchAnswer answer;
  std::vector<SpanField> selected;
  for (const Span& span : spans_) {
    answer.traces.push_back({{}, {span}, 1});
    for (const Attribute& one : span.attributes) {
      selected.emplace_back(AttributeField{AttributePlace::any, one.key});
    }
  }
  selected.resize(std::min<std::size_t>(selected.size(), 64));
  const auto read = json::parse(encode_tempo_search(answer, selected));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->find("traces")->items().size(), spans_.size());
}

TEST_P(AnySpans, TheViewsOfTheTreeHoldEachOnce) {
  EXPECT_EQ(waterfall_rows(tree_, path_, 0, spans_.size()).size(), spans_.size());
  std::int64_t in_frames = 0;
  for (const FlameFrame& frame : flame_graph(spans_, tree_, path_).frames) in_frames += frame.spans;
  EXPECT_EQ(in_frames, static_cast<std::int64_t>(spans_.size()));
  const auto folded = folded_stacks(spans_, tree_, path_, StackWeight::self);
  ASSERT_TRUE(folded.ok());
  const auto chrome = json::parse(encode_chrome_trace(spans_, tree_));
  ASSERT_TRUE(chrome.ok()) << chrome.error().message;
  std::size_t complete = 0;
  for (const json::Value& event : chrome->find("traceEvents")->items()) {
    complete += event.find("ph")->as_string() == "X";
  }
  EXPECT_EQ(complete, spans_.size());
}

TEST_P(AnySpans, DiffsRead) {
  const Spans others = any_spans(GetParam() + k_seeds, 40);
  for (const auto format :
       {TraceDiffFormat::patch, TraceDiffFormat::summary, TraceDiffFormat::composed}) {
    const auto text = diff_traces({spans_, {0, 1}}, {others, {0, 2}}, format);
    ASSERT_TRUE(text.ok()) << text.error().message;
    EXPECT_TRUE(json::parse(*text).ok());
    const auto same = diff_traces({spans_, {0, 1}}, {spans_, {0, 1}}, TraceDiffFormat::patch);
    EXPECT_NE(same->find(R"("modifiedSpans":0,"addedSpans":0,"removedSpans":0)"),
              std::string::npos);
  }
  const std::vector<Spans> runs = {spans_, others};
  const auto sets = diff_sets(runs, runs);
  ASSERT_TRUE(sets.ok());
  EXPECT_TRUE(sets->changed.empty());
  EXPECT_TRUE(json::parse(encode_set_diff(*sets)).ok());
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnySpans, ::testing::Range<std::uint64_t>(1, k_seeds + 1));

}  // namespace
}  // namespace bl::traces
