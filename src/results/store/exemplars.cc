#include "results/store/exemplars.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "results/exemplars.h"
#include "results/store/rows.h"
#include "store/audit.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Connection;
using store::Null;
using store::Param;
using store::param_of;
using store::Row;

constexpr std::int64_t k_whole_result = -1;

// trace_id, role, sample_no, span_id, start_ns, end_ns, created_at
#define BL_EXEMPLAR_COLUMNS \
  "e.trace_id, e.role, e.sample_no, e.span_id, e.start_ns, e.end_ns, e.created_at"

Result<StoredExemplar> exemplar_of(const Row& row, int column) {
  StoredExemplar exemplar;
  const auto trace = TraceId::from_hex(row.text(column));
  const auto role = exemplar_role_named(row.text(column + 1));
  if (!trace || !role) {
    return Error{Code::corrupt, fmt::format("a stored exemplar is none: {} {}", row.text(column),
                                            row.text(column + 1))};
  }
  exemplar.trace_id = *trace;
  exemplar.role = *role;
  if (row.integer(column + 2) != k_whole_result) exemplar.sample_no = row.integer(column + 2);
  if (!row.is_null(column + 3)) exemplar.span_id = SpanId::from_hex(row.text(column + 3));
  exemplar.start_ns = row.integer_or_null(column + 4);
  exemplar.end_ns = row.integer_or_null(column + 5);
  exemplar.created_at = Timestamp{row.integer(column + 6)};
  return exemplar;
}

void sort(std::vector<StoredExemplar>& exemplars) {
  std::ranges::sort(exemplars, {}, [](const StoredExemplar& one) {
    return std::tuple(one.role, one.sample_no, one.trace_id);
  });
}

Error no_such_result(std::string_view id) {
  return {Code::not_found, "no benchmark result has the id " + std::string(id)};
}

Result<std::vector<StoredExemplar>> links_of(Connection& connection, std::string_view result_id) {
  std::vector<StoredExemplar> found;
  BL_RETURN_IF_ERROR(
      for_each_row(connection,
                   store::both_dialects<"select " BL_EXEMPLAR_COLUMNS " from @exemplar e "
                                        "where e.result_id = $1">(),
                   {result_id}, [&](const Row& row) -> Result<void> {
                     BL_TRY(auto exemplar, exemplar_of(row, 0));
                     found.push_back(std::move(exemplar));
                     return {};
                   }));
  sort(found);
  return found;
}

// A result whose links are about to change; others who want to change them wait.
struct Held {
  Timestamp timestamp;
  std::int64_t samples = 0;
};
Result<Held> hold(Connection& connection, std::string_view id) {
  std::optional<Held> held;
  // Not of PostgreSQL's array alone: a row of before may have none.
  static const store::Sql k_hold(
      "select timestamp, coalesce(json_array_length(data), 0) from benchmark_result where id = $1",
      "select (extract(epoch from timestamp) * 1000000)::bigint, coalesce(cardinality(data), 0) "
      "from benchmark_result where id = $1 for update");
  BL_RETURN_IF_ERROR(connection.query(k_hold, {id}, [&](const Row& row) {
    held = Held{Timestamp{row.integer(0)}, row.integer(1)};
    return true;
  }));
  if (!held) return no_such_result(id);
  return *held;
}

Result<void> demand_samples(const Held& held, std::span<const Exemplar> exemplars) {
  json::Faults faults;
  for (std::size_t i = 0; i < exemplars.size(); ++i) {
    const auto sample = exemplars[i].sample_no;
    if (!sample || *sample < held.samples) continue;
    faults.add_text(fmt::format("/exemplars/{}/sample_no", i),
                    fmt::format("the result has {} samples", held.samples),
                    fmt::to_string(*sample));
  }
  if (faults.ok()) return {};
  return faults.to_error("the links");
}

Result<void> note(Connection& connection, Timestamp now, const Editor& editor,
                  std::string_view action, std::string_view result_id, std::string_view detail) {
  return store::record_audit(connection, {now, editor.id, editor.name, action, result_id, detail});
}

std::string detail_of(std::span<const Exemplar> exemplars) {
  constexpr std::size_t k_named_max = 20;  // an audit row is short
  std::string text;
  json::Writer out(text);
  out.begin_object().member("links", static_cast<std::int64_t>(exemplars.size()));
  out.key("exemplars").begin_array();
  for (const Exemplar& one : exemplars.first(std::min(exemplars.size(), k_named_max))) {
    write_exemplar(out, one);
  }
  out.end_array().end_object();
  return text;
}

}  // namespace

Result<void> put_exemplars(Connection& connection, Timestamp now,
                           std::span<const NewExemplar> exemplars) {
  if (exemplars.empty()) return {};
  constexpr std::size_t k_columns = 9;
  std::vector<std::array<std::string, 2>> ids;  // what parameters borrow
  ids.reserve(exemplars.size());
  store::ParamRows rows(k_columns);
  for (const NewExemplar& one : exemplars) {
    const Exemplar& exemplar = *one.exemplar;
    const auto& [trace, span] = ids.emplace_back(std::array{
        exemplar.trace_id.hex(), exemplar.span_id ? exemplar.span_id->hex() : std::string()});
    rows.add({one.result_id, std::string_view(trace), role_name(exemplar.role),
              exemplar.sample_no.value_or(k_whole_result),
              span.empty() ? Param(Null{}) : Param(std::string_view(span)),
              param_of(exemplar.start_ns), param_of(exemplar.end_ns),
              exemplar.start_ns ? *exemplar.start_ns / 1'000 : one.result_timestamp.micros,
              now.micros});
  }
  BL_TRY([[maybe_unused]] const auto put,
         connection.execute_many(
             store::both_dialects<
                 "insert into @exemplar (result_id, trace_id, role, sample_no, span_id, start_ns, "
                 "end_ns, at, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
                 "on conflict (result_id, trace_id, role, sample_no) do update set "
                 "span_id = excluded.span_id, start_ns = excluded.start_ns, "
                 "end_ns = excluded.end_ns, at = excluded.at">(),
             rows));
  return {};
}

Result<void> remove_exemplars(Connection& connection, std::string_view result_id) {
  BL_TRY([[maybe_unused]] const auto removed,
         connection.execute(store::both_dialects<"delete from @exemplar where result_id = $1">(),
                            {result_id}));
  return {};
}

Result<std::vector<StoredExemplar>> Exemplars::of_result(std::string_view result_id) {
  std::vector<StoredExemplar> found;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    bool is_there = false;
    BL_RETURN_IF_ERROR(connection.query("select 1 from benchmark_result where id = $1", {result_id},
                                        [&](const Row&) { return is_there = true; }));
    if (!is_there) return no_such_result(result_id);
    BL_TRY(found, links_of(connection, result_id));
    return {};
  }));
  return found;
}

Result<std::string> Exemplars::repository_of(std::string_view result_id) {
  std::optional<std::string> repository;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    return connection.query("select commit_repo_url from benchmark_result where id = $1",
                            {result_id}, [&](const Row& row) {
                              repository = row.text(0);
                              return true;
                            });
  }));
  if (!repository) return no_such_result(result_id);
  return *std::move(repository);
}

Result<void> Exemplars::link(std::string_view result_id, std::span<const Exemplar> exemplars,
                             const Editor& editor) {
  const Timestamp now = clock_.now();
  const std::string detail = detail_of(exemplars);
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY(const Held held, hold(connection, result_id));
    BL_RETURN_IF_ERROR(demand_samples(held, exemplars));
    std::vector<NewExemplar> rows;
    rows.reserve(exemplars.size());
    for (const Exemplar& one : exemplars) rows.push_back({result_id, held.timestamp, &one});
    BL_RETURN_IF_ERROR(put_exemplars(connection, now, rows));
    BL_TRY(const auto all, links_of(connection, result_id));
    if (all.size() > limits_.per_result_max) {
      return Error{Code::invalid,
                   fmt::format("a result names at most {} traces, and this would be {}: {}",
                               limits_.per_result_max, all.size(), result_id)};
    }
    return note(connection, now, editor, "result.link_traces", result_id, detail);
  });
}

Result<void> Exemplars::unlink(std::string_view result_id, const ExemplarSelection& selection,
                               const Editor& editor) {
  const Timestamp now = clock_.now();
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(hold(connection, result_id));
    BL_TRY(const auto all, links_of(connection, result_id));
    std::vector<Exemplar> gone;
    for (const StoredExemplar& one : all) {
      const bool is_selected = one.trace_id == selection.trace_id &&
                               (!selection.role || one.role == *selection.role) &&
                               (!selection.sample_no || one.sample_no == selection.sample_no);
      if (is_selected) gone.push_back(one);
    }
    if (gone.empty()) {
      return Error{Code::not_found, fmt::format("the result {} does not name the trace {} so",
                                                result_id, selection.trace_id.hex())};
    }
    const std::string trace = selection.trace_id.hex();
    store::ParamRows rows(4);
    for (const Exemplar& one : gone) {
      rows.add({result_id, std::string_view(trace), role_name(one.role),
                one.sample_no.value_or(k_whole_result)});
    }
    BL_TRY([[maybe_unused]] const auto removed,
           connection.execute_many(
               store::both_dialects<"delete from @exemplar where result_id = $1 and trace_id = $2 "
                                    "and role = $3 and sample_no = $4">(),
               rows));
    return note(connection, now, editor, "result.unlink_traces", result_id, detail_of(gone));
  });
}

Result<NamingPage> Exemplars::results_of(const TraceId& trace, std::optional<std::string> before_id,
                                         int count_max) {
  const std::string id = trace.hex();
  // One more than asked says whether there are more.
  const std::string before = before_id.value_or("~");
  NamingPage page;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    page = {};
    return for_each_row(
        connection,
        store::both_dialects<
            "select r.id, r.run_id, r.commit_repo_url, r.history_fingerprint, k.name, "
            "@micros{r.timestamp}, " BL_EXEMPLAR_COLUMNS
            " from (select distinct @binary{n.result_id} as result_id from @exemplar n "
            "where n.trace_id = $1 and @binary{n.result_id} < $2 and exists "
            "(select 1 from benchmark_result b where b.id = n.result_id) "
            "order by 1 desc limit $3) as p "
            "join @exemplar e on e.trace_id = $1 and e.result_id = @binary{p.result_id} "
            "join benchmark_result r on r.id = e.result_id join \"case\" k on k.id = r.case_id "
            "order by @binary{r.id} desc">(),
        {std::string_view(id), std::string_view(before), static_cast<std::int64_t>(count_max) + 1},
        [&](const Row& row) -> Result<void> {
          if (page.results.empty() || page.results.back().result_id != row.text(0)) {
            NamingResult& result = page.results.emplace_back();
            result.result_id = row.text(0);
            result.run_id = row.text(1);
            result.repository = row.text(2);
            result.history_fingerprint = row.text(3);
            result.name = row.text(4);
            result.timestamp = Timestamp{row.integer(5)};
          }
          BL_TRY(auto exemplar, exemplar_of(row, 6));
          page.results.back().exemplars.push_back(std::move(exemplar));
          return {};
        });
  }));
  for (NamingResult& result : page.results) sort(result.exemplars);
  if (std::ssize(page.results) > count_max) {
    page.results.pop_back();
    page.next = page.results.back().result_id;
  }
  return page;
}

Result<std::vector<TraceId>> Exemplars::named_traces(const TraceId& after, std::size_t limit) {
  const std::string begin = after.hex();
  std::vector<TraceId> found;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    found.clear();
    return for_each_row(
        connection,
        store::both_dialects<
            "select distinct e.trace_id from @exemplar e where e.trace_id > $1 and exists "
            "(select 1 from benchmark_result r where r.id = e.result_id) "
            "order by e.trace_id limit $2">(),
        {std::string_view(begin), static_cast<std::int64_t>(limit)},
        [&](const Row& row) -> Result<void> {
          const auto id = TraceId::from_hex(row.text(0));
          if (!id) return Error{Code::corrupt, "no trace id: " + std::string(row.text(0))};
          found.push_back(*id);
          return {};
        });
  }));
  return found;
}

}  // namespace bl::results
