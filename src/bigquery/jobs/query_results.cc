#include "bigquery/query_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/json.h"
#include "bigquery/lake_schema.h"
#include "columns/ipc.h"

namespace bl::bigquery {
namespace {

constexpr std::string_view k_magic = "BLROWS01";
constexpr std::string_view k_suffix = ".rows";
constexpr std::chrono::minutes k_sweep_every{10};
constexpr std::uint64_t k_trailer_bytes_max = 64u << 20;

columns::IpcLimits ipc_limits() {
  columns::IpcLimits limits;
  limits.bytes_max = 1u << 30;
  limits.memory_bytes_max = 1u << 30;
  return limits;
}

std::string number_bytes(std::uint64_t number) {
  std::string bytes(sizeof(number), '\0');
  std::memcpy(bytes.data(), &number, sizeof(number));
  return bytes;
}

Error is_gone(const std::string& id) {
  return {Code::not_found, "Not found: the rows of this job are gone: " + id};
}

Result<std::string> bytes_at(File& file, std::uint64_t offset, std::uint64_t count) {
  std::string bytes(count, '\0');
  BL_TRY(const std::size_t read,
         file.read_at(offset, std::as_writable_bytes(std::span(bytes.data(), bytes.size()))));
  if (read != count) return Error{Code::corrupt, "the rows of a job are cut off"};
  return bytes;
}

Result<std::int64_t> integer_of(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  const auto number = value == nullptr ? std::nullopt : value->as_int64();
  if (!number || *number < 0) {
    return Error{Code::corrupt, fmt::format("the rows of a job have no number: {}", key)};
  }
  return *number;
}

}  // namespace

Result<columns::Batch> QueryResult::read(const Part& part) const {
  auto file = disk_->open_read(path_);
  if (!file.ok()) return file.error().code == Code::not_found ? is_gone(id_) : file.error();
  BL_TRY(const std::string bytes, bytes_at(**file, part.offset, part.bytes));
  return columns::read_ipc_batch(bytes, columns_, ipc_limits());
}

Result<columns::Batch> QueryResult::batch_at(std::int64_t row) const {
  BL_CHECK(row >= 0 && row < rows_);
  const auto behind = std::ranges::upper_bound(parts_, row, {}, &Part::first_row);
  const auto part = static_cast<std::size_t>(behind - parts_.begin()) - 1;
  std::optional<columns::Batch> batch;
  {
    const std::lock_guard lock(mutex_);
    if (!in_memory_.empty()) batch = in_memory_[part];
  }
  if (!batch) {
    BL_TRY(batch, read(parts_[part]));
  }
  const std::int64_t skipped = row - parts_[part].first_row;
  return batch->slice(skipped, batch->rows() - skipped);
}

std::shared_ptr<const void> QueryResult::pin() const {
  ++pins_;
  return {this, [self = shared_from_this()](const void*) { --self->pins_; }};
}

ResultWriter::~ResultWriter() {
  if (file_ == nullptr) return;
  file_.reset();
  // What stays is found, and removed, as a file of no answer by the next start.
  (void)results_.world_.disk.remove(made_->path_).ok();
}

Result<void> ResultWriter::append(std::string_view bytes) {
  made_->bytes_ += bytes.size();
  if (made_->bytes_ > results_.limits_.bytes_max) {
    return Error{Code::too_large, fmt::format("Response too large to return: more than {} bytes",
                                              results_.limits_.bytes_max)};
  }
  return file_->append(bytes);
}

Result<void> ResultWriter::write_pending() {
  if (pending_rows_ == 0) return {};
  BL_TRY(columns::Batch batch, columns::concatenate(pending_));
  pending_.clear();
  std::string bytes;
  BL_RETURN_IF_ERROR(columns::append_ipc_batch(batch, columns::IpcCompression::none, bytes));
  made_->parts_.push_back({made_->rows_, pending_rows_, made_->bytes_, bytes.size()});
  made_->rows_ += pending_rows_;
  pending_rows_ = 0;
  pending_bytes_ = 0;
  kept_bytes_ += bytes.size();
  is_kept_ = is_kept_ && kept_bytes_ <= results_.limits_.memory_bytes_max;
  if (is_kept_) {
    kept_.push_back(std::move(batch));
  } else {
    kept_.clear();
  }
  return append(bytes);
}

Result<void> ResultWriter::add(const columns::Batch& batch) {
  if (batch.schema() != made_->columns_) {
    return Error{Code::invalid,
                 "rows of other columns than the answer's: " + batch.schema().text()};
  }
  if (batch.rows() == 0) return {};
  pending_.push_back(batch);
  pending_rows_ += batch.rows();
  pending_bytes_ += batch.bytes();
  const ResultLimits& limits = results_.limits_;
  if (pending_rows_ < limits.batch_rows && pending_bytes_ < limits.batch_bytes) return {};
  return write_pending();
}

Result<QueryResultHandle> ResultWriter::finish() {
  BL_RETURN_IF_ERROR(write_pending());
  std::string trailer;
  json::Writer writer(trailer);
  writer.begin_object().member("rows", made_->rows_);
  writer.key("schema").value(schema_to_json(made_->schema_)).key("parts").begin_array();
  for (const QueryResult::Part& part : made_->parts_) {
    writer.begin_object().member("rows", part.rows).member("bytes", part.bytes).end_object();
  }
  writer.end_array().end_object();
  const std::uint64_t length = trailer.size();
  BL_RETURN_IF_ERROR(append(trailer + number_bytes(length) + std::string(k_magic)));
  made_->in_memory_ = std::move(kept_);
  made_->made_ = results_.world_.clock.now();
  results_.keep(made_);
  file_.reset();
  return QueryResultHandle(made_);
}

Result<std::unique_ptr<Results>> Results::open(const ResultWorld& world, const std::string& folder,
                                               const ResultLimits& limits) {
  BL_RETURN_IF_ERROR(world.disk.make_folder(folder));
  std::unique_ptr<Results> results(new Results(world, folder, limits));
  BL_TRY(const auto names, world.disk.list(folder));
  for (const std::string& name : names) {
    if (!name.ends_with(k_suffix)) continue;
    BL_TRY(const FileFacts facts, world.disk.facts(folder + "/" + name));
    results->kept_[name.substr(0, name.size() - k_suffix.size())] = {facts.modified, facts.size,
                                                                     nullptr};
    results->bytes_ += facts.size;
  }
  BL_TRY([[maybe_unused]] const std::int64_t removed, results->sweep());
  return results;
}

Result<std::unique_ptr<ResultWriter>> Results::begin(const TableSchema& schema) {
  std::unique_ptr<ResultWriter> writer(new ResultWriter(*this));
  writer->made_.reset(new QueryResult());
  QueryResult& made = *writer->made_;
  made.id_ = world_.ids.next();
  made.path_ = path_of(made.id_);
  made.schema_ = schema;
  made.disk_ = &world_.disk;
  BL_TRY(made.columns_, lake_schema_of(schema));
  // Not synced: an answer that a power cut takes away is asked for again.
  BL_TRY(writer->file_, world_.disk.create(made.path_, FileMode::secret));
  return writer;
}

Result<QueryResultHandle> Results::load(const std::string& id, Timestamp made) {
  std::shared_ptr<QueryResult> result(new QueryResult());
  result->id_ = id;
  result->path_ = path_of(id);
  result->made_ = made;
  result->disk_ = &world_.disk;
  auto file = world_.disk.open_read(result->path_);
  if (!file.ok()) return file.error().code == Code::not_found ? is_gone(id) : file.error();
  BL_TRY(const std::uint64_t size, (*file)->size());
  constexpr std::uint64_t k_end = sizeof(std::uint64_t) + k_magic.size();
  if (size < k_end) return is_gone(id);
  std::array<char, k_end> end{};
  BL_TRY(const std::size_t end_bytes,
         (*file)->read_at(size - k_end, std::as_writable_bytes(std::span(end))));
  std::uint64_t length = 0;
  std::memcpy(&length, end.data(), sizeof(length));
  // Cut off by a power cut: it was never synced.
  const std::string_view magic(end.data() + sizeof(length), k_magic.size());
  if (end_bytes != k_end || magic != k_magic ||
      length > std::min(size - k_end, k_trailer_bytes_max)) {
    return is_gone(id);
  }
  BL_TRY(const std::string text, bytes_at(**file, size - k_end - length, length));
  BL_TRY(const json::Value trailer, json::parse(text));
  const json::Value* schema = trailer.find("schema");
  const json::Value* parts = trailer.find("parts");
  if (schema == nullptr || parts == nullptr || !parts->is_array()) return is_gone(id);
  BL_TRY(result->schema_, schema_from_json(*schema));
  BL_TRY(result->columns_, lake_schema_of(result->schema_));
  std::uint64_t offset = 0;
  for (const json::Value& part : parts->items()) {
    BL_TRY(const std::int64_t rows, integer_of(part, "rows"));
    BL_TRY(const std::int64_t bytes, integer_of(part, "bytes"));
    result->parts_.push_back({result->rows_, rows, offset, static_cast<std::uint64_t>(bytes)});
    result->rows_ += rows;
    offset += static_cast<std::uint64_t>(bytes);
  }
  if (offset + length + k_end != size) return is_gone(id);
  result->bytes_ = size;
  const std::lock_guard lock(mutex_);
  if (const auto found = kept_.find(id); found != kept_.end()) {
    // One object for each answer: its pins are counted there.
    if (found->second.open != nullptr) return QueryResultHandle(found->second.open);
    found->second.open = result;
  }
  return QueryResultHandle(result);
}

Result<QueryResultHandle> Results::find(const std::string& id) {
  Timestamp made;
  {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(id);
    if (found == kept_.end() || found->second.made + limits_.keep < world_.clock.now()) {
      return is_gone(id);
    }
    if (found->second.open != nullptr) return QueryResultHandle(found->second.open);
    made = found->second.made;
  }
  return load(id, made);
}

bool Results::is_over() const {
  return bytes_ > limits_.files_bytes_max || kept_.size() > limits_.files_max;
}

void Results::keep(const std::shared_ptr<QueryResult>& made) {
  bool is_time = false;
  {
    const std::lock_guard lock(mutex_);
    kept_[made->id_] = {made->made_, made->bytes_, made};
    bytes_ += made->bytes_;
    if (!made->in_memory_.empty()) {
      in_memory_.push_back(made);
      memory_bytes_ += made->bytes_;
    }
    while (memory_bytes_ > limits_.memory_all_bytes_max) {
      const std::shared_ptr<QueryResult> oldest = std::move(in_memory_.front());
      in_memory_.pop_front();
      memory_bytes_ -= oldest->bytes_;
      const std::lock_guard of_oldest(oldest->mutex_);
      oldest->in_memory_.clear();
    }
    is_time = is_over() || swept_ + k_sweep_every < made->made_;
  }
  // A file that stays is looked at again by the next sweep.
  if (is_time) (void)sweep().ok();
}

Result<std::int64_t> Results::sweep() {
  std::vector<std::string> old;
  {
    const std::lock_guard lock(mutex_);
    const Timestamp now = world_.clock.now();
    swept_ = now;
    for (auto at = kept_.begin(); at != kept_.end();) {
      if (at->second.made + limits_.keep >= now && !is_over()) break;
      if (at->second.open != nullptr && at->second.open->pins_ > 0) {
        ++at;
        continue;
      }
      bytes_ -= at->second.bytes;
      old.push_back(at->first);
      at = kept_.erase(at);
    }
  }
  for (const std::string& id : old) {
    const auto removed = world_.disk.remove(path_of(id));
    if (!removed.ok() && removed.error().code != Code::not_found) return removed.error();
  }
  return static_cast<std::int64_t>(old.size());
}

}  // namespace bl::bigquery
