#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "traces/imports/chrome_events.h"

/// Chrome's trace events as spans. Events of one thread, and asynchronous ones of one id, are a
/// lane; in a lane, a span's parent is the one that contains it. All lanes hang below one root.
namespace bl::traces {
namespace {

/// A span to be: an event X, a pair of B and E or of b and e, or an instant.
struct Piece {
  const ChromeEvent* event = nullptr;
  std::int64_t start_ns = 0, end_ns = 0;
  bool is_instant = false;
  bool is_unfinished = false;  // its end never came
  std::size_t parent = 0;      // index of the piece + 1; 0: the root
};
using Lanes = std::map<std::string, std::vector<Piece>>;

/// What does not fit is at the end of time, where no rule takes it.
std::int64_t sum_of(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

std::string thread_of(const ChromeEvent& event) {
  return fmt::format("t\n{}\n{}", event.process, event.thread);
}

/// Begins and ends of events find each other.
class Pairing {
 public:
  Pairing(TraceFormat format, ImportContext& context) : format_(format), context_(context) {}

  Lanes lanes_of(std::vector<ChromeEvent>& events);

 private:
  void take(const ChromeEvent& event);
  std::string lane_of(const ChromeEvent& event) const {
    // clang has its includes as asynchronous events of one id: they are work of the thread.
    const bool is_of_thread = event.id.empty() || format_ == TraceFormat::time_trace;
    return is_of_thread ? thread_of(event) : "a\n" + event.id;
  }

  const TraceFormat format_;
  ImportContext& context_;
  Lanes lanes_;
  std::map<std::string, std::vector<Piece>> open_;  // by what their ends will name
};

Lanes Pairing::lanes_of(std::vector<ChromeEvent>& events) {
  std::ranges::stable_sort(events, {}, &ChromeEvent::start_ns);
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  for (const ChromeEvent& event : events) {
    take(event);
    last = std::max(last, event.start_ns + event.duration_ns);
  }
  for (auto& [key, pieces] : open_) {
    for (Piece& piece : pieces) {
      piece.end_ns = last;
      piece.is_unfinished = true;
      lanes_[lane_of(*piece.event)].push_back(piece);
    }
  }
  return std::move(lanes_);
}

void Pairing::take(const ChromeEvent& event) {
  Piece piece{
      .event = &event, .start_ns = event.start_ns, .end_ns = event.start_ns + event.duration_ns};
  const std::string key = event.id.empty() ? thread_of(event) : "a\n" + event.id;
  switch (event.phase) {
    case 'B':
    case 'b':
      open_[key].push_back(piece);
      return;
    case 'E':
    case 'e': {
      auto& open = open_[key];
      if (open.empty()) {
        context_.skip(fmt::format("/traceEvents/{}", event.place), "ends what did not begin");
        return;
      }
      piece = open.back();
      open.pop_back();
      piece.end_ns = event.start_ns;
      break;
    }
    case 'i':
    case 'n':
      piece.is_instant = true;
      break;
    default:
      break;
  }
  lanes_[lane_of(event)].push_back(piece);
}

/// Finds the parents within a lane. Those that overlap without containing each other are
/// neighbours.
void nest(std::vector<Piece>& pieces) {
  std::ranges::stable_sort(pieces, [](const Piece& a, const Piece& b) {
    if (a.start_ns != b.start_ns) return a.start_ns < b.start_ns;
    if (a.is_instant != b.is_instant) return b.is_instant;
    if (a.end_ns != b.end_ns) return a.end_ns > b.end_ns;
    return a.event->place < b.event->place;
  });
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    Piece& piece = pieces[i];
    while (!open.empty() && pieces[open.back()].end_ns < piece.end_ns) open.pop_back();
    piece.parent = open.empty() ? 0 : open.back() + 1;
    if (!piece.is_instant) open.push_back(i);
  }
}

class SpanWriter {
 public:
  SpanWriter(TraceFormat format, const ChromeFile& file, const TraceId& trace, std::int64_t base,
             ImportContext& context)
      : format_(format), file_(file), trace_(trace), base_(base), context_(context) {}

  Result<void> add(const Lanes& lanes);

 private:
  Span root();
  bool add_lane(const std::vector<Piece>& pieces, Span& root);
  Span span_of(const Piece& piece, const std::vector<Piece>& pieces);
  SpanEvent instant_of(const Piece& piece) const;
  std::string_view service() const;
  std::shared_ptr<const Resource> resource_of(const std::string& process);

  const TraceFormat format_;
  const ChromeFile& file_;
  const TraceId trace_;
  const std::int64_t base_;
  ImportContext& context_;
  std::shared_ptr<const Scope> scope_ = context_.scope(format_);
  std::map<std::string, std::shared_ptr<const Resource>> resources_;
};

std::string_view SpanWriter::service() const {
  if (format_ == TraceFormat::time_trace) return "clang";
  return format_ == TraceFormat::bazel_profile ? "bazel" : "chrome";
}

std::shared_ptr<const Resource> SpanWriter::resource_of(const std::string& process) {
  auto& resource = resources_[process];
  if (resource != nullptr) return resource;
  const auto named = file_.process_names.find(process);
  const bool has_name = named != file_.process_names.end() && !named->second.empty() &&
                        format_ == TraceFormat::chrome;
  Attributes more;
  if (!process.empty()) more.push_back({"process.pid", process});
  resource = context_.resource(has_name ? named->second : service(), std::move(more));
  return resource;
}

Span SpanWriter::root() {
  Span root = context_.build_root(trace_, service());
  if (format_ == TraceFormat::chrome) {
    root.name.erase(0, std::string_view("BUILD ").size());
    root.kind = SpanKind::internal;
    root.attributes.clear();
  } else if (!file_.build_id.empty() && context_.options().run_id.empty()) {
    root.attributes.back().value = file_.build_id;
  }
  root.resource = context_.resource(service());
  root.scope = scope_;
  return root;
}

SpanEvent SpanWriter::instant_of(const Piece& piece) const {
  return {.time_ns = sum_of(base_, piece.start_ns),
          .name = piece.event->name,
          .attributes = piece.event->args};
}

Span SpanWriter::span_of(const Piece& piece, const std::vector<Piece>& pieces) {
  const ChromeEvent& event = *piece.event;
  Span span;
  span.trace_id = trace_;
  span.span_id = span_id_of(trace_, event.place + 1);
  span.parent_span_id =
      span_id_of(trace_, piece.parent == 0 ? 0 : pieces[piece.parent - 1].event->place + 1);
  span.name = event.name;
  span.kind = SpanKind::internal;
  span.start_ns = sum_of(base_, piece.start_ns);
  span.end_ns = sum_of(base_, piece.end_ns);
  span.attributes = event.args;
  if (!event.category.empty()) span.attributes.push_back({"category", event.category});
  if (!event.thread.empty()) span.attributes.push_back({"thread.id", event.thread});
  const auto name = file_.thread_names.find({event.process, event.thread});
  if (name != file_.thread_names.end()) span.attributes.push_back({"thread.name", name->second});
  if (piece.is_unfinished) span.attributes.push_back({"unfinished", true});
  span.resource = resource_of(event.process);
  span.scope = scope_;
  return span;
}

bool SpanWriter::add_lane(const std::vector<Piece>& pieces, Span& root) {
  std::vector<std::vector<SpanEvent>> instants(pieces.size());
  for (const Piece& piece : pieces) {
    if (!piece.is_instant) continue;
    auto& to = piece.parent == 0 ? root.events : instants[piece.parent - 1];
    if (to.size() < context_.options().limits.events_max) {
      to.push_back(instant_of(piece));
    } else {
      context_.skip(fmt::format("/traceEvents/{}", piece.event->place), "is one instant too many");
    }
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].is_instant) continue;
    Span span = span_of(pieces[i], pieces);
    span.events = std::move(instants[i]);
    if (!context_.add(std::move(span), fmt::format("/traceEvents/{}", pieces[i].event->place)))
      return false;
  }
  return true;
}

Result<void> SpanWriter::add(const Lanes& lanes) {
  Span root = this->root();
  const std::size_t at = context_.imported().spans.size();
  for (const auto& [key, pieces] : lanes)
    if (!add_lane(pieces, root)) return context_.too_many();
  auto& spans = context_.imported().spans;
  root.start_ns = std::numeric_limits<std::int64_t>::max();
  const auto cover = [&](std::int64_t start_ns, std::int64_t end_ns) {
    root.start_ns = std::min(root.start_ns, start_ns);
    root.end_ns = std::max(root.end_ns, end_ns);
  };
  for (std::size_t i = at; i < spans.size(); ++i) cover(spans[i].start_ns, spans[i].end_ns);
  for (const SpanEvent& event : root.events) cover(event.time_ns, event.time_ns);
  const std::size_t count = spans.size();
  if (!context_.add(std::move(root), "file")) return context_.too_many();
  if (spans.size() == count) return {};
  std::rotate(spans.begin() + static_cast<std::ptrdiff_t>(at), spans.end() - 1, spans.end());
  return {};
}

/// When the file's own clock began.
std::int64_t base_of(const ChromeFile& file, const Lanes& lanes, const ImportOptions& options) {
  constexpr std::int64_t k_since_1970 = 1'000'000'000'000'000'000;  // as of 2001
  if (file.base_ns) return *file.base_ns;
  std::int64_t first = std::numeric_limits<std::int64_t>::max(), last = -first;
  for (const auto& [key, pieces] : lanes) {
    for (const Piece& piece : pieces) {
      first = std::min(first, piece.start_ns);
      last = std::max(last, piece.end_ns);
    }
  }
  return first >= k_since_1970 ? 0 : sum_of(options.written_ns, -last);
}

}  // namespace

Result<void> import_chrome(TraceFormat format, std::string_view content, ImportContext& context) {
  BL_TRY(ChromeFile file, read_chrome(format, content, context));
  Lanes lanes = Pairing(format, context).lanes_of(file.events);
  if (lanes.empty()) return {};
  for (auto& [key, pieces] : lanes) nest(pieces);
  const std::int64_t base = base_of(file, lanes, context.options());
  return SpanWriter(format, file, trace_id_of(format, content), base, context).add(lanes);
}

}  // namespace bl::traces
