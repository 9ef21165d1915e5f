#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/hash.h"
#include "results/tests/store_fixture.h"
#include "store/audit.h"
#include "store/both_dialects.h"
#include "store/testing/postgres_server.h"

namespace bl::results::testing {

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "bl-results-XXXXXX").string();
  BL_CHECK(mkdtemp(name.data()) != nullptr);
  path = name;
}

namespace {

bool on_postgres() {
  const char* store = getenv("BL_TEST_STORE");
  return store != nullptr && std::string_view(store) == "postgres";
}

}  // namespace

// `BL_TEST_STORE=postgres` runs every test of this program over a database of its own there.
Folder::Folder(Postgres) : Folder() {
  if (on_postgres()) database = store::testing::PostgresServer::shared().create_database();
}
Folder::~Folder() {
  if (!database.empty()) store::testing::PostgresServer::shared().drop_database(database);
  std::filesystem::remove_all(path);
}

// The domain's own, numbered as if there were no others between them.
std::vector<store::Migration> StoreFixture::steps() {
  std::vector<store::Migration> steps;
  for (const auto part :
       {migrations(), commit_migrations(), later_migrations(), store::audit_migrations(),
        ci_migrations(), alert_migrations(), shared_table_migrations(), history_migrations(),
        verdict_migrations(), read_migrations(), exemplar_migrations()}) {
    for (store::Migration step : part) {
      step.number = static_cast<int>(steps.size()) + 1;
      steps.push_back(step);
    }
  }
  return steps;
}

std::unique_ptr<store::Database> StoreFixture::open() {
  const std::string uri = folder.database.empty()
                              ? "sqlite://" + folder.path + "/test.db"
                              : store::testing::PostgresServer::shared().uri(folder.database);
  auto opened = store::open_database(uri, {}, log, metrics);
  if (!opened.ok()) ADD_FAILURE() << opened.error().message;
  BL_CHECK(opened.ok());
  const auto migrated = (*opened)->migrate(steps());
  if (!migrated.ok()) ADD_FAILURE() << migrated.error().message;
  BL_CHECK(migrated.ok());
  return std::move(*opened);
}

std::string StoreFixture::in_dialect(std::string sql) const {
  sql = store::in_dialect(sql, database->dialect());
  if (database->dialect() == store::Dialect::sqlite) return sql;
  for (std::size_t at; (at = sql.find("bl_")) != std::string::npos;) {
    sql.replace(at, 3, "benchlake.");
  }
  return sql;
}

StoreFixture::StoreFixture()
    : database(open()),
      writer(*database, ids, clock),
      runs(*database),
      history(*database),
      compare(*database),
      health(*database),
      refresher(*database) {}

Submitted StoreFixture::submit(const Submission& submission) {
  auto submitted = writer.submit(submission);
  if (!submitted.ok()) ADD_FAILURE() << submitted.error().message;
  BL_CHECK(submitted.ok());
  return std::move(*submitted);
}

void StoreFixture::refresh_all() {
  for (;;) {
    const auto refreshed = refresher.refresh_some(100);
    BL_CHECK(refreshed.ok());
    if (*refreshed == 0) return;
  }
}

std::string StoreFixture::value(const std::string& sql) {
  std::string text;
  const auto read = database->read([&](store::Connection& connection) {
    return connection.query_text(in_dialect(sql), {}, [&](const store::Row& row) {
      text = row.text(0);
      return true;
    });
  });
  if (!read.ok()) ADD_FAILURE() << read.error().message;
  return text;
}

void StoreFixture::run_sql(const std::string& sql) {
  const auto written = database->write([&](store::Connection& connection) {
    return connection.query_text(in_dialect(sql), {}, [](const store::Row&) { return true; });
  });
  if (!written.ok()) ADD_FAILURE() << written.error().message;
}

Submission submission_of(const Draft& draft) {
  Submission submission;
  BenchmarkResult& result = submission.result;
  result.run_id = draft.run_id;
  result.batch_id = draft.batch_id;
  result.run_reason = draft.run_reason;
  result.timestamp = draft.timestamp;
  result.benchmark_case.name = draft.name;
  result.benchmark_case.tags = json::Value::object();
  for (const auto& [key, value] : draft.tags) {
    result.benchmark_case.tags.set(key, json::Value::string(value));
  }
  result.context.set("benchmark_language", json::Value::string("C++"));
  result.hardware.name = draft.machine;
  result.hardware.cpu_core_count = 2;
  result.repository = k_repository;
  if (!draft.sha.empty()) {
    result.commit.sha = draft.sha;
    result.commit.repository = k_repository;
    result.commit.timestamp = draft.commit_time;
    result.commit.message = "change " + draft.sha;
    result.commit.branch = draft.branch;
    result.commit.fork_point_sha = draft.fork_point;
    if (!draft.branch && !draft.fork_point && draft.commit_time) {
      result.commit.fork_point_sha = draft.sha;
    }
  }
  result.stats.unit = draft.unit;
  for (const double value : draft.data) result.stats.data.push_back(json::Value::number(value));
  if (draft.errored) {
    result.error = json::Value::object();
    result.error.set("stack_trace", json::Value::string("boom"));
  } else {
    set_aggregates(result.stats, draft.data);
  }
  if (draft.begins_change) {
    result.change_annotations.set("begins_distribution_change", json::Value::boolean(true));
  }
  submission.submission_key = draft.key;
  submission.payload_sha256 = sha256_hex(json::to_text(json::Value::array(result.stats.data)));
  return submission;
}

std::string sha_of(int i) {
  return md5_hex("commit " + std::to_string(i)) + "00000000";
}

Draft on_commit(int i) {
  Draft draft;
  draft.sha = sha_of(i);
  draft.commit_time = Timestamp{k_start.micros + i * k_hour};
  draft.timestamp = Timestamp{draft.commit_time->micros + k_hour / 2};
  draft.run_id = "run-" + std::to_string(i);
  return draft;
}

}  // namespace bl::results::testing
