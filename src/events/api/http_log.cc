#include "events/http_log.h"

#include "base/uri.h"
#include "events/api/decode_answers.h"
#include "events/api/query_filter.h"
#include "events/append_check.h"
#include "events/encode.h"

namespace bl::events {
namespace {

/// A name as a path's segment.
std::string segment(std::string_view name) {
  return percent_encode(name);
}

/// True for a filter that asks for an empty name, which no event has. In a query, an empty value is
/// none.
bool matches_nothing(const EventFilter& filter) {
  const auto has_no_name = [](const std::vector<std::string>& names) {
    return !names.empty() &&
           std::ranges::all_of(names, [](const std::string& name) { return name.empty(); });
  };
  return has_no_name(filter.partition_refs) || has_no_name(filter.partition_patterns) ||
         has_no_name(filter.job_labels) || has_no_name(filter.job_run_ids) ||
         has_no_name(filter.build_request_ids);
}

/// Clients that nobody uses now: each keeps its connection.
class Clients {
 public:
  Clients(const net::ServerAddress& address, const HttpLogLimits& limits)
      : address_(address), limits_(limits) {}

  Result<net::ClientResponse> send(net::Method method, const std::string& path,
                                   std::string_view body) {
    net::Client client = take();
    net::Headers headers;
    headers.set("Accept", "application/json");
    if (!address_.token.empty()) headers.set("Authorization", "Bearer " + address_.token);
    if (!body.empty()) headers.set("Content-Type", "application/json");
    auto response = client.send(method, address_.url + path, headers, body);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(client));
    return response;
  }
  const std::string& url() const { return address_.url; }

 private:
  net::Client take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) {
      return net::Client({.timeout = limits_.timeout, .body_bytes_max = limits_.answer_bytes_max},
                         address_.trust);
    }
    net::Client client = std::move(idle_.back());
    idle_.pop_back();
    return client;
  }

  const net::ServerAddress address_;
  const HttpLogLimits limits_;
  std::mutex mutex_;
  std::vector<net::Client> idle_;  // guarded by mutex_
};

class HttpLog final : public EventLog {
 public:
  HttpLog(const net::ServerAddress& address, const HttpLogLimits& limits)
      : clients_(address, limits), answer_limits_(parse_limits(limits.answer_bytes_max)) {}

  Result<Appended> append(std::span<const BuildEvent> events) override {
    BL_RETURN_IF_ERROR(check_batch(events));
    std::string body;
    json::Writer writer(body);
    writer.begin_array();
    for (const BuildEvent& event : events) encode_event(writer, event);
    writer.end_array();
    auto response = clients_.send(net::Method::post, "/api/v1/events", body);
    if (!response.ok() &&
        (response.error().code == Code::timeout || response.error().code == Code::unavailable)) {
      return Error{Code::outcome_unknown, response.error().message};
    }
    BL_TRY(const json::Value answer, document_of(std::move(response)));
    return appended_of(answer);
  }

  Result<Events> build_request_events(std::string_view build_request_id,
                                      const Slice& slice) override {
    if (!is_uuid(build_request_id)) return Events();
    return events_at("/api/v1/builds/" + segment(build_request_id) + "?" + query_of(slice));
  }
  Result<Events> partition_events(std::string_view partition_ref, const Slice& slice) override {
    return events_at("/api/v1/partitions/" + segment(partition_ref) + "/events?encoding=text&" +
                     query_of(slice));
  }
  Result<Events> job_run_events(std::string_view job_run_id, const Slice& slice) override {
    return events_at("/api/v1/job-runs/" + segment(job_run_id) + "/events?encoding=text&" +
                     query_of(slice));
  }
  Result<Events> events_in_range(std::int64_t start, std::int64_t end, std::size_t limit) override {
    return events_at("/api/v1/events/range?start=" + std::to_string(start) +
                     "&end=" + std::to_string(end) + "&limit=" + std::to_string(limit));
  }
  Result<std::optional<StoredEvent>> event(std::string_view event_id) override {
    if (!is_uuid(event_id)) return std::optional<StoredEvent>();
    return maybe("/api/v1/events/" + segment(event_id), stored_event_of);
  }
  Result<EventPage> list(Sequence after, const EventFilter& filter, std::size_t limit) override {
    if (matches_nothing(filter)) {
      BL_TRY(const LogStatus status, this->status());
      return EventPage{.events = {}, .next = std::max(after, status.newest), .has_more = false};
    }
    BL_TRY(const json::Value answer,
           get("/api/v1/events?since_idx=" + std::to_string(after) +
               "&limit=" + std::to_string(std::min<std::size_t>(limit, k_page_max)) +
               events::query_of(filter)));
    return event_page_of(answer);
  }

  Result<std::optional<PartitionState>> latest_partition_status(
      std::string_view partition_ref) override {
    return maybe(status_path(partition_ref), partition_state_of);
  }
  Result<std::vector<std::string>> active_builds_for_partition(
      std::string_view partition_ref) override {
    BL_TRY(auto builds, maybe(status_path(partition_ref), active_builds_of));
    return std::move(builds).value_or(std::vector<std::string>());
  }
  Result<std::optional<std::string>> build_request_for_available_partition(
      std::string_view partition_ref) override {
    BL_TRY(auto build, maybe(status_path(partition_ref), available_build_of));
    return std::move(build).value_or(std::nullopt);
  }
  Result<std::optional<BuildRequestSummary>> build_request(
      std::string_view build_request_id) override {
    if (!is_uuid(build_request_id)) return std::optional<BuildRequestSummary>();
    BL_TRY(auto build,
           maybe("/api/v1/builds/" + segment(build_request_id) + "?limit=1", summary_of_build));
    return std::move(build).value_or(std::nullopt);
  }

  Result<Listed<BuildRequestSummary>> list_build_requests(
      const Paging& paging, std::optional<BuildRequestStatus> status) override {
    std::string path = "/api/v1/builds?" + query_of(paging);
    if (status) path.append("&status=").append(name_of(*status));
    BL_TRY(const json::Value answer, get(path));
    return builds_of(answer);
  }
  Result<Listed<PartitionSummary>> list_recent_partitions(
      const Paging& paging, std::optional<PartitionStatus> status) override {
    std::string path = "/api/v1/partitions?" + query_of(paging);
    if (status) path.append("&status=").append(name_of(*status));
    BL_TRY(const json::Value answer, get(path));
    return partitions_of_answer(answer);
  }
  Result<Listed<JobSummary>> list_jobs(const Paging& paging, std::string_view search) override {
    BL_TRY(const json::Value answer,
           get("/api/v1/jobs?" + query_of(paging) + "&search=" + percent_encode(search)));
    return jobs_of(answer);
  }
  Result<ActivitySummary> activity() override {
    BL_TRY(const json::Value answer, get("/api/v1/activity"));
    return activity_of(answer);
  }

  Result<lake::Snapshot> table() override {
    return Error{Code::unsupported, "not supported: the table of a log behind HTTP; ask it by SQL"};
  }
  Result<LogStatus> status() override {
    BL_TRY(const json::Value answer, get("/api/v1/events/status"));
    return status_of(answer);
  }

 private:
  static constexpr std::size_t k_page_max = 10'000;  // of /api/v1/events

  static std::string status_path(std::string_view ref) {
    return "/api/v1/partitions/" + segment(ref) + "/status?encoding=text";
  }
  static std::string query_of(const Slice& slice) {
    std::string query = "limit=" + std::to_string(slice.limit);
    if (slice.since) query += "&since=" + std::to_string(*slice.since);
    return query;
  }
  static std::string query_of(const Paging& paging) {
    return "limit=" + std::to_string(paging.limit) + "&offset=" + std::to_string(paging.offset);
  }

  Result<json::Value> document_of(Result<net::ClientResponse> response) const {
    if (!response.ok()) return response.error();
    auto document = json::parse(response->body, answer_limits_);
    if (response->status == 200 || response->status == 201) {
      if (document.ok()) return document;
      return Error{Code::malformed, "the server's answer is no JSON: " + clients_.url()};
    }
    return net::problem_error(document.ok() ? *document : json::Value(), response->status,
                              clients_.url());
  }
  Result<json::Value> get(const std::string& path) {
    return document_of(clients_.send(net::Method::get, path, ""));
  }
  /// nullopt where the server knows of nothing.
  template <class T>
  Result<std::optional<T>> maybe(const std::string& path, Result<T> (*decode)(const json::Value&)) {
    auto answer = get(path);
    if (!answer.ok() && answer.error().code == Code::not_found) return std::optional<T>();
    if (!answer.ok()) return answer.error();
    BL_TRY(T value, decode(*answer));
    return std::optional<T>(std::move(value));
  }
  Result<Events> events_at(const std::string& path) {
    BL_TRY(const auto events, maybe(path, events_of_answer));
    return events.value_or(Events());
  }

  Clients clients_;
  const json::ParseLimits answer_limits_;
};

}  // namespace

std::unique_ptr<EventLog> make_http_log(const net::ServerAddress& address,
                                        const HttpLogLimits& limits) {
  return std::make_unique<HttpLog>(address, limits);
}

}  // namespace bl::events
