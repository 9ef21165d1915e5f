#include <gmock/gmock.h>

#include "base/compression.h"
#include "bigquery/jobs/csv.h"
#include "bigquery/jobs/load_schema.h"
#include "bigquery/tests/job_world.h"

namespace bl::bigquery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LoadsOfFiles : public testing::Test {
 protected:
  std::shared_ptr<SentFile> sent(std::string_view bytes) {
    auto file =
        SentFile::create(*world_.disk, world_.folder.at("sent" + world_.ids.next())).value();
    BL_CHECK(file->append(bytes).ok());
    return file;
  }
  LoadRequest load(LoadFormat format, std::string_view bytes, std::string_view schema = "") {
    LoadRequest request;
    request.file = sent(bytes);
    request.format = format;
    request.destination.name = {"p", "d", "t"};
    if (!schema.empty()) request.schema = schema_from(schema);
    request.autodetect = schema.empty();
    request.key = world_.ids.next();
    return request;
  }
  /// `rows/bad`, or the error.
  std::string run(const LoadRequest& request) {
    const Loads loads({*world_.tables, world_.lake->engine()}, limits_);
    engine::QueryControl control;
    auto outcome = const_cast<Loads&>(loads).run(request, control);
    if (!outcome.ok()) return outcome.error().message;
    faults_ = outcome->faults;
    return std::to_string(outcome->rows) + "/" + std::to_string(outcome->bad_rows);
  }
  std::string rows(const std::string& order = "1") {
    return world_.answer("SELECT * FROM t ORDER BY " + order);
  }

  JobWorld world_;
  LoadLimits limits_{.chunk_bytes = 16};  // so that lines are cut everywhere
  std::vector<std::string> faults_;
};

constexpr const char* k_schema =
    R"([{"name":"n","type":"INTEGER"},{"name":"s","type":"STRING"},{"name":"d","type":"DATE"}])";

TEST_F(LoadsOfFiles, csv_with_quotes_nulls_and_a_header) {
  LoadRequest request =
      load(LoadFormat::csv, "n,s,d\r\n1,\"a, \"\"b\"\"\",2024-01-02\r\n,,\r\n3,\"\",2024-01-03",
           k_schema);
  request.csv.skip_leading_rows = 1;
  EXPECT_EQ(run(request), "3/0");
  EXPECT_EQ(rows(), "null,null,null;1,a, \"b\",2024-01-02;3,,2024-01-03");
}

TEST_F(LoadsOfFiles, csv_keeps_its_first_row_unless_told_otherwise) {
  EXPECT_EQ(run(load(LoadFormat::csv, "1,a,2024-01-01\n2,b,2024-01-01\n", k_schema)), "2/0");
}

TEST_F(LoadsOfFiles, csv_quoted_newlines_jagged_rows_and_null_markers_on_request) {
  LoadRequest request = load(LoadFormat::csv, "1|'two\nlines'|2024-01-01\n\\N|x\n", k_schema);
  request.csv.delimiter = '|';
  request.csv.quote = '\'';
  EXPECT_THAT(run(request), HasSubstr("Missing close quote"));
  request.csv.allow_quoted_newlines = true;
  EXPECT_THAT(run(request), HasSubstr("column position 2, but line contains only 2 columns"));
  request.csv.allow_jagged_rows = true;
  EXPECT_THAT(run(request), HasSubstr("Cannot convert value to integer"));
  request.csv.null_markers = {"\\N"};
  EXPECT_EQ(run(request), "2/0");
  EXPECT_EQ(rows(), "null,x,null;1,two\nlines,2024-01-01");
}

TEST_F(LoadsOfFiles, bad_rows_are_counted_and_told_and_more_than_allowed_load_nothing) {
  const char* text = "1,a,2024-01-01\nx,b,2024-01-01\n2,c,2024-13-01\n3,d,2024-01-01\n";
  LoadRequest request = load(LoadFormat::csv, text, k_schema);
  request.bad_rows_max = 1;
  EXPECT_THAT(run(request), HasSubstr("too many errors"));
  EXPECT_FALSE(world_.tables->find({"p", "d", "t"}).ok());
  request.bad_rows_max = 2;
  EXPECT_EQ(run(request), "2/2");
  EXPECT_THAT(faults_, ElementsAre(HasSubstr("row 2, field n: Cannot convert value to integer"),
                                   HasSubstr("row 3, field d: Invalid DATE value")));
}

TEST_F(LoadsOfFiles, json_lines_into_nested_columns) {
  EXPECT_EQ(run(load(LoadFormat::ndjson, "{\"n\":1,\"r\":{\"l\":[1,2]}}\n\n{\"n\":2}",
                     R"([{"name":"n","type":"INTEGER"},{"name":"r","type":"RECORD","fields":
                        [{"name":"l","type":"INTEGER","mode":"REPEATED"}]}])")),
            "2/0");
  EXPECT_EQ(world_.answer("SELECT n, (SELECT SUM(x) FROM UNNEST(r.l) AS x) FROM t ORDER BY n"),
            "1,3;2,null");
}

TEST_F(LoadsOfFiles, unknown_members_are_faults_unless_ignored) {
  LoadRequest request = load(LoadFormat::ndjson, "{\"n\":1,\"more\":2}", k_schema);
  EXPECT_THAT(run(request), HasSubstr("no such field: more"));
  request.ignore_unknown_values = true;
  EXPECT_EQ(run(request), "1/0");
}

TEST_F(LoadsOfFiles, files_in_gzip_are_what_is_packed_in_them) {
  const std::string csv = "1,a,2024-01-02\n2,b,2024-01-03\n";
  EXPECT_EQ(run(load(LoadFormat::csv, compress(Encoding::gzip, csv), k_schema)), "2/0");
  // Two members, one behind the other, are one file; a line goes from one into the next.
  const std::string two =
      compress(Encoding::gzip, "{\"n\":3,\"s\":\"c") + compress(Encoding::gzip, "\"}\n{\"n\":4}");
  EXPECT_EQ(run(load(LoadFormat::ndjson, two)), "2/0") << "also where columns are detected";
  EXPECT_EQ(rows(), "1,a,2024-01-02;2,b,2024-01-03;3,c,null;4,null,null");
  EXPECT_EQ(run(load(LoadFormat::csv, compress(Encoding::gzip, ""), k_schema)), "0/0");
}

TEST_F(LoadsOfFiles, gzip_that_is_broken_or_cut_off_loads_nothing) {
  std::string csv;
  for (int i = 0; i < 5'000; ++i) csv += std::to_string(i) + ",some text,2024-01-02\n";
  const std::string packed = compress(Encoding::gzip, csv);
  for (const std::size_t bytes :
       {std::size_t{2}, std::size_t{11}, packed.size() / 2, packed.size() - 1}) {
    EXPECT_THAT(run(load(LoadFormat::csv, packed.substr(0, bytes), k_schema)),
                HasSubstr("the file is in gzip"))
        << bytes;
  }
  std::string changed = packed;
  changed[packed.size() - 6] ^= 1;  // of the checksum
  EXPECT_THAT(run(load(LoadFormat::csv, changed, k_schema)), HasSubstr("the file is in gzip"));
  EXPECT_THAT(rows(), HasSubstr("Not found"));
}

TEST_F(LoadsOfFiles, a_small_file_that_unpacks_to_more_than_the_limit_is_refused) {
  limits_.unpacked_bytes_max = 1u << 20;
  const std::string line(1'000, 'x');
  std::string text;
  for (int i = 0; i < 2'000; ++i) text += line + "\n";
  EXPECT_THAT(run(load(LoadFormat::csv, compress(Encoding::gzip, text),
                       R"([{"name":"s","type":"STRING"}])")),
              HasSubstr("the file is in gzip"));
  // One line without an end, in memory no longer than a line may be.
  limits_.line_bytes_max = 10'000;
  EXPECT_THAT(run(load(LoadFormat::csv, compress(Encoding::gzip, std::string(900'000, 'x')),
                       R"([{"name":"s","type":"STRING"}])")),
              HasSubstr("Row size is larger than: 10000"));
  EXPECT_THAT(rows(), HasSubstr("Not found"));
}

TEST_F(LoadsOfFiles, columns_are_detected) {
  EXPECT_EQ(run(load(LoadFormat::ndjson,
                     R"({"i":1,"f":2,"t":"2024-01-01T00:00:00Z","l":["a"],"r":{"b":true}}
{"i":null,"f":2.5,"d":"2024-01-01","l":[],"mixed":1}
{"mixed":"x"})")),
            "3/0");
  std::string types;
  const TableHandle table = world_.tables->find({"p", "d", "t"}).value();
  for (const TableField& field : table->record().schema.fields) {
    types += field.name + " " + std::string(sql_name_of(field.type)) + ", ";
  }
  EXPECT_EQ(types, "i INT64, f FLOAT64, t TIMESTAMP, l STRING, r STRUCT, d DATE, mixed STRING, ");
}

TEST_F(LoadsOfFiles, a_header_of_csv_is_detected) {
  EXPECT_EQ(run(load(LoadFormat::csv, "name,no of it\na,1\nb,2\n")), "2/0");
  EXPECT_EQ(world_.answer("SELECT name, no_of_it + 1 FROM t ORDER BY name"), "a,2;b,3");
}

TEST_F(LoadsOfFiles, dispositions_say_what_becomes_of_rows_that_are_there) {
  LoadRequest request = load(LoadFormat::csv, "1,a,2024-01-01\n", k_schema);
  EXPECT_EQ(run(request), "1/0");
  request.key = "another";
  EXPECT_EQ(run(request), "1/0");
  EXPECT_EQ(world_.answer("SELECT COUNT(*) FROM t"), "2");
  EXPECT_EQ(run(request), "1/0");  // the same job again adds nothing
  EXPECT_EQ(world_.answer("SELECT COUNT(*) FROM t"), "2");
  request.destination.write = WriteDisposition::empty;
  EXPECT_EQ(run(request), "Already Exists: Table p:d.t");
  request.destination.write = WriteDisposition::truncate;
  EXPECT_EQ(run(request), "1/0");
  EXPECT_EQ(world_.answer("SELECT COUNT(*) FROM t"), "1");

  LoadRequest wider =
      load(LoadFormat::ndjson, "{\"extra\":1}", R"([{"name":"extra","type":"INTEGER"}])");
  EXPECT_THAT(run(wider), HasSubstr("Cannot add fields (field: extra)"));
  wider.destination.allow_field_addition = true;
  EXPECT_EQ(run(wider), "1/0");
  EXPECT_EQ(world_.answer("SELECT n, extra FROM t ORDER BY n"), "null,1;1,null");
}

TEST_F(LoadsOfFiles, more_than_the_journal_takes_at_once_is_loaded_whole) {
  limits_.chunk_bytes = 1 << 20;
  limits_.sink.journal_bytes_max = 1'000;
  limits_.sink.staged_bytes = 1'000;
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += std::to_string(i) + ",abc,2024-01-01\n";
  LoadRequest request = load(LoadFormat::csv, text, k_schema);
  EXPECT_EQ(run(request), "5000/0");
  EXPECT_EQ(run(request), "5000/0");
  EXPECT_EQ(world_.answer("SELECT COUNT(*), SUM(n) FROM t"), "10000,24995000");
}

TEST_F(LoadsOfFiles, parquet_of_another_writer) {
  const std::string path = world_.folder.at("some.parquet");
  const auto connection = world_.lake->engine().connect().value();
  ASSERT_OK(connection->run(
      "COPY (SELECT 1::INTEGER AS n, 'a' AS s, DATE '2024-01-01' AS d, [1.5, 2.5] AS l, "
      "TIMESTAMP '2024-01-01 01:02:03' AS t, {'x': 1::UTINYINT::SMALLINT} AS r, 12.5::DECIMAL(9, "
      "2) AS m) TO '" +
      path + "' (FORMAT parquet)"));
  const std::string bytes = read_file(*world_.disk, path, 1 << 20).value();
  EXPECT_EQ(run(load(LoadFormat::parquet, bytes)), "1/0");
  EXPECT_EQ(world_.answer("SELECT n, s, d, l[OFFSET(1)], t, r.x, m FROM t"),
            "1,a,2024-01-01,2.5,2024-01-01T01:02:03,1,12.5");
  EXPECT_THAT(run(load(LoadFormat::parquet, "no parquet at all")), HasSubstr("no Parquet"));
  LoadRequest narrow = load(LoadFormat::parquet, bytes, k_schema);
  narrow.destination.name.table = "narrow";
  EXPECT_THAT(run(narrow), HasSubstr("no such field: l"));
  narrow.ignore_unknown_values = true;
  EXPECT_EQ(run(narrow), "1/0");
}

TEST_F(LoadsOfFiles, without_columns_there_is_nothing_to_load_into) {
  LoadRequest request = load(LoadFormat::csv, "1\n");
  request.autodetect = false;
  EXPECT_EQ(run(request), "No schema specified on job or table.");
  EXPECT_EQ(load_format_named("AVRO").error().message, "not supported: loads of AVRO");
}

TEST_F(LoadsOfFiles, a_file_goes_with_its_last_reader) {
  std::string path;
  {
    const auto file = sent("x");
    path = file->path();
    EXPECT_TRUE(*world_.disk->exists(path));
  }
  EXPECT_FALSE(*world_.disk->exists(path));
}

}  // namespace
}  // namespace bl::bigquery
