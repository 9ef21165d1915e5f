#include "columns/ipc.h"

#include <arrow/array/array_base.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/message.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/memory_pool.h>
#include <arrow/util/compression.h>
#include <arrow/visit_type_inline.h>
#include <fmt/format.h>

#include "columns/arrow/bridge.h"
#include "columns/arrow/write_options.h"

namespace bl::columns {

arrow::ipc::IpcWriteOptions write_options(IpcCompression compression) {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.use_threads = false;
  options.emit_dictionary_deltas = false;
  if (compression == IpcCompression::lz4) {
    options.codec = arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME).ValueOrDie();
  } else if (compression == IpcCompression::zstd) {
    options.codec = arrow::util::Codec::Create(arrow::Compression::ZSTD).ValueOrDie();
  }
  return options;
}

namespace {

/// Hands Arrow's writes to a sink of ours, and keeps its error.
class SinkStream final : public arrow::io::OutputStream {
 public:
  explicit SinkStream(IpcWriter::Sink sink) : sink_(std::move(sink)) {}
  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, std::int64_t bytes) override {
    if (!error_) {
      auto taken = sink_({static_cast<const char*>(data), static_cast<std::size_t>(bytes)});
      if (!taken.ok()) error_ = std::move(taken).error();
    }
    if (error_) return arrow::Status::IOError("the sink failed");
    position_ += bytes;
    return arrow::Status::OK();
  }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  Result<void> said(const arrow::Status& status) const {
    if (status.ok()) return {};
    return error_ ? *error_ : error_of(Code::invalid, status);
  }

 private:
  IpcWriter::Sink sink_;
  std::optional<Error> error_;
  std::int64_t position_ = 0;
  bool closed_ = false;
};

class StreamWriter final : public IpcWriter {
 public:
  StreamWriter(const Schema& schema, IpcWriter::Sink sink)
      : schema_(schema), sink_(std::make_shared<SinkStream>(std::move(sink))) {}
  Result<void> start(IpcCompression compression) {
    auto writer = arrow::ipc::MakeStreamWriter(sink_, ArrowBridge::schema(schema_),
                                               write_options(compression));
    BL_RETURN_IF_ERROR(sink_->said(writer.status()));
    writer_ = std::move(*writer);
    return {};
  }
  Result<void> write(const Batch& batch) override {
    if (batch.schema() != schema_) {
      return Error{Code::invalid, "a batch of another schema: " + batch.schema().text()};
    }
    return sink_->said(writer_->WriteRecordBatch(*ArrowBridge::batch(batch)));
  }
  Result<void> finish() override { return sink_->said(writer_->Close()); }

 private:
  Schema schema_;
  std::shared_ptr<SinkStream> sink_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

/// Arrow's allocations for one reader, capped: what a hostile writer says of sizes is not believed.
/// Buffers of this pool live in batches, so they keep it.
class CappedPool final : public arrow::MemoryPool {
 public:
  explicit CappedPool(std::size_t bytes_max) : bytes_max_(static_cast<std::int64_t>(bytes_max)) {}
  using arrow::MemoryPool::Allocate;
  arrow::Status Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) override {
    ARROW_RETURN_NOT_OK(room_for(size));
    return inner_->Allocate(size, alignment, out);
  }
  using arrow::MemoryPool::Reallocate;
  arrow::Status Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment,
                           std::uint8_t** ptr) override {
    if (new_size > old_size) ARROW_RETURN_NOT_OK(room_for(new_size - old_size));
    return inner_->Reallocate(old_size, new_size, alignment, ptr);
  }
  using arrow::MemoryPool::Free;
  void Free(std::uint8_t* buffer, std::int64_t size, std::int64_t alignment) override {
    inner_->Free(buffer, size, alignment);
  }
  std::int64_t bytes_allocated() const override { return taken_; }
  std::int64_t total_bytes_allocated() const override { return taken_; }
  std::int64_t num_allocations() const override { return 0; }
  std::string backend_name() const override { return inner_->backend_name(); }
  bool struck() const { return struck_; }

 private:
  /// Counts what was ever asked for: batches that are freed make no new room.
  arrow::Status room_for(std::int64_t more) {
    if (more > bytes_max_ - taken_) {
      struck_ = true;
      return arrow::Status::OutOfMemory("over the limit");
    }
    taken_ += more;
    return arrow::Status::OK();
  }
  arrow::MemoryPool* inner_ = arrow::default_memory_pool();
  std::int64_t bytes_max_;
  std::int64_t taken_ = 0;
  bool struck_ = false;
};

/// A buffer that keeps its pool alive.
class PooledBuffer final : public arrow::Buffer {
 public:
  PooledBuffer(std::shared_ptr<arrow::Buffer> inner, std::shared_ptr<CappedPool> pool)
      : arrow::Buffer(inner->data(), inner->size()),
        pool_(std::move(pool)),
        inner_(std::move(inner)) {}

 private:
  std::shared_ptr<CappedPool> pool_;  // outlives inner_: members go in reverse order
  std::shared_ptr<arrow::Buffer> inner_;
};

std::shared_ptr<arrow::ArrayData> kept(const std::shared_ptr<arrow::ArrayData>& data,
                                       const std::shared_ptr<CappedPool>& pool) {
  auto out = data->Copy();
  for (auto& buffer : out->buffers) {
    if (buffer) buffer = std::make_shared<PooledBuffer>(buffer, pool);
  }
  for (auto& child : out->child_data) child = kept(child, pool);
  return out;
}

bool has_dictionary(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY || type.id() == arrow::Type::EXTENSION) return true;
  for (const auto& field : type.fields()) {
    if (has_dictionary(*field->type())) return true;
  }
  return false;
}

/// What Arrow says of broken bytes, in our words.
Error refused(const arrow::Status& status, const CappedPool& pool, const IpcLimits& limits) {
  if (pool.struck() || status.IsOutOfMemory()) {
    return Error{Code::too_large, fmt::format("Arrow IPC data unpacks to more bytes than: {}",
                                              limits.memory_bytes_max)};
  }
  const Code code = status.IsNotImplemented() ? Code::unsupported : Code::malformed;
  return error_of(code, status).with_context("broken Arrow IPC data");
}

/// Arrow reads lazily and believes much: everything is looked at before anybody else reads.
Result<Batch> checked(std::shared_ptr<arrow::RecordBatch> native, const Schema& schema,
                      const std::shared_ptr<CappedPool>& pool, const IpcLimits& limits) {
  if (native->num_rows() > limits.rows_max) {
    return Error{Code::too_large, fmt::format("an Arrow batch has more rows than {}: {}",
                                              limits.rows_max, native->num_rows())};
  }
  const auto valid = native->ValidateFull();
  if (!valid.ok()) return refused(valid, *pool, limits);
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  for (int i = 0; i < native->num_columns(); ++i) {
    const Field& field = schema.fields()[static_cast<std::size_t>(i)];
    columns.push_back(kept(native->column_data(i), pool));
    if (!field.nullable && columns.back()->GetNullCount() > 0) {
      return Error{Code::malformed, "null where none may be, in the column: " + field.name};
    }
  }
  auto mine =
      arrow::RecordBatch::Make(ArrowBridge::schema(schema), native->num_rows(), std::move(columns));
  return ArrowBridge::batch(std::move(mine), schema);
}

arrow::ipc::IpcReadOptions read_options(CappedPool& pool, const IpcLimits& limits) {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  options.memory_pool = &pool;
  options.max_recursion_depth = limits.schema.depth_max + 1;
  // Views load values of 8 bytes wherever they lie; other readers of the memory may not.
  options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  return options;
}

/// One whole stream in memory.
class MemoryReader final : public IpcReader {
 public:
  MemoryReader(std::string bytes, const IpcLimits& limits)
      : limits_(limits),
        pool_(std::make_shared<CappedPool>(limits.memory_bytes_max)),
        input_(std::make_shared<arrow::io::BufferReader>(
            arrow::Buffer::FromString(std::move(bytes)))) {}

  Result<void> open() {
    auto reader = arrow::ipc::RecordBatchStreamReader::Open(input_, read_options(*pool_, limits_));
    if (!reader.ok()) return refused(reader.status(), *pool_, limits_);
    reader_ = std::move(*reader);
    for (const auto& field : reader_->schema()->fields()) {
      if (has_dictionary(*field->type())) {
        return Error{Code::unsupported,
                     fmt::format("Arrow columns with dictionaries or extension types: {} {}",
                                 field->name(), field->type()->ToString())};
      }
    }
    BL_TRY(schema_, ArrowBridge::schema(reader_->schema(), limits_.schema));
    return {};
  }

  const Schema& schema() const override { return schema_; }

  Result<std::optional<Batch>> next() override {
    if (done_) return std::optional<Batch>();
    done_ = true;  // until it went well
    std::shared_ptr<arrow::RecordBatch> native;
    const auto status = reader_->ReadNext(&native);
    if (!status.ok()) return refused(status, *pool_, limits_);
    if (!native) return std::optional<Batch>();
    if (++batches_ > limits_.batches_max) {
      return Error{Code::too_large,
                   fmt::format("Arrow IPC data has more batches than: {}", limits_.batches_max)};
    }
    BL_TRY(Batch batch, checked(std::move(native), schema_, pool_, limits_));
    done_ = false;
    return std::optional<Batch>(std::move(batch));
  }

 private:
  IpcLimits limits_;
  std::shared_ptr<CappedPool> pool_;
  std::shared_ptr<arrow::io::BufferReader> input_;
  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> reader_;
  Schema schema_;
  int batches_ = 0;
  bool done_ = false;
};

Error too_many_bytes(std::size_t bytes, const IpcLimits& limits) {
  return Error{Code::too_large,
               fmt::format("Arrow IPC data of more than {} bytes: {}", limits.bytes_max, bytes)};
}

}  // namespace

Result<std::unique_ptr<IpcWriter>> IpcWriter::start(const Schema& schema,
                                                    IpcCompression compression, Sink sink) {
  auto writer = std::make_unique<StreamWriter>(schema, std::move(sink));
  BL_RETURN_IF_ERROR(writer->start(compression));
  return std::unique_ptr<IpcWriter>(std::move(writer));
}

Result<std::string> to_ipc(const Schema& schema, std::span<const Batch> batches,
                           IpcCompression compression) {
  std::string out;
  const auto sink = [&out](std::string_view bytes) -> Result<void> {
    out += bytes;
    return {};
  };
  BL_TRY(auto writer, IpcWriter::start(schema, compression, sink));
  for (const auto& batch : batches) BL_RETURN_IF_ERROR(writer->write(batch));
  BL_RETURN_IF_ERROR(writer->finish());
  return out;
}

Result<std::unique_ptr<IpcReader>> IpcReader::open(std::string bytes, const IpcLimits& limits) {
  if (bytes.size() > limits.bytes_max) return too_many_bytes(bytes.size(), limits);
  auto reader = std::make_unique<MemoryReader>(std::move(bytes), limits);
  BL_RETURN_IF_ERROR(reader->open());
  return std::unique_ptr<IpcReader>(std::move(reader));
}

Result<void> append_ipc_batch(const Batch& batch, IpcCompression compression, std::string& out) {
  SinkStream sink([&out](std::string_view bytes) -> Result<void> {
    out += bytes;
    return {};
  });
  return sink.said(arrow::ipc::SerializeRecordBatch(*ArrowBridge::batch(batch),
                                                    write_options(compression), &sink));
}

Result<Batch> read_ipc_batch(std::string_view bytes, const Schema& schema,
                             const IpcLimits& limits) {
  if (bytes.size() > limits.bytes_max) return too_many_bytes(bytes.size(), limits);
  const auto pool = std::make_shared<CappedPool>(limits.memory_bytes_max);
  arrow::io::BufferReader input(arrow::Buffer::FromString(std::string(bytes)));
  const arrow::ipc::DictionaryMemo no_dictionaries;
  auto native = arrow::ipc::ReadRecordBatch(ArrowBridge::schema(schema), &no_dictionaries,
                                            read_options(*pool, limits), &input);
  if (!native.ok()) return refused(native.status(), *pool, limits);
  return checked(std::move(*native), schema, pool, limits);
}

}  // namespace bl::columns
