#include "duck/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "base/utf8.h"
#include "columns/c_data.h"
#include "duck/engine/session.h"

namespace bl::duck {
namespace {

std::string head_of(std::string_view sql) {
  std::string head(prefix_of_bytes(sql, 120));
  std::replace(head.begin(), head.end(), '\n', ' ');
  return head.size() < sql.size() ? head + "..." : head;
}

/// Makes the engine's value of each kind of parameter.
struct MakeValue {
  duckdb_value operator()(Null) const { return duckdb_create_null_value(); }
  duckdb_value operator()(bool value) const { return duckdb_create_bool(value); }
  duckdb_value operator()(std::int64_t value) const { return duckdb_create_int64(value); }
  duckdb_value operator()(double value) const { return duckdb_create_double(value); }
  duckdb_value operator()(const std::string& value) const {
    return is_utf8(value) ? duckdb_create_varchar_length(value.data(), value.size()) : nullptr;
  }
  duckdb_value operator()(columns::Bytes value) const {
    return duckdb_create_blob(reinterpret_cast<const std::uint8_t*>(value.bytes.data()),
                              value.bytes.size());
  }
  duckdb_value operator()(columns::Date value) const { return duckdb_create_date({value.days}); }
  duckdb_value operator()(Timestamp value) const {
    return duckdb_create_timestamp_tz({value.micros});
  }
  template <class T>
  duckdb_value operator()(const std::vector<T>& values) const {
    constexpr bool k_text = std::is_same_v<T, std::string>;
    const LogicalTypeHandle type(
        duckdb_create_logical_type(k_text ? DUCKDB_TYPE_VARCHAR : DUCKDB_TYPE_BIGINT));
    std::vector<ValueHandle> owned;
    std::vector<duckdb_value> raw;
    raw.reserve(values.size() + 1);  // the engine takes no null pointer, also for none
    for (const auto& value : values) {
      owned.emplace_back((*this)(value));
      raw.push_back(owned.back().get());
      if (raw.back() == nullptr) return nullptr;
    }
    return duckdb_create_list_value(type.get(), raw.data(), raw.size());
  }
};

Result<void> bind_all(duckdb_prepared_statement statement, const Values& values) {
  const idx_t wanted = duckdb_nparams(statement);
  if (wanted != values.size()) {
    return Error{Code::invalid, fmt::format("the SQL has {} parameters, values for it: {}", wanted,
                                            values.size())};
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const ValueHandle value(std::visit(MakeValue{}, values[i]));
    if (!value) {
      return Error{Code::invalid, fmt::format("a text is not UTF-8: parameter {}", i + 1)};
    }
    if (duckdb_bind_value(statement, i + 1, value.get()) != DuckDBSuccess) {
      return Error{Code::invalid, fmt::format("the engine refuses the parameter: {}", i + 1)};
    }
  }
  return {};
}

/// Does the query's work that this thread can do; false: it failed. The engine's own loop asks for
/// work all the time while the last of it is done by other threads: a core that they could use.
bool work_until_ready(duckdb_pending_result pending) {
  constexpr std::chrono::microseconds k_pause{50};
  for (;;) {
    const duckdb_pending_state state = duckdb_pending_execute_task(pending);
    if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) {
      std::this_thread::sleep_for(k_pause);
    } else if (state != DUCKDB_PENDING_RESULT_NOT_READY) {
      // Also where the engine must wait for something: then it says no error, and does so itself.
      const char* message = duckdb_pending_error(pending);
      return message == nullptr || *message == '\0' || state != DUCKDB_PENDING_ERROR;
    }
  }
}

constexpr int k_asked_again_max = 8;

bool only_reads(duckdb_prepared_statement prepared) {
  const duckdb_statement_type type = duckdb_prepared_statement_type(prepared);
  return type == DUCKDB_STATEMENT_TYPE_SELECT || type == DUCKDB_STATEMENT_TYPE_EXPLAIN;
}

/// A failed pending query has no kind but in its message.
duckdb_error_type kind_of(std::string_view message) {
  if (message.starts_with("INTERRUPT Error")) return DUCKDB_ERROR_INTERRUPT;
  if (message.starts_with("INTERNAL Error")) return DUCKDB_ERROR_INTERNAL;
  if (message.starts_with("Out of Memory Error")) return DUCKDB_ERROR_OUT_OF_MEMORY;
  if (message.starts_with("Permission Error")) return DUCKDB_ERROR_PERMISSION;
  return DUCKDB_ERROR_INVALID;
}

/// The names of a result's columns; what is there twice gets a number, as Arrow's readers want it.
std::vector<std::string> unique_names(duckdb_result& result) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (idx_t i = 0; i < duckdb_column_count(&result); ++i) {
    const std::string name = duckdb_column_name(&result, i);
    std::string unique = name;
    for (int n = 1; !taken.insert(unique).second; ++n) unique = fmt::format("{}_{}", name, n);
    names.push_back(std::move(unique));
  }
  return names;
}

Result<columns::Schema> schema_of(duckdb_result& result, duckdb_arrow_options options) {
  const std::vector<std::string> names = unique_names(result);
  std::vector<LogicalTypeHandle> owned;
  std::vector<duckdb_logical_type> types;
  std::vector<const char*> raw_names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    owned.emplace_back(duckdb_column_logical_type(&result, i));
    types.push_back(owned.back().get());
    raw_names.push_back(names[i].c_str());
  }
  columns::CSchema exported;
  const ErrorHandle error(duckdb_to_arrow_schema(options, types.data(), raw_names.data(),
                                                 types.size(), exported.get()));
  if (error && duckdb_error_data_has_error(error.get())) {
    return engine_error(duckdb_error_data_message(error.get()));
  }
  return columns::import_schema(std::move(exported));
}

}  // namespace

struct Statement::State {
  Connection::State& connection;
  std::string sql;
  PreparedHandle handle;
};

struct Answer::State {
  Connection::State& connection;
  std::string sql;
  std::chrono::milliseconds time_max;
  PreparedHandle statement;  ///< of a query that was not prepared before
  duckdb_prepared_statement running = nullptr;
  std::unique_ptr<ResultHandle> result;
  ArrowOptionsHandle options;
  columns::Schema schema;
  bool done = false;
  int asked_again = 0;

  State(Connection::State& c, std::string text, const QueryOptions& wanted)
      : connection(c), sql(std::move(text)), time_max(wanted.time_max) {
    std::optional<Watchdog::Instant> deadline;
    if (time_max.count() > 0) deadline = std::chrono::steady_clock::now() + time_max;
    connection.answering = true;
    connection.watchdog.begin(connection.handle.get(), deadline);
    if (wanted.is_unwanted && wanted.is_unwanted()) {
      connection.watchdog.cancel(connection.handle.get());
    }
  }
  ~State() {
    connection.watchdog.end(connection.handle.get());
    result.reset();  // drops what runs on, before another may begin
    connection.answering = false;
  }

  /// The engine's error, or why we ended the query.
  Error failure() {
    return failure(duckdb_result_error(result->get()), duckdb_result_error_type(result->get()));
  }
  Error failure(const char* message, duckdb_error_type type) {
    Error error = connection.failed(message, type);
    return error.code == Code::cancelled ? ended() : error;
  }
  Error ended() {
    switch (connection.watchdog.fate(connection.handle.get())) {
      case Watchdog::End::expired:
        return Error{Code::timeout, fmt::format("a query took longer than {} ms: {}",
                                                time_max.count(), head_of(sql))};
      case Watchdog::End::cancelled:
        return Error{Code::cancelled, "a query was interrupted: " + head_of(sql)};
      case Watchdog::End::none:
        break;
    }
    return lost_reason();
  }

  /// Nobody interrupted it but the engine, which ends a query's other threads when one has failed;
  /// when they notice before the failure is noted (one time in ten), that is lost. A query that
  /// only reads is asked again for it.
  Error lost_reason() {
    Error unknown{Code::internal,
                  "a query failed, and the engine does not say why: " + head_of(sql)};
    result.reset();
    if (asked_again == k_asked_again_max || !only_reads(running)) return unknown;
    ++asked_again;
    auto again = execute();
    if (!again.ok()) return std::move(again).error();
    done = false;
    while (true) {
      auto batch = next();
      if (!batch.ok()) return std::move(batch).error();
      if (!*batch) break;
    }
    done = true;
    return unknown;
  }

  Result<void> start(duckdb_prepared_statement prepared, const Values& values) {
    BL_RETURN_IF_ERROR(bind_all(prepared, values));
    running = prepared;
    return execute();
  }

  Result<void> execute() {
    result = std::make_unique<ResultHandle>();
    PendingHandle pending;
    (void)duckdb_pending_prepared_streaming(running, pending.out());  // its error is the result's
    if (!work_until_ready(pending.get())) {
      const char* message = duckdb_pending_error(pending.get());
      return failure(message, kind_of(message));
    }
    if (duckdb_execute_pending(pending.get(), result->get()) != DuckDBSuccess) return failure();
    options = ArrowOptionsHandle(duckdb_result_get_arrow_options(result->get()));
    BL_TRY(schema, schema_of(*result->get(), options.get()));
    return {};
  }

  Result<std::optional<columns::Batch>> next() {
    if (done) return std::optional<columns::Batch>();
    done = true;  // until it went well
    if (connection.watchdog.fate(connection.handle.get()) != Watchdog::End::none) return ended();
    const ChunkHandle chunk(duckdb_fetch_chunk(*result->get()));
    if (!chunk) {
      if (duckdb_result_error(result->get()) != nullptr) return failure();
      return std::optional<columns::Batch>();
    }
    if (duckdb_data_chunk_get_size(chunk.get()) == 0) return std::optional<columns::Batch>();
    columns::CArray array;
    const ErrorHandle error(duckdb_data_chunk_to_arrow(options.get(), chunk.get(), array.get()));
    if (error && duckdb_error_data_has_error(error.get())) {
      return engine_error(duckdb_error_data_message(error.get()));
    }
    BL_TRY(columns::Batch batch, columns::import_batch(std::move(array), schema));
    done = false;
    return std::optional<columns::Batch>(std::move(batch));
  }

  /// Reads to the end.
  Result<std::int64_t> drain() {
    const bool counts =
        duckdb_result_return_type(*result->get()) == DUCKDB_RESULT_TYPE_CHANGED_ROWS;
    std::int64_t changed = 0;
    while (true) {
      BL_TRY(const auto batch, next());
      if (!batch) return changed;
      if (!counts) continue;
      BL_TRY(const auto count, batch->column(0).as<std::int64_t>());
      changed += count[0];
    }
  }
};

Answer::Answer() = default;
Answer::Answer(Answer&&) noexcept = default;
Answer& Answer::operator=(Answer&&) noexcept = default;
Answer::~Answer() = default;

const columns::Schema& Answer::schema() const {
  return state_->schema;
}
Result<std::optional<columns::Batch>> Answer::next() {
  return state_->next();
}

Result<columns::Batch> Answer::all(std::int64_t rows_max) {
  std::vector<columns::Batch> batches;
  std::int64_t rows = 0;
  while (true) {
    BL_TRY(auto batch, next());
    if (!batch) break;
    rows += batch->rows();
    if (rows > rows_max) {
      return Error{Code::too_large, fmt::format("a query gives more rows than {}: {}", rows_max,
                                                head_of(state_->sql))};
    }
    batches.push_back(*std::move(batch));
  }
  if (batches.empty()) return columns::Batch::empty(schema());
  return columns::concatenate(batches);
}

Statement::Statement() = default;
Statement::Statement(Statement&&) noexcept = default;
Statement& Statement::operator=(Statement&&) noexcept = default;
Statement::~Statement() = default;

int Statement::parameters() const {
  return static_cast<int>(duckdb_nparams(state_->handle.get()));
}

bool Statement::is_query() const {
  return only_reads(state_->handle.get());
}

Result<Answer> Statement::query(const Values& values, const QueryOptions& options) {
  if (state_->connection.answering) {
    return Error{Code::internal,
                 "the connection still answers another query: " + head_of(state_->sql)};
  }
  Answer answer;
  answer.state_ = std::make_unique<Answer::State>(state_->connection, state_->sql, options);
  BL_RETURN_IF_ERROR(answer.state_->start(state_->handle.get(), values));
  return answer;
}

Result<std::int64_t> Statement::run(const Values& values, const QueryOptions& options) {
  BL_TRY(Answer answer, query(values, options));
  return answer.state_->drain();
}

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}

Connection::~Connection() {
  BL_CHECK(!state_->answering);
  BL_CHECK(state_->offered == 0);
}

Result<Statement> Connection::prepare(std::string_view sql) {
  if (state_->answering) {
    return Error{Code::internal, "the connection still answers another query: " + head_of(sql)};
  }
  if (!is_utf8(sql) || sql.find('\0') != std::string_view::npos) {
    return Error{Code::malformed, "the SQL is not UTF-8 text: " + head_of(valid_utf8(sql))};
  }
  Statement statement;
  statement.state_ =
      std::unique_ptr<Statement::State>(new Statement::State{*state_, std::string(sql), {}});
  auto& made = *statement.state_;
  if (duckdb_prepare(state_->handle.get(), made.sql.c_str(), made.handle.out()) != DuckDBSuccess) {
    return state_->failed(duckdb_prepare_error(made.handle.get()));
  }
  return statement;
}

Result<Answer> Connection::query(std::string_view sql, const Values& values,
                                 const QueryOptions& options) {
  BL_TRY(Statement statement, prepare(sql));
  BL_TRY(Answer answer, statement.query(values, options));
  answer.state_->statement = std::move(statement.state_->handle);
  return answer;
}

Result<std::int64_t> Connection::run(std::string_view sql, const Values& values,
                                     const QueryOptions& options) {
  BL_TRY(Statement statement, prepare(sql));
  return statement.run(values, options);
}

Result<void> Connection::commit() {
  auto done = run("COMMIT");
  if (!done.ok()) return std::move(done).error();
  return {};
}

void Connection::roll_back() {
  // The engine may have ended the transaction itself; then there is none to end.
  (void)run("ROLLBACK");
}

struct OfferedTable::State {
  Connection& connection;
  std::string name;
  std::uint64_t number = 0;

  State(Connection& c, std::string_view n, std::uint64_t no) : connection(c), name(n), number(no) {
    ++connection.state_->offered;
  }
  ~State() {
    auto& session = *connection.state_;
    BL_CHECK(!session.answering);
    // Fails within a transaction that failed: then the view is left, and says that it is gone.
    (void)connection.run("DROP VIEW IF EXISTS temp." + quoted_name(name));
    session.offers.remove(number);
    --session.offered;
  }
};

OfferedTable::OfferedTable() = default;
OfferedTable::OfferedTable(OfferedTable&&) noexcept = default;
OfferedTable& OfferedTable::operator=(OfferedTable&&) noexcept = default;
OfferedTable::~OfferedTable() = default;

Result<OfferedTable> Connection::offer(std::string_view name, const columns::Schema& schema,
                                       std::vector<columns::Batch> batches, RowOrder order) {
  for (const auto& batch : batches) {
    if (batch.schema() != schema) {
      return Error{Code::invalid, "a batch of another schema: " + batch.schema().text()};
    }
  }
  auto offer = std::make_shared<Offer>();
  offer->schema = schema;
  offer->batches = std::move(batches);
  offer->order = order;
  offer->connection = state_->handle.get();
  BL_TRY(offer->types, engine_types(state_->handle.get(), schema));
  const std::uint64_t number = state_->offers.add(std::move(offer));
  auto made = run(fmt::format("CREATE TEMP VIEW {} AS SELECT * FROM bl_batches({}::UBIGINT)",
                              quoted_name(name), number));
  if (!made.ok()) {
    state_->offers.remove(number);
    const bool taken = made.error().message.find("already exists") != std::string::npos;
    return Error{taken ? Code::conflict : made.error().code, made.error().message};
  }
  OfferedTable table;
  table.state_ = std::make_unique<OfferedTable::State>(*this, name, number);
  return table;
}

Result<void> Connection::lock_settings() {
  auto locked = run("SET lock_configuration = true");
  if (!locked.ok()) return std::move(locked).error();
  return {};
}

void Connection::interrupt() {
  state_->watchdog.cancel(state_->handle.get());
}

Progress Connection::progress() const {
  const auto now = duckdb_query_progress(state_->handle.get());
  Progress progress;
  progress.fraction = now.percentage > 0 ? std::min(now.percentage / 100.0, 1.0) : 0;
  progress.rows_done = now.rows_processed;
  progress.rows_total = now.total_rows_to_process;
  return progress;
}

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

Result<std::string> quoted_text(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return Error{Code::invalid, "a text with a NUL byte: " + std::string(text.data())};
  }
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

}  // namespace bl::duck
