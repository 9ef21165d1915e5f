#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "duck/database.h"
#include "duck/parquet.h"
#include "traces/otlp.h"
#include "traces/store/parquet_cells.h"
#include "traces/tests/store_world.h"

// Files of spans are read here, without the engine: as the engine reads them, or not at all.
namespace bl::traces {
namespace {

// Any Parquet file, by column, both ways
// -----------------------------------------------------------

struct DuckWorld {
  TemporaryFolder folder;
  std::unique_ptr<Disk> disk = make_real_disk();
  std::unique_ptr<duck::Database> engine = duck::Database::open({}).value();
  std::unique_ptr<duck::Connection> connection = engine->connect().value();
  int files = 0;

  columns::Batch rows(const std::string& sql) { return connection->query(sql)->all().value(); }
  std::string write(const std::string& select, std::int64_t row_group_rows) {
    const std::string path = folder.path() + "/" + std::to_string(++files) + ".parquet";
    duck::ParquetOptions options;
    options.row_group_rows = row_group_rows;
    options.version = 1;
    const auto written = duck::write_parquet(*connection, *disk, select, {}, path, options);
    EXPECT_TRUE(written.ok()) << written.error().message;
    return path;
  }
};

std::string bytes_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<parquet::Footer> footer_of(std::string_view file) {
  std::uint32_t size = 0;
  std::memcpy(&size, file.data() + file.size() - 8, sizeof size);
  return parquet::read_footer(file.substr(file.size() - 8 - size, size), file.size());
}

Result<parquet::Cells> cells_of(const parquet::Footer& footer, std::string_view file,
                                std::size_t group, std::size_t column,
                                std::span<const std::uint32_t> rows) {
  const parquet::Chunk& chunk = footer.groups[group].chunks[column];
  return parquet::read_cells(footer.columns[column], chunk, file.substr(chunk.offset, chunk.bytes),
                             footer.groups[group].rows, rows);
}

// Few and many distinct values, none, all and some null; long and empty texts.
constexpr const char* k_columns =
    "SELECT i AS plain, (hash(i) >> 1)::BIGINT - 4611686018427387904 AS spread, (i % 7)::INTEGER "
    "AS few, "
    "CASE WHEN i % 3 = 0 THEN i END AS gaps, NULL::BIGINT AS nothing, "
    "CASE WHEN i > 900 THEN i % 5 END AS late, 't' || (hash(i) % 100000) AS texts, "
    "CASE i % 4 WHEN 0 THEN 'a' WHEN 1 THEN '' WHEN 2 THEN 'größe' END AS words, "
    "CASE WHEN i % 50 = 0 THEN repeat('long ', 3000) || i END AS longs, "
    "NULL::VARCHAR AS no_text FROM range({}) AS t(i)";

TEST(DirectReads, any_rows_of_any_column_are_those_that_the_engine_reads) {
  DuckWorld world;
  std::mt19937_64 random(1);
  for (const std::int64_t count : {1, 2, 1'000, 5'000, 30'000}) {
    const std::string path =
        world.write(fmt::format(fmt::runtime(k_columns), count), count > 10'000 ? 20'480 : 2'048);
    const std::string file = bytes_of_file(path);
    const auto footer = footer_of(file);
    ASSERT_TRUE(footer.ok()) << footer.error().message;
    ASSERT_EQ(footer->columns.size(), 10u);
    std::int64_t first = 0;
    for (std::size_t group = 0; group < footer->groups.size(); ++group) {
      const std::int64_t rows = footer->groups[group].rows;
      const columns::Batch all = world.rows(
          fmt::format("SELECT * EXCLUDE file_row_number FROM read_parquet('{}', file_row_number = "
                      "true) WHERE file_row_number >= {} AND file_row_number < {} ORDER BY "
                      "file_row_number",
                      path, first, first + rows));
      first += rows;
      std::vector<std::uint32_t> wanted;
      const std::uint64_t one_in = 1 + random() % 9;
      for (std::int64_t row = 0; row < rows; ++row) {
        if (random() % one_in == 0) wanted.push_back(static_cast<std::uint32_t>(row));
      }
      for (std::size_t column = 0; column < footer->columns.size(); ++column) {
        const auto cells = cells_of(*footer, file, group, column, wanted);
        ASSERT_TRUE(cells.ok()) << cells.error().message;
        ASSERT_EQ(cells->size(), wanted.size());
        const columns::Column truth = all.column(static_cast<int>(column));
        for (std::size_t i = 0; i < wanted.size(); ++i) {
          const bool is_null = !cells->is_null.empty() && cells->is_null[i];
          ASSERT_EQ(is_null, truth.is_null(wanted[i])) << footer->columns[column].name;
          if (is_null) continue;
          switch (footer->columns[column].type) {
            case parquet::Physical::int32:
              ASSERT_EQ(cells->numbers[i], truth.as<std::int32_t>().value()[wanted[i]]);
              break;
            case parquet::Physical::int64:
              ASSERT_EQ(cells->numbers[i], truth.as<std::int64_t>().value()[wanted[i]]);
              break;
            case parquet::Physical::text:
              ASSERT_EQ(cells->texts[i], truth.as<std::string_view>().value()[wanted[i]]);
              break;
          }
        }
      }
    }
    EXPECT_EQ(first, count);
  }
}

TEST(DirectReads, what_the_table_never_has_is_refused_by_its_name) {
  DuckWorld world;
  for (const auto& [select, why] :
       {std::pair("SELECT [1, 2] AS a", "nested"), std::pair("SELECT 1.5::DOUBLE AS a", "type"),
        std::pair("SELECT {'b': 1} AS a", "nested")}) {
    const auto footer = footer_of(bytes_of_file(world.write(select, 2'048)));
    ASSERT_FALSE(footer.ok()) << select;
    EXPECT_EQ(footer.error().code, Code::unsupported);
    EXPECT_NE(footer.error().message.find(why), std::string::npos) << footer.error().message;
  }
  const std::string snappy = world.folder.path() + "/snappy.parquet";
  ASSERT_TRUE(world.connection
                  ->run(fmt::format("COPY (SELECT 1 AS a) TO '{}' (FORMAT parquet, COMPRESSION "
                                    "snappy)",
                                    snappy))
                  .ok());
  const auto footer = footer_of(bytes_of_file(snappy));
  ASSERT_FALSE(footer.ok());
  EXPECT_EQ(footer.error().message.find("compression") == std::string::npos, false);
}

TEST(DirectReads, damaged_bytes_are_an_error_or_other_values_and_never_more_than_that) {
  DuckWorld world;
  const std::string file =
      bytes_of_file(world.write(fmt::format(fmt::runtime(k_columns), 300), 2'048));
  const std::vector<std::uint32_t> wanted{0, 1, 7, 100, 299};
  std::mt19937_64 random(3);
  int refused = 0;
  for (int round = 0; round < 4'000; ++round) {
    std::string damaged = file;
    for (std::uint64_t i = 0; i <= random() % 3; ++i) {
      damaged[random() % (damaged.size() - 8)] = static_cast<char>(random());
    }
    const auto footer = footer_of(damaged);
    if (!footer.ok()) {
      ++refused;
      continue;
    }
    for (std::size_t group = 0; group < footer->groups.size(); ++group) {
      if (footer->groups[group].rows < 300) continue;
      for (std::size_t column = 0; column < footer->columns.size(); ++column) {
        const auto cells = cells_of(*footer, damaged, group, column, wanted);
        if (!cells.ok()) {
          ++refused;
          continue;
        }
        EXPECT_EQ(cells->size(), wanted.size());
      }
    }
  }
  EXPECT_GT(refused, 100);
  for (std::size_t size = 0; size < file.size() - 8; size += 13) {
    const std::string_view cut = std::string_view(file).substr(size, file.size() - 8 - size);
    (void)parquet::read_footer(cut, file.size()).ok();
  }
}

// Spans, both ways
// ---------------------------------------------------------------------------------

double files_read(LakeWorldOfSpans& world, std::string_view reader) {
  const std::string text = world.metrics.text();
  const std::string line = fmt::format("bl_traces_files_read_total{{reader=\"{}\"}} ", reader);
  const std::size_t at = text.find(line);
  return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + line.size(), nullptr);
}

// What the questions are answered with, as text.
std::vector<std::string> answers(LakeWorldOfSpans& world, const std::vector<TraceId>& ids) {
  std::vector<std::string> out;
  const auto add = [&](const TraceQuery& query) {
    const auto found = world.store().trace(query);
    ASSERT_TRUE(found.ok()) << found.error().message;
    if (!found->trace) return out.push_back("none");
    out.push_back(fmt::format("{} {} {} {} {} {}", found->trace->summary.spans,
                              found->trace->summary.errors, found->trace->repeated,
                              found->trace->has_more, found->cost.files_read,
                              encode_otlp_protobuf(found->trace->spans)));
  };
  for (const TraceId& id : ids) {
    TraceQuery query;
    query.id = id;
    add(query);
    query.spans_max = 3;
    query.after = TraceQuery::After{0, SpanId{1}, SpanKind::internal};
    add(query);
    query.only = LookupPath::full;
    add(query);
  }
  for (std::size_t at = 0; at < ids.size(); at += 100) {
    const std::vector<TraceId> some(
        ids.begin() + static_cast<std::ptrdiff_t>(at),
        ids.begin() + static_cast<std::ptrdiff_t>(std::min(at + 100, ids.size())));
    const auto summaries = world.store().summaries(some);
    EXPECT_TRUE(summaries.ok());
    for (const TraceSummary& one : *summaries) {
      out.push_back(fmt::format("{} {} {} {} {}", one.id.hex(), one.start_ns, one.end_ns,
                                one.orphans, one.root_name.value_or("-")));
    }
  }
  return out;
}

std::vector<TraceId> ids_of(const Spans& spans) {
  std::vector<TraceId> ids;
  for (const Span& span : spans) ids.push_back(span.trace_id);
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  ids.push_back({1, 2});
  return ids;
}

void open_again(LakeWorldOfSpans& world, bool reads_directly) {
  world.traces.reset();
  world.store_limits.reads_directly = reads_directly;
  world.open_store();
  ASSERT_TRUE(world.traces->settle().ok());
}

TEST(DirectReads, spans_of_every_trace_are_byte_for_byte_those_of_the_engine) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    LakeWorldOfSpans world;
    TraceShape shape;
    shape.seed = seed;
    shape.step_ns = 60'000'000'000;
    TraceMaker maker(shape);
    Spans all;
    for (int part = 0; part < 4; ++part) {
      Spans spans = part == 3 ? any_spans(seed, 300) : maker.take(1'000);
      all.insert(all.end(), spans.begin(), spans.end());
      ASSERT_TRUE(world.store().ingest(std::move(spans), "").ok());
      if (part == 1) {
        ASSERT_TRUE(world.traces->compact().ok());
      } else {
        world.flush();
      }
    }
    std::vector<TraceId> ids = ids_of(all);
    std::shuffle(ids.begin(), ids.end(), std::mt19937_64(seed));
    ids.resize(std::min<std::size_t>(ids.size(), 40));
    open_again(world, false);
    const auto by_engine = answers(world, ids);
    EXPECT_EQ(files_read(world, "direct"), 0);
    const double engine_files = files_read(world, "engine");
    EXPECT_GT(engine_files, 0);
    open_again(world, true);
    EXPECT_TRUE(answers(world, ids) == by_engine);
    EXPECT_GT(files_read(world, "direct"), 0);
    EXPECT_EQ(files_read(world, "engine"), engine_files);
  }
}

TEST(DirectReads, a_file_that_others_wrote_anew_is_left_to_the_engine) {
  LakeWorldOfSpans world;
  const Spans spans = TraceMaker().take(2'000);
  ASSERT_TRUE(world.store().ingest(spans, "").ok());
  world.flush();
  ASSERT_TRUE(world.traces->settle().ok());
  std::vector<TraceId> ids = ids_of(spans);
  ids.resize(50);
  const auto before = answers(world, ids);
  EXPECT_EQ(files_read(world, "engine"), 0);
  world.close();
  DuckWorld duck;
  for (const auto& one :
       std::filesystem::recursive_directory_iterator(world.folder.path() + "/objects")) {
    if (one.path().extension() != ".parquet") continue;
    const std::string other = duck.folder.path() + "/other.parquet";
    ASSERT_TRUE(duck.connection
                    ->run(fmt::format("COPY (FROM '{}') TO '{}' (FORMAT parquet, COMPRESSION "
                                      "snappy)",
                                      one.path().string(), other))
                    .ok());
    std::filesystem::copy_file(other, one.path(),
                               std::filesystem::copy_options::overwrite_existing);
  }
  world.open();
  ASSERT_TRUE(world.traces->settle().ok());
  const double direct = files_read(world, "direct");
  const auto after = answers(world, ids);
  EXPECT_TRUE(after == before);
  EXPECT_EQ(files_read(world, "direct"), direct);
  EXPECT_GT(files_read(world, "engine"), 0);
}

// What lookups read is counted exactly, and gated: times depend on the machine, these do not.
TEST(DirectReads, a_bounded_lookup_opens_few_files_an_unknown_id_none_and_each_is_one_request) {
  LakeWorldOfSpans world;
  TraceShape shape;
  shape.step_ns = 30ll * 86'400 * 1'000'000'000 / 60'000;
  TraceMaker maker(shape);
  Spans samples;
  for (int i = 0; i < 30; ++i) {
    Spans spans = maker.take(2'000);
    samples.insert(samples.end(), spans.begin(), spans.begin() + 10);
    ASSERT_TRUE(world.store().ingest(std::move(spans), "").ok());
  }
  ASSERT_TRUE(world.traces->compact().ok());
  std::int64_t bounded_files = 0, bounded_bytes = 0, full_files = 0, full_bytes = 0;
  for (const Span& span : samples) {
    TraceQuery query;
    query.id = span.trace_id;
    query.only = LookupPath::full;
    const auto full = world.store().trace(query);
    ASSERT_TRUE(full.ok() && full->trace);
    full_files += full->cost.files_read;
    full_bytes += full->cost.bytes_read;
    query.only.reset();
    const auto bounded = world.store().trace(query);
    ASSERT_TRUE(bounded.ok() && bounded->trace);
    EXPECT_TRUE(bounded->trace->spans == full->trace->spans);
    if (bounded->cost.cache_hits > 0) continue;
    EXPECT_EQ(bounded->cost.path, LookupPath::bounds);
    EXPECT_LE(bounded->cost.files_read, 4);
    // The footers are known by then.
    EXPECT_EQ(bounded->cost.requests, bounded->cost.files_read);
    bounded_files += bounded->cost.files_read;
    bounded_bytes += bounded->cost.bytes_read;
  }
  EXPECT_GE(full_files, 10 * bounded_files);
  EXPECT_GE(full_bytes, 10 * bounded_bytes);
  TraceQuery unknown;
  unknown.id = {4, 4};
  const auto none = world.store().trace(unknown);
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->trace.has_value());
  EXPECT_EQ(none->cost.files_read, 0);
  EXPECT_EQ(none->cost.requests, 0);
  EXPECT_EQ(none->cost.bytes_read, 0);
}

}  // namespace
}  // namespace bl::traces
