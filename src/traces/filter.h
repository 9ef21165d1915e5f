#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "traces/model.h"

/// Which spans somebody looks for. A tree of conditions about ONE span: `and` means of the same
/// span. Jaeger's parameters, TraceQL and our own API all become this.
namespace bl::traces {

enum class Comparison : unsigned char {
  equal,
  not_equal,  ///< the field is there and differs
  less,
  at_most,
  more,
  at_least,
  contains,     ///< texts: a part, case counts
  matches,      ///< texts: RE2-like expression over the whole value
  not_matches,  ///< the field is there and does not match
  exists,
  absent,
};

/// Where an attribute stands.
enum class AttributePlace : unsigned char { span, resource, scope, event, link, any };

struct IntrinsicField {
  enum class Name : unsigned char {
    service,
    name,
    kind,    ///< its name: `server`
    status,  ///< its name: `error`
    status_message,
    duration,  ///< nanoseconds
    scope_name,
    event_name,    ///< of any event of the span
    root_service,  ///< of the trace's root
    root_name,
    trace_duration,  ///< nanoseconds, of the whole trace
    run_id,
    trace_id,  ///< hex
    span_id,   ///< hex
  };
  Name name;
  bool operator==(const IntrinsicField&) const = default;
};
struct AttributeField {
  AttributePlace place = AttributePlace::any;
  std::string key;
  bool operator==(const AttributeField&) const = default;
};

/// A field compared with a value. A text that is empty is absent, but for the name and those of
/// attributes. Fields that are there several times (an event's, of `any` place) match when one of
/// them does. The names of kinds and statuses may be OTLP's (`SPAN_KIND_SERVER`). Numbers compare
/// as numbers (an int with a double too), texts with texts, truth with truth; of other kinds
/// nothing is equal, and every order is false. An array matches when one of its elements does.
struct Condition {
  std::variant<IntrinsicField, AttributeField> field;
  Comparison comparison = Comparison::equal;
  AnyValue value;  ///< text, bool, int64 or double; empty for exists and absent
};

struct SpanFilter {
  enum class Kind : unsigned char { everything, condition, all_of, any_of, none_of };
  Kind kind = Kind::everything;
  Condition condition;            ///< of Kind::condition
  std::vector<SpanFilter> parts;  ///< of all_of, any_of, none_of

  static SpanFilter everything() { return {}; }
  static SpanFilter where(Condition condition);
  static SpanFilter all_of(std::vector<SpanFilter> parts);
  static SpanFilter any_of(std::vector<SpanFilter> parts);
  static SpanFilter none_of(std::vector<SpanFilter> parts);
};

/// Bounds of a filter; hostile ones come in by wires.
struct FilterLimits {
  int depth_max = 16;
  std::size_t conditions_max = 64;
  std::size_t expression_bytes_max = 1'024;  ///< of a regular expression
};
/// Errors: invalid (a value of a kind that the field cannot have, an expression that is none),
/// too_large.
Result<void> check(const SpanFilter& filter, const FilterLimits& limits = {});

/// What a filter asks of a span's trace.
struct TraceFacts {
  std::string_view root_service, root_name;  ///< empty: not there
  std::int64_t duration_ns = 0;
};
/// A checked filter, ready to be asked often. Threads: any.
class SpanMatcher {
 public:
  /// Errors: as check().
  static Result<SpanMatcher> make(SpanFilter filter);
  ~SpanMatcher();
  SpanMatcher(SpanMatcher&&) noexcept;
  bool matches(const Span& span, const TraceFacts& trace) const;
  bool asks_of_trace() const;  ///< any root_* or trace_duration

 private:
  struct State;
  explicit SpanMatcher(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bl::traces
