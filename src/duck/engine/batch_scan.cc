#include "duck/engine/batch_scan.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "columns/c_data.h"

/// One scan cuts the batches into pieces of one vector (2,048 rows) each. A thread takes the next
/// piece, exports the wanted columns by the C data interface, lets the engine wrap them as a chunk
/// and refers to that chunk's vectors from the output. The engine keeps an exported batch alive by
/// its first column only; that is enough, because the offer keeps the memory until its queries are
/// over, and a thread keeps its last chunk until it asks for the next.
namespace bl::duck {
namespace {

struct Piece {
  std::size_t batch = 0;
  std::int64_t from = 0;
  std::int64_t rows = 0;
};

/// What all threads of one scan share.
struct Scan {
  std::shared_ptr<const Offer> offer;
  std::vector<columns::Batch> batches;  ///< the wanted columns only
  ConvertedSchemaHandle converted;
  std::vector<int> from;  ///< for each output column the batch's; -1: a row id, nobody reads it
  std::vector<Piece> pieces;
  std::atomic<std::size_t> next{0};
};

/// What one thread holds.
struct Turn {
  ChunkHandle chunk;
};

struct Bound {
  std::shared_ptr<const Offer> offer;
};

template <class T>
void destroy(void* object) {
  delete static_cast<T*>(object);
}

Result<ConvertedSchemaHandle> convert(duckdb_connection connection, const columns::Schema& schema) {
  columns::CSchema exported = columns::export_schema(schema);
  ConvertedSchemaHandle converted;
  const ErrorHandle error(duckdb_schema_from_arrow(connection, exported.get(), converted.out()));
  if (error.get() != nullptr && duckdb_error_data_has_error(error.get())) {
    return Error{Code::unsupported, engine_error(duckdb_error_data_message(error.get())).message};
  }
  return converted;
}

/// The engine's view of a batch.
Result<ChunkHandle> chunk_of(duckdb_connection connection, duckdb_arrow_converted_schema schema,
                             const columns::Batch& batch) {
  columns::CArray exported = columns::export_batch(batch);
  ChunkHandle chunk;
  const ErrorHandle error(
      duckdb_data_chunk_from_arrow(connection, exported.get(), schema, chunk.out()));
  if (error.get() != nullptr && duckdb_error_data_has_error(error.get())) {
    return Error{Code::unsupported, engine_error(duckdb_error_data_message(error.get())).message};
  }
  return chunk;
}

void bind(duckdb_bind_info info) {
  auto& offers = *static_cast<Offers*>(duckdb_bind_get_extra_info(info));
  const ValueHandle number(duckdb_bind_get_parameter(info, 0));
  const auto offer = offers.find(duckdb_get_uint64(number.get()));
  if (!offer) {
    duckdb_bind_set_error(info, "the offered table is gone");
    return;
  }
  idx_t rows = 0;
  for (const auto& batch : offer->batches) rows += static_cast<idx_t>(batch.rows());
  for (std::size_t i = 0; i < offer->types.size(); ++i) {
    duckdb_bind_add_result_column(info, offer->schema.fields()[i].name.c_str(),
                                  offer->types[i].get());
  }
  duckdb_bind_set_cardinality(info, rows, true);
  duckdb_bind_set_bind_data(info, new Bound{offer}, destroy<Bound>);
}

/// Which columns the query wants, of each batch. Errors: unsupported.
Result<void> choose(duckdb_init_info info, Scan& scan) {
  std::vector<std::string> names;
  const idx_t count = duckdb_init_get_column_count(info);
  const auto& fields = scan.offer->schema.fields();
  for (idx_t i = 0; i < count; ++i) {
    const idx_t index = duckdb_init_get_column_index(info, i);
    if (index >= fields.size()) {
      scan.from.push_back(-1);
      continue;
    }
    const auto found = std::find(names.begin(), names.end(), fields[index].name);
    scan.from.push_back(static_cast<int>(found - names.begin()));
    if (found == names.end()) names.push_back(fields[index].name);
  }
  for (const auto& batch : scan.offer->batches) {
    if (names.empty()) {
      scan.batches.push_back(batch);  // counted only
    } else {
      BL_TRY(auto chosen, batch.select(names));
      scan.batches.push_back(std::move(chosen));
    }
  }
  if (!scan.batches.empty()) {
    BL_TRY(scan.converted, convert(scan.offer->connection, scan.batches[0].schema()));
  }
  return {};
}

void start(duckdb_init_info info) {
  auto scan = std::make_unique<Scan>();
  scan->offer = static_cast<Bound*>(duckdb_init_get_bind_data(info))->offer;
  const auto chosen = choose(info, *scan);
  if (!chosen.ok()) {
    duckdb_init_set_error(info, chosen.error().message.c_str());
    return;
  }
  const auto vector_rows = static_cast<std::int64_t>(duckdb_vector_size());
  for (std::size_t b = 0; b < scan->batches.size(); ++b) {
    const std::int64_t rows = scan->batches[b].rows();
    for (std::int64_t from = 0; from < rows; from += vector_rows) {
      scan->pieces.push_back({b, from, std::min(vector_rows, rows - from)});
    }
  }
  const bool ordered = scan->offer->order == RowOrder::kept;
  duckdb_init_set_max_threads(info, ordered ? 1 : std::max<idx_t>(1, scan->pieces.size() / 16));
  duckdb_init_set_init_data(info, scan.release(), destroy<Scan>);
}

void start_thread(duckdb_init_info info) {
  duckdb_init_set_init_data(info, new Turn(), destroy<Turn>);
}

void read(duckdb_function_info info, duckdb_data_chunk out) {
  auto& scan = *static_cast<Scan*>(duckdb_function_get_init_data(info));
  auto& turn = *static_cast<Turn*>(duckdb_function_get_local_init_data(info));
  const std::size_t at = scan.next.fetch_add(1);
  if (at >= scan.pieces.size()) {
    duckdb_data_chunk_set_size(out, 0);
    return;
  }
  const Piece& piece = scan.pieces[at];
  const bool wanted = std::any_of(scan.from.begin(), scan.from.end(), [](int i) { return i >= 0; });
  if (wanted) {
    auto chunk = chunk_of(scan.offer->connection, scan.converted.get(),
                          scan.batches[piece.batch].slice(piece.from, piece.rows));
    if (!chunk.ok()) {
      duckdb_function_set_error(info, chunk.error().message.c_str());
      return;
    }
    for (std::size_t i = 0; i < scan.from.size(); ++i) {
      if (scan.from[i] < 0) continue;
      duckdb_vector_reference_vector(
          duckdb_data_chunk_get_vector(out, i),
          duckdb_data_chunk_get_vector(chunk->get(), static_cast<idx_t>(scan.from[i])));
    }
    turn.chunk = std::move(*chunk);
  }
  duckdb_data_chunk_set_size(out, static_cast<idx_t>(piece.rows));
}

}  // namespace

std::uint64_t Offers::add(std::shared_ptr<const Offer> offer) {
  const std::lock_guard lock(mutex_);
  offers_.emplace(next_, std::move(offer));
  return next_++;
}

void Offers::remove(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  offers_.erase(number);
}

std::shared_ptr<const Offer> Offers::find(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto at = offers_.find(number);
  return at == offers_.end() ? nullptr : at->second;
}

Result<void> register_batch_scan(duckdb_connection connection, Offers& offers) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, "bl_batches");
  const LogicalTypeHandle number(duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT));
  duckdb_table_function_add_parameter(function, number.get());
  duckdb_table_function_set_extra_info(function, &offers, nullptr);
  duckdb_table_function_set_bind(function, bind);
  duckdb_table_function_set_init(function, start);
  duckdb_table_function_set_local_init(function, start_thread);
  duckdb_table_function_set_function(function, read);
  duckdb_table_function_supports_projection_pushdown(function, true);
  const bool known = duckdb_register_table_function(connection, function) == DuckDBSuccess;
  duckdb_destroy_table_function(&function);
  if (!known) return Error{Code::internal, "the engine refuses the table function bl_batches"};
  return {};
}

Result<std::vector<LogicalTypeHandle>> engine_types(duckdb_connection connection,
                                                    const columns::Schema& schema) {
  BL_TRY(const auto converted, convert(connection, schema));
  BL_TRY(const auto chunk, chunk_of(connection, converted.get(), columns::Batch::empty(schema)));
  std::vector<LogicalTypeHandle> types;
  for (idx_t i = 0; i < static_cast<idx_t>(schema.columns()); ++i) {
    types.emplace_back(duckdb_vector_get_column_type(duckdb_data_chunk_get_vector(chunk.get(), i)));
  }
  return types;
}

}  // namespace bl::duck
