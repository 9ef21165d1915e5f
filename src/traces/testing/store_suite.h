#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>

#include "traces/testing/memory_trace_store.h"
#include "traces/trace_store.h"

/// One suite for every keeper of spans: every method, compared with MemoryTraceStore.
namespace bl::traces {

/// A keeper, and what may happen to it between questions.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual TraceStore& store() = 0;
  /// Something that changes no answer: rows become files, the process begins anew, ... by `choice`.
  virtual void disturb(std::uint64_t choice) = 0;
};

/// Asks both every kind of question about the spans that are there; fails the test where answers
/// differ. `known`: spans to ask about.
void expect_same_answers(MemoryTraceStore& rule, TraceStore& store, const Spans& known,
                         std::uint64_t seed);

/// A filter that some of the spans match, or nearly.
SpanFilter some_filter(const Spans& known, std::mt19937_64& random);

/// Spans come in pieces, some twice, some changed, with disturbances in between; all is asked after
/// each piece.
void run_history(const std::function<std::unique_ptr<StoreUnderTest>()>& make, std::uint64_t seed);

}  // namespace bl::traces
