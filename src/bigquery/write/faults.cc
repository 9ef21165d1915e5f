#include "bigquery/write/faults.h"

#include <fmt/format.h>

#include "base/protobuf.h"

namespace bl::bigquery::write {
namespace {

// In Error::faults, where nobody else of the door puts anything.
constexpr std::string_view k_path = "storage_error";
constexpr std::string_view k_type =
    "type.googleapis.com/google.cloud.bigquery.storage.v1.StorageError";

enum Canonical : int {
  invalid_argument = 3,
  not_found = 5,
  already_exists = 6,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unavailable = 14,
};

int canonical_of(const Error& error) {
  switch (storage_of(error)) {
    case Storage::table_not_found:
    case Storage::stream_not_found:
      return not_found;
    case Storage::offset_exists:
      return already_exists;
    case Storage::offset_out_of_range:
      return out_of_range;
    case Storage::already_committed:
    case Storage::invalid_state:
    case Storage::finalized:
      return failed_precondition;
    case Storage::invalid_type:
    case Storage::extra_fields:
      return invalid_argument;
    case Storage::aborted:
      return aborted;
    case Storage::none:
      break;
  }
  switch (error.code) {
    case Code::too_large:  // a request of the client's that it can make smaller
      return invalid_argument;
    case Code::too_many:
    case Code::disk_full:
      return resource_exhausted;
    case Code::outcome_unknown:  // the same offsets again do no harm
      return unavailable;
    default:
      return net::grpc_status(error.code);
  }
}

}  // namespace

Error fault(Code code, Storage storage, std::string_view message, std::string_view entity) {
  return {code,
          fmt::format("{} Entity: {}", message, entity),
          {{std::string(k_path), std::string(entity), std::to_string(static_cast<int>(storage))}}};
}

Storage storage_of(const Error& error) {
  for (const Fault& one : error.faults) {
    if (one.path == k_path) return static_cast<Storage>(std::stoi(one.value));
  }
  return Storage::none;
}

std::string entity_of(const Error& error) {
  for (const Fault& one : error.faults) {
    if (one.path == k_path) return one.message;
  }
  return "";
}

Error no_such_stream(std::string_view name) {
  return fault(Code::not_found, Storage::stream_not_found, "Requested entity was not found.", name);
}

Error no_such_table(std::string_view name) {
  return fault(Code::not_found, Storage::table_not_found, "Requested entity was not found.", name);
}

std::string storage_error(const Error& error) {
  std::string out;
  protobuf::put_int(out, 1, static_cast<int>(storage_of(error)));
  protobuf::put_text(out, 2, entity_of(error));
  protobuf::put_text(out, 3, error.message);
  return out;
}

net::GrpcStatus status_of(const Error& error) {
  net::GrpcStatus status{canonical_of(error), error.message, ""};
  for (const Fault& one : error.faults) {
    if (one.path == k_path) continue;
    status.message += fmt::format("; {}: {}", one.path, one.message);
    if (!one.value.empty()) status.message += ": " + one.value;
  }
  protobuf::put_int(status.details, 1, status.code);
  protobuf::put_text(status.details, 2, status.message);
  const Storage storage = storage_of(error);
  if (storage != Storage::none && storage != Storage::aborted) {
    protobuf::put_message(status.details, 3, [&] {
      protobuf::put_text(status.details, 1, k_type);
      protobuf::put_element(status.details, 2, storage_error(error));
    });
  }
  return status;
}

}  // namespace bl::bigquery::write
