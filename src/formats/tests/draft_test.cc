#include "formats/draft.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "formats/tests/documents.h"

namespace bl::formats {
namespace {

using testing::at;
using testing::parsed;

std::string quoted_nonfinite(std::string_view text) {
  return json::to_text(parse_with_nonfinite(text).value());
}

TEST(Nonfinite, bare_words_become_strings) {
  EXPECT_EQ(quoted_nonfinite("[NaN, Infinity, -Infinity,-1]"),
            R"(["NaN","Infinity","-Infinity",-1])");
  EXPECT_EQ(quoted_nonfinite("NaN"), R"("NaN")");
}

TEST(Nonfinite, words_in_strings_and_keys_stay) {
  EXPECT_EQ(quoted_nonfinite(R"({"NaN": "a \" NaN \\", "x": NaN})"),
            R"({"NaN":"a \" NaN \\","x":"NaN"})");
}

TEST(Nonfinite, other_words_are_malformed) {
  for (const char* text :
       {"NaNa", "[NaN1]", "nan", "Inf", "-NaN", "[1NaN]", "Infinity_", "\"NaN"}) {
    const auto document = parse_with_nonfinite(text);
    ASSERT_FALSE(document.ok()) << text;
    EXPECT_EQ(document.error().code, Code::malformed) << text;
  }
}

RC_GTEST_PROP(Nonfinite, a_document_without_them_reads_as_ever, (std::vector<std::string> texts)) {
  json::Array items;
  for (std::string& text : texts) {
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) > 126; });
    items.push_back(json::Value::string(text + " NaN"));
  }
  const json::Value document = json::Value::array(std::move(items));
  RC_ASSERT(parse_with_nonfinite(json::to_text(document)).value() == document);
}

Draft sample_draft() {
  Draft draft;
  draft.name = "sort";
  draft.run_id = "file-run";
  draft.repository = "https://github.com/org/file";
  draft.commit = "abc";
  draft.commit_info = parsed(R"({"timestamp": "2024-08-01T12:00:00Z"})");
  draft.machine = parsed(R"({"name": "m1"})");
  draft.timestamp = Timestamp::from_seconds(0);
  draft.stats = parsed(R"({"data": [1], "unit": "s"})");
  return draft;
}

TEST(Facts, what_the_file_says_stands_when_nobody_says_otherwise) {
  const json::Value document = to_submission(sample_draft(), {});
  EXPECT_EQ(json::to_text(document),
            R"({"run_id":"file-run","timestamp":"1970-01-01T00:00:00Z","tags":{"name":"sort"},)"
            R"("context":{},"info":{},"github":{"repository":"https://github.com/org/file",)"
            R"("commit":"abc","commit_info":{"timestamp":"2024-08-01T12:00:00Z"}},)"
            R"("machine_info":{"name":"m1"},"stats":{"data":[1],"unit":"s"}})");
}

TEST(Facts, the_command_line_wins_over_the_file) {
  Facts facts;
  facts.run_id = "r";
  facts.batch_id = "b";
  facts.run_reason = "nightly";
  facts.repository = "https://github.com/org/repo";
  facts.commit = "abc";
  facts.branch = "org:topic";
  facts.pr_number = 7;
  facts.machine_name = "m2";
  facts.tags = {{"size", "8"}, {"name", "other"}};
  facts.context = {{"compiler", "gcc"}};
  facts.run_tags = {{"job", "1"}};
  const json::Value document = to_submission(sample_draft(), facts);
  EXPECT_EQ(at(document, "run_id"), "\"r\"");
  EXPECT_EQ(at(document, "batch_id"), "\"b\"");
  EXPECT_EQ(at(document, "run_reason"), "\"nightly\"");
  EXPECT_EQ(at(document, "run_tags"), R"({"job":"1"})");
  EXPECT_EQ(at(document, "context"), R"({"compiler":"gcc"})");
  EXPECT_EQ(at(document, "machine_info"), R"({"name":"m2"})");
  EXPECT_EQ(at(document, "github"),
            R"({"repository":"https://github.com/org/repo","commit":"abc","commit_info":)"
            R"({"timestamp":"2024-08-01T12:00:00Z"},"branch":"org:topic","pr_number":7})");
  EXPECT_EQ(at(document, "tags/name"), "\"sort\"") << "a tag cannot rename a benchmark";
  EXPECT_EQ(at(document, "tags/size"), "\"8\"");
}

TEST(Facts, another_commit_takes_nothing_from_the_files) {
  Facts facts;
  facts.commit = "def";
  EXPECT_EQ(at(to_submission(sample_draft(), facts), "github/commit_info"), "(none)");
  facts.commit_info = parsed(R"({"timestamp": "2000-01-01T00:00:00Z"})");
  EXPECT_EQ(at(to_submission(sample_draft(), facts), "github/commit_info/timestamp"),
            "\"2000-01-01T00:00:00Z\"");
}

TEST(Facts, the_detected_machine_completes_the_files_when_it_is_the_same) {
  Facts facts;
  facts.machine = parsed(R"({"name": "m1", "cpu_core_count": 4})");
  EXPECT_EQ(at(to_submission(sample_draft(), facts), "machine_info"),
            R"({"name":"m1","cpu_core_count":4})");
  facts.machine.set("name", json::Value::string("elsewhere"));
  EXPECT_EQ(at(to_submission(sample_draft(), facts), "machine_info"), R"({"name":"m1"})");
  Draft silent = sample_draft();
  silent.machine = json::Value();
  EXPECT_EQ(at(to_submission(silent, facts), "machine_info/name"), "\"elsewhere\"");
}

TEST(Facts, the_time_of_the_call_is_for_files_without_one) {
  Facts facts;
  facts.timestamp = Timestamp::from_seconds(60);
  Draft draft = sample_draft();
  EXPECT_EQ(at(to_submission(draft, facts), "timestamp"), "\"1970-01-01T00:00:00Z\"");
  draft.timestamp.reset();
  EXPECT_EQ(at(to_submission(draft, facts), "timestamp"), "\"1970-01-01T00:01:00Z\"");
}

TEST(Places, an_errors_faults_say_the_file) {
  const Error error = at_place({Code::invalid, "bad", {{"/a/1", "no number", "x"}}}, "f.json");
  EXPECT_EQ(error.message, "f.json: bad");
  EXPECT_EQ(error.faults[0].path, "f.json#/a/1");
}

}  // namespace
}  // namespace bl::formats
