#include "net/query_fields.h"

#include <gtest/gtest.h>

namespace bl::net {
namespace {

Request with(std::vector<std::pair<std::string, std::string>> query) {
  Request request;
  request.query = std::move(query);
  return request;
}

TEST(QueryFields, reads_what_is_there) {
  const Request request = with({{"q", "a b"},
                                {"n", "7"},
                                {"x", "2.5"},
                                {"b", "true"},
                                {"t", "2024-01-01T00:00:00Z"},
                                {"c", "two"}});
  QueryFields query(request);
  EXPECT_EQ(query.text("q"), "a b");
  EXPECT_EQ(query.integer("n", 1, 10), 7);
  EXPECT_EQ(query.positive("x"), 2.5);
  EXPECT_TRUE(query.flag("b"));
  EXPECT_EQ(to_rfc3339(*query.time("t")), "2024-01-01T00:00:00Z");
  EXPECT_EQ(query.choice("c", {"one", "two"}), 1u);
  EXPECT_TRUE(query.finish().ok());
}

TEST(QueryFields, an_empty_value_is_no_parameter) {
  const Request request = with({{"q", ""}, {"n", ""}});
  QueryFields query(request);
  EXPECT_FALSE(query.text("q"));
  EXPECT_FALSE(query.integer("n", 1, 10));
  EXPECT_TRUE(query.finish().ok());
  QueryFields demanding(request);
  EXPECT_EQ(demanding.required_text("q"), "");
  EXPECT_FALSE(demanding.finish().ok());
}

TEST(QueryFields, names_every_fault) {
  const Request request = with({{"n", "11"},
                                {"x", "-1"},
                                {"b", "yes"},
                                {"t", "now"},
                                {"c", "six"},
                                {"q", "toolong"},
                                {"q", "again"},
                                {"other", "1"}});
  QueryFields query(request);
  query.integer("n", 1, 10);
  query.positive("x");
  query.flag("b");
  query.time("t");
  query.choice("c", {"one", "two"});
  query.text("q", 3);
  query.required_text("missing");
  const auto finished = query.finish();
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().code, Code::invalid);
  std::vector<std::string> paths;
  for (const Fault& fault : finished.error().faults) paths.push_back(fault.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"?n", "?x", "?b", "?t", "?c", "?q", "?missing", "?q",
                                             "?other"}));
}

TEST(QueryFields, a_list_takes_every_value_that_is_not_empty) {
  const Request request = with({{"type", "a"}, {"type", ""}, {"type", "b"}, {"type", "toolong"}});
  QueryFields query(request);
  EXPECT_EQ(query.texts("type"), (std::vector<std::string>{"a", "b", "toolong"}));
  EXPECT_TRUE(query.texts("other").empty());
  EXPECT_TRUE(query.finish().ok());
  QueryFields strict(request);
  strict.texts("type", 3);
  EXPECT_FALSE(strict.finish().ok());
}

}  // namespace
}  // namespace bl::net
