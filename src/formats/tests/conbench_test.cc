#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tests/documents.h"

namespace bl::formats {
namespace {

using testing::at;
using ::testing::HasSubstr;

constexpr const char* k_document =
    R"({"run_id":"r1","tags":{"name":"sort"},"context":{},"stats":{"data":[1.50],"unit":"s"}})";

Reading read(std::string_view bytes, const Facts& facts = {}) {
  auto reading = read_conbench(bytes, "f.json", facts);
  EXPECT_TRUE(reading.ok()) << (reading.ok() ? "" : reading.error().message);
  return reading.ok() ? std::move(reading).value() : Reading{};
}

Error refusal(std::string_view bytes) {
  auto reading = read_conbench(bytes, "f.json", {});
  EXPECT_FALSE(reading.ok()) << bytes;
  return reading.ok() ? Error{Code::internal, "accepted"} : std::move(reading).error();
}

TEST(Conbench, a_document_passes_as_it_is) {
  const Reading reading = read(k_document);
  ASSERT_EQ(reading.submissions.size(), 1u);
  EXPECT_EQ(json::to_text(reading.submissions[0]), k_document);
  EXPECT_TRUE(reading.skipped.empty());
}

TEST(Conbench, an_array_and_lines_are_many_documents) {
  const std::string one = k_document;
  EXPECT_EQ(read("[" + one + "," + one + "]").submissions.size(), 2u);
  EXPECT_EQ(read(one + "\n\n  \r\n" + one + "\r\n" + one).submissions.size(), 3u);
  EXPECT_EQ(read("\n" + one + "\n" + one + "\n").submissions.size(), 2u);
  EXPECT_EQ(read("[]").submissions.size(), 0u);
}

TEST(Conbench, a_broken_line_is_named_by_its_number) {
  const Error error = refusal("{}\n\n{\"tags\": }\n");
  EXPECT_EQ(error.code, Code::malformed);
  EXPECT_THAT(error.message, HasSubstr("f.json:3"));
}

TEST(Conbench, what_is_no_object_is_refused_with_its_place) {
  EXPECT_EQ(refusal("[{}, 7]").message, "a submission is a JSON object: f.json#/1");
  EXPECT_EQ(refusal("7").message, "a submission is a JSON object: f.json");
  EXPECT_EQ(refusal("{}\n[]\n").message, "a submission is a JSON object: f.json:2");
}

TEST(Conbench, truncated_bytes_are_malformed) {
  const std::string whole = k_document;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(refusal(whole.substr(0, size)).code, Code::malformed) << size;
  }
}

TEST(Conbench, facts_are_laid_over_the_document) {
  Facts facts;
  facts.run_id = "r2";
  facts.commit = "abc";
  facts.repository = "https://github.com/org/repo";
  facts.tags = {{"size", "8"}};
  facts.run_tags = {{"job", "1"}};
  facts.timestamp = Timestamp::from_seconds(0);
  facts.machine = testing::parsed(R"({"name": "m1"})");
  const Reading reading = read(k_document, facts);
  EXPECT_EQ(json::to_text(reading.submissions.at(0)),
            R"({"run_id":"r2","tags":{"name":"sort","size":"8"},"context":{},)"
            R"("stats":{"data":[1.50],"unit":"s"},)"
            R"("github":{"repository":"https://github.com/org/repo","commit":"abc"},)"
            R"("run_tags":{"job":"1"},"machine_info":{"name":"m1"},)"
            R"("timestamp":"1970-01-01T00:00:00Z"})");
}

TEST(Conbench, another_commit_takes_nothing_from_the_files) {
  const char* document =
      R"({"github": {"commit": "abc", "commit_info": {"timestamp": "2024-08-01T12:00:00Z"}}})";
  Facts facts;
  facts.commit = "abc";
  EXPECT_NE(at(read(document, facts).submissions.at(0), "github/commit_info"), "(none)");
  facts.commit = "def";
  EXPECT_EQ(at(read(document, facts).submissions.at(0), "github/commit_info"), "(none)");
}

TEST(Conbench, a_named_machine_is_still_the_detected_one) {
  Facts facts;
  facts.machine = testing::parsed(R"({"name": "host", "cpu_core_count": 2})");
  facts.machine_name = "m2";
  EXPECT_EQ(at(read("{}", facts).submissions.at(0), "machine_info"),
            R"({"name":"m2","cpu_core_count":2})");
}

TEST(Conbench, a_cluster_keeps_being_one) {
  Facts facts;
  facts.machine = testing::parsed(R"({"name": "m1"})");
  facts.machine_name = "c2";
  const Reading reading = read(R"({"cluster_info": {"name": "c1", "info": {}}})", facts);
  EXPECT_EQ(at(reading.submissions.at(0), "cluster_info/name"), "\"c2\"");
  EXPECT_EQ(at(reading.submissions.at(0), "machine_info"), "(none)");
}

TEST(Conbench, a_member_of_the_wrong_kind_is_left_for_the_server_to_name) {
  Facts facts;
  facts.tags = {{"size", "8"}};
  facts.commit = "abc";
  facts.machine_name = "m2";
  const Reading reading = read(R"({"tags":7,"github":[],"machine_info":null})", facts);
  EXPECT_EQ(json::to_text(reading.submissions.at(0)),
            R"({"tags":7,"github":[],"machine_info":null})");
}

}  // namespace
}  // namespace bl::formats
