#include "engine/duck_engine.h"

#include <fmt/format.h>

#include <deque>

#include "engine/reading_statement.h"
#include "engine/relation_files.h"

namespace bl::engine {
namespace {

using Instant = std::chrono::steady_clock::time_point;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Sessions that rest between queries. Threads: any.
class Sessions {
 public:
  /// Counting how far queries are costs a tenth of a small one.
  enum class Progress : unsigned char { counted, none };
  Sessions(duck::Database& database, Progress progress)
      : database_(database), progress_(progress) {}

  Result<std::unique_ptr<duck::Connection>> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!resting_.empty()) {
        auto session = std::move(resting_.back());
        resting_.pop_back();
        return session;
      }
    }
    BL_TRY(auto session, database_.connect());
    if (progress_ == Progress::none) {
      auto set = session->run("SET enable_progress_bar = false");
      if (!set.ok()) return std::move(set).error();
    }
    return session;
  }
  void give_back(std::unique_ptr<duck::Connection> session) {
    const std::lock_guard lock(mutex_);
    resting_.push_back(std::move(session));
  }

 private:
  duck::Database& database_;
  const Progress progress_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<duck::Connection>> resting_;  // guarded by mutex_
};

/// What begins the statement with the tables of the query as named parts of it: two statements
/// less than views take, for each table. Nothing where it does not begin so that this can be done.
std::optional<std::string> with_parts(std::string_view sql, std::string_view parts) {
  constexpr std::string_view k_select = "SELECT ", k_with = "WITH ", k_recursive = "WITH RECURSIVE";
  if (sql.starts_with(k_select)) return fmt::format("WITH {} {}", parts, sql);
  if (!sql.starts_with(k_with) || sql.starts_with(k_recursive)) return std::nullopt;
  return fmt::format("WITH {}, {}", parts, sql.substr(k_with.size()));
}

/// A session with the tables of one query, which go with it.
class Workplace {
 public:
  explicit Workplace(Sessions& sessions, std::unique_ptr<duck::Connection> session)
      : sessions_(sessions), session_(std::move(session)) {}
  ~Workplace() {
    bool is_clean = true;
    for (const std::string& name : views_) {
      is_clean &= session_->run("DROP VIEW IF EXISTS temp." + duck::quoted_name(name)).ok();
    }
    tails_.clear();
    if (is_clean) sessions_.give_back(std::move(session_));
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  Result<void> add(const NamedTable& table, const TableFiles& files) {
    const std::string tail_name = "tail of " + table.name;
    BL_TRY(lake::Relation relation,
           lake::relation_of(*session_, table.snapshot, files.files, files.paths, tail_name,
                             {.columns = table.columns, .numbers = files.numbers}));
    if (relation.tail) tails_.push_back(*std::move(relation.tail));
    parts_ += parts_.empty() ? "" : ", ";
    parts_ += duck::quoted_name(table.name) + " AS NOT MATERIALIZED " + relation.sql;
    relations_.emplace_back(table.name, std::move(relation.sql));
    return {};
  }

  Result<duck::Statement> prepare(std::string_view sql) {
    if (const auto whole = with_parts(sql, parts_); whole && !parts_.empty()) {
      auto statement = prepare_reading(*session_, *whole);
      if (statement.ok()) return statement;
    }
    // Also where it is at fault: the place that the engine names is to be that in the text given.
    for (const auto& [name, relation] : relations_) {
      views_.push_back(name);
      const auto made = session_->run(
          fmt::format("CREATE TEMP VIEW {} AS {}", duck::quoted_name(name), relation));
      if (!made.ok()) return made.error();
    }
    return prepare_reading(*session_, sql);
  }
  duck::Connection& session() { return *session_; }

 private:
  Sessions& sessions_;
  std::unique_ptr<duck::Connection> session_;
  std::deque<duck::OfferedTable> tails_;
  std::vector<std::pair<std::string, std::string>> relations_;
  std::string parts_;
  std::vector<std::string> views_;
};

class DuckCursor final : public Cursor {
 public:
  DuckCursor(Admission::Place place, Sessions& sessions, std::unique_ptr<duck::Connection> session,
             Query query, Instant began)
      : place_(std::move(place)),
        query_(std::move(query)),
        began_(began),
        workplace_(sessions, std::move(session)) {
    statistics_.waited = duration_cast<microseconds>(steady_clock::now() - began_);
  }
  ~DuckCursor() override {
    query_.control->on_cancel(nullptr);
    answer_.reset();
    statement_.reset();
  }

  Result<void> begin(const objects::ObjectStore& store) {
    for (const NamedTable& table : query_.tables) {
      BL_TRY(const TableFiles files, files_of(table, store));
      statistics_.files_scanned += static_cast<std::int64_t>(files.files.size());
      statistics_.files_skipped += files.skipped;
      statistics_.snapshots[table.name] = table.snapshot.id();
      BL_RETURN_IF_ERROR(workplace_.add(table, files));
    }
    const auto left =
        duration_cast<milliseconds>(began_ + query_.limits.time_max - steady_clock::now());
    if (left.count() <= 0) return Error{Code::timeout, "the query's time passed"};
    query_.control->on_cancel([this] { workplace_.session().interrupt(); });
    if (query_.control->wants_end()) return Error{Code::cancelled, "the query was cancelled"};
    BL_TRY(statement_, workplace_.prepare(query_.sql));
    const auto is_unwanted = [control = query_.control] { return control->wants_end(); };
    BL_TRY(answer_, statement_->query(query_.parameters, {left, is_unwanted}));
    return {};
  }

  const columns::Schema& schema() const override { return answer_->schema(); }

  Result<std::optional<columns::Batch>> next() override {
    if (is_over_) return std::optional<columns::Batch>();
    is_over_ = true;  // until it went well
    if (query_.control->wants_end()) return Error{Code::cancelled, "the query was cancelled"};
    auto batch = answer_->next();
    if (!batch.ok()) return with_place(std::move(batch).error());
    query_.control->tell(workplace_.session().progress());
    if (!*batch) {
      statistics_.wall = duration_cast<microseconds>(steady_clock::now() - began_);
      return std::optional<columns::Batch>();
    }
    const columns::Batch cut = within(**batch, query_.limits.rows_max - statistics_.rows,
                                      query_.limits.bytes_max - statistics_.bytes);
    statistics_.rows += cut.rows();
    statistics_.bytes += cut.bytes();
    statistics_.wall = duration_cast<microseconds>(steady_clock::now() - began_);
    statistics_.is_truncated = cut.rows() < (*batch)->rows();
    is_over_ = statistics_.is_truncated;
    if (cut.rows() == 0) return std::optional<columns::Batch>();
    return std::optional(cut);
  }

  Statistics statistics() const override { return statistics_; }

 private:
  const Admission::Place place_;
  const Query query_;
  const Instant began_;
  Workplace workplace_;  // outlives the answer
  std::optional<duck::Statement> statement_;
  std::optional<duck::Answer> answer_;
  Statistics statistics_;
  bool is_over_ = false;
};

class DuckEngine final : public Engine {
 public:
  DuckEngine(objects::ObjectStore& store, Metrics& metrics, const DuckEngineLimits& limits,
             std::unique_ptr<duck::Database> database)
      : store_(store),
        admission_(limits.admission, metrics, "in_process"),
        database_(std::move(database)),
        sessions_(*database_, Sessions::Progress::counted),
        quiet_sessions_(*database_, Sessions::Progress::none) {}

  Result<std::unique_ptr<Cursor>> run(Query query) override {
    const Instant began = steady_clock::now();
    Sessions& sessions = query.control == nullptr ? quiet_sessions_ : sessions_;
    if (query.control == nullptr) query.control = std::make_shared<QueryControl>();
    BL_TRY(Admission::Place place, admission_.enter(began + query.limits.time_max, *query.control));
    BL_TRY(auto session, sessions.take());
    auto cursor = std::make_unique<DuckCursor>(std::move(place), sessions, std::move(session),
                                               std::move(query), began);
    const auto begun = cursor->begin(store_);
    if (!begun.ok()) return with_place(begun.error());
    return std::unique_ptr<Cursor>(std::move(cursor));
  }

 private:
  objects::ObjectStore& store_;
  Admission admission_;
  std::unique_ptr<duck::Database> database_;
  Sessions sessions_;
  Sessions quiet_sessions_;  // of queries that nobody watches
};

}  // namespace

Result<std::unique_ptr<Engine>> open_duck_engine(objects::ObjectStore& store, Metrics& metrics,
                                                 const DuckEngineLimits& limits) {
  BL_TRY(auto database, duck::Database::open({.path = "", .limits = limits.database}));
  return std::unique_ptr<Engine>(
      std::make_unique<DuckEngine>(store, metrics, limits, std::move(database)));
}

}  // namespace bl::engine
