#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "base/random.h"
#include "base/time.h"
#include "bigquery/read_source.h"
#include "duck/database.h"
#include "net/grpc.h"

/// The Storage Read API (spec/bigquery-and-gate.md 3.1, 4):
/// `google.cloud.bigquery.storage.v1.BigQueryRead`.
namespace bl::bigquery {

struct ReadLimits {
  std::chrono::seconds session_life{6 * 3'600 + 600};
  /// When there are so many, the oldest whose streams were read to their ends goes; else a new one
  /// is refused.
  std::size_t sessions_max = 4'096;
  /// Memory of rows that sessions hold, that are in no file; the same is done then.
  std::uint64_t held_bytes_max = 1ull << 30;
  int streams_max = 1'000;  ///< of a session
  std::size_t restriction_bytes_max = 1u << 20;
  std::size_t reading_max = 24;  ///< calls of ReadRows at once: each has a worker of gRPC
  std::uint64_t message_bytes = 256u << 10;        ///< of rows in memory; one row may be more
  std::chrono::milliseconds file_time{3'600'000};  ///< that a file of a stream may take
  duck::DatabaseLimits engine{.memory_bytes_max = 512u << 20, .threads = 2};
};

struct ReadWorld {
  FindReadSource find;
  const Clock& clock;
  Random& random;
  Metrics& metrics;
};

/// Sessions and their streams; lost when the process ends, as clients expect it (NOT_FOUND: they
/// begin anew). A session pins its source. A stream is a range of its rows in their one order, so
/// offsets hold whoever reads, and however often. The engine is opened by the first who needs it.
/// Threads: any; one of its own watches for clients that go.
class ReadSessions {
 public:
  static std::unique_ptr<ReadSessions> make(ReadWorld world, ReadLimits limits = {});
  virtual ~ReadSessions() = default;

  /// A CreateReadSessionRequest; gives the ReadSession. Errors: malformed, invalid (names, fields
  /// that are not there, a restriction with its place, counts), not_found, unsupported (by name:
  /// Avro, codecs of responses, an earlier time than the rows are known at), overloaded.
  virtual Result<std::string> create(std::string_view request) = 0;
  /// A ReadRowsRequest; writes ReadRowsResponses. Errors: malformed, not_found, invalid (an offset
  /// behind the end; what the restriction makes of a row), overloaded, cancelled, timeout.
  virtual Result<void> read(const net::GrpcCall& call, std::string_view request,
                            net::GrpcWriter& out) = 0;
  /// A SplitReadStreamRequest; gives the response, empty when the stream is not to be split.
  virtual Result<std::string> split(std::string_view request) = 0;
  /// Of sessions that are held.
  virtual std::size_t count() const = 0;
};

/// `sessions`: asked for each call, so that they may be opened late; what it gives outlives the
/// methods.
void add_read_methods(net::GrpcMethods& methods, std::function<Result<ReadSessions*>()> sessions,
                      net::Access access);

}  // namespace bl::bigquery
