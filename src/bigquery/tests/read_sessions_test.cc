// What a session says, which rows and columns it has, and how long it stays.
#include <gmock/gmock.h>

#include "bigquery/tests/read_world.h"

namespace bl::bigquery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST_F(ReadTest, rows_of_files_and_of_the_tail_come_whole_and_in_order) {
  make_points_of({5'000, 3'000}, 700);
  const auto session = open({.table = "points"});
  ASSERT_TRUE(session.ok()) << session.error().message;
  EXPECT_THAT(session->name, StartsWith("projects/p/locations/us/sessions/"));
  EXPECT_EQ(session->table, "projects/p/datasets/d/tables/points");
  EXPECT_EQ(session->trace, "trace");
  EXPECT_EQ(session->format, 2);
  EXPECT_EQ(session->rows, 8'700);
  EXPECT_GT(session->bytes, 8'700 * 8);
  EXPECT_GT(session->file_bytes, 0);
  EXPECT_GE(session->expires, clock_.now().micros / 1'000'000 + 6 * 3'600);
  ASSERT_THAT(session->streams, SizeIs(1)) << "a small table has one";
  EXPECT_THAT(session->streams[0], StartsWith(session->name + "/streams/"));
  EXPECT_EQ(ids(*session).value(), counting(0, 8'700));
}

TEST_F(ReadTest, the_schema_comes_once_and_progress_always) {
  limits_.message_bytes = 64 << 10;
  make_points_of({20'000}, 0);
  const auto session = open({.table = "points"}).value();
  const auto messages = read(session.streams[0]).value();
  ASSERT_GT(messages.size(), 5u);
  EXPECT_EQ(messages[0].schema_message, session.schema_message);
  double before = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_TRUE(messages[i].has_stats);
    EXPECT_EQ(messages[i].schema_message.empty(), i > 0);
    EXPECT_EQ(messages[i].before, before);
    EXPECT_GT(messages[i].progress, before);
    EXPECT_LE(messages[i].bytes, limits_.message_bytes * 3 / 2);
    before = messages[i].progress;
  }
  EXPECT_EQ(before, 1);
  // No end mark: whoever puts schema and batches behind each other has a stream.
  EXPECT_FALSE(session.schema_message.ends_with(std::string("\xff\xff\xff\xff\0\0\0\0", 8)));
}

TEST_F(ReadTest, an_empty_table_has_no_stream) {
  make_points();
  const auto session = open({.table = "points", .streams_max = 4, .streams_min = 2}).value();
  EXPECT_THAT(session.streams, IsEmpty());
  EXPECT_EQ(session.rows, 0);
  EXPECT_FALSE(session.schema_message.empty());
}

TEST_F(ReadTest, streams_are_as_many_as_asked_for_where_rows_are_worth_it) {
  make_points_of({100'000, 60'000}, 40'000);
  EXPECT_THAT(open({.table = "points"})->streams, SizeIs(1));
  EXPECT_THAT(open({.table = "points", .streams_max = 1})->streams, SizeIs(1));
  for (const Ask& ask :
       {Ask{.table = "points", .streams_max = 4}, Ask{.table = "points", .streams_min = 4},
        Ask{.table = "points", .streams_max = 4, .streams_min = 2}}) {
    const auto session = open(ask).value();
    EXPECT_THAT(session.streams.size(), ::testing::AllOf(::testing::Ge(2u), ::testing::Le(4u)));
    EXPECT_EQ(ids(session).value(), counting(0, 200'000));
  }
  const auto many = open({.table = "points", .streams_max = 1'000}).value();
  EXPECT_GE(many.streams.size(), 5u) << "a MiB each at least";
  EXPECT_LE(many.streams.size(), 10u);
}

TEST_F(ReadTest, rows_that_come_later_are_not_in_it_whatever_becomes_of_files) {
  make_points_of({3'000}, 500);
  const auto session = open({.table = "points"}).value();
  lake::Table& table = tables_.at({"p", "d", "points"})->rows();
  for (int i = 0; i < 8; ++i) {
    append_points("points", 3'500 + i * 10, 10);
    ASSERT_TRUE(table.flush().ok());
  }
  const auto compacted = table.compact();
  ASSERT_TRUE(compacted.ok() && compacted->commits > 0);
  ASSERT_TRUE(lake_->expire().ok());
  EXPECT_EQ(ids(session).value(), counting(0, 3'500));

  tables_.clear();
  ASSERT_TRUE(lake_->drop_table("bq_points").ok());
  ASSERT_TRUE(lake_->expire().ok());
  EXPECT_EQ(rows(session, schema_of(R"([{"name":"id","type":"INT64"},
                                        {"name":"name","type":"STRING"}])"))
                .value()
                .size(),
            3'500u);
}

TEST_F(ReadTest, a_large_tail_goes_to_files_first) {
  lake::Table& table = make_points();
  append_points("points", 0, 1'000);
  const auto handle = tables_.at({"p", "d", "points"});
  const auto source = read_source_of(handle, lake_->store(), 100).value();
  EXPECT_EQ(source.behind, nullptr);
  EXPECT_THAT(source.files, SizeIs(1));
  EXPECT_EQ(table.status().tail_rows, 0);
}

// Columns -----------------------------------------------------------------------------------

constexpr std::string_view k_nested = R"([
  {"name":"id","type":"INT64","mode":"REQUIRED"},
  {"name":"who","type":"RECORD","fields":[
    {"name":"name","type":"STRING"},{"name":"age","type":"INT64"}]},
  {"name":"log","type":"RECORD","mode":"REPEATED","fields":[
    {"name":"what","type":"STRING"},{"name":"n","type":"NUMERIC"},
    {"name":"tags","type":"STRING","mode":"REPEATED"}]},
  {"name":"j","type":"JSON"}])";
constexpr std::string_view k_nested_rows = R"(
{"id":1,"who":{"age":36},"log":[{"what":"a","n":"1.5","tags":["x","y"]},{"what":"b"}],"j":{"k":1}}
{"id":2,"log":[]}
{"id":3,"who":{"age":7},"log":[{"n":"2","tags":[]}],"j":[1,2]})";

TEST_F(ReadTest, selected_fields_come_in_the_tables_order_also_nested_ones) {
  lake::Table& table = make_table("t", k_nested);
  append("t", k_nested_rows);
  for (const bool in_file : {false, true}) {
    SCOPED_TRACE(in_file);
    if (in_file) {
      ASSERT_TRUE(table.flush().ok());
    }
    EXPECT_THAT(
        rows_of({.table = "t", .fields = {"J", "id"}},
                schema_of(R"([{"name":"id","type":"INT64"},{"name":"j","type":"JSON"}])"))
            .value(),
        ElementsAre(R"({"f":[{"v":"1"},{"v":"{\"k\":1}"}]})", R"({"f":[{"v":"2"},{"v":null}]})",
                    R"({"f":[{"v":"3"},{"v":"[1,2]"}]})"));
    const auto nested = schema_of(
        R"([{"name":"who","type":"RECORD","fields":[{"name":"age","type":"INT64"}]},
            {"name":"log","type":"RECORD","mode":"REPEATED","fields":[
              {"name":"what","type":"STRING"},
              {"name":"tags","type":"STRING","mode":"REPEATED"}]}])");
    EXPECT_THAT(
        rows_of({.table = "t", .fields = {"log.tags", "who.age", "log.what"}}, nested).value(),
        ElementsAre(
            R"({"f":[{"v":{"f":[{"v":"36"}]}},{"v":[)"
            R"({"v":{"f":[{"v":"a"},{"v":[{"v":"x"},{"v":"y"}]}]}},)"
            R"({"v":{"f":[{"v":"b"},{"v":[]}]}}]}]})",
            R"({"f":[{"v":null},{"v":[]}]})",
            R"({"f":[{"v":{"f":[{"v":"7"}]}},{"v":[{"v":{"f":[{"v":null},{"v":[]}]}}]}]})"));
  }
  EXPECT_EQ(open_error({.table = "t", .fields = {"id", "nope", "who.none"}}),
            "invalid: The following selected fields do not exist in the table schema: nope, "
            "who.none");
}

TEST_F(ReadTest, files_of_before_a_column_give_null_and_empty_lists) {
  lake::Table& table = make_table("t", R"([{"name":"id","type":"INT64"}])");
  append("t", R"({"id":1})");
  ASSERT_TRUE(table.flush().ok());
  TableRecord record = tables_.at({"p", "d", "t"})->record();
  record.schema = schema_of(R"([{"name":"id","type":"INT64"},{"name":"s","type":"STRING"},
                                {"name":"l","type":"INT64","mode":"REPEATED"}])");
  const auto wider = lake_schema_of(record.schema).value();
  std::vector<columns::Field> added(wider.fields().begin() + 1, wider.fields().end());
  for (auto& field : added) field.nullable = true;
  ASSERT_TRUE(table.add_columns(added).ok());
  tables_[record.name] = std::make_shared<LakeTable>(record, lake_->table("bq_t").value());
  EXPECT_THAT(rows_of({.table = "t"}, record.schema).value(),
              ElementsAre(R"({"f":[{"v":"1"},{"v":null},{"v":[]}]})"));
  EXPECT_THAT(rows_of({.table = "t", .restriction = "s IS NULL"}, record.schema).value(),
              SizeIs(1));
}

TEST_F(ReadTest, a_column_may_be_called_as_the_engines_row_numbers) {
  lake::Table& table = make_table("t", R"([{"name":"file_row_number","type":"INT64"},
                                           {"name":"bl_row","type":"INT64"}])");
  std::string lines;
  for (int i = 0; i < 5'000; ++i) {
    lines += R"({"file_row_number":)" + std::to_string(7 - i) + R"(,"bl_row":1})" + "\n";
  }
  append("t", lines);
  ASSERT_TRUE(table.flush().ok());
  const auto session = open({.table = "t"}).value();
  const auto some = rows(session, schema("t"), 4'998);
  ASSERT_TRUE(some.ok()) << some.error().message;
  EXPECT_THAT(*some, ElementsAre(R"({"f":[{"v":"-4991"},{"v":"1"}]})",
                                 R"({"f":[{"v":"-4992"},{"v":"1"}]})"));
}

// Compression, samples, times ---------------------------------------------------------------

TEST_F(ReadTest, buffers_are_really_compressed) {
  make_points_of({50'000}, 0);
  std::vector<std::size_t> sizes;
  for (const std::int64_t codec : {0, 1, 2}) {
    const auto session = open({.table = "points", .compression = codec}).value();
    EXPECT_EQ(ids(session).value(), counting(0, 50'000));
    std::size_t bytes = 0;
    const auto messages = read(session.streams[0]).value();
    for (const RowsMessage& message : messages) bytes += message.bytes;
    sizes.push_back(bytes);
  }
  EXPECT_LT(sizes[1], sizes[0] * 3 / 4) << "LZ4_FRAME";
  EXPECT_LT(sizes[2], sizes[1]) << "ZSTD";
  EXPECT_EQ(open_error({.table = "points", .compression = 7}),
            "invalid: no such buffer_compression: 7");
}

TEST_F(ReadTest, a_sample_is_a_part_of_the_rows_and_the_same_one_for_a_session) {
  make_points_of({200'000}, 100'000);
  const auto session = open({.table = "points", .sample = 20.0}).value();
  const auto sample = ids(session).value();
  EXPECT_GT(sample.size(), 30'000u);
  EXPECT_LT(sample.size(), 90'000u);
  EXPECT_TRUE(std::ranges::is_sorted(sample));
  EXPECT_GT(sample.back(), 200'000) << "also of the tail";
  EXPECT_EQ(ids(session).value(), sample);
  const auto rest = ids(session, session.streams[0], 100).value();
  EXPECT_EQ(rest[0], sample[100]);
  EXPECT_EQ(ids(open({.table = "points", .sample = 100.0}).value())->size(), 300'000u);
  const auto none = open({.table = "points", .sample = 0.0}).value();
  EXPECT_THAT(ids(none).value(), IsEmpty());
  EXPECT_EQ(open_error({.table = "points", .sample = 101.0}),
            "invalid: sample_percentage is of 0 to 100: 101");
}

TEST_F(ReadTest, an_earlier_time_is_read_where_nothing_changed_since_and_else_refused) {
  lake::Table& table = make_points();
  append_points("points", 0, 10);
  clock_.advance(std::chrono::seconds(10));
  ASSERT_TRUE(table.flush().ok());
  clock_.advance(std::chrono::seconds(10));
  const Timestamp then = clock_.now();
  clock_.advance(std::chrono::seconds(10));
  EXPECT_TRUE(open({.table = "points", .at = then}).ok());
  EXPECT_THAT(open_error({.table = "points", .at = then - std::chrono::seconds(3'600)}),
              StartsWith("unsupported: not supported: a table as it was at an earlier time"));
  EXPECT_THAT(open_error({.table = "points", .at = clock_.now() + std::chrono::seconds(60)}),
              StartsWith("invalid: snapshot_time is to come"));
  append_points("points", 10, 1);
  EXPECT_THAT(open_error({.table = "points", .at = then}), StartsWith("unsupported"));
}

// What is refused ---------------------------------------------------------------------------

TEST_F(ReadTest, what_a_request_may_not_say_is_named) {
  make_points_of({}, 10);
  EXPECT_EQ(open_error({.table = "none"}), "not_found: Not found: Table p:d.none");
  EXPECT_EQ(open_error({.table = "points", .parent = "p"}),
            "invalid: the parent is projects/P, not: p");
  EXPECT_THAT(open_error({.table = "a/b"}), StartsWith("invalid: a table is projects/P/"));
  EXPECT_THAT(open_error({.table = "points", .format = 1}),
              StartsWith("unsupported: not supported: rows as Avro"));
  EXPECT_THAT(open_error({.table = "points", .format = 0}), StartsWith("invalid: data_format"));
  EXPECT_THAT(open_error({.table = "points", .response_codec = 2}), StartsWith("unsupported"));
  EXPECT_EQ(open_error({.table = "points", .streams_max = -1}),
            "invalid: max_stream_count is negative: -1");
  EXPECT_THAT(open_error({.table = "points", .streams_max = 2, .streams_min = 3}),
              StartsWith("invalid: preferred_min_stream_count is more"));
  EXPECT_THAT(open_error({.table = "points", .restriction = std::string((1 << 20) + 1, ' ')}),
              StartsWith("invalid: row_restriction is longer than"));
  EXPECT_EQ(sessions().create("\x08").error().code, Code::malformed);
}

TEST_F(ReadTest, views_are_refused_by_name) {
  class View final : public OpenTable {
   public:
    View() {
      record_.name = {"p", "d", "v"};
      record_.kind = TableKind::view;
    }
    const TableRecord& record() const override { return record_; }
    bool is_read_only() const override { return true; }
    lake::Snapshot snapshot() const override { BL_CHECK(false); }
    lake::Table& rows() const override { BL_CHECK(false); }

   private:
    TableRecord record_;
  };
  const auto source = read_source_of(std::make_shared<View>(), lake_->store());
  EXPECT_EQ(source.error().message, "not supported: reading a view by the Storage API: d.v");
}

TEST_F(ReadTest, streams_and_sessions_that_are_not_there_are_not_found) {
  make_points_of({}, 10);
  const auto session = open({.table = "points"}).value();
  const auto code = [&](const std::string& stream) { return read(stream).error().code; };
  EXPECT_EQ(code("nonsense"), Code::not_found);
  EXPECT_EQ(code(session.name + "/streams/0-11"), Code::not_found) << "more rows than there are";
  EXPECT_EQ(code(session.name + "/streams/5-5"), Code::not_found);
  EXPECT_EQ(code(session.name + "/streams/-1-5"), Code::not_found);
  EXPECT_EQ(code("projects/p/locations/us/sessions/0/streams/0-1"), Code::not_found);
  EXPECT_EQ(sessions().split(read_message(session.name + "/streams/x")).error().code,
            Code::not_found);
}

// How long ------------------------------------------------------------------------------------

TEST_F(ReadTest, a_session_stays_six_hours) {
  make_points_of({}, 10);
  const auto session = open({.table = "points"}).value();
  clock_.advance(std::chrono::hours(6));
  EXPECT_EQ(ids(session).value(), counting(0, 10));
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(read(session.streams[0]).error().code, Code::not_found);
  EXPECT_EQ(sessions().count(), 0u);
}

TEST_F(ReadTest, where_there_are_too_many_those_go_that_were_read_to_their_ends) {
  limits_.sessions_max = 2;
  make_points_of({}, 10);
  const auto first = open({.table = "points"}).value();
  const auto second = open({.table = "points"}).value();
  EXPECT_THAT(open_error({.table = "points"}), StartsWith("overloaded: too many read sessions"));
  EXPECT_EQ(ids(second).value(), counting(0, 10));
  EXPECT_TRUE(open({.table = "points"}).ok());
  EXPECT_EQ(read(second.streams[0]).error().code, Code::not_found);
  EXPECT_TRUE(read(first.streams[0]).ok());
  EXPECT_THAT(metrics_.text(),
              HasSubstr(R"(bl_bigquery_read_limit_hits_total{limit="sessions_max"} 1)"));
}

TEST_F(ReadTest, memory_of_rows_that_are_in_no_file_is_bounded) {
  make_points_of({}, 1'000);
  limits_.held_bytes_max = find({"p", "d", "points"})->behind->bytes() * 3 / 2;
  ASSERT_TRUE(open({.table = "points"}).ok());
  EXPECT_THAT(open_error({.table = "points"}), StartsWith("overloaded"));
}

}  // namespace
}  // namespace bl::bigquery
