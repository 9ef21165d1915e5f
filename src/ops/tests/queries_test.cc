#include "ops/queries.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "ops/query_work.h"

namespace bl::ops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class QueryList : public ::testing::Test {
 protected:
  static net::Principal reader(const std::string& id) {
    return {.role = net::Role::reader, .id = id, .name = "name of " + id};
  }
  std::string begin(const std::string& id, const net::Principal& sender) {
    control = std::make_shared<engine::QueryControl>();
    return queries.begin(id, "SELECT 1", sender, control).value();
  }
  std::vector<std::string> ids(const net::Principal& by) const {
    std::vector<std::string> out;
    for (const QueryView& view : queries.list(by)) out.push_back(view.id);
    return out;
  }

  ManualClock clock{Timestamp::from_seconds(1'700'000'000)};
  SeededRandom random{1};
  IdSource made{clock, random};
  Queries queries{made, clock, {.kept_max = 2, .sql_bytes_max = 100}};
  std::shared_ptr<engine::QueryControl> control;
  const net::Principal ann = reader("ann"), bob = reader("bob");
  const net::Principal admin{.role = net::Role::admin};
};

TEST_F(QueryList, shows_ones_own_and_an_admin_all) {
  begin("one", ann);
  begin("two", bob);
  EXPECT_THAT(ids(ann), ElementsAre("one"));
  EXPECT_THAT(ids(admin), ElementsAre("two", "one")) << "newest first";
  EXPECT_EQ(queries.find("two", ann).error().code, Code::not_found);
  EXPECT_EQ(queries.cancel("two", ann).error().code, Code::not_found);
  EXPECT_FALSE(control->is_cancelled());
  EXPECT_TRUE(queries.cancel("two", bob).ok());
  EXPECT_TRUE(control->is_cancelled());
}

TEST_F(QueryList, the_operator_is_not_nobody) {
  begin("one", {.role = net::Role::admin, .kind = net::Principal::Kind::operator_token});
  EXPECT_TRUE(ids({}).empty());
  begin("two", {});
  EXPECT_THAT(ids({}), ElementsAre("two"));
}

TEST_F(QueryList, an_id_is_taken_once_and_made_when_none_is_given) {
  begin("one", ann);
  EXPECT_EQ(queries.begin("one", "SELECT 1", bob, control).error().code, Code::conflict);
  EXPECT_TRUE(is_id(begin("", ann)));
}

TEST_F(QueryList, the_oldest_that_is_over_is_forgotten) {
  for (const char* id : {"a", "b", "c", "runs"}) begin(id, ann);
  queries.succeed("b", {.rows = 3});
  queries.fail("a", Error{Code::timeout, "too long"});
  queries.succeed("c", {});
  EXPECT_THAT(ids(ann), ElementsAre("runs", "c", "b"));
  EXPECT_EQ(queries.find("b", ann)->statistics->rows, 3);
  EXPECT_TRUE(queries.cancel("b", ann).ok()) << "nothing happens";
  EXPECT_THAT(encode(*queries.find("b", ann)), HasSubstr(R"("state":"succeeded")"));
}

TEST_F(QueryList, a_server_that_stops_cancels_and_begins_no_more) {
  begin("one", ann);
  queries.stop();
  EXPECT_TRUE(control->is_cancelled());
  EXPECT_EQ(queries.begin("two", "SELECT 1", ann, control).error().code, Code::unavailable);
}

TEST(QueryBody, names_every_fault) {
  const auto refused = decode_query(
      R"({"parameters":[1,{},[1,"a"]],"rows_max":0,"bytes_max":"x","time_max_ms":1e9,"more":1})",
      {});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().faults, SizeIs(7));
}

TEST(QueryBody, parameters_have_the_types_of_their_json) {
  const auto request = decode_query(
      R"({"sql":"SELECT 1","parameters":[null,true,7,0.5,"t",["a"],[1,2],[]],"rows_max":5})", {});
  ASSERT_TRUE(request.ok()) << request.error().message;
  std::vector<std::size_t> kinds;
  for (const duck::Value& value : request->parameters) kinds.push_back(value.index());
  EXPECT_THAT(kinds, ElementsAre(0, 1, 2, 3, 4, 8, 9, 8));
  EXPECT_EQ(request->limits.rows_max, 5);
  EXPECT_EQ(request->limits.time_max, engine::QueryLimits{}.time_max) << "the most is the default";
}

}  // namespace
}  // namespace bl::ops
