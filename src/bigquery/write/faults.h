#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/grpc.h"

/// Errors as BigQuery's Storage API tells them. Private to this folder.
namespace bl::bigquery::write {

/// StorageError.StorageErrorCode.
enum class Storage : int {
  none = 0,
  table_not_found = 1,
  already_committed = 2,
  stream_not_found = 3,
  invalid_type = 4,
  invalid_state = 5,
  finalized = 6,
  extra_fields = 7,
  offset_exists = 8,
  offset_out_of_range = 9,
  aborted = 100,  ///< ours: no StorageError, the status ABORTED
};

/// `MESSAGE Entity: ENTITY`, carrying the code and the entity.
Error fault(Code code, Storage storage, std::string_view message, std::string_view entity);
Storage storage_of(const Error& error);
std::string entity_of(const Error& error);

Error no_such_stream(std::string_view name);
Error no_such_table(std::string_view name);

/// The canonical status, the sentence, and the bytes of a google.rpc.Status with the StorageError.
net::GrpcStatus status_of(const Error& error);
/// The bytes of a StorageError.
std::string storage_error(const Error& error);

}  // namespace bl::bigquery::write
