#include "results/store_writer.h"

#include "results/store_derived.h"
#include "results/store_dimensions.h"
#include "results/store_repair.h"
#include "results/store_rows.h"
#include "results/store_sql.h"

namespace bl::results {
namespace {

using store::Null;
using store::Param;
using store::param_of;

// Everything that can be computed before the transaction.
struct Prepared {
  explicit Prepared(const Submission& from)
      : submission(from),
        dimensions(from.result),
        failed(from.result.failed()),
        best(from.result.summary(SummaryMode::best).value),
        mean(from.result.summary(SummaryMode::mean).value),
        data(json::to_text(json::Value::array(from.result.stats.data))),
        times(json::to_text(json::Value::array(from.result.stats.times))),
        run_tags(json::to_text(from.result.run_tags)),
        change_annotations(json::to_text(from.result.change_annotations)) {
    if (!from.result.error.is_null()) error = json::to_text(from.result.error);
    if (!from.result.validation.is_null()) validation = json::to_text(from.result.validation);
    if (!from.result.optional_benchmark_info.is_null()) {
      optional_info = json::to_text(from.result.optional_benchmark_info);
    }
  }

  const Submission& submission;
  PreparedDimensions dimensions;
  bool failed;
  std::optional<double> best, mean;  // summaries
  std::string data, times, run_tags, change_annotations;
  std::optional<std::string> error, validation, optional_info;
};

// The stored answer of a submission key, when its content is the same.
Result<std::optional<Submitted>> replay(store::Connection& connection,
                                        const Submission& submission) {
  std::optional<Submitted> stored;
  if (!submission.submission_key) return stored;
  bool same = true;
  BL_RETURN_IF_ERROR(connection.query(
      both_dialects<"select s.payload_sha256, r.id, r.run_id, r.history_fingerprint "
                    "from @submission s join benchmark_result r on r.id = s.result_id "
                    "where s.submission_key = $1">(),
      {std::string_view(*submission.submission_key)}, [&](const store::Row& row) {
        same = row.text(0) == submission.payload_sha256;
        stored = Submitted{std::string(row.text(1)), std::string(row.text(2)),
                           std::string(row.text(3)), true};
        return true;
      }));
  if (!same) {
    json::Faults faults;
    const auto key = json::Value::string(*submission.submission_key);
    faults.add("/submission_key", "already exists with different content", &key);
    return Error{Code::conflict, "submission key already exists with different content",
                 faults.list()};
  }
  return stored;
}

Result<void> remember_key(store::Connection& connection, const Submission& submission,
                          std::string_view result_id) {
  if (!submission.submission_key) return {};
  BL_TRY([[maybe_unused]] auto inserted,
         connection.execute(both_dialects<"insert into @submission (submission_key, "
                                          "payload_sha256, result_id) values ($1, $2, $3)">(),
                            {std::string_view(*submission.submission_key),
                             std::string_view(submission.payload_sha256), result_id}));
  return {};
}

Result<void> insert_fact(store::Connection& connection, const Prepared& prepared,
                         const DimensionIds& dimensions, std::string_view id,
                         const std::optional<CommitPlace>& commit, std::string_view fingerprint) {
  const BenchmarkResult& result = prepared.submission.result;
  const Stats& stats = result.stats;
  BL_TRY([[maybe_unused]] auto inserted,
         connection.execute(
             both_dialects<
                 "insert into benchmark_result (id, case_id, context_id, run_id, unit, time_unit, "
                 "batch_id, timestamp, iterations, min, max, mean, median, stdev, q1, q3, iqr, "
                 "info_id, error, data, times, validation, optional_benchmark_info, "
                 "change_annotations, run_tags, run_reason, commit_id, hardware_id, "
                 "commit_repo_url, history_fingerprint) values ($1, $2, $3, $4, $5, $6, $7, "
                 "@time{$8}, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, @jsonb{$19}, "
                 "@numeric{$20}, @numeric{$21}, @jsonb{$22}, @jsonb{$23}, @jsonb{$24}, "
                 "@jsonb{$25}, $26, $27, $28, $29, $30)">(),
             {id,
              std::string_view(dimensions.case_id),
              std::string_view(dimensions.context_id),
              std::string_view(result.run_id),
              param_of(stats.unit),
              param_of(stats.time_unit),
              param_of(result.batch_id),
              result.timestamp.micros,
              param_of(stats.iterations),
              param_of(stats.min),
              param_of(stats.max),
              param_of(stats.mean),
              param_of(stats.median),
              param_of(stats.stdev),
              param_of(stats.q1),
              param_of(stats.q3),
              param_of(stats.iqr),
              std::string_view(dimensions.info_id),
              param_of(prepared.error),
              std::string_view(prepared.data),
              std::string_view(prepared.times),
              param_of(prepared.validation),
              param_of(prepared.optional_info),
              std::string_view(prepared.change_annotations),
              std::string_view(prepared.run_tags),
              param_of(result.run_reason),
              commit ? Param(std::string_view(commit->id)) : Param(Null{}),
              std::string_view(dimensions.hardware_id),
              std::string_view(result.repository),
              fingerprint}));
  return {};
}

Result<std::int64_t> number_result(store::Connection& connection, std::string_view id,
                                   Timestamp timestamp, Timestamp now) {
  BL_TRY(const auto no,
         insert_numbered(
             connection,
             both_dialects<"insert into @result_number (id) values ($1) @returning{no}">(), {id}));
  BL_TRY([[maybe_unused]] auto logged,
         connection.execute(both_dialects<"insert into @change_log (op, result_id, "
                                          "result_timestamp, at) values ('insert', $1, $2, $3)">(),
                            {id, timestamp.micros, now.micros}));
  return no.value_or(0);
}

std::optional<std::string_view> view_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::string_view(*text);
}

DerivedFact derived_of(const Prepared& prepared, const DimensionIds& dimensions,
                       std::string_view id, std::int64_t no, std::string_view fingerprint,
                       const std::optional<CommitPlace>& commit) {
  const BenchmarkResult& result = prepared.submission.result;
  DerivedFact fact;
  fact.result_id = id;
  fact.result_no = no;
  fact.run_id = result.run_id;
  fact.repository = result.repository;
  fact.fingerprint = fingerprint;
  fact.batch_id = view_of(result.batch_id);
  fact.run_reason = view_of(result.run_reason);
  fact.unit = view_of(result.stats.unit);
  fact.timestamp = result.timestamp;
  fact.failed = prepared.failed;
  fact.mean = result.stats.mean;
  fact.best = prepared.best;
  fact.summary_mean = prepared.mean;
  fact.begins_change = result.begins_distribution_change();
  fact.data = prepared.data;
  fact.run_tags = prepared.run_tags;
  fact.change_annotations = prepared.change_annotations;
  if (commit) {
    fact.commit_id = commit->id;
    fact.commit_sha = commit->stored.sha;
    fact.commit_message = commit->stored.message;
    fact.commit_timestamp = commit->stored.timestamp;
    fact.on_default_branch = commit->stored.on_default_branch();
  }
  fact.context_id = dimensions.context_id;
  fact.info_id = dimensions.info_id;
  fact.hardware_name = result.hardware.name;
  fact.hardware_hash = dimensions.hardware_hash;
  fact.case_name = result.benchmark_case.name;
  fact.case_tags = prepared.dimensions.case_tags;
  return fact;
}

Result<Submitted> store_one(store::Connection& connection, IdSource& ids, Timestamp now,
                            const Prepared& prepared) {
  const BenchmarkResult& result = prepared.submission.result;
  BL_TRY(auto stored, replay(connection, prepared.submission));
  if (stored) return std::move(*stored);
  BL_TRY(const DimensionIds dimensions,
         find_or_create_dimensions(connection, ids, result, prepared.dimensions));
  std::optional<CommitPlace> commit;
  if (!result.commit.sha.empty()) {
    BL_TRY(commit, find_or_create_commit(connection, ids, result.commit));
    if (commit->repaired) {
      BL_RETURN_IF_ERROR(add_repaired_history(connection, commit->id));
    }
  }
  Submitted submitted;
  submitted.id = ids.next();
  submitted.run_id = result.run_id;
  submitted.history_fingerprint = history_fingerprint(dimensions.case_id, dimensions.context_id,
                                                      dimensions.hardware_hash, result.repository);
  BL_RETURN_IF_ERROR(insert_fact(connection, prepared, dimensions, submitted.id, commit,
                                 submitted.history_fingerprint));
  BL_TRY(const std::int64_t no, number_result(connection, submitted.id, result.timestamp, now));
  BL_RETURN_IF_ERROR(add_derived(connection, derived_of(prepared, dimensions, submitted.id, no,
                                                        submitted.history_fingerprint, commit)));
  BL_RETURN_IF_ERROR(remember_key(connection, prepared.submission, submitted.id));
  return submitted;
}

}  // namespace

Result<Submitted> StoreResultWriter::submit(const Submission& submission) {
  const Prepared prepared(submission);
  Submitted submitted;
  BL_RETURN_IF_ERROR(database_.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY(submitted, store_one(connection, ids_, clock_.now(), prepared));
    return {};
  }));
  return submitted;
}

Result<std::vector<Submitted>> StoreResultWriter::submit_all(
    std::span<const Submission> submissions) {
  std::vector<Prepared> prepared(submissions.begin(), submissions.end());
  std::vector<Submitted> submitted;
  BL_RETURN_IF_ERROR(database_.write([&](store::Connection& connection) -> Result<void> {
    submitted.clear();
    for (const Prepared& one : prepared) {
      BL_TRY(auto stored, store_one(connection, ids_, clock_.now(), one));
      submitted.push_back(std::move(stored));
    }
    return {};
  }));
  return submitted;
}

}  // namespace bl::results
