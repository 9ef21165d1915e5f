// The messages of BigQueryRead, byte by byte where clients look.
#include "bigquery/read/read_wire.h"

#include <gmock/gmock.h>

#include "bigquery/read/read_names.h"
#include "bigquery/tests/read_world.h"

namespace bl::bigquery::read {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ReadWire, a_request_is_read_with_all_that_it_says) {
  Ask ask{.table = "t",
          .fields = {"a", "b.c"},
          .restriction = "a > 1",
          .compression = 1,
          .streams_max = 5,
          .streams_min = 2,
          .sample = 12.5,
          .at = Timestamp{1'700'000'000'250'000}};
  const auto request = read_create_request(message_of(ask));
  ASSERT_TRUE(request.ok()) << request.error().message;
  EXPECT_EQ(request->parent, "projects/p");
  EXPECT_EQ(request->table, "projects/p/datasets/d/tables/t");
  EXPECT_EQ(request->data_format, 2);
  EXPECT_THAT(request->selected_fields, ElementsAre("a", "b.c"));
  EXPECT_EQ(request->row_restriction, "a > 1");
  EXPECT_EQ(request->buffer_compression, 1);
  EXPECT_EQ(request->max_stream_count, 5);
  EXPECT_EQ(request->preferred_min_stream_count, 2);
  EXPECT_EQ(request->sample_percentage, 12.5);
  EXPECT_EQ(request->snapshot_time, ask.at);
  EXPECT_EQ(request->trace_id, "trace");
  // The options come back as they came.
  const std::string answer = session_message({}, *request);
  EXPECT_THAT(answer, HasSubstr(*request->read_options));
}

TEST(ReadWire, a_negative_count_is_one_and_not_a_large_one) {
  std::string bytes;
  protobuf::put_int(bytes, 3, -1);
  EXPECT_EQ(read_create_request(bytes)->max_stream_count, -1);
}

TEST(ReadWire, broken_messages_are_malformed_with_the_byte) {
  const std::string whole = message_of({.table = "t", .restriction = "a > 1", .sample = 1.0});
  int broken = 0;
  for (std::size_t length = 1; length < whole.size(); ++length) {
    const auto request = read_create_request(std::string_view(whole).substr(0, length));
    if (request.ok()) continue;  // cut between two fields
    ++broken;
    EXPECT_EQ(request.error().code, Code::malformed);
    EXPECT_THAT(request.error().message, HasSubstr("at byte"));
  }
  EXPECT_GT(broken, 20);
  std::string other;
  protobuf::put_int(other, 1, 7);  // the parent is a text
  EXPECT_THAT(read_create_request(other).error().message, HasSubstr("another type: 1"));
  std::string bytes;
  protobuf::put_text(bytes, 1, "\xff");
  EXPECT_EQ(read_read_request(bytes).error().code, Code::malformed);
}

TEST(ReadWire, an_answer_with_rows_is_read_back) {
  const RowsMessage read = rows_message_of(rows_message({.schema_message = "schema",
                                                         .batch_message = std::string(300, 'b'),
                                                         .rows = 12,
                                                         .progress_before = 0.25,
                                                         .progress = 0.5}));
  EXPECT_EQ(read.schema_message, "schema");
  EXPECT_EQ(read.batch_message, std::string(300, 'b'));
  EXPECT_EQ(read.rows, 12);
  EXPECT_EQ(read.before, 0.25);
  EXPECT_EQ(read.progress, 0.5);
  EXPECT_TRUE(rows_message_of(rows_message({.batch_message = "b"})).has_stats)
      << "progress is there also when it is none";
}

TEST(ReadNames, tables_and_streams_are_read_and_written) {
  EXPECT_EQ(table_named("projects/p/datasets/d/tables/t").value(), (TableName{"p", "d", "t"}));
  for (const char* wrong : {"", "p.d.t", "projects/p/datasets/d", "projects//datasets/d/tables/t",
                            "projects/p/datasets/d/tables/t/streams/s"}) {
    EXPECT_EQ(table_named(wrong).error().code, Code::invalid) << wrong;
  }
  const std::string session = session_name("p", "0af");
  const std::string stream = stream_name(session, {7, 12});
  EXPECT_EQ(stream, "projects/p/locations/us/sessions/0af/streams/7-12");
  EXPECT_EQ(stream_named(stream)->session, session);
  EXPECT_EQ(stream_named(stream)->rows, (RowRange{7, 12}));
  for (const char* wrong :
       {"s/streams/", "s/streams/7", "s/streams/7-", "s/streams/12-7", "s/streams/-7-12",
        "s/streams/7-12x", "s/streams/7-99999999999999999999"}) {
    EXPECT_FALSE(stream_named(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace bl::bigquery::read
