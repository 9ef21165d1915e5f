// Answers of queries, read as tables are.
#include <gmock/gmock.h>

#include "bigquery/answer_tables.h"
#include "bigquery/tests/read_world.h"

namespace bl::bigquery {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReadAnswersTest : public ReadTest {
 protected:
  /// Numbers [0, count) as `id`; `make_points()` has made the schema.
  QueryResultHandle answer_of(std::int64_t count) {
    auto writer = answers_->begin(schema("points")).value();
    for (std::int64_t from = 0; from < count; from += 500) {
      std::string lines;
      for (std::int64_t id = from; id < std::min(from + 500, count); ++id) {
        lines += R"({"id":)" + std::to_string(id) + "}\n";
      }
      EXPECT_TRUE(writer->add(rows_from_ndjson(schema("points"), lines)->batch).ok());
    }
    return writer->finish().value();
  }

  IdSource ids_source_{clock_, random_};
  std::unique_ptr<Results> answers_ =
      Results::open({*disk_, clock_, ids_source_}, folder_ + "/answers",
                    {.memory_bytes_max = 1, .batch_rows = 1'000})
          .value();
};

TEST_F(ReadAnswersTest, all_rows_come_in_the_answers_order) {
  make_points();
  sources_["a"] = read_source_of(answer_of(7'250));
  const auto session = open({.table = "a"}).value();
  EXPECT_EQ(session.rows, 7'250);
  EXPECT_EQ(ids(session).value(), counting(0, 7'250));
  EXPECT_EQ(ids(session, session.streams[0], 7'000).value(), counting(7'000, 250));
  EXPECT_EQ(ids(open({.table = "a", .compression = 2}).value()).value(), counting(0, 7'250));
}

TEST_F(ReadAnswersTest, restrictions_and_columns_are_those_of_a_table) {
  make_points();
  sources_["a"] = read_source_of(answer_of(3'000));
  const auto session = open({.table = "a", .restriction = "MOD(id, 1000) = 7"}).value();
  EXPECT_THAT(ids(session).value(), ElementsAre(7, 1'007, 2'007));
  EXPECT_EQ(open_error({.table = "a", .fields = {"nope"}}).find("invalid"), 0u);
}

TEST_F(ReadAnswersTest, an_answer_without_rows_has_no_stream) {
  make_points();
  sources_["a"] = read_source_of(answer_of(0));
  EXPECT_THAT(open({.table = "a"})->streams, IsEmpty());
}

TEST_F(ReadAnswersTest, a_session_keeps_an_answer_that_has_become_too_old) {
  make_points();
  sources_["a"] = read_source_of(answer_of(2'000));
  limits_.session_life = std::chrono::hours(48);
  const auto session = open({.table = "a"}).value();
  sources_.clear();
  clock_.advance(std::chrono::hours(25));
  EXPECT_EQ(answers_->sweep().value(), 0);
  EXPECT_EQ(ids(session).value(), counting(0, 2'000));
  sessions_.reset();
  EXPECT_EQ(answers_->sweep().value(), 1);
}

}  // namespace
}  // namespace bl::bigquery
