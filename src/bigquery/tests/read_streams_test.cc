// Streams of a session: offsets, splits, many at once, clients that go.
#include <gmock/gmock.h>

#include <atomic>
#include <random>
#include <thread>

#include "bigquery/tests/read_world.h"

namespace bl::bigquery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string split_request(std::string_view stream, double fraction) {
  std::string out;
  protobuf::put_text(out, 1, stream);
  protobuf::put_fixed64(out, 2, std::bit_cast<std::uint64_t>(fraction));
  return out;
}
std::vector<std::string> streams_of(std::string_view answer) {
  std::vector<std::string> out;
  protobuf::Reader reader(answer);
  protobuf::Field field, inner;
  while (reader.next(field)) {
    protobuf::Reader stream(field);
    if (stream.next(inner)) out.emplace_back(inner.bytes);
  }
  return out;
}
std::uint64_t seed() {
  const std::uint64_t seed = std::random_device()();
  ::testing::Test::RecordProperty("seed", std::to_string(seed));
  return seed;
}

// Whoever reads from an offset on gets what whoever reads all gets from there on.
TEST_F(ReadTest, offsets_hold_at_every_place_with_and_without_a_restriction) {
  limits_.message_bytes = 32 << 10;
  make_points_of({4'000, 30'000, 10}, 3'000);
  const std::uint64_t from = seed();
  std::mt19937_64 random(from);
  for (const std::string restriction : {"", "MOD(id, 3) = 1 AND name IS NOT NULL"}) {
    const auto session =
        open({.table = "points", .restriction = restriction, .streams_max = 3}).value();
    for (const std::string& stream : session.streams) {
      const auto all = ids(session, stream).value();
      ASSERT_GT(all.size(), 1'000u);
      const auto size = static_cast<std::int64_t>(all.size());
      std::vector<std::int64_t> offsets{0, 1, size - 1, size};
      const auto messages = read(stream).value();
      for (const RowsMessage& message : messages) {
        offsets.push_back(std::min(offsets.back() % size + message.rows, size));
      }
      for (int i = 0; i < 12; ++i) {
        offsets.push_back(static_cast<std::int64_t>(random() % all.size()));
      }
      for (const std::int64_t offset : offsets) {
        const auto rest = ids(session, stream, offset);
        ASSERT_TRUE(rest.ok()) << rest.error().message;
        ASSERT_EQ(*rest, std::vector(all.begin() + offset, all.end()))
            << "offset " << offset << ", seed " << from << ", " << stream;
      }
      const auto behind = read(stream, size + 1);
      EXPECT_EQ(behind.error().code, Code::invalid);
      EXPECT_THAT(behind.error().message, HasSubstr("behind the end of the stream"));
    }
  }
  EXPECT_EQ(read(open({.table = "points"})->streams[0], -1).error().code, Code::invalid);
}

TEST_F(ReadTest, a_stream_is_its_primary_and_then_its_remainder) {
  make_points_of({60'000, 100}, 50);
  const auto session = open({.table = "points", .restriction = "MOD(id, 2) = 0"}).value();
  const std::uint64_t from = seed();
  std::mt19937_64 random(from);
  std::vector<std::string> streams = session.streams;
  for (int i = 0; i < 30; ++i) {
    const std::size_t at = random() % streams.size();
    const double fraction =
        i == 0 ? 0 : 0.01 + 0.98 * static_cast<double>(random() % 1'000) / 1'000;
    const auto answer = sessions().split(split_request(streams[at], fraction));
    ASSERT_TRUE(answer.ok());
    const auto parts = streams_of(*answer);
    if (parts.empty()) continue;
    ASSERT_THAT(parts, SizeIs(2));
    const auto whole = ids(session, streams[at]).value();
    auto both = ids(session, parts[0]).value();
    const auto second = ids(session, parts[1]).value();
    both.insert(both.end(), second.begin(), second.end());
    ASSERT_EQ(both, whole) << streams[at] << " at " << fraction << ", seed " << from;
    streams[at] = parts[0];
    streams.insert(streams.begin() + static_cast<std::ptrdiff_t>(at) + 1, parts[1]);
  }
  EXPECT_GT(streams.size(), 10u);
  EXPECT_EQ(sessions().split(split_request(streams[0], 1.5)).error().code, Code::invalid);
  EXPECT_EQ(sessions().split(split_request(session.name + "/streams/3-4", 0.5)).value(), "")
      << "one row is not to be split";
}

TEST_F(ReadTest, sixteen_streams_at_once_give_every_row_once) {
  std::string lines;
  make_table("wide", R"([{"name":"id","type":"INT64"},{"name":"text","type":"STRING"},
                         {"name":"a","type":"RECORD","mode":"REPEATED","fields":[
                           {"name":"x","type":"NUMERIC"},{"name":"y","type":"STRING"}]}])");
  for (int part = 0; part < 3; ++part) {
    lines.clear();
    for (int i = 0; i < 60'000; ++i) {
      lines += R"({"id":)" + std::to_string(part * 60'000 + i) + R"(,"text":"some text"})" + "\n";
    }
    append("wide", lines);
    if (part == 2) break;
    ASSERT_TRUE(tables_.at({"p", "d", "wide"})->rows().flush().ok());
  }
  const auto session = open({.table = "wide", .streams_max = 16}).value();
  ASSERT_GE(session.streams.size(), 8u);
  const auto plan = ArrowPlan::compile(session.schema_message, schema("wide")).value();
  std::vector<std::thread> readers;
  std::atomic<std::int64_t> sum = 0, count = 0, failures = 0;
  for (const std::string& stream : session.streams) {
    readers.emplace_back([&, stream] {
      const auto messages = read(stream);
      if (!messages.ok()) {
        ++failures;
        return;
      }
      for (const RowsMessage& message : *messages) {
        const auto batch = plan.decode(message.batch_message, {}).value().batch;
        const auto id = batch.column(0).as<std::int64_t>().value();
        for (std::int64_t i = 0; i < batch.rows(); ++i) sum += id[i];
        count += batch.rows();
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(count, 180'000);
  EXPECT_EQ(sum, 180'000ll * 179'999 / 2);
}

TEST_F(ReadTest, one_long_row_is_a_message_and_no_other_is_too_long) {
  limits_.message_bytes = 8 << 10;
  make_table("t", R"([{"name":"s","type":"STRING"}])");
  std::string lines;
  for (int i = 0; i < 200; ++i) {
    lines += R"({"s":")" + std::string(i == 77 ? 100'000 : 100, 'x') + "\"}\n";
  }
  append("t", lines);
  const auto session = open({.table = "t"}).value();
  std::int64_t rows = 0;
  const auto messages = read(session.streams[0]).value();
  for (const RowsMessage& message : messages) {
    rows += message.rows;
    EXPECT_TRUE(message.rows == 1 || message.bytes < 12'000) << message.bytes;
  }
  EXPECT_EQ(rows, 200);
}

TEST_F(ReadTest, rows_by_one_are_put_together) {
  make_points();
  for (int i = 0; i < 500; ++i) append_points("points", i, 1);
  const auto session = open({.table = "points"}).value();
  EXPECT_THAT(read(session.streams[0]).value(), SizeIs(1));
  EXPECT_EQ(ids(session).value(), counting(0, 500));
}

// Clients that go -----------------------------------------------------------------------------

TEST_F(ReadTest, whoever_listens_no_more_ends_the_reading) {
  limits_.message_bytes = 16 << 10;
  make_points_of({100'000}, 0);
  const auto session = open({.table = "points"}).value();
  Collector out;
  out.messages_max = 2;
  const auto read = sessions().read(call(), read_message(session.streams[0]), out);
  EXPECT_EQ(read.error().code, Code::cancelled);
  EXPECT_THAT(out.messages, SizeIs(2));
  EXPECT_EQ(ids(session).value(), counting(0, 100'000)) << "the connection is as before";
}

TEST_F(ReadTest, a_query_that_finds_nothing_ends_with_its_client) {
  make_points_of({300'000}, 0);
  const auto session =
      open({.table = "points",
            .restriction = "REGEXP_CONTAINS(REPEAT(CAST(id AS STRING), 2000), '(a+)+b')"})
          .value();
  const auto began = std::chrono::steady_clock::now();
  Collector out;
  const auto gone = [began] {
    return std::chrono::steady_clock::now() - began < std::chrono::milliseconds(150);
  };
  const auto read = sessions().read(call(gone), read_message(session.streams[0]), out);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, Code::cancelled) << read.error().message;
}

TEST_F(ReadTest, more_streams_at_once_than_the_limit_are_refused) {
  limits_.reading_max = 1;
  make_points_of({}, 10);
  const auto session = open({.table = "points"}).value();
  struct Nested final : net::GrpcWriter {
    explicit Nested(std::function<void()> d) : during(std::move(d)) {}
    Result<void> write(std::string) override {
      during();
      return {};
    }
    const std::function<void()> during;
  };
  Code code = Code::internal;
  Nested out([&] { code = read(session.streams[0]).error().code; });
  EXPECT_TRUE(sessions().read(call(), read_message(session.streams[0]), out).ok());
  EXPECT_EQ(code, Code::overloaded);
  EXPECT_TRUE(read(session.streams[0]).ok()) << "the place is free again";
}

// Answers of queries --------------------------------------------------------------------------

TEST_F(ReadTest, rows_of_every_type_come_as_they_are_also_through_the_engine) {
  const TableSchema schema = schema_of(
      R"([{"name":"s","type":"STRING"},{"name":"y","type":"BYTES"},
        {"name":"i","type":"INT64","mode":"REQUIRED"},{"name":"f","type":"FLOAT64"},
        {"name":"b","type":"BOOL"},{"name":"n","type":"NUMERIC","precision":6,"scale":2},
        {"name":"g","type":"BIGNUMERIC"},{"name":"ts","type":"TIMESTAMP"},
        {"name":"dt","type":"DATETIME"},{"name":"d","type":"DATE"},{"name":"t","type":"TIME"},
        {"name":"iv","type":"INTERVAL"},{"name":"j","type":"JSON"},
        {"name":"r","type":"RANGE","rangeElementType":{"type":"DATE"}},
        {"name":"rec","type":"RECORD","mode":"REPEATED","fields":[
          {"name":"x","type":"DATE"},{"name":"iv","type":"INTERVAL"}]}])");
  const auto in = rows_from_ndjson(
      schema,
      R"({"s":"é","y":"AQI=","i":1,"f":1.5,"b":true,"n":"12.34","g":"0.5","d":"2024-08-01",)"
      R"("ts":"2024-08-01T10:00:00.25Z","dt":"2024-08-01T10:00:00","t":"10:00:00.5",)"
      R"("iv":"1-2 3 4:5:6","j":{"a":[1]},"r":"[2024-01-01, 2024-02-01\u0029",)"
      R"("rec":[{"x":"2024-01-01","iv":"0-0 1 0:0:0"}]})"
      "\n{\"i\":2}");
  ASSERT_TRUE(in.ok() && in->faults.empty());
  ReadSource source;
  source.schema = schema;
  source.kept = in->batch.schema();
  source.behind = stored_rows({in->batch});
  sources_["answer"] = source;
  const auto plain = rows_of({.table = "answer"}, schema);
  ASSERT_TRUE(plain.ok()) << plain.error().message;
  EXPECT_THAT((*plain)[0], HasSubstr(R"("1-2 3 4:5:6")"));
  for (const std::string restriction :
       {"TRUE", "i = 1 OR ts IS NULL", "iv IS NULL OR EXTRACT(MONTH FROM iv) = 2",
        "j IS NULL OR JSON_VALUE(j, '$.a[0]') = '1'", "n IS NULL OR n = 12.34",
        "r IS NULL OR r = RANGE<DATE> '[2024-01-01, 2024-02-01)'", "ARRAY_LENGTH(rec) < 2",
        "dt IS NULL OR dt > DATETIME '2024-01-01'", "t IS NULL OR t < '11:00:00'"}) {
    const auto computed = rows_of({.table = "answer", .restriction = restriction}, schema);
    ASSERT_TRUE(computed.ok()) << restriction << ": " << computed.error().message;
    EXPECT_EQ(*computed, *plain) << restriction;
  }
  EXPECT_THAT(rows_of({.table = "answer", .fields = {"rec.x"}, .restriction = "i = 1"},
                      schema_of(R"([{"name":"rec","type":"RECORD","mode":"REPEATED","fields":[
                                     {"name":"x","type":"DATE"}]}])"))
                  .value(),
              ElementsAre(R"({"f":[{"v":[{"v":{"f":[{"v":"2024-01-01"}]}}]}]})"));
}

}  // namespace
}  // namespace bl::bigquery
