#include "results/legacy_encode.h"

#include <gtest/gtest.h>

#include <limits>

namespace bl::results {
namespace {

constexpr const char* k_origin = "http://localhost";

StoredResult stored() {
  StoredResult result;
  result.id = "id1";
  result.case_id = "case1";
  result.context_id = "context1";
  result.info_id = "info1";
  result.hardware_id = "hardware1";
  result.run_id = "run/1";
  result.batch_id = "b1";
  result.run_reason = "commit";
  result.run_tags = json::Value::object({{"name", json::Value::string("commit: abc")}});
  result.timestamp = parse_rfc3339("2024-08-01T10:00:00.987654Z").value();
  result.benchmark_case.name = "sort";
  result.benchmark_case.tags = json::parse(R"({"n":"5","a":"x"})").value();
  result.context = json::parse(R"({"benchmark_language":"C++"})").value();
  result.repository = "https://github.com/org/repo";
  result.history_fingerprint = "f1";
  result.stats.unit = "s";
  result.stats.data = {json::Value::number(10.0), json::Value::number(2.5)};
  result.stats.mean = 6.25;
  result.hardware.name = "m1";
  result.hardware.cpu_core_count = 2;
  result.hardware.gpu_product_names.emplace();
  StoredCommit commit;
  commit.id = "commit1";
  commit.sha = "abc";
  commit.repository = result.repository;
  commit.timestamp = parse_rfc3339("2024-07-01T00:00:00Z").value();
  commit.fork_point_sha = "abc";
  commit.message = "faster";
  commit.author_name = "Ada";
  result.stored_commit = commit;
  return result;
}

TEST(LegacyEncode, a_result_is_one_line_with_sorted_keys) {
  EXPECT_EQ(
      encode_legacy_result(stored(), k_origin),
      R"({"batch_id":"b1","change_annotations":{},)"
      R"("commit":{"author_avatar":null,"author_login":null,"author_name":"Ada","branch":null,)"
      R"("fork_point_sha":"abc","id":"commit1","message":"faster","parent_sha":null,)"
      R"("repository":"https://github.com/org/repo","sha":"abc","timestamp":"2024-07-01T00:00:00",)"
      R"("url":"https://github.com/org/repo/commit/abc"},)"
      R"("commit_repo_url":"https://github.com/org/repo","error":null,)"
      R"("hardware":{"architecture_name":null,"cpu_core_count":2,"cpu_frequency_max_hz":null,)"
      R"("cpu_l1d_cache_bytes":null,"cpu_l1i_cache_bytes":null,"cpu_l2_cache_bytes":null,)"
      R"("cpu_l3_cache_bytes":null,"cpu_model_name":null,"cpu_thread_count":null,"gpu_count":null,)"
      R"("gpu_product_names":[],"id":"hardware1","kernel_name":null,"memory_bytes":null,)"
      R"("name":"m1","os_name":null,"os_version":null,"type":"machine"},)"
      R"("history_fingerprint":"f1","id":"id1",)"
      R"("links":{"context":"http://localhost/api/contexts/context1/",)"
      R"("info":"http://localhost/api/info/info1/","list":"http://localhost/api/benchmarks/",)"
      R"("run":"http://localhost/api/runs/run%2F1/",)"
      R"("self":"http://localhost/api/benchmarks/id1/"},)"
      R"("optional_benchmark_info":null,"run_id":"run/1","run_reason":"commit",)"
      R"("run_tags":{"name":"commit: abc"},)"
      R"("stats":{"data":[10.0,2.5],"iqr":null,"iterations":null,"max":null,"mean":6.25,)"
      R"("median":null,"min":null,"q1":null,"q3":null,"stdev":null,"time_unit":null,"times":[],)"
      R"("unit":"s"},"tags":{"a":"x","n":"5","name":"sort"},"timestamp":"2024-08-01T10:00:00Z",)"
      R"("validation":null})");
}

TEST(LegacyEncode, documents_are_sorted_at_every_level_too) {
  StoredResult result = stored();
  result.error = json::parse(R"({"z":{"b":1,"a":[{"d":1,"c":2}]},"y":null})").value();
  const std::string text = encode_legacy_result(result, k_origin);
  EXPECT_NE(text.find(R"("error":{"y":null,"z":{"a":[{"c":2,"d":1}],"b":1}})"), std::string::npos)
      << text;
}

TEST(LegacyEncode, a_cluster_has_its_two_documents_and_no_commit_is_null) {
  StoredResult result = stored();
  result.stored_commit.reset();
  result.hardware = {};
  result.hardware.type = Hardware::Type::cluster;
  result.hardware.name = "c1";
  result.hardware.info = json::parse(R"({"gpu":2})").value();
  const auto answer = json::parse(encode_legacy_result(result, k_origin)).value();
  EXPECT_EQ(
      json::to_text(*answer.find("hardware")),
      R"({"id":"hardware1","info":{"gpu":2},"name":"c1","optional_info":null,"type":"cluster"})");
  EXPECT_TRUE(answer.find("commit")->is_null());
}

TEST(LegacyEncode, the_time_of_an_unknown_commit_is_null) {
  StoredResult result = stored();
  result.stored_commit->timestamp.reset();
  const auto answer = json::parse(encode_legacy_result(result, k_origin)).value();
  EXPECT_TRUE(answer.find("commit")->find("timestamp")->is_null());
}

TEST(LegacyEncode, a_page_is_indented_and_keeps_the_order_of_its_keys) {
  WholePage page;
  EXPECT_EQ(encode_legacy_results(page, k_origin),
            "{\n  \"data\": [],\n  \"metadata\": {\n    \"next_page_cursor\": null\n  }\n}");
  page.results = {stored()};
  page.may_go_on = true;
  const std::string text = encode_legacy_results(page, k_origin);
  EXPECT_TRUE(
      text.starts_with("{\n  \"data\": [\n    {\n      \"id\": \"id1\",\n"
                       "      \"run_id\": \"run/1\",\n      \"run_tags\": {\n"))
      << text;
  EXPECT_NE(text.find("\"next_page_cursor\": \"id1\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"data\": [\n          10.0,\n          2.5\n        ]"), std::string::npos)
      << text;
}

TEST(LegacyEncode, results_of_a_page_are_what_they_are_alone) {
  StoredResult clustered = stored();
  clustered.hardware_id = "hardware2";
  clustered.hardware = {};
  clustered.hardware.type = Hardware::Type::cluster;
  clustered.hardware.info = json::parse(R"({"gpu":[1,{}]})").value();
  clustered.stored_commit.reset();
  clustered.stats.mean.reset();
  WholePage page;
  page.results = {stored(), stored(), clustered, clustered, stored()};
  const auto answer = json::parse(encode_legacy_results(page, k_origin)).value();
  const json::Array& items = answer.find("data")->items();
  ASSERT_EQ(items.size(), page.results.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(items[i], json::parse(encode_legacy_result(page.results[i], k_origin)).value()) << i;
  }
}

History history_of_one() {
  History history;
  history.fingerprint = "f1";
  history.repository = "https://github.com/org/repo";
  history.hardware_hash = "m1-0-2-4-1";
  HistoryPoint point;
  point.result_id = "id1";
  point.run_id = "r1";
  point.commit_sha = "abc";
  point.commit_message = "faster";
  point.commit_timestamp = parse_rfc3339("2024-07-01T00:00:00Z").value();
  point.result_timestamp = parse_rfc3339("2024-08-01T10:00:00.5Z").value();
  point.mean = 10;
  point.summary = {10.0, "min"};
  point.unit = "s";
  point.data_json = "[10,null]";
  point.run_tags_json = R"({"name":"nightly"})";
  point.lookback.segment = 1;
  point.lookback.mean_excluding_this_commit = 10.5;
  history.points.push_back(point);
  return history;
}

TEST(LegacyEncode, a_history_item_has_the_legacy_keys_in_their_order) {
  HistoryDetails details{.case_id = "case1", .context_id = "context1"};
  details.times_jsons.emplace("id1", "[1]");
  const std::string text = encode_legacy_history(history_of_one(), details);
  const auto answer = json::parse(text).value();
  EXPECT_EQ(
      json::to_text(answer.find("data")->items().at(0)),
      R"({"benchmark_result_id":"id1","history_fingerprint":"f1","case_id":"case1",)"
      R"("context_id":"context1","mean":10.0,"data":[10.0,null],"times":[1.0],"unit":"s",)"
      R"("hardware_hash":"m1-0-2-4-1","repository":"https://github.com/org/repo",)"
      R"("commit_hash":"abc","commit_msg":"faster","commit_timestamp":"2024-07-01T00:00:00",)"
      R"("result_timestamp":"2024-08-01T10:00:00.500000","run_name":"nightly",)"
      R"("run_tags":{"name":"nightly"},"zscorestats":{"begins_distribution_change":false,)"
      R"("segment_id":1.0,"rolling_mean_excluding_this_commit":10.5,"rolling_mean":null,)"
      R"("residual":null,"rolling_stddev":0.0,"is_outlier":false},"single_value_summary":10.0,)"
      R"("single_value_summary_type":"min"})");
  EXPECT_TRUE(text.ends_with("\"metadata\": {\n    \"next_page_cursor\": null\n  }\n}")) << text;
}

TEST(LegacyEncode, what_a_point_lacks_is_said_the_legacy_way) {
  History history = history_of_one();
  history.points[0].unit = "";
  history.points[0].run_tags_json = "null";
  const auto answer = json::parse(encode_legacy_history(history, {})).value();
  const json::Value& item = answer.find("data")->items().at(0);
  EXPECT_EQ(item.find("unit")->as_string(), "undefined");
  EXPECT_TRUE(item.find("run_name")->is_null());
  EXPECT_EQ(json::to_text(*item.find("times")), "[]");
}

std::string comparison_of(const StoredResult& baseline, const StoredResult& contender,
                          verdict::Distribution distribution = {}) {
  CompareInput input;
  input.baseline = side_of(baseline, SummaryMode::best);
  input.contender = side_of(contender, SummaryMode::best);
  input.distribution = distribution;
  return encode_legacy_comparison({&baseline, &contender, compare(input, {})});
}

TEST(LegacyEncode, golden_pairwise) {
  StoredResult baseline = stored(), contender = stored();
  baseline.stats.data = {json::Value::number(10.25)};
  contender.stats.data = {json::Value::number(20.0)};
  contender.id = "id2";
  const std::string text = comparison_of(baseline, contender, {.mean = 10.125, .stddev = 0.0719});
  EXPECT_TRUE(text.starts_with(
      R"({"analysis":{"lookback_z_score":{"improvement_indicated":false,)"
      R"("regression_indicated":true,"z_score":-137.3,"z_threshold":5.0},)"
      R"("pairwise":{"improvement_indicated":false,"percent_change":-95.12,)"
      R"("percent_threshold":5.0,"regression_indicated":true}},)"
      R"("baseline":{"batch_id":"b1","benchmark_name":"sort","benchmark_result_id":"id1",)"
      R"("case_permutation":"a=x, n=5","error":null,"language":"C++","result":{)"))
      << text;
  const auto answer = json::parse(text).value();
  EXPECT_EQ(answer.find("history_fingerprint")->as_string(), "f1");
  EXPECT_EQ(answer.find("unit")->as_string(), "s");
  EXPECT_TRUE(answer.find("less_is_better")->as_bool());
  const json::Value& side = *answer.find("contender");
  EXPECT_EQ(side.find("single_value_summary")->number_text(), "20.0");
  EXPECT_EQ(side.find("tags")->find("name")->as_string(), "sort");
  const json::Value& result = *side.find("result");
  EXPECT_EQ(result.find("stats")->find("data")->items().size(), 1u);
  for (const char* left_out : {"tags", "commit", "hardware", "links"}) {
    EXPECT_EQ(result.find(left_out), nullptr) << left_out;
  }
}

TEST(LegacyEncode, numbers_of_a_comparison_have_four_significant_digits) {
  const std::pair<double, const char*> golden[] = {
      {12.34567, "12.35"}, {123456, "123500.0"}, {0.00012345, "0.0001234"}};
  for (const auto& [value, text] : golden) {
    StoredResult result = stored();
    result.stats.data = {json::Value::number(value)};
    const auto answer = json::parse(comparison_of(result, result)).value();
    EXPECT_EQ(answer.find("baseline")->find("single_value_summary")->number_text(), text);
  }
}

TEST(LegacyEncode, what_cannot_be_said_of_a_comparison_is_null) {
  StoredResult baseline = stored(), contender = stored();
  contender.history_fingerprint = "f2";
  contender.context = json::Value::object();
  contender.error = json::Value::object();
  baseline.stats.unit.reset();
  contender.stats.unit.reset();
  const auto answer = json::parse(comparison_of(baseline, contender)).value();
  for (const char* name : {"unit", "less_is_better", "history_fingerprint"}) {
    EXPECT_TRUE(answer.find(name)->is_null()) << name;
  }
  EXPECT_TRUE(answer.find("analysis")->find("pairwise")->is_null());
  EXPECT_TRUE(answer.find("analysis")->find("lookback_z_score")->is_null());
  EXPECT_TRUE(answer.find("contender")->find("single_value_summary")->is_null());
  EXPECT_EQ(answer.find("contender")->find("language")->as_string(), "unknown");
}

TEST(LegacyEncode, an_error_says_its_code_and_name) {
  EXPECT_EQ(encode_legacy_error(404, {Code::not_found, "no such path: /api/x/"}),
            R"({"code":404,"description":"no such path: /api/x/","name":"Not Found"})");
  EXPECT_EQ(encode_legacy_error(400, {Code::invalid, "invalid unit string `kg`"}),
            R"({"description":"invalid unit string `kg`"})");
}

TEST(LegacyEncode, faults_are_nested_by_their_places) {
  const Error error(Code::invalid, "",
                    {{"/stats/data/3", "a", ""},
                     {"/stats/data/3", "b", ""},
                     {"/stats", "of all", ""},
                     {"", "of the document", ""},
                     {"/x", "own", ""},
                     {"/x/y", "below", ""},
                     {"/a~1b", "slash", ""}});
  const auto answer = json::parse(encode_legacy_error(400, error)).value();
  EXPECT_EQ(json::to_text(*answer.find("description")),
            R"({"_schema":["of the document"],"a/b":["slash"],)"
            R"("stats":{"_schema":["of all"],"data":{"3":["a","b"]}},)"
            R"("x":{"_schema":["own"],"y":["below"]}})");
}

TEST(LegacyEncode, a_place_deep_in_a_document_does_not_nest_the_answer_as_deep) {
  const Error error(Code::invalid, "", {{"/context/1/2/3/4/5/6/7/8/9", "deep", ""}});
  const auto answer = json::parse(encode_legacy_error(400, error)).value();
  EXPECT_EQ(json::to_text(*answer.find("description")),
            R"({"context":{"1":{"2":{"3":{"4":{"5":{"6":{"7/8/9":["deep"]}}}}}}}})");
}

}  // namespace
}  // namespace bl::results
