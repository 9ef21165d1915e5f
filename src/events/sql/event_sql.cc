#include "events/event_sql.h"

#include <filesystem>

#include "columns/cell_json.h"
#include "events/sql/query_text.h"

namespace bl::events {
namespace {

/// Where the files of a log's table are: their keys are absolute paths without the first `/`. An
/// engine asks for nothing else.
class AbsolutePaths final : public objects::ObjectStore {
 public:
  Result<void> put_if_absent(const std::string&, std::string_view) override { return refused(); }
  Result<void> put_file_if_absent(const std::string&, const std::string&) override {
    return refused();
  }
  Result<void> replace(const std::string&, std::string_view) override { return refused(); }
  Result<std::string> get_range(const std::string&, objects::ByteRange) override {
    return refused();
  }
  Result<objects::ObjectInfo> head(const std::string&) override { return refused(); }
  Result<objects::Listing> list(const objects::ListRequest&) override { return refused(); }
  Result<void> remove(const std::string&) override { return refused(); }
  Result<std::uint64_t> sweep_unfinished(Timestamp) override { return refused(); }
  std::string address(const std::string& key) const override { return "/" + key; }
  std::string_view kind() const override { return "file"; }

 private:
  static Error refused() {
    return {Code::unsupported, "not supported: anything but the address of a log's file"};
  }
};

/// The places in errors are those of what ran; the user knows their own text.
class UserCursor final : public engine::Cursor {
 public:
  UserCursor(std::unique_ptr<engine::Cursor> inner, int lines_before)
      : inner_(std::move(inner)), lines_before_(lines_before) {}
  const columns::Schema& schema() const override { return inner_->schema(); }
  Result<std::optional<columns::Batch>> next() override {
    auto batch = inner_->next();
    if (batch.ok()) return batch;
    return in_user_lines(std::move(batch).error(), lines_before_);
  }
  engine::Statistics statistics() const override { return inner_->statistics(); }

 private:
  const std::unique_ptr<engine::Cursor> inner_;
  const int lines_before_;
};

using CellText = std::function<std::optional<std::string>(std::int64_t row)>;

CellText cell_text(const columns::Column& column) {
  if (column.type().kind == columns::Kind::text) {
    return [column, view = column.as<std::string_view>().value()](std::int64_t row) {
      const auto text = view.get(row);
      return text ? std::optional<std::string>(*text) : std::nullopt;
    };
  }
  return [column, writer = columns::cell_writer(column)](std::int64_t row) {
    std::string text;
    if (column.is_null(row)) return std::optional<std::string>();
    json::Writer out(text);
    writer(out, row);
    // Instants and wide numbers are texts in JSON, without anything that is escaped.
    if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
    return std::optional(std::move(text));
  };
}

void add_rows(QueryResult& result, const columns::Batch& batch) {
  std::vector<CellText> cells;
  for (int i = 0; i < batch.columns(); ++i) cells.push_back(cell_text(batch.column(i)));
  for (std::int64_t row = 0; row < batch.rows(); ++row) {
    auto& values = result.rows.emplace_back();
    values.reserve(cells.size());
    for (const CellText& cell : cells) values.push_back(cell(row));
  }
}

}  // namespace

struct EventSql::State {
  AbsolutePaths files;
  std::unique_ptr<engine::Engine> engine;  // uses files
};

EventSql::EventSql() : state_(std::make_unique<State>()) {}
EventSql::~EventSql() = default;

std::vector<std::string> readable_folders(const LogUri& uri, const std::string& scratch) {
  std::vector<std::string> folders = {
      std::filesystem::absolute(scratch).lexically_normal().string()};
  if (uri.backend == LogUri::Backend::delta && uri.bucket.empty()) folders.push_back(uri.path);
  return folders;
}

Result<std::unique_ptr<EventSql>> EventSql::open(EventSqlOptions options, Log& log,
                                                 Metrics& metrics) {
  std::unique_ptr<EventSql> sql(new EventSql());
  BL_TRY(sql->state_->engine, engine::open_worker_engine(sql->state_->files, log, metrics,
                                                         {.program = std::move(options.program),
                                                          .folder = std::move(options.folder),
                                                          .readable = std::move(options.readable),
                                                          .limits = options.limits}));
  return sql;
}

Result<std::unique_ptr<engine::Cursor>> EventSql::run(
    EventLog& log, std::string_view sql, const duck::Values& parameters,
    const engine::QueryLimits& limits, std::shared_ptr<engine::QueryControl> control) {
  BL_TRY(lake::Snapshot table, log.table());
  QueryText text = with_event_tables(sql);
  engine::Query query;
  query.sql = std::move(text.sql);
  query.parameters = parameters;
  query.tables.push_back({.name = "events", .snapshot = std::move(table), .ranges = {}});
  query.limits = limits;
  query.control = std::move(control);
  auto cursor = state_->engine->run(std::move(query));
  if (!cursor.ok()) return in_user_lines(std::move(cursor).error(), text.lines_before);
  return std::unique_ptr<engine::Cursor>(
      std::make_unique<UserCursor>(std::move(cursor).value(), text.lines_before));
}

Result<QueryResult> EventSql::execute_query(EventLog& log, std::string_view sql,
                                            const engine::QueryLimits& limits,
                                            std::shared_ptr<engine::QueryControl> control) {
  BL_TRY(const auto cursor, run(log, sql, {}, limits, std::move(control)));
  QueryResult result;
  for (const columns::Field& field : cursor->schema().fields()) {
    result.columns.push_back(field.name);
  }
  for (;;) {
    BL_TRY(const auto batch, cursor->next());
    if (!batch) break;
    add_rows(result, *batch);
  }
  result.statistics = cursor->statistics();
  result.is_truncated = result.statistics.is_truncated;
  return result;
}

}  // namespace bl::events
