#include "traces/api/answers.h"
#include "traces/api/encode.h"
#include "traces/api/times.h"
#include "traces/api/trace_sets.h"
#include "traces/trace_set_diff.h"

/// Sets of traces: how one differs from another, and what operations contribute to the critical
/// paths of one.
namespace bl::traces {
namespace {

/// What was chosen: the window of a search, and the traces.
void write_set(json::Writer& writer, const SetChoice& choice, const TraceSet& set) {
  writer.begin_object().key("window");
  if (choice.ids.empty()) {
    encode(writer, choice.search.window);
  } else {
    writer.null();
  }
  writer.key("traces").begin_array();
  for (const TraceId& id : set.ids) writer.value(id.hex());
  writer.end_array();
  write_partial(writer, set.partial_reason);
  writer.end_object();
}

Result<TraceSet> needed_set(TraceStore& store, const SetChoice& choice, std::size_t& spans_left,
                            const char* what) {
  BL_TRY(TraceSet set, load_set(store, choice, spans_left));
  if (!set.traces.empty()) return set;
  return Error{Code::not_found, std::string("no trace of ") + what + " is in the window " +
                                    instant_text(choice.search.window.start_ns) + " to " +
                                    instant_text(choice.search.window.end_ns) +
                                    ": ?start and ?end move it"};
}

Result<Response> diff_of_sets(const Call& call) {
  net::QueryFields fields(call.request);
  const SetFields common = set_fields_of(fields, call.ports.clock);
  const SetChoice base = set_choice_of(fields, k_base_names, common);
  const SetChoice compare = set_choice_of(fields, k_compare_names, common);
  BL_RETURN_IF_ERROR(fields.finish());
  std::size_t spans_left = SetDiffLimits{}.spans_max;
  BL_TRY(const TraceSet before, needed_set(call.store, base, spans_left, "the base"));
  BL_TRY(const TraceSet after, needed_set(call.store, compare, spans_left, "what is compared"));
  BL_TRY(const SetDiff diff, diff_sets(before.traces, after.traces));
  ReadCost cost = before.cost;
  add(cost, after.cost);
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("base");
  write_set(writer, base, before);
  writer.key("compare");
  write_set(writer, compare, after);
  writer.key("diff").raw(encode_set_diff(diff)).key("cost");
  encode(writer, cost);
  writer.end_object();
  return answer_json(std::move(body));
}

void write_share(json::Writer& writer, const CriticalShare& share) {
  writer.begin_object()
      .member("service", share.service)
      .member("name", share.name)
      .member("share", share.share)
      .member("traces", std::uint64_t{share.runs})
      .member("median_ns", share.median_ns)
      .member("low_ns", share.low_ns)
      .member("high_ns", share.high_ns)
      .key("values_ns")
      .begin_array();
  for (const double value : share.values_ns) writer.value(value);
  writer.end_array().end_object();
}

/// When the first of the traces began.
std::int64_t start_of(const TraceSet& set) {
  std::int64_t start_ns = std::numeric_limits<std::int64_t>::max();
  for (const Spans& spans : set.traces) {
    for (const Span& span : spans) start_ns = std::min(start_ns, span.start_ns);
  }
  return start_ns;
}

Result<Response> show_critical_shares(const Call& call) {
  net::QueryFields fields(call.request);
  const SetChoice choice = set_choice_of(fields, set_fields_of(fields, call.ports.clock));
  BL_RETURN_IF_ERROR(fields.finish());
  std::size_t spans_left = SetDiffLimits{}.spans_max;
  BL_TRY(const TraceSet set, needed_set(call.store, choice, spans_left, "the run"));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("set");
  write_set(writer, choice, set);
  writer.member("start_ns", std::to_string(start_of(set))).key("shares").begin_array();
  for (const CriticalShare& share : critical_shares(set.traces)) write_share(writer, share);
  writer.end_array().key("cost");
  encode(writer, set.cost);
  writer.end_object();
  return answer_json(std::move(body));
}

}  // namespace

void add_set_routes(RouteSet& routes) {
  routes.read("/api/v1/traces/diff-sets", diff_of_sets);
  routes.read("/api/v1/traces/critical-shares", show_critical_shares);
}

}  // namespace bl::traces
