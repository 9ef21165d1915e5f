#include <benchmark/benchmark.h>

#include "base/json.h"
#include "base/numbers.h"
#include "bigquery/arrow_rows.h"
#include "bigquery/cells.h"
#include "bigquery/json_rows.h"
#include "bigquery/proto_rows.h"
#include "bigquery/tests/proto_writer.h"

namespace bl::bigquery {
namespace {

// id INT64, name STRING, value FLOAT64, at TIMESTAMP, flag BOOL: a simple row, 1,000 of them.
constexpr int k_rows = 1000;

TableSchema simple_schema() {
  return schema_from_json(json::parse(
                              R"({"fields":[{"name":"id","type":"INT64","mode":"REQUIRED"},
                     {"name":"name","type":"STRING"},{"name":"value","type":"FLOAT64"},
                     {"name":"at","type":"TIMESTAMP"},{"name":"flag","type":"BOOL"}]})")
                              .value())
      .value();
}

std::string simple_lines() {
  std::string out;
  for (int i = 0; i < k_rows; ++i) {
    out += R"({"id":)" + std::to_string(i) + R"(,"name":"row number )" + std::to_string(i) +
           R"(","value":)" + json_number(i * 0.37) +
           R"(,"at":"2024-08-01T10:00:00.250000Z","flag":true})" + "\n";
  }
  return out;
}

void count(benchmark::State& state, int cells, std::int64_t rows = k_rows) {
  const auto all = static_cast<double>(state.iterations()) * static_cast<double>(rows);
  state.counters["rows/s"] = benchmark::Counter(all, benchmark::Counter::kIsRate);
  if (cells > 0) {
    state.counters["cells/s"] = benchmark::Counter(
        static_cast<double>(state.iterations()) * k_rows * cells, benchmark::Counter::kIsRate);
  }
}

void ndjson_in(benchmark::State& state) {
  const TableSchema schema = simple_schema();
  const std::string lines = simple_lines();
  for (auto _ : state) benchmark::DoNotOptimize(rows_from_ndjson(schema, lines).value().batch);
  count(state, 0);
}
BENCHMARK(ndjson_in);

/// As insertAll has them: one document of so many rows, parsed with the rest of the request.
void json_in(benchmark::State& state) {
  const TableSchema schema = simple_schema();
  std::string body = "[";
  const std::string lines = simple_lines();
  std::size_t from = 0;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const std::size_t end = lines.find('\n', from);
    body += (i == 0 ? "" : ",") + lines.substr(from, end - from);
    from = end + 1;
  }
  body += "]";
  for (auto _ : state) {
    const json::Value rows = json::parse(body).value();
    std::vector<const json::Value*> pointers;
    for (const json::Value& row : rows.items()) pointers.push_back(&row);
    benchmark::DoNotOptimize(rows_from_json(schema, pointers).value().batch);
  }
  count(state, 0, state.range(0));
}
BENCHMARK(json_in)->Arg(1)->Arg(10)->Arg(k_rows);

void proto_in(benchmark::State& state) {
  const TableSchema schema = simple_schema();
  std::vector<TestField> fields{{"id", 1, t_int64, "", l_optional, ""},
                                {"name", 2, t_string, "", l_optional, ""},
                                {"value", 3, t_double, "", l_optional, ""},
                                {"at", 4, t_int64, "", l_optional, ""},
                                {"flag", 5, t_bool, "", l_optional, ""}};
  const auto plan = ProtoPlan::compile(message_proto("Row", fields), schema).value();
  std::vector<std::string> rows;
  for (int i = 0; i < k_rows; ++i) {
    std::string row;
    put_number(row, 1, static_cast<std::uint64_t>(i));
    protobuf::put_element(row, 2, "row number " + std::to_string(i));
    protobuf::put_fixed64(row, 3, std::bit_cast<std::uint64_t>(i * 0.37));
    put_number(row, 4, 1'722'506'400'250'000);
    put_number(row, 5, 1);
    rows.push_back(std::move(row));
  }
  const std::vector<std::string_view> views(rows.begin(), rows.end());
  for (auto _ : state) benchmark::DoNotOptimize(plan.decode(views, {}).value().batch);
  count(state, 0);
}
BENCHMARK(proto_in);

columns::Batch simple_batch() {
  return rows_from_ndjson(simple_schema(), simple_lines()).value().batch;
}

void arrow_in(benchmark::State& state) {
  const TableSchema schema = simple_schema();
  const auto messages = arrow_messages(schema, columns::IpcCompression::none).value();
  const std::string message = messages.batch_message(simple_batch()).value();
  const auto plan = ArrowPlan::compile(messages.schema_message(), schema).value();
  for (auto _ : state) benchmark::DoNotOptimize(plan.decode(message, {}).value().batch);
  count(state, 0);
}
BENCHMARK(arrow_in);

void arrow_out(benchmark::State& state) {
  const auto messages =
      arrow_messages(simple_schema(), static_cast<columns::IpcCompression>(state.range(0))).value();
  const columns::Batch batch = simple_batch();
  for (auto _ : state) benchmark::DoNotOptimize(messages.batch_message(batch).value());
  count(state, 0);
}
BENCHMARK(arrow_out)->Arg(0)->Arg(1)->Arg(2);

void cells_out(benchmark::State& state) {
  const TableSchema schema = simple_schema();
  const columns::Batch batch = simple_batch();
  std::string out;
  for (auto _ : state) {
    out.clear();
    const auto writer =
        CellWriter::make(batch, schema, static_cast<TimestampForm>(state.range(0))).value();
    for (std::int64_t row = 0; row < writer.rows(); ++row) writer.append(out, row);
    benchmark::DoNotOptimize(out);
  }
  count(state, 5);
}
BENCHMARK(cells_out)->Arg(0)->Arg(1)->Arg(2);

}  // namespace
}  // namespace bl::bigquery

BENCHMARK_MAIN();
