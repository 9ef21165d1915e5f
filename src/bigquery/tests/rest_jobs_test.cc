#include <gmock/gmock.h>

#include "bigquery/rest/job_answers.h"
#include "bigquery/rest/job_requests.h"
#include "bigquery/rest/uploads.h"

namespace bl::bigquery {
namespace {

using testing::HasSubstr;

json::Value parsed(std::string_view text) {
  return json::parse(text).value();
}

TEST(JobRequests, a_query_job_with_a_destination) {
  const auto body = job_body_of(parsed(R"({"jobReference":{"jobId":"mine"},"configuration":
    {"query":{"query":"SELECT 1","useLegacySql":false,"destinationTable":
      {"datasetId":"d","tableId":"t"},"writeDisposition":"WRITE_TRUNCATE"}}})"),
                                "p");
  ASSERT_TRUE(body.ok()) << body.error().message;
  EXPECT_EQ(body->job.id, "mine");
  const auto& query = std::get<QueryRequest>(body->job.work);
  EXPECT_EQ(query.destination->name, (TableName{"p", "d", "t"}));
  EXPECT_EQ(query.destination->write, WriteDisposition::truncate);
}

TEST(JobRequests, what_is_not_done_is_refused_by_name) {
  const auto fault = [](std::string_view configuration) {
    const auto body =
        job_body_of(parsed("{\"configuration\":" + std::string(configuration) + "}"), "p");
    return body.ok() ? "taken" : body.error().message;
  };
  EXPECT_EQ(fault(R"({"extract":{}})"), "not supported: extract jobs");
  EXPECT_EQ(fault(R"({"query":{"query":"SELECT 1","useLegacySql":true}})"),
            "not supported: legacy SQL (useLegacySql)");
  EXPECT_EQ(fault(R"({"load":{"sourceFormat":"ORC"}})"), "not supported: loads of ORC");
  EXPECT_THAT(fault(R"({"load":{"destinationTable":{"datasetId":"d","tableId":"t"},
                     "sourceUris":["gs://b/o"]}})"),
              HasSubstr("not supported: loads from sourceUris"));
  EXPECT_EQ(fault(R"({"query":{}})"), "Required parameter is missing: query");
  EXPECT_EQ(fault(R"({"load":{"destinationTable":{"datasetId":"d","tableId":"t"},
                   "writeDisposition":"WRITE_SOMEHOW"}})"),
            "Invalid value for writeDisposition: WRITE_SOMEHOW");
}

TEST(JobRequests, statements_that_change_something_are_stored_first) {
  const auto is_durable = [](const std::string& text) {
    json::Value body = json::Value::object();
    body.set("query", json::Value::string(text));
    return query_body_of(body, "p")->job.is_durable;
  };
  EXPECT_FALSE(is_durable("  select 1"));
  EXPECT_FALSE(is_durable("(SELECT 1)"));
  EXPECT_FALSE(is_durable("WITH x AS (SELECT 1) SELECT * FROM x"));
  EXPECT_TRUE(is_durable("INSERT INTO t VALUES (1)"));
  EXPECT_TRUE(is_durable("-- a remark\nDELETE FROM t WHERE TRUE"));
}

TEST(JobAnswers, places_of_pages_are_opaque_and_checked) {
  EXPECT_EQ(page_place(page_token(12'345)).value(), 12'345);
  EXPECT_FALSE(page_place("12345").ok());
  EXPECT_FALSE(page_place("").ok());
}

TEST(JobAnswers, faults_of_users_are_never_the_servers) {
  for (const Code code :
       {Code::malformed, Code::invalid, Code::not_found, Code::conflict, Code::too_large,
        Code::unsupported, Code::forbidden, Code::timeout, Code::cancelled}) {
    const JobError error = job_error(Error{code, "it"});
    EXPECT_LT(http_status(error), 500) << error.reason;
    EXPECT_NE(error.reason, "internalError");
    EXPECT_NE(error.reason, "backendError");
  }
  EXPECT_EQ(error_answer(Error{Code::not_found, "Not found: Job p:x"}).status, 404);
}

TEST(UploadBodies, two_parts_are_told_apart) {
  const auto body = multipart_of("multipart/related; boundary=\"==x==\"",
                                 "--==x==\r\nContent-Type: application/json\r\n\r\n{\"a\":1}\r\n"
                                 "--==x==\r\nContent-Type: */*\r\n\r\n1,2\r\n3,4\r\n\r\n--==x==--");
  ASSERT_TRUE(body.ok()) << body.error().message;
  EXPECT_EQ(body->json, "{\"a\":1}");
  EXPECT_EQ(body->media, "1,2\r\n3,4\r\n");
  EXPECT_FALSE(multipart_of("multipart/related", "x").ok());
  EXPECT_FALSE(multipart_of("multipart/related; boundary=y", "--y\r\n\r\n{}\r\n--y--").ok());
}

TEST(UploadBodies, ranges_of_chunks) {
  EXPECT_EQ(content_range_of("bytes 0-99/100")->last, 99u);
  EXPECT_FALSE(content_range_of("bytes 0-99/*")->total);
  EXPECT_EQ(content_range_of("bytes */100")->total, 100u);
  EXPECT_FALSE(content_range_of("bytes */*")->first);
  for (const char* bad :
       {"", "bytes", "bytes 9-3/10", "bytes 0-99/99", "bytes -/*", "lines 0-1/2"}) {
    EXPECT_FALSE(content_range_of(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace bl::bigquery
