#pragma once

#include <functional>

#include "bigquery/write_streams.h"
#include "net/grpc.h"

namespace bl::bigquery {

/// The streams, opened when somebody asks first. Errors: those of opening, which the caller is
/// told.
using OpenWriteStreams = std::function<Result<WriteStreams*>()>;

/// The six methods of google.cloud.bigquery.storage.v1.BigQueryWrite. The streams outlive the
/// calls. AppendRows answers what belongs to one request (offsets, rows, a table that went) within
/// the connection, and ends it only where nothing sensible can follow: bytes that are no request, a
/// first request without a stream or to one that is not there. Every error carries its
/// StorageError, if it has one, as a detail of google.rpc.Status.
void add_write_methods(net::GrpcMethods& methods, OpenWriteStreams streams, net::Access access);

}  // namespace bl::bigquery
