#include "events/testing/questions.h"

#include <array>
#include <set>

#include <fmt/format.h>

#include "base/json.h"
#include "events/encode.h"

namespace bl::events {
namespace {

constexpr std::array<std::string_view, 14> k_names{"build_request_events",
                                                   "partition_events",
                                                   "job_run_events",
                                                   "events_in_range",
                                                   "event",
                                                   "list",
                                                   "latest_partition_status",
                                                   "active_builds_for_partition",
                                                   "build_request_for_available_partition",
                                                   "build_request",
                                                   "list_build_requests",
                                                   "list_recent_partitions",
                                                   "list_jobs",
                                                   "activity"};

std::string error_text(const Error& error) {
  return fmt::format(R"({{"error":"{}"}})", name_of(error.code));
}

template <class Encode>
std::string text_with(const Encode& encode) {
  std::string text;
  json::Writer out(text);
  encode(out);
  return text;
}

std::string text_of(const Result<Events>& answer) {
  if (!answer.ok()) return error_text(answer.error());
  return text_with([&](json::Writer& out) {
    out.begin_object().key("events").begin_array();
    for (const BuildEvent& event : answer->events) encode_event(out, event);
    out.end_array().member("has_more", answer->has_more).end_object();
  });
}

template <class T>
std::string text_of(const Result<Listed<T>>& answer) {
  if (!answer.ok()) return error_text(answer.error());
  return text_with([&](json::Writer& out) {
    out.begin_object().key("items").begin_array();
    for (const T& item : answer->items) encode(out, item);
    out.end_array().member("total", answer->total).end_object();
  });
}

template <class T, class Encode>
std::string text_of_maybe(const Result<std::optional<T>>& answer, const Encode& encode_one) {
  if (!answer.ok()) return error_text(answer.error());
  if (!answer->has_value()) return "null";
  return text_with([&](json::Writer& out) { encode_one(out, **answer); });
}

std::string pages_text(EventLog& log, const Question& question) {
  std::string text = R"({"pages":[)";
  Sequence after = 0;
  for (bool has_more = true; has_more;) {
    const auto page = log.list(after, question.filter, question.slice.limit);
    if (!page.ok()) return error_text(page.error());
    if (text.back() == ']') text += ',';
    text += '[';
    for (const StoredEvent& event : page->events) {
      if (event.sequence <= after) return R"({"fault":"a sequence does not grow"})";
      if (text.back() == '}') text += ',';
      text += event_json(event.event);
      after = event.sequence;
    }
    text += ']';
    if (page->has_more && page->next != after) return R"({"fault":"next is not the last one"})";
    if (page->next < after) return R"({"fault":"next goes back"})";
    after = page->next;
    has_more = page->has_more;
  }
  const auto rest = log.list(after, {}, 10);
  if (!rest.ok()) return error_text(rest.error());
  if (!rest->events.empty()) return R"({"fault":"next is not the end"})";
  return text + "]}";
}

void put_state(json::Writer& out, const PartitionState& state) {
  out.begin_object().member("status_code", static_cast<int>(state.status));
  out.member("timestamp", std::to_string(state.timestamp)).end_object();
}

}  // namespace

std::string text_of(const Question& question) {
  std::string text = fmt::format("{}(", k_names[static_cast<std::size_t>(question.ask)]);
  const auto add = [&](std::string_view part) {
    if (text.back() != '(') text += ", ";
    text += part;
  };
  if (!question.id.empty()) add(fmt::format("\"{}\"", question.id));
  if (question.ask == Ask::events_in_range)
    add(fmt::format("from {} to {}", question.start, question.end));
  if (question.slice.since) add(fmt::format("since {}", *question.slice.since));
  if (question.slice.limit != Slice::k_events_max)
    add(fmt::format("limit {}", question.slice.limit));
  if (question.ask >= Ask::list_build_requests && question.ask <= Ask::list_jobs)
    add(fmt::format("{} from {}", question.paging.limit, question.paging.offset));
  if (question.build_status) add(name_of(*question.build_status));
  if (question.partition_status) add(name_of(*question.partition_status));
  if (!question.search.empty()) add(fmt::format("search \"{}\"", question.search));
  const EventFilter& filter = question.filter;
  for (const auto* list : {&filter.partition_refs, &filter.partition_patterns, &filter.job_labels,
                           &filter.job_run_ids, &filter.build_request_ids})
    for (const std::string& one : *list) add(one);
  for (const EventType type : filter.types) add(name_of(type));
  return text + ")";
}

std::string answer_of(EventLog& log, const Question& question) {
  const auto encoded = [](json::Writer& out, const auto& item) { encode(out, item); };
  const auto as_text = [](json::Writer& out, const std::string& id) { out.value(id); };
  switch (question.ask) {
    case Ask::build_request_events:
      return text_of(log.build_request_events(question.id, question.slice));
    case Ask::partition_events:
      return text_of(log.partition_events(question.id, question.slice));
    case Ask::job_run_events:
      return text_of(log.job_run_events(question.id, question.slice));
    case Ask::events_in_range:
      return text_of(log.events_in_range(question.start, question.end, question.slice.limit));
    case Ask::event:
      return text_of_maybe(log.event(question.id), [](json::Writer& out, const StoredEvent& event) {
        encode_event(out, event.event);
      });
    case Ask::list:
      return pages_text(log, question);
    case Ask::latest_partition_status:
      return text_of_maybe(log.latest_partition_status(question.id), put_state);
    case Ask::active_builds_for_partition: {
      const auto builds = log.active_builds_for_partition(question.id);
      if (!builds.ok()) return error_text(builds.error());
      return text_with([&](json::Writer& out) {
        out.begin_array();
        for (const std::string& build : *builds) out.value(build);
        out.end_array();
      });
    }
    case Ask::build_request_for_available_partition:
      return text_of_maybe(log.build_request_for_available_partition(question.id), as_text);
    case Ask::build_request:
      return text_of_maybe(log.build_request(question.id), encoded);
    case Ask::list_build_requests:
      return text_of(log.list_build_requests(question.paging, question.build_status));
    case Ask::list_recent_partitions:
      return text_of(log.list_recent_partitions(question.paging, question.partition_status));
    case Ask::list_jobs:
      return text_of(log.list_jobs(question.paging, question.search));
    case Ask::activity: {
      const auto activity = log.activity();
      if (!activity.ok()) return error_text(activity.error());
      return text_with([&](json::Writer& out) { encode(out, *activity); });
    }
  }
  return "";
}

namespace {

/// Collects questions; of each kind of thing at most some.
class Asker {
 public:
  Asker(std::span<const BuildEvent> events, std::size_t of_each)
      : events_(events), of_each_(of_each) {}

  std::vector<Question> questions() {
    collect();
    ask_of_things();
    ask_of_instants();
    ask_for_lists();
    ask_for_pages();
    return std::move(out_);
  }

 private:
  using Texts = std::set<std::string, std::less<>>;

  // Spread over the events, so that early and late ones are there.
  void collect() {
    const std::size_t stride = std::max<std::size_t>(1, events_.size() / of_each_ / 4);
    for (std::size_t i = 0; i < events_.size(); i += stride) {
      const BuildEvent& event = events_[i];
      add(ids_, event.event_id);
      add(builds_, event.build_request_id);
      for (const std::string_view ref : partitions_of(event)) add(refs_, ref);
      if (!job_run_of(event).empty()) add(runs_, job_run_of(event));
      if (const auto* job = std::get_if<JobEvent>(&event.payload)) add(labels_, job->job_label);
      if (times_.size() < of_each_) times_.insert(event.timestamp);
    }
    for (Texts* texts : {&ids_, &builds_}) texts->insert("ffffffff-ffff-4fff-8fff-ffffffffffff");
    for (Texts* texts : {&refs_, &runs_, &labels_}) texts->insert("nobody's");
  }
  void add(Texts& texts, std::string_view text) const {
    if (texts.size() < of_each_) texts.emplace(text);
  }

  void ask_of_things() {
    const std::int64_t middle =
        times_.empty() ? 5
                       : *std::next(times_.begin(), static_cast<std::ptrdiff_t>(times_.size() / 2));
    const auto sliced = [&](Ask ask, const Texts& ids) {
      for (const std::string& id : ids) {
        out_.push_back({.ask = ask, .id = id});
        out_.push_back({.ask = ask, .id = id, .slice = {.since = {}, .limit = 3}});
        out_.push_back({.ask = ask, .id = id, .slice = {.since = middle, .limit = 5}});
      }
    };
    sliced(Ask::build_request_events, builds_);
    sliced(Ask::partition_events, refs_);
    sliced(Ask::job_run_events, runs_);
    for (const std::string& id : ids_) out_.push_back({.ask = Ask::event, .id = id});
    for (const std::string& id : builds_) out_.push_back({.ask = Ask::build_request, .id = id});
    for (const Ask ask : {Ask::latest_partition_status, Ask::active_builds_for_partition,
                          Ask::build_request_for_available_partition})
      for (const std::string& ref : refs_) out_.push_back({.ask = ask, .id = ref});
  }

  void ask_of_instants() {
    const auto range = [&](std::int64_t start, std::int64_t end, std::size_t limit) {
      out_.push_back({.ask = Ask::events_in_range,
                      .slice = {.since = {}, .limit = limit},
                      .start = start,
                      .end = end});
    };
    constexpr std::int64_t k_last = std::numeric_limits<std::int64_t>::max();
    range(0, k_last, 1000);
    range(k_last, 0, 10);
    for (const std::int64_t at : times_) {
      range(at, at, 100);
      range(0, at, 100);
      range(at, k_last, 7);
    }
  }

  void ask_for_lists() {
    const std::array<Paging, 5> pagings{{{20, 0}, {1, 0}, {3, 2}, {1000, 0}, {20, 1'000'000}}};
    for (const Paging& paging : pagings) {
      out_.push_back({.ask = Ask::list_build_requests, .paging = paging});
      out_.push_back({.ask = Ask::list_recent_partitions, .paging = paging});
      out_.push_back({.ask = Ask::list_jobs, .paging = paging});
      out_.push_back({.ask = Ask::list_jobs, .paging = paging, .search = "jobs:"});
    }
    for (int code = 1; code <= 7; ++code)
      out_.push_back({.ask = Ask::list_build_requests,
                      .paging = {4, 1},
                      .build_status = static_cast<BuildRequestStatus>(code)});
    for (int code = 1; code <= 6; ++code)
      out_.push_back({.ask = Ask::list_recent_partitions,
                      .paging = {4, 0},
                      .partition_status = static_cast<PartitionStatus>(code)});
    for (const char* search : {"JOBS", "%", "_", "e", "nobody's"})
      out_.push_back({.ask = Ask::list_jobs, .search = search});
    out_.push_back({.ask = Ask::activity});
  }

  void ask_for_pages() {
    const auto pages = [&](EventFilter filter, std::size_t limit) {
      out_.push_back(
          {.ask = Ask::list, .slice = {.since = {}, .limit = limit}, .filter = std::move(filter)});
    };
    const std::size_t some = std::max<std::size_t>(3, events_.size() / 5);
    pages({}, some);
    pages({}, events_.size() + 1);
    const auto first = [](const Texts& texts) { return std::vector{*texts.begin()}; };
    const auto all = [](const Texts& texts) {
      return std::vector<std::string>(texts.begin(), texts.end());
    };
    pages({.partition_refs = first(refs_)}, some);
    pages({.partition_refs = all(refs_)}, some);
    for (const char* pattern :
         {"*", "a*", "a/?", "data/*", "?", "*/*", "data/users/*", "x\\*y", ""})
      pages({.partition_patterns = {pattern}}, some);
    pages({.partition_refs = all(refs_), .partition_patterns = {"*a*", "x?y"}}, some);
    pages({.job_labels = first(labels_)}, some);
    pages({.job_labels = all(labels_), .types = {EventType::partition}}, some);
    pages({.job_run_ids = all(runs_)}, some);
    pages({.build_request_ids = first(builds_)}, some);
    pages({.job_run_ids = all(runs_), .build_request_ids = all(builds_)}, some);
    for (std::size_t i = 0; i < k_event_types; ++i)
      pages({.types = {static_cast<EventType>(i)}}, some);
  }

  std::span<const BuildEvent> events_;
  std::size_t of_each_;
  Texts ids_, builds_, refs_, runs_, labels_;
  std::set<std::int64_t> times_;
  std::vector<Question> out_;
};

}  // namespace

std::vector<Question> questions_about(std::span<const BuildEvent> events, std::size_t of_each) {
  return Asker(events, of_each).questions();
}

}  // namespace bl::events
