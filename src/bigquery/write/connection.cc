#include "bigquery/write/connection.h"

#include <fmt/format.h>

#include "bigquery/write/faults.h"

namespace bl::bigquery::write {
namespace {

// MissingValueInterpretation
constexpr int k_null_value = 1, k_default_value = 2;

std::string small_letters(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

Counter limit_hits(Metrics& metrics, const char* limit) {
  return metrics.counter("bl_bigquery_write_limit_hits_total",
                         "Times that a limit of write streams was reached", {{"limit", limit}});
}

}  // namespace

Connection::Connection(WriteStreams::Impl& streams)
    : streams_(streams),
      request_limit_(limit_hits(streams.metrics(), "request_bytes_max")),
      tables_limit_(limit_hits(streams.metrics(), "tables_of_connection_max")),
      refused_(streams.metrics().counter("bl_bigquery_write_refused_total",
                                         "Requests of AppendRows that were answered by an error")) {
}

Result<void> Connection::take(std::span<const std::string> requests, net::GrpcWriter& out) {
  std::vector<Pending> pending;  // of the current target
  Target* last = nullptr;
  for (const std::string& bytes : requests) {
    const auto request = read_append(bytes);
    auto target = request.ok() ? target_of(*request) : request.error();
    if (last != nullptr && (!target.ok() || *target != last)) {
      BL_RETURN_IF_ERROR(answer(*last, pending, out));
      last = nullptr;
    }
    if (!target.ok()) {
      // Nothing sensible can follow on a connection that never had a stream, or bytes out of step.
      if (!request.ok() || current_ == nullptr) return std::move(target).error();
      BL_RETURN_IF_ERROR(answer_error(request->stream, target.error(), out));
      continue;
    }
    if (last == nullptr) {
      if (auto ready = refresh(**target); !ready.ok()) {
        BL_RETURN_IF_ERROR(answer_error((*target)->name, ready.error(), out));
        continue;
      }
    }
    last = *target;
    pending.push_back(prepare(*last, *request, bytes.size()));
  }
  return last == nullptr ? Result<void>() : answer(*last, pending, out);
}

// Where requests go --------------------------------------------------------------------------

Result<Connection::Target*> Connection::target_of(const AppendRequest& request) {
  if (request.stream.empty()) {
    if (current_ == nullptr) {
      return Error{Code::invalid, "the first request of a connection names its write_stream"};
    }
    if (had_several_) {
      return Error{Code::invalid,
                   "a request names its write_stream where the connection has several"};
    }
    return current_;
  }
  if (current_ != nullptr && current_->name == request.stream) return current_;
  auto found = targets_.find(request.stream);
  if (found == targets_.end()) {
    BL_TRY(auto target, open(request.stream));
    const bool is_bound = current_ != nullptr && (current_->handle || target->handle);
    if (is_bound) {
      return fault(Code::invalid, Storage::invalid_type,
                   "A connection is of one stream, or of default streams only.", request.stream);
    }
    if (targets_.size() >= streams_.limits().tables_of_connection_max) {
      tables_limit_.add();
      return Error{Code::too_many, fmt::format("a connection is of at most {} tables",
                                               streams_.limits().tables_of_connection_max)};
    }
    found = targets_.emplace(request.stream, std::move(target)).first;
  }
  had_several_ = had_several_ || current_ != nullptr;
  current_ = found->second.get();
  return current_;
}

Result<std::unique_ptr<Connection::Target>> Connection::open(std::string_view name) {
  auto target = std::make_unique<Target>();
  target->name = name;
  BL_TRY(target->stream, parse_stream_name(name));
  BL_TRY(target->table, streams_.table_of(target->stream.table));
  if (!target->stream.stream.empty()) {
    BL_TRY(target->handle, streams_.stream_of(target->stream));
    if (target->table->record().id != target->handle->table_id) return no_such_stream(name);
  }
  target->known = target->table->record().schema;
  return target;
}

// The table as it is now: it may have got columns, or be gone.
Result<void> Connection::refresh(Target& target) {
  auto now = streams_.table_of(target.stream.table);
  if (!now.ok()) return std::move(now).error();
  if (target.handle != nullptr && (*now)->record().id != target.handle->table_id) {
    return no_such_table(path_of(target.stream.table));
  }
  target.table = *std::move(now);
  const TableSchema& schema = target.table->record().schema;
  if (schema != target.known) {
    target.known = schema;
    target.was_changed = true;
  }
  return {};
}

// Rows ---------------------------------------------------------------------------------------

Result<void> Connection::plan(Target& target, const AppendRequest& request) {
  const std::int64_t version = target.table->record().version;
  const bool is_new = request.writer_schema && (request.form != target.form ||
                                                *request.writer_schema != target.writer_schema);
  const bool has_plan = target.proto || target.arrow;
  if (!is_new && request.form != target.form) {
    return Error{Code::invalid,
                 "the first request to a table, or of another format, has its writer_schema"};
  }
  if (!is_new && has_plan && target.planned_for == version) return {};
  if (is_new) {
    target.form = request.form;
    target.writer_schema = *request.writer_schema;
  }
  target.proto.reset();
  target.arrow.reset();
  if (target.form == RowsForm::proto) {
    auto made = ProtoPlan::compile(target.writer_schema, target.known);
    if (made.ok()) target.proto = *std::move(made);
    if (!made.ok()) return std::move(made).error();
  } else {
    auto made = ArrowPlan::compile(target.writer_schema, target.known);
    if (made.ok()) target.arrow = *std::move(made);
    if (!made.ok()) return std::move(made).error();
  }
  target.planned_for = version;
  return {};
}

Result<MissingValues> Connection::missing_of(const Target& target, const AppendRequest& request) {
  const auto is_default = [](int value) -> Result<bool> {
    if (value == k_null_value) return false;
    if (value == k_default_value) return true;
    return Error{Code::invalid, fmt::format("no MissingValueInterpretation: {}", value)};
  };
  // The one for all columns stays until another comes.
  if (request.missing_default && *request.missing_default != 0) {
    BL_TRY(missing_are_defaults_, is_default(*request.missing_default));
  }
  MissingValues missing;
  missing.are_defaults = missing_are_defaults_;
  missing.defaults = streams_.world().defaults;
  for (const auto& [column, value] : request.missing) {
    if (target.known.find(column) == nullptr) {
      return Error{Code::invalid, "missing_value_interpretations: no such column: " + column};
    }
    BL_TRY(missing.default_of[small_letters(column)], is_default(value));
  }
  return missing;
}

Result<RowsIn> Connection::decode(Target& target, const AppendRequest& request) {
  if (request.form == RowsForm::none) return Error{Code::invalid, "a request without rows"};
  BL_RETURN_IF_ERROR(plan(target, request));
  BL_TRY(const MissingValues missing, missing_of(target, request));
  if (request.form == RowsForm::proto) return target.proto->decode(request.rows, missing);
  if (!request.batch) return Error{Code::invalid, "a request without rows"};
  return target.arrow->decode(*request.batch, missing);
}

Connection::Pending Connection::prepare(Target& target, const AppendRequest& request,
                                        std::size_t bytes) {
  Pending pending;
  pending.append.offset = request.offset;
  pending.append.bytes = bytes;
  const auto refuse = [&](Error error) {
    pending.error = std::move(error);
    return std::move(pending);
  };
  if (bytes > streams_.limits().request_bytes_max) {
    request_limit_.add();
    return refuse({Code::too_large, fmt::format("a request is of at most {} bytes, not of {}",
                                                streams_.limits().request_bytes_max, bytes)});
  }
  if (request.offset && target.handle == nullptr) {
    return refuse(
        fault(Code::invalid, Storage::none, "The default stream has no offsets.", target.name));
  }
  if (request.offset && *request.offset < 0) {
    return refuse(fault(Code::invalid, Storage::none,
                        fmt::format("Offset {} is negative.", *request.offset), target.name));
  }
  auto rows = decode(target, request);
  if (!rows.ok()) {
    // The plan's word for fields that the table has no columns for.
    if (rows.error().code == Code::conflict) {
      return refuse(fault(Code::invalid, Storage::extra_fields, rows.error().message,
                          path_of(target.stream.table)));
    }
    return refuse(std::move(rows).error());
  }
  if (!rows->bad.empty()) {
    pending.faults = std::move(rows->faults);
    const RowFault& first = pending.faults.front();
    return refuse(fault(Code::invalid, Storage::none,
                        fmt::format("Rows are not as the table wants them, none was taken; the "
                                    "first is row {}: {}: {}",
                                    first.row, first.location, first.message),
                        target.name));
  }
  pending.append.batch = std::move(rows->batch);
  return pending;
}

// Answers ------------------------------------------------------------------------------------

Result<void> Connection::answer(Target& target, std::vector<Pending>& pending,
                                net::GrpcWriter& out) {
  std::vector<Append*> rows;
  for (Pending& one : pending) {
    if (!one.error) rows.push_back(&one.append);
  }
  if (!rows.empty() && target.handle == nullptr) streams_.append(*target.table, rows);
  if (!rows.empty() && target.handle != nullptr) {
    streams_.append(*target.handle, *target.table, rows);
  }
  for (Pending& one : pending) {
    if (!one.error && !one.append.done.ok()) one.error = one.append.done.error();
    if (one.error && one.error->code == Code::not_found &&
        storage_of(*one.error) == Storage::none) {
      one.error = no_such_table(path_of(target.stream.table));
    }
    AppendAnswer answer;
    answer.stream = target.name;
    if (one.error) {
      refused_.add();
      answer.error = &*one.error;
      answer.row_faults = one.faults;
    } else if (target.handle != nullptr) {
      answer.offset = *one.append.done;
    }
    if (std::exchange(target.was_changed, false)) answer.updated = &target.known;
    BL_RETURN_IF_ERROR(out.write(append_message(answer)));
  }
  pending.clear();
  return {};
}

Result<void> Connection::answer_error(std::string_view stream, const Error& error,
                                      net::GrpcWriter& out) {
  refused_.add();
  AppendAnswer answer;
  answer.stream = stream;
  answer.error = &error;
  return out.write(append_message(answer));
}

}  // namespace bl::bigquery::write
