#include "results/decode.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bl::results {
namespace {

json::Value parsed(std::string_view text) {
  return json::parse(text).value();
}

/// A submission that has all that is required and nothing else.
json::Value minimal() {
  return parsed(R"({
    "run_id": "r1", "timestamp": "2024-08-01T12:00:00.987654+02:00",
    "tags": {"name": "sort"}, "context": {},
    "github": {"repository": "https://github.com/org/repo", "commit": "abc"},
    "machine_info": {"name": "m1"},
    "stats": {"data": [1.5, 2, 3], "unit": "s"}})");
}

/// `minimal()` with one member replaced at `path` (`stats/unit`), or removed when `text` is empty.
json::Value changed(std::string_view path, std::string_view text) {
  json::Value document = minimal();
  json::Value* at = &document;
  for (std::size_t slash; (slash = path.find('/')) != std::string_view::npos;) {
    at = const_cast<json::Value*>(at->find(path.substr(0, slash)));
    path.remove_prefix(slash + 1);
  }
  if (text.empty()) {
    std::erase_if(at->members(), [&](const json::Member& m) { return m.first == path; });
  } else {
    at->set(std::string(path), parsed(text));
  }
  return document;
}

BenchmarkResult accepted(const json::Value& document) {
  auto submission = decode_submission(document);
  EXPECT_TRUE(submission.ok()) << (submission.ok() ? "" : submission.error().message);
  return submission.ok() ? submission->result : BenchmarkResult();
}

std::vector<std::string> fault_paths(const json::Value& document) {
  const auto submission = decode_submission(document);
  if (submission.ok()) return {"(accepted)"};
  EXPECT_EQ(submission.error().code, Code::invalid);
  std::vector<std::string> paths;
  for (const Fault& fault : submission.error().faults) paths.push_back(fault.path);
  return paths;
}

using Paths = std::vector<std::string>;

TEST(Decode, the_smallest_submission) {
  const BenchmarkResult result = accepted(minimal());
  EXPECT_EQ(result.run_id, "r1");
  EXPECT_EQ(to_rfc3339_seconds(result.timestamp), "2024-08-01T10:00:00Z");
  EXPECT_EQ(result.timestamp.micros % 1'000'000, 987654);
  EXPECT_EQ(result.benchmark_case.name, "sort");
  EXPECT_TRUE(result.benchmark_case.tags.members().empty());
  EXPECT_EQ(result.repository, "https://github.com/org/repo");
  EXPECT_EQ(result.commit.sha, "abc");
  EXPECT_EQ(result.commit.repository, result.repository);
  EXPECT_FALSE(result.commit.timestamp);
  EXPECT_EQ(result.stats.mean, 2.1666666666666665);
  EXPECT_EQ(result.stats.min, 1.5);
  EXPECT_FALSE(result.failed());
  EXPECT_TRUE(result.validation.is_null());
  EXPECT_TRUE(result.optional_benchmark_info.is_null());
  EXPECT_EQ(json::to_text(result.info), "{}");
  EXPECT_EQ(json::to_text(result.change_annotations), "{}");
}

TEST(Decode, what_is_no_json_is_malformed_and_what_is_no_object_invalid) {
  EXPECT_EQ(decode_submission(std::string_view("{")).error().code, Code::malformed);
  EXPECT_EQ(decode_submission(std::string_view("[]")).error().code, Code::invalid);
  EXPECT_EQ(fault_paths(parsed("7")), Paths{""});
}

TEST(Decode, every_fault_in_one_answer) {
  const auto paths = fault_paths(parsed(R"({
    "run_id": 7, "timestamp": "yesterday", "tags": {"a": [1], "": "x"}, "context": [],
    "github": {"repository": "org/repo", "pr_number": "x", "extra": 1},
    "machine_info": {"name": "", "cpu_core_count": true, "gpu_product_names": [1]},
    "stats": {"data": [1, "NaN", true], "unit": "kg", "iterations": "many", "avg": 1},
    "run_tags": {"a": 1}, "submission_key": 1, "wrong": 0})"));
  for (const char* path : {"/run_id",
                           "/timestamp",
                           "/tags/a",
                           "/tags/",
                           "/tags/name",
                           "/context",
                           "/github/repository",
                           "/github/pr_number",
                           "/github/extra",
                           "/machine_info/name",
                           "/machine_info/cpu_core_count",
                           "/machine_info/gpu_product_names/0",
                           "/stats/data/1",
                           "/stats/data/2",
                           "/stats/unit",
                           "/stats/iterations",
                           "/stats/avg",
                           "/run_tags/a",
                           "/submission_key",
                           "/wrong"}) {
    EXPECT_TRUE(std::count(paths.begin(), paths.end(), path)) << path;
  }
  EXPECT_EQ(paths.size(), 20u);
}

TEST(Decode, required_members) {
  for (const char* name : {"run_id", "timestamp", "tags", "context", "github"}) {
    EXPECT_EQ(fault_paths(changed(name, "")), Paths{std::string("/") + name});
    EXPECT_EQ(fault_paths(changed(name, "null")), Paths{std::string("/") + name});
  }
  EXPECT_EQ(fault_paths(changed("stats", "")), Paths{"/stats"});
  EXPECT_EQ(fault_paths(changed("machine_info", "")), Paths{"/machine_info"});
  EXPECT_EQ(fault_paths(changed("stats/data", "")), Paths{"/stats/data"});
  EXPECT_EQ(fault_paths(changed("stats/unit", "")), Paths{"/stats/unit"});
  EXPECT_EQ(fault_paths(changed("github/repository", "")), Paths{"/github/repository"});
  EXPECT_EQ(fault_paths(changed("machine_info/name", "")), Paths{"/machine_info/name"});
}

TEST(Decode, null_is_absent_for_everything_optional) {
  for (const char* name : {"batch_id",
                           "run_reason",
                           "run_name",
                           "run_tags",
                           "info",
                           "optional_benchmark_info",
                           "validation",
                           "change_annotations",
                           "submission_key",
                           "error",
                           "cluster_info",
                           "github/commit",
                           "github/branch",
                           "github/pr_number",
                           "github/commit_info",
                           "stats/times",
                           "stats/time_unit",
                           "stats/iterations",
                           "stats/min",
                           "machine_info/os_name",
                           "machine_info/gpu_count",
                           "machine_info/gpu_product_names"}) {
    EXPECT_TRUE(decode_submission(changed(name, "null")).ok()) << name;
  }
}

TEST(Decode, a_blank_text_at_the_top_is_null) {
  EXPECT_FALSE(accepted(changed("run_reason", R"("  ")")).run_reason);
  EXPECT_FALSE(accepted(changed("batch_id", R"("")")).batch_id);
  EXPECT_EQ(fault_paths(changed("run_id", R"(" \t")")), Paths{"/run_id"});
  EXPECT_EQ(accepted(changed("run_id", R"(" x ")")).run_id, " x ");
}

TEST(Decode, unknown_members_are_faults_at_every_level_of_the_schema) {
  EXPECT_EQ(fault_paths(changed("x", "1")), Paths{"/x"});
  EXPECT_EQ(fault_paths(changed("stats/x", "1")), Paths{"/stats/x"});
  EXPECT_EQ(fault_paths(changed("github/x", "1")), Paths{"/github/x"});
  EXPECT_EQ(fault_paths(changed("machine_info/x", "1")), Paths{"/machine_info/x"});
  EXPECT_EQ(accepted(changed("context/x", "1")).context, parsed(R"({"x":1})"));
}

TEST(Decode, only_offset_date_times_are_timestamps) {
  EXPECT_TRUE(decode_submission(changed("timestamp", R"("2024-08-01T12:00:00Z")")).ok());
  for (const char* text :
       {R"("2024-08-01")", "1700000000", R"("2024-08-01T12:00:00")", R"("now")"}) {
    EXPECT_EQ(fault_paths(changed("timestamp", text)), Paths{"/timestamp"}) << text;
  }
}

TEST(Decode, tag_values_become_texts_the_python_way) {
  const BenchmarkResult result = accepted(changed(
      "tags", R"({"z":2.0,"name":"n","a":true,"none":null,"empty":"","i":1,"tiny":1e-05})"));
  EXPECT_EQ(json::to_text(result.benchmark_case.tags),
            R"({"a":"True","i":"1","tiny":"1e-05","z":"2.0"})");
}

TEST(Decode, a_benchmark_has_a_name) {
  for (const char* tags : {R"({})", R"({"name":null})", R"({"name":""})", R"({"name":[]})"}) {
    EXPECT_EQ(fault_paths(changed("tags", tags)), Paths{"/tags/name"}) << tags;
  }
  EXPECT_EQ(accepted(changed("tags", R"({"name":7})")).benchmark_case.name, "7");
}

TEST(Decode, exactly_one_hardware) {
  json::Value both = minimal();
  both.set("cluster_info", parsed(R"({"name":"c","info":{}})"));
  EXPECT_EQ(fault_paths(both), Paths{"/cluster_info"});
  json::Value one = changed("machine_info", "");
  one.set("cluster_info", parsed(R"({"name":"cl","info":{"b":2,"a":[1,2]}})"));
  const BenchmarkResult result = accepted(one);
  EXPECT_EQ(result.hardware.hash(), "cl-a81c5444fbf095a1a5001299859fbe87");
  EXPECT_TRUE(result.hardware.optional_info.is_null());
}

TEST(Decode, machine_numbers_may_be_texts) {
  const BenchmarkResult result = accepted(changed("machine_info", R"({
    "name": "m1", "architecture_name": "x86_64", "kernel_name": "6.1", "os_name": "Linux",
    "os_version": "12", "cpu_model_name": "C", "cpu_l1d_cache_bytes": "32768",
    "cpu_l1i_cache_bytes": "32768", "cpu_l2_cache_bytes": "0", "cpu_l3_cache_bytes": "0",
    "cpu_core_count": "2", "cpu_thread_count": "4", "cpu_frequency_max_hz": "3500000000",
    "memory_bytes": "17179869184", "gpu_count": "0", "gpu_product_names": []})"));
  EXPECT_EQ(result.hardware.hash(), "m1-0-2-4-17179869184");
  EXPECT_EQ(result.hardware.cpu_frequency_max_hz, 3'500'000'000);
  EXPECT_EQ(result.hardware.gpu_product_names, std::vector<std::string>());
}

TEST(Decode, counts_fit_their_columns) {
  EXPECT_EQ(fault_paths(changed("machine_info/gpu_count", "2147483648")),
            Paths{"/machine_info/gpu_count"});
  EXPECT_EQ(fault_paths(changed("machine_info/gpu_count", "-1")), Paths{"/machine_info/gpu_count"});
  EXPECT_EQ(fault_paths(changed("machine_info/memory_bytes", "9223372036854775808")),
            Paths{"/machine_info/memory_bytes"});
  EXPECT_EQ(fault_paths(changed("stats/iterations", "1e300")), Paths{"/stats/iterations"});
  EXPECT_EQ(accepted(changed("stats/iterations", "3.7")).stats.iterations, 3);
  EXPECT_EQ(accepted(changed("stats/iterations", R"("3")")).stats.iterations, 3);
}

TEST(Decode, texts_of_numbers_are_numbers) {
  const Stats stats = accepted(changed("stats", R"({"data":["2.500000","+3","1e0"],"unit":"s",
      "times":["1.50", null, 2.0],"min":"9","mean":0})"))
                          .stats;
  EXPECT_EQ(json::to_text(json::Value::array(stats.data)), "[2.5,3,1]");
  EXPECT_EQ(json::to_text(json::Value::array(stats.times)), "[1.50,null,2.0]");
  EXPECT_EQ(stats.min, 1) << "recomputed";
}

TEST(Decode, texts_of_numbers_are_those_that_the_legacy_dialect_takes) {
  const Stats stats =
      accepted(changed("stats", R"({"data":[".5","5.","-.25","+007","1E-400"],"unit":"s"})")).stats;
  EXPECT_EQ(json::to_text(json::Value::array(stats.data)), "[0.5,5,-0.25,7,0]");
  for (const char* bad : {R"(".")", R"("1e")", R"("1e-9999999")", R"("1_000")", R"("5 ")"}) {
    EXPECT_EQ(fault_paths(changed("stats/data", "[" + std::string(bad) + "]")),
              Paths{"/stats/data/0"})
        << bad;
  }
}

TEST(Decode, booleans_nan_and_numbers_out_of_range_are_no_samples) {
  for (const char* bad :
       {"true", R"("NaN")", R"("inf")", R"("1e400")", R"("")", R"(" 1")", "{}", R"("0x10")"}) {
    EXPECT_EQ(fault_paths(changed("stats/data", "[1," + std::string(bad) + "]")),
              Paths{"/stats/data/1"})
        << bad;
  }
  EXPECT_EQ(fault_paths(changed("stats/data", "3")), Paths{"/stats/data"});
  EXPECT_EQ(fault_paths(changed("stats/min", "true")), Paths{"/stats/min"});
}

TEST(Decode, old_spelling_of_bytes_per_second_is_rewritten_on_success_only) {
  EXPECT_EQ(accepted(changed("stats/unit", R"("b/s")")).stats.unit, "B/s");
  json::Value errored = changed("stats/unit", R"("b/s")");
  errored.set("error", json::Value::object());
  EXPECT_EQ(accepted(errored).stats.unit, "b/s");
}

TEST(Decode, an_error_keeps_stats_as_given) {
  json::Value document =
      changed("stats", R"({"data":[1.50,"2.250",null],"unit":"kg","mean":4,"min":"0.10"})");
  document.set("error", parsed(R"({"stack_trace":"boom"})"));
  const BenchmarkResult result = accepted(document);
  EXPECT_TRUE(result.failed());
  EXPECT_EQ(json::to_text(json::Value::array(result.stats.data)), "[1.50,2.250,null]");
  EXPECT_EQ(result.stats.unit, "kg");
  EXPECT_EQ(result.stats.mean, 4);
  EXPECT_EQ(result.stats.min, 0.1);
  EXPECT_FALSE(result.stats.max);
}

TEST(Decode, an_empty_error_is_an_error_and_needs_no_stats) {
  json::Value document = changed("stats", "");
  document.set("error", json::Value::object());
  const BenchmarkResult result = accepted(document);
  EXPECT_TRUE(result.error.is_object());
  EXPECT_TRUE(result.failed());
  EXPECT_TRUE(result.stats.data.empty());
}

TEST(Decode, missing_samples_make_a_partial_result) {
  for (const char* data : {"[]", "[1,null]"}) {
    const BenchmarkResult result = accepted(changed("stats/data", data));
    EXPECT_EQ(json::to_text(result.error),
              R"({"status":"Partial result: not all iterations completed"})");
    EXPECT_FALSE(result.stats.mean);
  }
  json::Value any_unit = changed("stats", R"({"data":[null]})");
  EXPECT_FALSE(accepted(any_unit).stats.unit);
}

TEST(Decode, a_unit_nobody_knows_is_named) {
  const auto submission = decode_submission(changed("stats/unit", R"("kg")"));
  ASSERT_FALSE(submission.ok());
  EXPECT_EQ(submission.error().faults[0].message, "not one of B, B/s, s, ns, i/s");
  EXPECT_EQ(submission.error().faults[0].value, "kg");
}

TEST(Decode, run_name_becomes_a_run_tag_unless_there_is_one) {
  EXPECT_EQ(json::to_text(accepted(changed("run_name", R"("None: x")")).run_tags),
            R"({"name":"None: x"})");
  json::Value both = changed("run_name", R"("a")");
  both.set("run_tags", parsed(R"({"name":"b"})"));
  EXPECT_EQ(json::to_text(accepted(both).run_tags), R"({"name":"b"})");
}

TEST(Decode, null_annotations_are_dropped) {
  EXPECT_EQ(json::to_text(accepted(changed("change_annotations",
                                           R"({"a":null,"begins_distribution_change":true})"))
                              .change_annotations),
            R"({"begins_distribution_change":true})");
  EXPECT_EQ(fault_paths(changed("change_annotations", R"({"begins_distribution_change":1})")),
            Paths{"/change_annotations/begins_distribution_change"});
}

TEST(DecodeCommit, none_for_null_and_empty) {
  EXPECT_EQ(accepted(changed("github/commit", R"("")")).commit.sha, "");
  EXPECT_EQ(accepted(changed("github/commit", "")).commit.sha, "");
}

TEST(DecodeCommit, what_the_client_knows_puts_it_on_the_default_branch) {
  const Commit commit = accepted(changed("github/commit_info", R"({
    "timestamp": "2024-01-02T03:04:05Z", "parent": "def", "message": "first\nsecond",
    "author_name": "A", "author_login": "a", "author_avatar": ""})"))
                            .commit;
  EXPECT_TRUE(commit.on_default_branch());
  EXPECT_EQ(to_rfc3339(*commit.timestamp), "2024-01-02T03:04:05Z");
  EXPECT_EQ(commit.parent, "def");
  EXPECT_EQ(commit.message, "first");
  EXPECT_EQ(commit.author_login, "a");
  EXPECT_FALSE(commit.author_avatar);
}

TEST(DecodeCommit, a_branch_a_pull_request_or_a_fork_point_says_otherwise) {
  const char* time = R"("commit_info":{"timestamp":"2024-01-02T03:04:05Z")";
  for (const std::string& github : {std::string(R"("branch":"me:topic",)") + time + "}",
                                    std::string(R"("pr_number":12,)") + time + "}",
                                    std::string(R"("pr_number":"12",)") + time + "}",
                                    time + std::string(R"(,"fork_point_sha":"base"})"),
                                    time + std::string(R"(,"branch":"me:topic"})")}) {
    const auto document = changed(
        "github", R"({"repository":"https://github.com/o/r","commit":"abc",)" + github + "}");
    EXPECT_FALSE(accepted(document).commit.on_default_branch()) << github;
  }
  const char* none = R"({"repository":"https://github.com/o/r","commit":"abc","pr_number":"",
      "branch":"","commit_info":{"timestamp":"2024-01-02T03:04:05Z"}})";
  EXPECT_TRUE(accepted(changed("github", none)).commit.on_default_branch());
}

TEST(DecodeCommit, info_about_no_commit_is_a_fault) {
  EXPECT_EQ(fault_paths(changed("github", R"({"repository":"https://github.com/o/r",
      "commit_info":{"message":"x"}})")),
            Paths{"/github/commit_info"});
}

TEST(DecodeCommit, messages_are_cut_between_characters) {
  std::string message;
  for (int i = 0; i < 300; ++i) message += "é";
  const Commit commit =
      accepted(changed("github/commit_info", R"({"message":")" + message + R"("})")).commit;
  EXPECT_EQ(commit.message.size(), 480u);
}

TEST(DecodeCommit, too_long_for_the_schema) {
  const std::string sha(51, 'a');
  EXPECT_EQ(fault_paths(changed("github/commit", "\"" + sha + "\"")), Paths{"/github/commit"});
  const std::string repository = "\"https://github.com/" + std::string(300, 'r') + "\"";
  EXPECT_EQ(fault_paths(changed("github/repository", repository)), Paths{"/github/repository"});
}

TEST(DecodeLimits, each_is_a_fault_with_its_path) {
  DecodeLimits limits;
  limits.samples_max = 2;
  limits.text_bytes_max = 64;
  limits.document_bytes_max = 32;
  limits.tags_max = 2;
  const auto path_of = [&](const json::Value& document) {
    const auto submission = decode_submission(document, limits);
    return submission.ok() ? "(accepted)" : submission.error().faults.front().path;
  };
  const std::string text = "\"" + std::string(65, 'x') + "\"";
  EXPECT_EQ(path_of(changed("stats/data", "[1,2,3]")), "/stats/data");
  json::Value small = changed("stats/data", "[1,2]");
  EXPECT_EQ(path_of(small), "(accepted)");
  const auto and_small = [&](const char* name, const std::string& value) {
    json::Value document = small;
    document.set(name, parsed(value));
    return document;
  };
  EXPECT_EQ(path_of(and_small("run_id", text)), "/run_id");
  EXPECT_EQ(path_of(and_small("tags", R"({"name":"n","a":1,"b":2})")), "/tags");
  EXPECT_EQ(path_of(and_small("tags", R"({"name":"n","a":)" + text + "}")), "/tags/a");
  EXPECT_EQ(path_of(and_small("info", R"({"a":)" + text + "}")), "/info");
  EXPECT_EQ(path_of(and_small("run_tags", R"({"a":"1","b":"2","c":"3"})")), "/run_tags");
}

TEST(DecodeLimits, what_an_index_holds_is_short) {
  const std::string text = "\"" + std::string(2001, 'x') + "\"";
  for (const char* name : {"run_id", "batch_id", "run_reason"}) {
    EXPECT_EQ(fault_paths(changed(name, text)), Paths{std::string("/") + name});
  }
  EXPECT_EQ(accepted(changed("run_id", "\"" + std::string(2000, 'x') + "\"")).run_id.size(), 2000u);
  const std::string name = "\"" + std::string(901, 'x') + "\"";
  EXPECT_EQ(fault_paths(changed("machine_info/name", name)), Paths{"/machine_info/name"});
}

TEST(DecodeLimits, a_number_has_at_most_a_thousand_characters_wherever_it_stands) {
  const std::string longest = "0." + std::string(998, '3');
  EXPECT_EQ(fault_paths(changed("info", R"({"n":)" + longest + "}")), Paths{"(accepted)"});
  EXPECT_EQ(fault_paths(changed("info", R"({"n":[)" + longest + "3]}")), Paths{"/info/n/0"});
  EXPECT_EQ(fault_paths(changed("stats/data", "[" + longest + "3]")), Paths{"/stats/data/0"});
  EXPECT_EQ(fault_paths(changed("stats/data", "[\"" + longest + "3\"]")), Paths{"/stats/data/0"});
  EXPECT_EQ(fault_paths(changed("stats/mean", "\"" + longest + "3\"")), Paths{"/stats/mean"});
}

TEST(DecodeLimits, nul_is_refused_wherever_it_stands) {
  EXPECT_EQ(fault_paths(changed("run_id", R"("a\u0000")")), Paths{"/run_id"});
  EXPECT_EQ(fault_paths(changed("context", R"({"a":[1,"\u0000"]})")), Paths{"/context/a/1"});
  EXPECT_EQ(fault_paths(changed("info", R"({"a\u0000":1})")).size(), 1u);
}

TEST(SubmissionKey, counts_characters_not_bytes) {
  std::string key;
  for (int i = 0; i < 255; ++i) key += "é";
  EXPECT_TRUE(decode_submission(changed("submission_key", "\"" + key + "\"")).ok());
  EXPECT_EQ(fault_paths(changed("submission_key", "\"" + key + "x\"")), Paths{"/submission_key"});
  EXPECT_EQ(decode_submission(changed("submission_key", R"(" ")"))->submission_key, std::nullopt);
}

std::string payload(const json::Value& document) {
  return decode_submission(document)->payload_sha256;
}

TEST(Payload, does_not_depend_on_the_order_of_keys_or_on_the_key_itself) {
  json::Value document = minimal();
  document.set("submission_key", json::Value::string("k"));
  std::reverse(document.members().begin(), document.members().end());
  EXPECT_EQ(payload(document), payload(minimal()));
  EXPECT_EQ(payload(document).size(), 64u);
}

TEST(Payload, what_is_known_of_the_commit_makes_no_other_result) {
  const auto with = [](const char* info) {
    std::string github = R"({"repository":"https://github.com/org/repo","commit":"abc")";
    return payload(changed("github", github.append(info).append("}")));
  };
  EXPECT_EQ(with(R"(,"commit_info":{"timestamp":"2024-01-02T03:04:05Z"})"), with(""));
  EXPECT_NE(with(R"(,"branch":"org:topic")"), with(""));
}

TEST(Payload, an_absent_member_is_a_null_one) {
  EXPECT_EQ(payload(changed("run_reason", "null")), payload(minimal()));
  EXPECT_EQ(payload(changed("run_reason", R"(" ")")), payload(minimal()));
  EXPECT_EQ(payload(changed("stats/times", "null")), payload(minimal()));
}

TEST(Payload, an_empty_collection_is_not_an_absent_one) {
  for (const char* name :
       {"info", "run_tags", "optional_benchmark_info", "validation", "change_annotations"}) {
    EXPECT_NE(payload(changed(name, "{}")), payload(minimal())) << name;
  }
  EXPECT_NE(payload(changed("stats/times", "[]")), payload(minimal()));
  EXPECT_NE(payload(changed("machine_info/gpu_product_names", "[]")), payload(minimal()));
}

TEST(Payload, numbers_are_compared_as_written) {
  EXPECT_NE(payload(changed("stats/data", "[1.5,2.0,3]")), payload(minimal()));
  EXPECT_NE(payload(changed("stats/data", R"(["1.5",2,3])")), payload(minimal()));
}

TEST(Payload, nulls_inside_documents_count) {
  EXPECT_NE(payload(changed("context", R"({"a":null})")), payload(minimal()));
}

}  // namespace
}  // namespace bl::results
