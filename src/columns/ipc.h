#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "columns/batch.h"

/// Arrow's IPC format: batches as bytes, for journals, answers and worker processes. Bytes from
/// outside are checked whole before a view may touch them, and allocate no more than a limit.
/// Format: https://arrow.apache.org/docs/format/Columnar.html (streaming format, version 5).
namespace bl::columns {

enum class IpcCompression { none, lz4, zstd };

struct IpcLimits {
  std::size_t bytes_max = 256u << 20;         ///< of a whole stream
  std::size_t memory_bytes_max = 512u << 20;  ///< of what it unpacks to, all batches together
  std::int64_t rows_max = 1 << 22;            ///< of one batch
  int batches_max = 65536;
  SchemaLimits schema;
};

/// Writes one stream: the schema, batches, the end mark. One thread.
class IpcWriter {
 public:
  /// Takes the bytes as they come; an error ends the stream.
  using Sink = std::function<Result<void>(std::string_view)>;

  /// The schema goes out with the first batch, or at the end. Errors: what the sink says.
  static Result<std::unique_ptr<IpcWriter>> start(const Schema& schema, IpcCompression compression,
                                                  Sink sink);
  virtual ~IpcWriter() = default;
  /// Errors: invalid (another schema), what the sink says.
  virtual Result<void> write(const Batch& batch) = 0;
  /// The end mark. Nothing may be written after it.
  virtual Result<void> finish() = 0;
};

/// A whole stream in memory. Errors: invalid (a batch of another schema).
Result<std::string> to_ipc(const Schema& schema, std::span<const Batch> batches,
                           IpcCompression compression);

/// Reads a stream that lies in memory. The batches share the bytes (and keep them) where nothing
/// was compressed. One thread.
class IpcReader {
 public:
  /// Reads the schema. Errors: malformed (no IPC stream, or cut), too_large (over a limit, named),
  /// invalid (a schema of no use), unsupported (dictionaries, big-endian writers; by name).
  static Result<std::unique_ptr<IpcReader>> open(std::string bytes, const IpcLimits& limits);
  virtual ~IpcReader() = default;
  virtual const Schema& schema() const = 0;
  /// The next batch; nullopt at the end mark, or where the bytes end between two batches. Errors as
  /// above; after one there is no next.
  virtual Result<std::optional<Batch>> next() = 0;
};

/// One batch without its schema, as journals keep them: shorter, and a multiple of 8 bytes.
/// Appended to `out`.
Result<void> append_ipc_batch(const Batch& batch, IpcCompression compression, std::string& out);
/// The batch back, of a schema that is known. Copies the bytes once. Errors: malformed (cut, not of
/// that schema, broken), too_large.
Result<Batch> read_ipc_batch(std::string_view bytes, const Schema& schema, const IpcLimits& limits);

}  // namespace bl::columns
