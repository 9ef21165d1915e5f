#include "results/store_repair.h"

#include <string>
#include <vector>

#include "results/store_derived.h"
#include "results/store_rows.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

// One page of facts in memory: the connection reads a page, then writes what follows from it.
constexpr std::size_t k_page_rows = 500;

// A fact row with everything that a DerivedFact views.
struct OwnedFact {
  std::string id, run_id, repository, fingerprint, data, run_tags, annotations;
  std::optional<std::string> batch_id, run_reason, unit, error_text;
  std::string context_id, info_id, hardware_name, hardware_hash, case_name, case_tags;
  std::optional<StoredCommit> commit;
  DerivedFact fact;  // numbers only, until view() fills in the texts

  const DerivedFact& view();
};

#define BL_FACT_COLUMNS                                                                        \
  "n.no, r.id, r.run_id, r.commit_repo_url, r.history_fingerprint, r.batch_id, r.run_reason, " \
  "@micros{r.timestamp}, r.unit, r.error is not null, @float{r.min}, @float{r.max}, "          \
  "@float{r.mean}, @numbers{r.data}, @text{r.run_tags}, @text{r.change_annotations}, "         \
  "r.context_id, r.info_id, h.name, h.hash, k.name, @text{k.tags}, " BL_COMMIT_COLUMNS

#define BL_FACT_TABLES                                                           \
  " from benchmark_result r join @result_number n on n.id = r.id "               \
  "join \"case\" k on k.id = r.case_id join hardware h on h.id = r.hardware_id " \
  "left join \"commit\" c on c.id = r.commit_id "

std::optional<std::string_view> view_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::string_view(*text);
}

const DerivedFact& OwnedFact::view() {
  fact.result_id = id;
  fact.run_id = run_id;
  fact.repository = repository;
  fact.fingerprint = fingerprint;
  fact.batch_id = view_of(batch_id);
  fact.run_reason = view_of(run_reason);
  fact.unit = view_of(unit);
  fact.data = data;
  fact.run_tags = run_tags;
  fact.change_annotations = annotations;
  fact.context_id = context_id;
  fact.info_id = info_id;
  fact.hardware_name = hardware_name;
  fact.hardware_hash = hardware_hash;
  fact.case_name = case_name;
  fact.case_tags = case_tags;
  if (commit) {
    fact.commit_id = commit->id;
    fact.commit_sha = commit->sha;
    fact.commit_message = commit->message;
    fact.commit_timestamp = commit->timestamp;
    fact.on_default_branch = commit->on_default_branch();
  }
  return fact;
}

Result<OwnedFact> fact_of(const store::Row& row) {
  OwnedFact owned;
  owned.fact.result_no = row.integer(0);
  owned.id = row.text(1);
  owned.run_id = row.text(2);
  owned.repository = row.text(3);
  owned.fingerprint = row.text(4);
  owned.batch_id = row.text_or_null(5);
  owned.run_reason = row.text_or_null(6);
  owned.fact.timestamp = Timestamp{row.integer(7)};
  const SummaryColumns columns = summary_columns(row, 8);
  owned.unit = columns.unit;
  owned.fact.failed = failed(columns);
  owned.fact.mean = columns.mean;
  owned.fact.best = summary_of(columns, SummaryMode::best).value;
  owned.fact.summary_mean = summary_of(columns, SummaryMode::mean).value;
  owned.data = row.is_null(13) ? "[]" : std::string(row.text(13));
  BL_TRY(owned.run_tags, object_text_of(row, 14));
  BL_TRY(const json::Value annotations, object_of(row, 15));
  BenchmarkResult annotated;
  annotated.change_annotations = annotations;
  owned.fact.begins_change = annotated.begins_distribution_change();
  owned.annotations = json::to_stored_text(annotations);
  owned.context_id = row.text(16);
  owned.info_id = row.text(17);
  owned.hardware_name = row.text(18);
  owned.hardware_hash = row.text(19);
  owned.case_name = row.text(20);
  BL_TRY(owned.case_tags, object_text_of(row, 21));
  owned.commit = commit_of(row, 22);
  return owned;
}

// Facts of one page, in the order of their ids, after `after`.
Result<std::vector<OwnedFact>> read_page(store::Connection& connection, const store::Sql& sql,
                                         std::initializer_list<store::Param> params) {
  std::vector<OwnedFact> page;
  BL_RETURN_IF_ERROR(
      for_each_row(connection, sql, params, [&](const store::Row& row) -> Result<void> {
        BL_TRY(auto owned, fact_of(row));
        page.push_back(std::move(owned));
        return {};
      }));
  return page;
}

// Those with these ids.
Result<std::vector<OwnedFact>> read_facts(store::Connection& connection,
                                          const store::ParamRows& ids) {
  std::vector<OwnedFact> facts;
  std::optional<Error> fault;
  BL_RETURN_IF_ERROR(connection.query_many(
      store::both_dialects<"select " BL_FACT_COLUMNS BL_FACT_TABLES "where r.id = $1">(), ids,
      [&](std::size_t, const store::Row& row) {
        auto owned = fact_of(row);
        if (owned.ok()) {
          facts.push_back(std::move(owned).value());
        } else if (!fault) {
          fault = std::move(owned).error();
        }
      }));
  if (fault) return std::move(*fault);
  return facts;
}

std::vector<DerivedFact> views_of(std::vector<OwnedFact>& page) {
  std::vector<DerivedFact> facts;
  facts.reserve(page.size());
  for (OwnedFact& owned : page) facts.push_back(owned.view());
  return facts;
}

Result<void> empty_derived(store::Connection& connection) {
  static const store::Sql k_deletes[] = {store::both_dialects<"delete from @series">(),
                                         store::both_dialects<"delete from @run">(),
                                         store::both_dialects<"delete from @run_series">(),
                                         store::both_dialects<"delete from @run_batch">()};
  for (const store::Sql& sql : k_deletes) {
    BL_TRY([[maybe_unused]] auto deleted, connection.execute(sql, {}));
  }
  if (connection.dialect() == store::Dialect::postgres) return {};
  for (const char* sql : {"delete from bl_history", "delete from bl_commit_series"}) {
    BL_TRY([[maybe_unused]] auto deleted, connection.execute(sql, {}));
  }
  BL_TRY([[maybe_unused]] auto reset,
         connection.execute("update bl_counter set value = case name when 'commits' then "
                            "(select count(*) from \"commit\") else 0 end",
                            {}));
  return {};
}

// Rows that were restored or written by another program have no number yet.
Result<void> number_all(store::Connection& connection) {
  BL_TRY(
      [[maybe_unused]] auto numbered,
      connection.execute(store::both_dialects<
                             "insert into @result_number (id) select r.id from benchmark_result r "
                             "where not exists (select 1 from @result_number n where n.id = r.id) "
                             "order by r.id">(),
                         {}));
  return {};
}

}  // namespace

Result<void> add_repaired_history(store::Connection& connection, std::string_view commit_id) {
  std::vector<std::string> ids;
  BL_RETURN_IF_ERROR(connection.query(
      store::Sql("select n.id from bl_commit_series o join bl_result_number n on n.no = "
                 "o.result_no where o.commit_id = $1 order by o.series_no, o.result_no",
                 "select id from benchmark_result where commit_id = $1 order by id"),
      {commit_id}, [&](const store::Row& row) {
        ids.emplace_back(row.text(0));
        return true;
      }));
  for (std::size_t at = 0; at < ids.size(); at += k_page_rows) {
    store::ParamRows page_ids(1);
    for (std::size_t i = at; i < std::min(ids.size(), at + k_page_rows); ++i) {
      page_ids.add({std::string_view(ids[i])});
    }
    BL_TRY(auto page, read_facts(connection, page_ids));
    BL_RETURN_IF_ERROR(add_history_points(connection, views_of(page)));
  }
  return {};
}

Result<void> rebuild_derived(store::Database& database) {
  return database.write([](store::Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(empty_derived(connection));
    BL_RETURN_IF_ERROR(number_all(connection));
    std::string after;
    for (;;) {
      BL_TRY(auto page, read_page(connection,
                                  store::both_dialects<"select " BL_FACT_COLUMNS BL_FACT_TABLES
                                                       "where r.id > $1 order by r.id limit 500">(),
                                  {std::string_view(after)}));
      BL_RETURN_IF_ERROR(add_derived(connection, views_of(page)));
      if (page.size() < k_page_rows) return {};
      after = page.back().id;
    }
  });
}

}  // namespace bl::results
