#include "results/store/group.h"

#include <map>
#include <unordered_map>

#include "results/store/derived.h"
#include "results/store/exemplars.h"
#include "results/store/repair.h"
#include "results/store/rows.h"
#include "store/both_dialects.h"
#include "store/row_set.h"

namespace bl::results {
namespace {

using store::InsertInto;
using store::Null;
using store::Param;
using store::param_of;
using store::ParamRows;

// One submission that is stored now, and what became of its parts.
struct Item {
  const PreparedSubmission* prepared = nullptr;
  std::size_t place = 0;  // in the group
  Submitted submitted;
  DimensionIds dimensions;
  std::optional<CommitPlace> commit;
  std::int64_t no = 0;
};

Error key_is_taken(const Submission& submission) {
  json::Faults faults;
  const auto key = json::Value::string(*submission.submission_key);
  faults.add("/submission_key", "already exists with different content", &key);
  return Error{Code::conflict, "submission key already exists with different content",
               faults.list()};
}

// Submission keys ----------------------------------------------------------------------------

#define BL_STORED_UNDER_KEY "r.id, r.run_id, r.history_fingerprint"

// Answers those whose key is stored already.
Result<void> replay(store::Connection& connection, std::vector<Item>& items,
                    std::vector<Result<Submitted>>& outcomes) {
  static const store::Sql k_stored(
      "select s.payload_sha256, " BL_STORED_UNDER_KEY
      " from bl_submission s "
      "join benchmark_result r on r.id = s.result_id where s.submission_key = $1",
      // Keys that the new Conbench stored in its own columns (schema/shared_tables.cc) come after
      // ours.
      "select k.payload_sha256, " BL_STORED_UNDER_KEY
      ", p.place "
      "from unnest($1::text[]) with ordinality as p(key, place) cross join lateral ("
      "select s.payload_sha256, s.result_id, 1 as rank from benchlake.submission s "
      "where s.submission_key = p.key and "
      "exists (select 1 from benchmark_result t where t.id = s.result_id) "
      "union all select o.payload_sha256, o.result_id, 2 from benchlake.conbench_submission o "
      "where o.submission_key = p.key order by rank limit 1) k "
      "join benchmark_result r on r.id = k.result_id");
  ParamRows keys(1);
  std::vector<Item*> asked;
  for (Item& item : items) {
    const auto& key = item.prepared->submission.submission_key;
    if (!key) continue;
    keys.add({std::string_view(*key)});
    asked.push_back(&item);
  }
  if (asked.empty()) return {};
  std::vector<bool> is_answered(outcomes.size());
  BL_RETURN_IF_ERROR(
      store::query_rows(connection, k_stored, 5, keys, [&](std::size_t i, const store::Row& row) {
        const Item& item = *asked[i];
        is_answered[item.place] = true;
        if (row.text(0) == item.prepared->submission.payload_sha256) {
          outcomes[item.place] = Submitted{std::string(row.text(1)), std::string(row.text(2)),
                                           std::string(row.text(3)), true};
        } else {
          outcomes[item.place] = key_is_taken(item.prepared->submission);
        }
      }));
  std::erase_if(items, [&](const Item& item) { return is_answered[item.place]; });
  return {};
}

// Of several with the same key, the first is stored; the others are answered after it.
struct Twin {
  const PreparedSubmission* prepared;
  std::size_t place, of;  // of: the place of the first
};
std::vector<Twin> take_twins(std::vector<Item>& items) {
  std::vector<Twin> twins;
  std::unordered_map<std::string_view, std::size_t> first_with;
  std::erase_if(items, [&](const Item& item) {
    const auto& key = item.prepared->submission.submission_key;
    if (!key) return false;
    const auto [first, is_new] = first_with.try_emplace(*key, item.place);
    if (!is_new) twins.push_back({item.prepared, item.place, first->second});
    return !is_new;
  });
  return twins;
}

void answer_twins(std::span<const Twin> twins, std::span<const PreparedSubmission* const> group,
                  std::vector<Result<Submitted>>& outcomes) {
  for (const Twin& twin : twins) {
    outcomes[twin.place] = outcomes[twin.of];
    if (!outcomes[twin.of].ok()) continue;
    if (twin.prepared->submission.payload_sha256 == group[twin.of]->submission.payload_sha256) {
      outcomes[twin.place]->replayed = true;
    } else {
      outcomes[twin.place] = key_is_taken(twin.prepared->submission);
    }
  }
}

// A key whose result was deleted is free again. It is taken from the result that it named then, so
// that of two who want it one gets it; the other is answered with what that one stored.
Result<void> reclaim_keys(store::Connection& connection, std::vector<Item>& lost,
                          std::vector<Result<Submitted>>& outcomes) {
  std::vector<Item> late;
  for (const Item& item : lost) {
    const Submission& submission = item.prepared->submission;
    const std::string_view key = *submission.submission_key;
    std::string gone;
    BL_RETURN_IF_ERROR(connection.query(
        store::both_dialects<"select result_id from @submission where submission_key = $1 and "
                             "not exists (select 1 from benchmark_result where id = result_id)">(),
        {key}, [&](const store::Row& row) {
          gone = row.text(0);
          return true;
        }));
    BL_TRY(const auto taken,
           connection.execute(
               store::both_dialects<"update @submission set payload_sha256 = $2, result_id = $3 "
                                    "where submission_key = $1 and result_id = $4">(),
               {key, std::string_view(submission.payload_sha256),
                std::string_view(item.submitted.id), std::string_view(gone)}));
    if (taken != 1) late.push_back(item);
  }
  std::erase_if(lost, [&](const Item& item) {
    return std::ranges::any_of(late, [&](const Item& one) { return one.place == item.place; });
  });
  BL_RETURN_IF_ERROR(replay(connection, late, outcomes));
  if (late.empty()) return {};
  return Error{Code::overloaded, "a submission key changes hands: " +
                                     *late.front().prepared->submission.submission_key};
}

// Takes the keys, waiting for other transactions that hold the same ones. Whose key was taken
// meanwhile is answered with what they stored.
Result<void> claim_keys(store::Connection& connection, std::vector<Item>& items,
                        std::vector<Result<Submitted>>& outcomes) {
  static const store::Sql k_claim(
      "insert into bl_submission (submission_key, payload_sha256, result_id) values ($1, $2, $3) "
      "on conflict do nothing",
      "with p as (select * from unnest($1::text[], $2::text[], $3::text[]) with ordinality "
      "as p(submission_key, payload_sha256, result_id, place)), "
      "added as (insert into benchlake.submission (submission_key, payload_sha256, result_id) "
      "select submission_key, payload_sha256, result_id from p on conflict do nothing "
      "returning submission_key) select p.place from added join p using (submission_key)");
  std::map<std::string_view, Item*> by_key;  // in order: nobody waits in a circle
  for (Item& item : items) {
    if (const auto& key = item.prepared->submission.submission_key) by_key[*key] = &item;
  }
  if (by_key.empty()) return {};
  ParamRows rows(3);
  for (const auto& [key, item] : by_key) {
    rows.add({key, std::string_view(item->prepared->submission.payload_sha256),
              std::string_view(item->submitted.id)});
  }
  BL_TRY(const auto claimed, store::insert_rows(connection, k_claim, rows));
  bool all_claimed = true;
  for (const std::int64_t one : claimed) all_claimed = all_claimed && one == 1;
  if (all_claimed) return {};
  std::vector<Item> lost;
  std::size_t i = 0;
  for (const auto& [key, item] : by_key) {
    if (claimed[i++] != 1) lost.push_back(*item);
  }
  std::erase_if(items, [&](const Item& item) {
    return std::ranges::any_of(lost, [&](const Item& one) { return one.place == item.place; });
  });
  BL_RETURN_IF_ERROR(replay(connection, lost, outcomes));
  if (lost.empty()) return {};
  BL_RETURN_IF_ERROR(reclaim_keys(connection, lost, outcomes));
  items.insert(items.end(), lost.begin(), lost.end());
  std::ranges::sort(items, {}, &Item::place);
  return {};
}

// Dimensions and commits ---------------------------------------------------------------------

Result<void> place_dimensions(store::Connection& connection, IdSource& ids, DimensionRows& rows,
                              std::vector<Item>& items) {
  std::vector<const PreparedDimensions*> prepared;
  prepared.reserve(items.size());
  for (const Item& item : items) prepared.push_back(&item.prepared->dimensions);
  BL_TRY(auto found, find_or_create_dimensions(connection, ids, prepared, rows));
  for (std::size_t i = 0; i < items.size(); ++i) items[i].dimensions = std::move(found[i]);
  return {};
}

std::vector<const Commit*> commits_of(const std::vector<Item>& items) {
  std::vector<const Commit*> commits;
  for (const Item& item : items) {
    const Commit& commit = item.prepared->submission.result.commit;
    if (!commit.sha.empty()) commits.push_back(&commit);
  }
  return commits;
}

Result<void> place_commits(store::Connection& connection, IdSource& ids, CommitRows& commits,
                           std::vector<Item>& items) {
  BL_TRY(auto places, commits.place(connection, ids));
  auto place = places.begin();
  for (Item& item : items) {
    if (item.prepared->submission.result.commit.sha.empty()) continue;
    if (place->repaired) BL_RETURN_IF_ERROR(add_repaired_history(connection, place->id));
    item.commit = std::move(*place++);
  }
  return {};
}

DerivedRows derived_rows_of(const std::vector<Item>& items) {
  DerivedRows rows;
  for (const Item& item : items) {
    const BenchmarkResult& result = item.prepared->submission.result;
    rows.runs.try_emplace({result.run_id, result.repository});
    rows.series.try_emplace(item.submitted.history_fingerprint);
  }
  return rows;
}

// Facts --------------------------------------------------------------------------------------

using Kind = InsertInto::Column::Kind;

constexpr InsertInto::Column k_fact_columns[] = {
    {"id"},
    {"case_id"},
    {"context_id"},
    {"run_id"},
    {"unit"},
    {"time_unit"},
    {"batch_id"},
    {"timestamp", Kind::time},
    {"iterations"},
    {"min"},
    {"max"},
    {"mean"},
    {"median"},
    {"stdev"},
    {"q1"},
    {"q3"},
    {"iqr"},
    {"info_id"},
    {"error"},
    {"data", Kind::numbers},
    {"times", Kind::numbers},
    {"validation"},
    {"optional_benchmark_info"},
    {"change_annotations"},
    {"run_tags"},
    {"run_reason"},
    {"commit_id"},
    {"hardware_id"},
    {"commit_repo_url"},
    {"history_fingerprint"},
};

// Few rows are in before COPY has begun: PostgreSQL gets them as arrays then, a column each.
constexpr std::size_t k_facts_copied_min = 64;
constexpr const char* k_insert_facts =
    "insert into benchmark_result (id, case_id, context_id, run_id, unit, time_unit, batch_id, "
    "timestamp, iterations, min, max, mean, median, stdev, q1, q3, iqr, info_id, error, data, "
    "times, validation, optional_benchmark_info, change_annotations, run_tags, run_reason, "
    "commit_id, hardware_id, commit_repo_url, history_fingerprint) "
    "select id, case_id, context_id, run_id, unit, time_unit, batch_id, "
    "timestamp 'epoch' + (micros / 1000000) * interval '1 second' + "
    "(micros % 1000000) * interval '1 microsecond', "
    "iterations, min, max, mean, median, stdev, q1, q3, iqr, info_id, error, "
    "translate(data, '[]', '{}')::numeric[], translate(times, '[]', '{}')::numeric[], "
    "validation, optional_benchmark_info, change_annotations, run_tags, run_reason, "
    "commit_id, hardware_id, commit_repo_url, history_fingerprint "
    "from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], "
    "$7::text[], $8::bigint[], $9::integer[], $10::numeric[], $11::numeric[], $12::numeric[], "
    "$13::numeric[], $14::numeric[], $15::numeric[], $16::numeric[], $17::numeric[], "
    "$18::text[], $19::jsonb[], $20::text[], $21::text[], $22::jsonb[], $23::jsonb[], "
    "$24::jsonb[], $25::jsonb[], $26::text[], $27::text[], $28::text[], $29::text[], "
    "$30::text[]) as p(id, case_id, context_id, run_id, unit, time_unit, batch_id, micros, "
    "iterations, min, max, mean, median, stdev, q1, q3, iqr, info_id, error, data, times, "
    "validation, optional_benchmark_info, change_annotations, run_tags, run_reason, commit_id, "
    "hardware_id, commit_repo_url, history_fingerprint)";

Result<void> insert_facts(store::Connection& connection, const std::vector<Item>& items) {
  ParamRows rows(std::size(k_fact_columns));
  for (const Item& item : items) {
    const PreparedSubmission& prepared = *item.prepared;
    const BenchmarkResult& result = prepared.submission.result;
    const Stats& stats = result.stats;
    rows.add({std::string_view(item.submitted.id),
              std::string_view(item.dimensions.case_id),
              std::string_view(item.dimensions.context_id),
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
              std::string_view(item.dimensions.info_id),
              param_of(prepared.error),
              std::string_view(prepared.data),
              std::string_view(prepared.times),
              param_of(prepared.validation),
              param_of(prepared.optional_info),
              std::string_view(prepared.change_annotations),
              std::string_view(prepared.run_tags),
              param_of(result.run_reason),
              item.commit ? Param(std::string_view(item.commit->id)) : Param(Null{}),
              std::string_view(item.dimensions.hardware_id),
              std::string_view(result.repository),
              std::string_view(item.submitted.history_fingerprint)});
  }
  const bool is_postgres = connection.dialect() == store::Dialect::postgres;
  if (is_postgres && rows.size() < k_facts_copied_min) {
    return store::execute_rows_later(connection, k_insert_facts, rows);
  }
  return connection.insert_many({"benchmark_result", k_fact_columns}, rows);
}

// Numbers and change log ---------------------------------------------------------------------

// Numbers are taken first, so that the rows can go in at once.
Result<void> take_numbers_later(store::Connection& connection, std::vector<Item>& items) {
  static const store::Sql k_take(
      "with recursive n(no, rest) as (select coalesce((select max(no) from bl_result_number), 0) "
      "+ 1, $1 union all select no + 1, rest - 1 from n where rest > 1) select no from n",
      "select nextval('benchlake.result_number_no_seq') from generate_series(1, $1::bigint)");
  ParamRows count(1);
  count.add({static_cast<std::int64_t>(items.size())});
  return connection.query_many_later(
      k_take, count, [item = items.begin()](std::size_t, const store::Row& row) mutable {
        (item++)->no = row.integer(0);
      });
}

// PostgreSQL: both tables in one statement.
Result<void> number_and_log_at_once(store::Connection& connection, Timestamp now,
                                    const std::vector<Item>& items) {
  constexpr const char* k_sql =
      "with p as materialized (select * from unnest($1::bigint[], $2::text[], $3::bigint[], "
      "$4::bigint[], $5::bigint[]) as p(no, id, submitter_no, result_timestamp, at)), "
      "numbered as (insert into benchlake.result_number (no, id, submitter_no) "
      "select no, id, submitter_no from p) "
      "insert into benchlake.change_log (op, result_id, result_timestamp, at) "
      "select 'insert', id, result_timestamp, at from p";
  ParamRows rows(5);
  for (const Item& item : items) {
    rows.add({item.no, std::string_view(item.submitted.id), param_of(item.prepared->submitter_no),
              item.prepared->submission.result.timestamp.micros, now.micros});
  }
  return store::execute_rows_later(connection, k_sql, rows);
}

constexpr InsertInto::Column k_number_columns[] = {{"no"}, {"id"}, {"submitter_no"}};
constexpr InsertInto::Column k_log_columns[] = {
    {"op"}, {"result_id"}, {"result_timestamp"}, {"at"}};

Result<void> number_and_log(store::Connection& connection, Timestamp now,
                            const std::vector<Item>& items) {
  if (connection.dialect() == store::Dialect::postgres) {
    return number_and_log_at_once(connection, now, items);
  }
  ParamRows numbers(3);
  ParamRows log(4);
  for (const Item& item : items) {
    numbers.add(
        {item.no, std::string_view(item.submitted.id), param_of(item.prepared->submitter_no)});
    log.add({std::string_view("insert"), std::string_view(item.submitted.id),
             item.prepared->submission.result.timestamp.micros, now.micros});
  }
  BL_RETURN_IF_ERROR(connection.insert_many({"bl_result_number", k_number_columns}, numbers));
  return connection.insert_many({"bl_change_log", k_log_columns}, log);
}

Result<void> link_traces(store::Connection& connection, Timestamp now,
                         const std::vector<Item>& items) {
  std::vector<NewExemplar> exemplars;
  for (const Item& item : items) {
    const Submission& submission = item.prepared->submission;
    for (const Exemplar& one : submission.exemplars) {
      exemplars.push_back({item.submitted.id, submission.result.timestamp, &one});
    }
  }
  return put_exemplars(connection, now, exemplars);
}

std::optional<std::string_view> view_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::string_view(*text);
}

DerivedFact derived_of(const Item& item) {
  const PreparedSubmission& prepared = *item.prepared;
  const BenchmarkResult& result = prepared.submission.result;
  DerivedFact fact;
  fact.result_id = item.submitted.id;
  fact.result_no = item.no;
  fact.run_id = result.run_id;
  fact.repository = result.repository;
  fact.fingerprint = item.submitted.history_fingerprint;
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
  if (item.commit) {
    fact.commit_id = item.commit->id;
    fact.commit_sha = item.commit->stored.sha;
    fact.commit_message = item.commit->stored.message;
    fact.commit_timestamp = item.commit->stored.timestamp;
    fact.on_default_branch = item.commit->stored.on_default_branch();
  }
  fact.context_id = item.dimensions.context_id;
  fact.info_id = item.dimensions.info_id;
  fact.hardware_name = result.hardware.name;
  fact.hardware_hash = item.dimensions.hardware_hash;
  fact.case_name = result.benchmark_case.name;
  fact.case_tags = prepared.dimensions.case_tags;
  return fact;
}

Result<void> store_items(store::Connection& connection, IdSource& ids, Timestamp now,
                         DimensionRows& dimensions, std::vector<Item>& items,
                         std::vector<Result<Submitted>>& outcomes) {
  for (Item& item : items) item.submitted.id = ids.next();
  BL_RETURN_IF_ERROR(claim_keys(connection, items, outcomes));
  if (items.empty()) return {};
  BL_RETURN_IF_ERROR(place_dimensions(connection, ids, dimensions, items));
  for (Item& item : items) {
    const BenchmarkResult& result = item.prepared->submission.result;
    item.submitted.run_id = result.run_id;
    item.submitted.history_fingerprint =
        history_fingerprint(item.dimensions.case_id, item.dimensions.context_id,
                            item.dimensions.hardware_hash, result.repository);
  }
  // All that is to be known is asked in one go; then, where nothing is new, nothing more is.
  CommitRows commits(commits_of(items));
  DerivedRows rows = derived_rows_of(items);
  BL_RETURN_IF_ERROR(commits.find_later(connection));
  BL_RETURN_IF_ERROR(find_later(connection, rows));
  BL_RETURN_IF_ERROR(take_numbers_later(connection, items));
  BL_RETURN_IF_ERROR(connection.wait());
  BL_RETURN_IF_ERROR(place_commits(connection, ids, commits, items));
  BL_RETURN_IF_ERROR(insert_facts(connection, items));
  BL_RETURN_IF_ERROR(number_and_log(connection, now, items));
  BL_RETURN_IF_ERROR(link_traces(connection, now, items));
  std::vector<DerivedFact> facts;
  facts.reserve(items.size());
  for (const Item& item : items) facts.push_back(derived_of(item));
  BL_RETURN_IF_ERROR(add_derived(connection, facts, rows));
  for (Item& item : items) outcomes[item.place] = std::move(item.submitted);
  return {};
}

}  // namespace

PreparedSubmission::PreparedSubmission(const Submission& of, const HardwareKeys& keys)
    : submission(of),
      dimensions(of.result, keys),
      failed(of.result.failed()),
      best(of.result.summary(SummaryMode::best).value),
      mean(of.result.summary(SummaryMode::mean).value),
      data(json::to_stored_text(json::Value::array(of.result.stats.data))),
      times(json::to_stored_text(json::Value::array(of.result.stats.times))),
      run_tags(json::to_stored_text(of.result.run_tags)),
      change_annotations(json::to_stored_text(of.result.change_annotations)) {
  const auto text_of = [](const json::Value& document) -> std::optional<std::string> {
    if (document.is_null()) return std::nullopt;
    return json::to_stored_text(document);
  };
  error = text_of(of.result.error);
  validation = text_of(of.result.validation);
  optional_info = text_of(of.result.optional_benchmark_info);
}

Result<void> store_group(store::Connection& connection, IdSource& ids, Timestamp now,
                         std::span<const PreparedSubmission* const> group,
                         DimensionRows& dimensions, std::vector<Result<Submitted>>& outcomes) {
  outcomes.assign(group.size(), Error{Code::internal, "a submission was not looked at"});
  std::vector<Item> items(group.size());
  for (std::size_t i = 0; i < group.size(); ++i) {
    items[i].prepared = group[i];
    items[i].place = i;
  }
  BL_RETURN_IF_ERROR(replay(connection, items, outcomes));
  const std::vector<Twin> twins = take_twins(items);
  if (!items.empty()) {
    BL_RETURN_IF_ERROR(store_items(connection, ids, now, dimensions, items, outcomes));
  }
  answer_twins(twins, group, outcomes);
  return {};
}

}  // namespace bl::results
