#pragma once

#include <memory>
#include <string>
#include <vector>

#include "events/log.h"

/// What can be asked of a log, as values, and the answers as canonical JSON: so that one suite asks
/// a log, a server and a command line.
namespace bl::events {

enum class Ask : unsigned char {
  build_request_events,                   ///< id, slice
  partition_events,                       ///< id, slice
  job_run_events,                         ///< id, slice
  events_in_range,                        ///< start, end, slice.limit
  event,                                  ///< id
  list,                                   ///< filter, slice.limit: all pages
  latest_partition_status,                ///< id
  active_builds_for_partition,            ///< id
  build_request_for_available_partition,  ///< id
  build_request,                          ///< id
  list_build_requests,                    ///< paging, build_status
  list_recent_partitions,                 ///< paging, partition_status
  list_jobs,                              ///< paging, search
  activity,
};

struct Question {
  Ask ask = Ask::activity;
  std::string id;  ///< of a build, a partition, a run or an event
  Slice slice = {};
  std::int64_t start = 0, end = 0;
  EventFilter filter = {};
  Paging paging = {};
  std::optional<BuildRequestStatus> build_status = {};
  std::optional<PartitionStatus> partition_status = {};
  std::string search = {};
};

/// For messages of tests: `partition_events("a/b", since 5, limit 2)`.
std::string text_of(const Question& question);

/// The answer, canonical; of an error `{"error":"CODE"}`. Members:
/// - events of one kind: `{"events":[...],"has_more":false}`
/// - list: `{"pages":[[...],...]}`, of at most `slice.limit` each, until has_more says no; the
///   sequences grow
/// - one thing that may be absent: it or `null`; a state: `{"status_code":4,"timestamp":"5"}`
/// - active builds: `["ID",...]`
/// - lists: `{"items":[...],"total":7}`
std::string answer_of(EventLog& log, const Question& question);

/// What is under test: a log, or something that asks one through a wire.
class LogUnderTest {
 public:
  virtual ~LogUnderTest() = default;
  virtual Result<Appended> append(std::span<const BuildEvent> events) = 0;
  /// As answer_of() gives it.
  virtual std::string ask(const Question& question) = 0;
  /// For what no wire gives: table(), status(). Null: is not tested.
  virtual EventLog* log() { return nullptr; }
};

/// A log itself.
class LogItself final : public LogUnderTest {
 public:
  explicit LogItself(std::unique_ptr<EventLog> log) : log_(std::move(log)) {}
  Result<Appended> append(std::span<const BuildEvent> events) override {
    return log_->append(events);
  }
  std::string ask(const Question& question) override { return answer_of(*log_, question); }
  EventLog* log() override { return log_.get(); }

 private:
  std::unique_ptr<EventLog> log_;
};

/// Questions of every kind about those events: their builds, refs, runs, ids and instants (at most
/// `of_each` of each), with limits, offsets, filters and statuses; unknown ones besides.
std::vector<Question> questions_about(std::span<const BuildEvent> events, std::size_t of_each);

}  // namespace bl::events
