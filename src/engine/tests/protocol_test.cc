// Both sides of a query's socket decode bytes that they do not believe.
#include "engine/worker/protocol.h"

#include <gmock/gmock.h>

#include "columns/table.h"

namespace bl::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Frames, come_out_as_they_went_in_however_they_are_cut) {
  const std::string bytes =
      frame_head(FrameKind::job, 3) + "abc" + frame_head(FrameKind::tail_end, 0);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameParser parser({});
    std::vector<Frame> frames;
    for (const std::string& piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
      parser.feed(piece);
      while (auto frame = parser.next().value()) frames.push_back(*frame);
    }
    ASSERT_EQ(frames.size(), 2u) << cut;
    EXPECT_EQ(frames[0].kind, FrameKind::job);
    EXPECT_EQ(frames[0].payload, "abc");
    EXPECT_EQ(frames[1].kind, FrameKind::tail_end);
  }
}

TEST(Frames, of_no_kind_or_too_large_are_refused) {
  FrameParser none({});
  none.feed(std::string("\x00\x00\x00\x00\x00", 5));
  EXPECT_EQ(none.next().error().code, Code::malformed);
  FrameParser large({.payload_bytes_max = 10});
  large.feed(frame_head(FrameKind::batch, 11));
  EXPECT_EQ(large.next().error().code, Code::too_large);
}

TEST(Messages, a_job_comes_back_as_it_was) {
  Job job;
  job.sql = "SELECT \"ä\"\n";
  job.parameters = {duck::Null{},
                    true,
                    std::int64_t{-9'007'199'254'740'993},
                    -std::numeric_limits<double>::infinity(),
                    std::string("t"),
                    columns::Bytes{std::string_view("\0\xff", 2)},
                    columns::Date{-3},
                    Timestamp{-7},
                    std::vector<std::string>{"a", ""},
                    std::vector<std::int64_t>{1, -1}};
  job.tables = {{"points", {{{"a", "b"}, {"/x/1", "/x/2"}}, {{"a"}, {"/x/0"}}}},
                {"numbered", {{{"a"}, {"/x/3", "/x/4"}, {0, 10}}}, "\"a\" + 1 AS \"a\"", 15}};
  job.time_max_ms = 5;
  job.cpu_max_s = 6;
  job.rows_max = 7;
  job.bytes_max = 8;
  const auto back = decode_job(encode(job).value());
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->sql, job.sql);
  ASSERT_EQ(back->parameters.size(), job.parameters.size());
  EXPECT_EQ(std::get<std::int64_t>(back->parameters[2]), -9'007'199'254'740'993);
  EXPECT_EQ(std::get<double>(back->parameters[3]), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(std::get<columns::Bytes>(back->parameters[5]).bytes, std::string_view("\0\xff", 2));
  EXPECT_THAT(std::get<std::vector<std::int64_t>>(back->parameters[9]), ElementsAre(1, -1));
  EXPECT_EQ(encode(*back).value(), encode(job).value());
  EXPECT_EQ(back->tables[0].tail_row, std::nullopt);
  EXPECT_EQ(back->tables[1].tail_row, 15);
  EXPECT_THAT(back->tables[1].groups[0].first_rows, ElementsAre(0, 10));
  EXPECT_EQ(back->tables[1].select, "\"a\" + 1 AS \"a\"");
}

TEST(Messages, a_job_numbers_all_files_of_a_table_or_none) {
  Job job;
  job.time_max_ms = job.cpu_max_s = 1;
  job.tables = {{"points", {{{"a"}, {"/x/1", "/x/2"}, {0}}}, "", 15}};
  EXPECT_EQ(decode_job(encode(job).value()).error().code, Code::malformed) << "too few";
  job.tables = {{"points", {{{"a"}, {"/x/1"}, {0}}}}};
  EXPECT_EQ(decode_job(encode(job).value()).error().code, Code::malformed) << "not numbered";
  job.tables = {{"points", {{{"a"}, {"/x/1"}, {-1}}}, "", 15}};
  EXPECT_EQ(decode_job(encode(job).value()).error().code, Code::malformed) << "below the first";
}

TEST(Messages, the_others_come_back_too) {
  const WorkerSetup setup{1, {"/lake"}, "/temp", 2, 3, 4};
  EXPECT_EQ(encode(decode_setup(encode(setup)).value()), encode(setup));
  EXPECT_EQ(decode_ready(encode(WorkerReady{k_protocol, 7}))->landlock, 7);
  EXPECT_EQ(decode_progress(encode(duck::Progress{0.5, 1, ~0ull}))->fraction, 0.5);
  EXPECT_TRUE(decode_done(encode(JobDone{1, 2, 3, true}))->is_truncated);
  const Error error = decode_failed(encode(Error{Code::forbidden, "no\xff"}));
  EXPECT_EQ(error.code, Code::forbidden);
  EXPECT_EQ(error.message, "no\uFFFD");
}

TEST(Messages, another_version_missing_and_unknown_members_are_refused) {
  EXPECT_THAT(decode_ready(R"({"protocol":1,"landlock":0})").error().message,
              HasSubstr("another version"));
  for (const char* text :
       {"", "[]", "{}", R"({"protocol":2})", R"({"protocol":2,"landlock":0,"more":1})",
        R"({"protocol":2,"landlock":-1})", R"({"protocol":"1","landlock":0})"}) {
    EXPECT_EQ(decode_ready(text).error().code, Code::malformed) << text;
  }
  EXPECT_EQ(decode_failed("{}").code, Code::malformed);
  EXPECT_EQ(decode_failed(R"({"code":"nothing","message":""})").code, Code::malformed);
}

TEST(Rows, are_cut_where_rows_or_bytes_end) {
  using Texts = columns::Table<columns::Is<"text", std::string_view>>;
  Texts::Builder builder;
  const std::string wide(1'000, 'x');
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(builder.append(std::string_view(wide)));
  const columns::Batch batch = builder.finish().value();
  EXPECT_EQ(within(batch, 1'000, 1u << 20).rows(), 100);
  EXPECT_EQ(within(batch, 7, 1u << 20).rows(), 7);
  const columns::Batch cut = within(batch, 1'000, 50'000);
  EXPECT_LE(cut.bytes(), 50'000u);
  EXPECT_GT(cut.rows(), 20);
  EXPECT_EQ(within(batch, 1'000, 0).rows(), 0);
}

}  // namespace
}  // namespace bl::engine
