#include "events/grpc_methods.h"

#include <fmt/format.h>

#include <memory>

#include "events/follower.h"
#include "events/grpc/messages.h"

namespace bl::events {
namespace {

using net::Access;
using net::GrpcCall;
using net::GrpcMethod;

constexpr std::string_view k_service = "/databuild.v1.BuildEventLog/";
constexpr std::int64_t k_list_default = 20, k_list_max = 1'000;

Result<std::int64_t> within(std::string_view name, std::int64_t given, std::int64_t otherwise,
                            std::int64_t most) {
  if (given == 0) return otherwise;
  if (given >= 1 && given <= most) return given;
  return Error{Code::invalid, fmt::format("{} must be 1 to {}: {}", name, most, given)};
}
Result<std::size_t> events_limit(std::int64_t given) {
  constexpr auto k_most = static_cast<std::int64_t>(Slice::k_events_max);
  BL_TRY(const std::int64_t limit, within("limit", given, k_most, k_most));
  return static_cast<std::size_t>(limit);
}

struct Asked {
  std::string id;
  Slice slice;
};
Result<Asked> asked_of(std::string_view bytes) {
  BL_TRY(grpc::EventsRequest request, grpc::read_events_request(bytes));
  if (request.id.empty()) return Error{Code::invalid, "the request has no id"};
  Asked asked{std::move(request.id), {}};
  asked.slice.since = request.since;
  BL_TRY(asked.slice.limit, events_limit(request.limit));
  return asked;
}

struct List {
  Paging paging;
  std::string status, search;
};
Result<List> list_of(std::string_view bytes) {
  BL_TRY(grpc::ListRequest request, grpc::read_list_request(bytes));
  BL_TRY(const std::int64_t limit, within("limit", request.limit, k_list_default, k_list_max));
  if (request.offset < 0) {
    return Error{Code::invalid, fmt::format("offset must be at least 0: {}", request.offset)};
  }
  return List{{static_cast<std::size_t>(limit), static_cast<std::size_t>(request.offset)},
              std::move(request.status),
              std::move(request.search)};
}
template <class Status>
Result<std::optional<Status>> status_of(const std::string& name,
                                        std::optional<Status> (*named)(std::string_view)) {
  if (name.empty()) return std::optional<Status>();
  const auto status = named(name);
  if (!status) return Error{Code::invalid, "no such status: " + name};
  return status;
}

template <class T>
Result<std::string> answer_of(const Result<T>& found) {
  if (!found.ok()) return found.error();
  return grpc::message_of(*found);
}
template <class T>
Result<std::string> found_or_not(const Result<std::optional<T>>& found, const std::string& id) {
  if (!found.ok()) return found.error();
  if (!*found) return Error{Code::not_found, "nothing is known of: " + id};
  return grpc::message_of(**found);
}

class Methods {
 public:
  Methods(net::GrpcMethods& methods, GrpcPorts ports)
      : methods_(methods), ports_(std::make_shared<const GrpcPorts>(std::move(ports))) {}

  void add_writes() {
    add("Append", Access::write, [](const Asking& asking) -> Result<std::string> {
      // A build belongs to no repository of results.
      BL_RETURN_IF_ERROR(asking.call.principal.demand_repository(""));
      BL_TRY(const auto events, grpc::read_append_request(asking.request, asking.ports.limits));
      BL_TRY(const Appended appended, asking.log.append(events));
      if (appended.added > 0) asking.ports.tails.wake();
      return grpc::message_of(appended);
    });
  }

  void add_events() {
    add("ListEvents", [](const Asking& asking) -> Result<std::string> {
      BL_TRY(const auto request, grpc::read_list_events_request(asking.request));
      BL_TRY(const std::size_t limit, events_limit(request.limit));
      return answer_of(asking.log.list(request.since_idx.value_or(0), request.filter, limit));
    });
    add("GetEvent", [](const Asking& asking) -> Result<std::string> {
      BL_TRY(const Asked asked, asked_of(asking.request));
      return found_or_not(asking.log.event(asked.id), asked.id);
    });
    add("GetBuildRequestEvents", [](const Asking& asking) -> Result<std::string> {
      BL_TRY(const Asked asked, asked_of(asking.request));
      return answer_of(asking.log.build_request_events(asked.id, asked.slice));
    });
    add("GetPartitionEvents", [](const Asking& asking) -> Result<std::string> {
      BL_TRY(const Asked asked, asked_of(asking.request));
      return answer_of(asking.log.partition_events(asked.id, asked.slice));
    });
    add("GetJobRunEvents", [](const Asking& asking) -> Result<std::string> {
      BL_TRY(const Asked asked, asked_of(asking.request));
      return answer_of(asking.log.job_run_events(asked.id, asked.slice));
    });
    add("GetEventsInRange", [](const Asking& asking) -> Result<std::string> {
      BL_TRY(const auto request, grpc::read_events_in_range_request(asking.request));
      BL_TRY(const std::size_t limit, events_limit(request.limit));
      return answer_of(asking.log.events_in_range(request.start, request.end, limit));
    });
  }

  void add_states() {
    add("GetLatestPartitionStatus", [](const Asking& asking) -> Result<std::string> {
      BL_TRY(const Asked asked, asked_of(asking.request));
      return found_or_not(asking.log.latest_partition_status(asked.id), asked.id);
    });
    add("GetActiveBuildsForPartition", [](const Asking& asking) -> Result<std::string> {
      BL_TRY(const Asked asked, asked_of(asking.request));
      return answer_of(asking.log.active_builds_for_partition(asked.id));
    });
    add("GetBuildRequestForAvailablePartition", [](const Asking& asking) -> Result<std::string> {
      BL_TRY(const Asked asked, asked_of(asking.request));
      BL_TRY(const auto build, asking.log.build_request_for_available_partition(asked.id));
      if (!build) return Error{Code::not_found, "no build made it available: " + asked.id};
      return grpc::message_of(std::vector<std::string>{*build});
    });
    add("GetBuildRequest", [](const Asking& asking) -> Result<std::string> {
      BL_TRY(const Asked asked, asked_of(asking.request));
      return found_or_not(asking.log.build_request(asked.id), asked.id);
    });
  }

  void add_lists() {
    add("ListBuildRequests", [](const Asking& asking) -> Result<std::string> {
      BL_TRY(const List list, list_of(asking.request));
      BL_TRY(const auto status, status_of(list.status, &build_request_status_named));
      return answer_of(asking.log.list_build_requests(list.paging, status));
    });
    add("ListRecentPartitions", [](const Asking& asking) -> Result<std::string> {
      BL_TRY(const List list, list_of(asking.request));
      BL_TRY(const auto status, status_of(list.status, &partition_status_named));
      return answer_of(asking.log.list_recent_partitions(list.paging, status));
    });
    add("ListJobs", [](const Asking& asking) -> Result<std::string> {
      BL_TRY(const List list, list_of(asking.request));
      return answer_of(asking.log.list_jobs(list.paging, list.search));
    });
    add("GetActivity", [](const Asking& asking) { return answer_of(asking.log.activity()); });
    add("ExecuteQuery", [](const Asking& asking) -> Result<std::string> {
      BL_TRY(const auto request, grpc::read_query_request(asking.request));
      engine::QueryLimits limits = asking.ports.most;
      BL_TRY(limits.rows_max,
             within("rows_max", request.rows_max, limits.rows_max, limits.rows_max));
      BL_TRY(EventSql* const sql, asking.ports.sql());
      return answer_of(
          sql->execute_query(asking.log, request.sql, limits,
                             std::make_shared<engine::QueryControl>(asking.call.client_is_there)));
    });
  }

  void add_tail() {
    GrpcMethod method{.name = std::string(k_service) + "TailEvents", .access = Access::read};
    method.stream = [ports = ports_](const GrpcCall& call, std::string_view request,
                                     net::GrpcWriter& out) -> Result<void> {
      BL_TRY(const auto wanted, grpc::read_list_events_request(request));
      BL_TRY(EventLog* const log, ports->log());
      BL_TRY(const auto place, TailPlace::take(ports->tails));
      BL_TRY(const Sequence begin, begin_behind(*log, wanted.since_idx));
      return follow(
          *log, ports->tails, wanted.filter, begin,
          {.event = [&](const StoredEvent& stored) { return out.write(grpc::message_of(stored)); },
           .heartbeat = {},
           .client_is_there = call.client_is_there});
    };
    methods_.add(std::move(method));
  }

 private:
  struct Asking {
    const GrpcCall& call;
    std::string_view request;
    const GrpcPorts& ports;
    EventLog& log;
  };
  using Answer = Result<std::string> (*)(const Asking&);
  void add(std::string_view name, Answer answer) { add(name, Access::read, answer); }
  void add(std::string_view name, Access access, Answer answer) {
    GrpcMethod method{.name = std::string(k_service).append(name), .access = access};
    method.answer = [ports = ports_, answer](const GrpcCall& call,
                                             std::string_view request) -> Result<std::string> {
      BL_TRY(EventLog* const log, ports->log());
      return answer({call, request, *ports, *log});
    };
    methods_.add(std::move(method));
  }

  net::GrpcMethods& methods_;
  const std::shared_ptr<const GrpcPorts> ports_;
};

}  // namespace

void add_grpc_methods(net::GrpcMethods& methods, GrpcPorts ports) {
  Methods adding(methods, std::move(ports));
  adding.add_writes();
  adding.add_events();
  adding.add_states();
  adding.add_lists();
  adding.add_tail();
}

}  // namespace bl::events
