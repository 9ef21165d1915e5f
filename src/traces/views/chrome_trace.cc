#include "traces/views/chrome_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <queue>
#include <set>
#include <unordered_map>

#include "base/json.h"
#include "traces/analysis/extent.h"
#include "traces/analysis/services.h"
#include "traces/views/plain_json.h"

namespace bl::traces {
namespace {

using Index = std::size_t;
constexpr Index k_none = static_cast<Index>(-1);

/// The threads of one process. Spans come by their starts.
class Lanes {
 public:
  explicit Lanes(const Spans& spans) : spans_(spans) {}

  /// In the lane of `ancestor` (k_none: there is none) when nothing else runs there and it lasts as
  /// long; else in a lane where nothing runs. Gives the lane.
  std::size_t place(Index span, Index ancestor, std::size_t ancestor_lane) {
    const Extent extent = extent_of(spans_[span]);
    if (ancestor != k_none && is_inside(extent, ancestor, ancestor_lane)) {
      open_[ancestor_lane].push_back(span);
      return ancestor_lane;
    }
    const std::size_t lane = free_lane(extent.start_ns);
    open_[lane].assign(1, span);
    busy_.emplace(extent.end_ns, lane);
    return lane;
  }
  std::size_t count() const { return open_.size(); }

 private:
  bool is_inside(const Extent& extent, Index ancestor, std::size_t lane) {
    std::vector<Index>& open = open_[lane];
    while (!open.empty() && open.back() != ancestor &&
           extent_of(spans_[open.back()]).end_ns <= extent.start_ns) {
      open.pop_back();
    }
    return !open.empty() && open.back() == ancestor &&
           extent.end_ns <= extent_of(spans_[ancestor]).end_ns;
  }

  std::size_t free_lane(std::int64_t from) {
    for (; !busy_.empty() && busy_.top().first <= from; busy_.pop()) {
      free_.insert(busy_.top().second);
    }
    if (free_.empty()) {
      open_.emplace_back();
      return open_.size() - 1;
    }
    const std::size_t lane = *free_.begin();
    free_.erase(free_.begin());
    return lane;
  }

  using Busy = std::pair<std::int64_t, std::size_t>;  // until when, lane
  const Spans& spans_;
  std::vector<std::vector<Index>> open_;  // by lane: spans that hold the next one, outermost first
  std::priority_queue<Busy, std::vector<Busy>, std::greater<>> busy_;
  std::set<std::size_t> free_;
};

struct Place {
  std::size_t process = 0, lane = 0;  // from 0
};

/// Where each span is drawn.
struct Layout {
  std::vector<Place> places;                // by span
  std::vector<std::string_view> processes;  // services, by their first spans in the walk
  std::vector<std::size_t> lanes;           // by process: how many
};

/// By span the nearest ancestor of the same service.
std::vector<Index> ancestors_at_home(const SpanTree& tree, const std::vector<Place>& places) {
  std::vector<Index> nearest(tree.nodes.size(), k_none);
  // From the root down, so that the parent's own answer is there; an ancestor behind another
  // service is looked for link by link, over spans of other services only.
  for (const Index at : tree.walk) {
    std::optional<Index> up = tree.nodes[at].parent;
    constexpr int links_max = 64;
    for (int link = 0; up && link < links_max; ++link) {
      if (places[*up].process == places[at].process) {
        nearest[at] = *up;
        break;
      }
      up = tree.nodes[*up].parent;
    }
  }
  return nearest;
}

Layout layout_of(const Spans& spans, const SpanTree& tree) {
  Layout layout;
  layout.places.resize(spans.size());
  const Services services(spans);
  std::unordered_map<std::string_view, std::size_t> process_of;
  for (const Index at : tree.walk) {
    const auto [found, is_new] = process_of.try_emplace(services.of(at), process_of.size());
    if (is_new) layout.processes.push_back(services.of(at));
    layout.places[at].process = found->second;
  }

  std::vector<Index> by_start = tree.walk;  // parents first where starts are equal
  std::ranges::stable_sort(by_start, {}, [&](Index at) { return spans[at].start_ns; });
  const std::vector<Index> ancestors = ancestors_at_home(tree, layout.places);
  std::vector<Lanes> lanes(layout.processes.size(), Lanes(spans));
  std::vector<bool> is_placed(spans.size());
  for (const Index at : by_start) {
    Place& place = layout.places[at];
    Index ancestor = ancestors[at];
    // One that begins later, by a clock of its own, holds nothing.
    if (ancestor != k_none && !is_placed[ancestor]) ancestor = k_none;
    const std::size_t lane = ancestor == k_none ? 0 : layout.places[ancestor].lane;
    place.lane = lanes[place.process].place(at, ancestor, lane);
    is_placed[at] = true;
  }
  for (const Lanes& of_process : lanes) layout.lanes.push_back(of_process.count());
  return layout;
}

/// Nanoseconds as microseconds, exact.
std::string microseconds(std::int64_t nanoseconds) {
  return fmt::format("{}.{:03}", nanoseconds / 1000, nanoseconds % 1000);
}

class EventWriter {
 public:
  EventWriter(std::string& out, const Spans& spans, const SpanTree& tree)
      : spans_(spans), tree_(tree), layout_(layout_of(spans, tree)), writer_(out) {}

  void write() {
    writer_.begin_object().member("displayTimeUnit", "ns").key("otherData").begin_object();
    if (!spans_.empty()) writer_.member("trace_id", spans_.front().trace_id.hex());
    writer_.member("start_ns", std::to_string(tree_.start_ns)).end_object();
    writer_.key("traceEvents").begin_array();
    write_names();
    for (const Index at : tree_.walk) {
      write_span(at);
      for (const SpanEvent& event : spans_[at].events) write_event(at, event);
    }
    writer_.end_array().end_object();
  }

 private:
  void begin(std::string_view name, std::string_view phase, std::size_t process) {
    writer_.begin_object().member("name", name).member("ph", phase);
    writer_.member("pid", static_cast<std::int64_t>(process + 1));
  }
  void thread(std::size_t lane) { writer_.member("tid", static_cast<std::int64_t>(lane + 1)); }

  void write_names() {
    for (std::size_t process = 0; process < layout_.processes.size(); ++process) {
      begin("process_name", "M", process);
      writer_.key("args").begin_object().member("name", layout_.processes[process]);
      writer_.end_object().end_object();
      for (std::size_t lane = 0; lane < layout_.lanes[process]; ++lane) {
        begin("thread_name", "M", process);
        thread(lane);
        writer_.key("args").begin_object().member("name", fmt::format("lane {}", lane + 1));
        writer_.end_object().end_object();
      }
    }
  }

  void write_span(Index at) {
    const Span& span = spans_[at];
    begin(span.name, "X", layout_.places[at].process);
    thread(layout_.places[at].lane);
    writer_.member("cat", name_of(span.kind));
    writer_.key("ts").raw(microseconds(span.start_ns - tree_.start_ns));
    writer_.key("dur").raw(microseconds(extent_of(span).length()));
    writer_.key("args").begin_object().member("span_id", span.span_id.hex());
    if (span.parent_span_id) writer_.member("parent_span_id", span.parent_span_id->hex());
    writer_.key("self_us").raw(microseconds(tree_.nodes[at].self_ns));
    if (span.status != StatusCode::unset) writer_.member("status", name_of(span.status));
    if (!span.status_message.empty()) writer_.member("status_message", span.status_message);
    if (!span.attributes.empty()) {
      writer_.key("attributes");
      write_plain(writer_, span.attributes);
    }
    writer_.end_object().end_object();
  }

  void write_event(Index at, const SpanEvent& event) {
    begin(event.name, "i", layout_.places[at].process);
    thread(layout_.places[at].lane);
    // An event before the trace's start stands at its start: viewers take no time below zero. Its
    // time may be any number, which no limit checks.
    const bool is_inside = event.time_ns > tree_.start_ns;
    const std::int64_t offset = is_inside ? event.time_ns - tree_.start_ns : 0;
    writer_.key("ts").raw(microseconds(offset));
    writer_.member("s", "t").key("args").begin_object();
    writer_.member("span_id", spans_[at].span_id.hex());
    if (!event.attributes.empty()) {
      writer_.key("attributes");
      write_plain(writer_, event.attributes);
    }
    writer_.end_object().end_object();
  }

  const Spans& spans_;
  const SpanTree& tree_;
  const Layout layout_;
  json::Writer writer_;
};

}  // namespace

std::string encode_chrome_trace(const Spans& spans, const SpanTree& tree) {
  std::string text;
  EventWriter(text, spans, tree).write();
  return text;
}

}  // namespace bl::traces
