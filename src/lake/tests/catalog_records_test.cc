// The catalog's pure parts: what a commit says of itself, types, errors, addresses.
#include <gmock/gmock.h>

#include "lake/ducklake/commit_record.h"
#include "lake/ducklake/errors.h"
#include "lake/ducklake/place.h"
#include "lake/ducklake/types.h"

namespace bl::lake {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(CommitRecords, are_read_as_they_were_written) {
  const CommitRecord record{.id = "f-17",
                            .table = "results",
                            .what = "flush",
                            .before = 41,
                            .watermarks = {{"0001", 118}, {"it's \"one\"", 0}},
                            .note = R"({"lag":3})"};
  const std::string text = to_text(record);
  EXPECT_TRUE(text.starts_with(start_of_text("f-17"))) << text;
  EXPECT_FALSE(text.starts_with(start_of_text("f-1"))) << text;
  const CommitRecord read = commit_record(text).value();
  EXPECT_EQ(read.id, record.id);
  EXPECT_EQ(read.table, record.table);
  EXPECT_EQ(read.what, record.what);
  EXPECT_EQ(read.before, record.before);
  EXPECT_EQ(read.watermarks, record.watermarks);
  EXPECT_EQ(read.note, record.note);
}

TEST(CommitRecords, of_others_are_refused) {
  for (const char* text : {"", "null", "{}", "[1]", R"({"id":"a"})",
                           R"({"id":"a","table":"t","what":"w","before":"1","watermarks":{}})",
                           R"({"id":"a","table":"t","what":"w","before":1,"watermarks":{"j":-1}})",
                           R"({"id":"a","table":"t","what":"w","before":1,"watermarks":{"j":1.5}})",
                           R"({"id":1,"table":"t","what":"w","before":1,"watermarks":{}})"}) {
    EXPECT_EQ(commit_record(text).error().code, Code::corrupt) << text;
  }
  EXPECT_EQ(properties_of("a comment of somebody's").error().code, Code::corrupt);
  EXPECT_EQ(properties_of(R"({"a":1})").error().code, Code::corrupt);
}

TEST(CatalogColumns, that_are_broken_make_no_schema) {
  EXPECT_EQ(schema_of({{1, 7, "a", "int64", true}}).error().code, Code::corrupt);
  EXPECT_EQ(schema_of({{1, {}, "a", "decimal(38", true}}).error().code, Code::corrupt);
  EXPECT_EQ(schema_of({{1, {}, "a", "decimal(99,1)", true}}).error().code, Code::corrupt);
  EXPECT_EQ(schema_of({{1, {}, "a", "list", true}}).error().code, Code::corrupt);
  EXPECT_EQ(schema_of({{1, {}, "a", "uint64", true}}).error().code, Code::unsupported);
  EXPECT_EQ(schema_of({{1, {}, "a", "int64", true}, {2, {}, "a", "int64", true}}).error().code,
            Code::corrupt);
  // A column within itself.
  EXPECT_FALSE(
      schema_of({{1, {}, "a", "list", true}, {2, 1, "b", "list", true}, {2, 2, "b", "list", true}})
          .ok());
}

TEST(CatalogErrors, say_what_they_mean_and_no_password) {
  const auto of = [](const char* sentence) {
    return catalog_error(Error{Code::invalid, sentence}, "hush");
  };
  EXPECT_EQ(of("Failed to execute query \"COMMIT\": database is locked").fate, Fate::contended);
  EXPECT_EQ(of("server closed the connection unexpectedly").fate, Fate::lost);
  EXPECT_EQ(of("relation \"s.ducklake_table\" does not exist").error.code, Code::corrupt);
  EXPECT_EQ(of("HTTP GET error (HTTP 403)").error.code, Code::forbidden);
  EXPECT_EQ(of("a file of tables/connections/ does not fit").fate, Fate::refused);
  EXPECT_EQ(of("a file of tables/connections/ does not fit").error.code, Code::invalid);
  EXPECT_THAT(of("cannot connect: password=hush host=hush").error.message, Not(HasSubstr("hush")));
}

TEST(CatalogPlaces, keep_the_password_out_of_the_address) {
  CatalogOptions options;
  options.catalog = "postgres://me:it's%20hush@db:5433/lake?sslmode=require";
  const CatalogPlace place = catalog_place(options).value();
  EXPECT_EQ(place.address, "ducklake:postgres:dbname='lake' host='db' port='5433' user='me'");
  EXPECT_THAT(place.target, HasSubstr("password='it\\'s hush'"));
  EXPECT_THAT(place.target, HasSubstr("sslmode='require'"));
  EXPECT_EQ(place.table("table"), "\"benchlake_lake\".ducklake_table");
  options.schema = "a\"b";
  EXPECT_EQ(catalog_place(options).error().code, Code::invalid);
}

}  // namespace
}  // namespace bl::lake
