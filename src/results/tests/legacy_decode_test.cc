#include "results/legacy/decode.h"

#include <gtest/gtest.h>

#include "results/legacy_encode.h"
#include "results/tests/legacy_documents.h"

namespace bl::results {
namespace {

using testing::legacy_body;

BenchmarkResult accepted(const std::string& body) {
  auto submission = decode_legacy_submission(body);
  EXPECT_TRUE(submission.ok()) << body << "\n"
                               << (submission.ok() ? "" : submission.error().message);
  return submission.ok() ? submission->result : BenchmarkResult();
}

/// The description of the refusal, as JSON; whether it is a business one is said before it.
std::string refusal(const std::string& body) {
  const auto submission = decode_legacy_submission(body);
  if (submission.ok()) return "accepted";
  const Error& error = submission.error();
  if (error.code != Code::invalid) return name_of(error.code);
  const auto answer = json::parse(encode_legacy_error(400, error)).value();
  const std::string description = json::to_text(*answer.find("description"));
  if (answer.find("code") == nullptr) return std::string("business ").append(description);
  EXPECT_EQ(answer.find("code")->as_int64(), 400);
  EXPECT_EQ(answer.find("name")->as_string(), "Bad Request");
  return description;
}

struct Row {
  const char* place;
  const char* json;  ///< "" takes the member away
  const char* description;
};

void expect_rows(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    EXPECT_EQ(refusal(legacy_body(row.place, row.json)), row.description)
        << row.place << " = " << row.json;
  }
}

TEST(LegacyDecode, the_smallest_submission) {
  const BenchmarkResult result = accepted(legacy_body());
  EXPECT_EQ(result.run_id, "r1");
  EXPECT_EQ(result.batch_id, "b1");
  EXPECT_EQ(to_rfc3339(result.timestamp), "2024-08-01T10:00:00.987654Z");
  EXPECT_EQ(result.hardware.hash(), "m1-0-2-4-17179869184");
  EXPECT_EQ(result.stats.mean, 2.1666666666666665);
  EXPECT_EQ(result.stats.stdev, 0.7637626158259733);
  EXPECT_EQ(result.stats.q1, 1.75);
  EXPECT_EQ(result.stats.iqr, 0.75);
  EXPECT_FALSE(result.failed());
  EXPECT_FALSE(result.run_reason);
}

// Spec 2.9, row by row.

TEST(LegacyDecode, an_absent_required_field_is_named) {
  constexpr const char* k_missing = "Missing data for required field.";
  for (const std::string place : {"run_id", "batch_id", "context", "github", "tags", "timestamp"}) {
    EXPECT_EQ(refusal(legacy_body(place)),
              std::string("{\"").append(place).append("\":[\"").append(k_missing).append("\"]}"));
  }
  expect_rows({
      {"stats/data", "", R"({"stats":{"data":["Missing data for required field."]}})"},
      {"stats/unit", "", R"({"stats":{"unit":["Missing data for required field."]}})"},
      {"machine_info/gpu_count", "",
       R"({"machine_info":{"gpu_count":["Missing data for required field."]}})"},
      {"github/repository", "",
       R"({"github":{"repository":["Missing data for required field."]}})"},
  });
  json::Value cluster = testing::legacy_submission();
  testing::change(cluster, "machine_info", "");
  testing::change(cluster, "cluster_info", R"({"name": "c"})");
  EXPECT_EQ(refusal(json::to_text(cluster)),
            R"({"cluster_info":{"info":["Missing data for required field."],)"
            R"("optional_info":["Missing data for required field."]}})");
}

TEST(LegacyDecode, every_field_of_a_machine_is_required) {
  const json::Value document = testing::legacy_submission();
  const json::Object& machine = document.find("machine_info")->members();
  EXPECT_EQ(machine.size(), 16u);
  for (const auto& [name, value] : machine) {
    const std::string description = refusal(legacy_body(std::string("machine_info/").append(name)));
    EXPECT_NE(description.find("Missing data for required field."), std::string::npos) << name;
  }
}

TEST(LegacyDecode, null_is_refused_where_the_legacy_server_refuses_it) {
  for (const std::string name : {"run_id", "batch_id", "timestamp", "tags", "context", "github",
                                 "machine_info", "stats", "error", "info", "run_tags"}) {
    EXPECT_EQ(refusal(legacy_body(name, "null")),
              std::string("{\"").append(name).append("\":[\"Field may not be null.\"]}"));
  }
  expect_rows({
      {"stats/times", "null", R"({"stats":{"times":["Field may not be null."]}})"},
      {"stats/mean", "null", R"({"stats":{"mean":["Field may not be null."]}})"},
      {"github/commit", "null", R"({"github":{"commit":["Field may not be null."]}})"},
      {"machine_info/name", "null", R"({"machine_info":{"name":["Field may not be null."]}})"},
  });
}

TEST(LegacyDecode, null_is_taken_where_real_clients_send_it) {
  for (const char* name : {"run_reason", "run_name", "optional_benchmark_info", "validation",
                           "change_annotations", "github/pr_number", "github/branch"}) {
    EXPECT_EQ(refusal(legacy_body(name, "null")), "accepted") << name;
  }
}

TEST(LegacyDecode, a_blank_text_of_the_top_level_is_null) {
  EXPECT_EQ(refusal(legacy_body("run_id", R"("  ")")), R"({"run_id":["Field may not be null."]})");
  EXPECT_EQ(refusal(legacy_body("timestamp", R"("")")),
            R"({"timestamp":["Field may not be null."]})");
  EXPECT_FALSE(accepted(legacy_body("run_reason", R"(" ")")).run_reason);
  EXPECT_EQ(accepted(legacy_body("run_id", R"(" r ")")).run_id, " r ") << "blanks around stay";
}

TEST(LegacyDecode, a_wrong_type_is_named) {
  expect_rows({
      {"run_id", "7", R"({"run_id":["Not a valid string."]})"},
      {"run_reason", "[]", R"({"run_reason":["Not a valid string."]})"},
      {"machine_info/os_name", "7", R"({"machine_info":{"os_name":["Not a valid string."]}})"},
      {"machine_info/gpu_product_names", "[1]",
       R"({"machine_info":{"gpu_product_names":{"0":["Not a valid string."]}}})"},
      {"machine_info/gpu_product_names", R"("x")",
       R"({"machine_info":{"gpu_product_names":["Not a valid list."]}})"},
      {"machine_info/gpu_count", R"("many")",
       R"({"machine_info":{"gpu_count":["Not a valid integer."]}})"},
      {"machine_info/gpu_count", "true",
       R"({"machine_info":{"gpu_count":["Not a valid integer."]}})"},
      {"machine_info/gpu_count", R"("3.7")",
       R"({"machine_info":{"gpu_count":["Not a valid integer."]}})"},
      {"github/pr_number", R"("x")", R"({"github":{"pr_number":["Not a valid integer."]}})"},
      {"stats/mean", R"("fast")", R"({"stats":{"mean":["Not a valid number."]}})"},
      {"stats/mean", "true", R"({"stats":{"mean":["Not a valid number."]}})"},
      {"stats/data", "7", R"({"stats":{"data":["Not a valid list."]}})"},
      {"tags", "[]", R"({"tags":["Not a valid mapping type."]})"},
      {"error", R"("boom")", R"({"error":["Not a valid mapping type."]})"},
      {"stats", "7", R"({"stats":{"_schema":["Invalid input type."]}})"},
  });
}

TEST(LegacyDecode, only_date_times_are_times) {
  for (const char* time :
       {"\"2024-08-01\"", "\"1722513600\"", "1722513600", "\"yesterday\"", "[]"}) {
    EXPECT_EQ(refusal(legacy_body("timestamp", time)), R"({"timestamp":["Not a valid datetime."]})")
        << time;
  }
  const auto stored = [](const char* time) {
    return to_rfc3339(accepted(legacy_body("timestamp", time)).timestamp);
  };
  EXPECT_EQ(stored("\"2024-08-01T12:00:00Z\""), "2024-08-01T12:00:00Z");
  EXPECT_EQ(stored("\"2024-08-01 12:00:00\""), "2024-08-01T12:00:00Z") << "naive: UTC";
  EXPECT_EQ(stored("\"2024-08-01T12:00:00.5+02:00\""), "2024-08-01T10:00:00.500000Z");
}

TEST(LegacyDecode, a_bad_sample_is_named_by_its_index) {
  constexpr const char* k_special =
      R"({"stats":{"data":{"1":["Special numeric values (nan or infinity) are not permitted."]}}})";
  expect_rows({
      {"stats/data", R"(["x"])", R"({"stats":{"data":{"0":["Not a valid number."]}}})"},
      {"stats/data", "[true]", R"({"stats":{"data":{"0":["Not a valid number."]}}})"},
      {"stats/data", "[{}]", R"({"stats":{"data":{"0":["Not a valid number."]}}})"},
      {"stats/data", R"([1, "NaN"])", k_special},
      {"stats/data", R"([1, "-Infinity"])", k_special},
      {"stats/data", R"([1, " inf "])", k_special},
      {"stats/data", R"([1, "1e400"])", k_special},
      {"stats/times", R"(["x", 1, []])",
       R"({"stats":{"times":{"0":["Not a valid number."],"2":["Not a valid number."]}}})"},
  });
}

TEST(LegacyDecode, special_numbers_as_python_writes_them_are_named_too) {
  const auto with_data = [](const std::string& data) {
    std::string body = legacy_body("stats/data", "[\"DATA\"]");
    return body.replace(body.find("\"DATA\""), 6, data);
  };
  for (const char* number : {"NaN", "Infinity", "-Infinity"}) {
    EXPECT_EQ(
        refusal(with_data(number)),
        R"({"stats":{"data":{"0":["Special numeric values (nan or infinity) are not permitted)"
        R"(."]}}})")
        << number;
  }
  EXPECT_EQ(refusal(with_data("nan")), "malformed");
  std::string body = legacy_body("context", R"({"x": "HERE"})");
  EXPECT_EQ(refusal(body.replace(body.find("\"HERE\""), 6, "NaN")), "malformed")
      << "no field says what may stand there, but JSON does";
}

TEST(LegacyDecode, unknown_keys_are_named_at_every_level) {
  expect_rows({
      {"surprise", "1", R"({"surprise":["Unknown field."]})"},
      {"submission_key", R"("k")", R"({"submission_key":["Unknown field."]})"},
      {"github/commit_info", "{}", R"({"github":{"commit_info":["Unknown field."]}})"},
      {"stats/p99", "1", R"({"stats":{"p99":["Unknown field."]}})"},
  });
}

TEST(LegacyDecode, hardware_is_one_of_two) {
  EXPECT_EQ(refusal(legacy_body("machine_info")),
            R"({"_schema":["Either machine_info or cluster_info field is required"]})");
  EXPECT_EQ(
      refusal(legacy_body("cluster_info", R"({"name":"c","info":{},"optional_info":{}})")),
      R"({"_schema":["machine_info and cluster_info fields can not be used at the same time"]})");
}

TEST(LegacyDecode, there_are_stats_or_an_error) {
  EXPECT_EQ(refusal(legacy_body("stats")),
            R"({"_schema":["Either stats or error field is required"]})");
  json::Value errored = testing::legacy_submission();
  testing::change(errored, "stats", "");
  testing::change(errored, "error", "{}");
  EXPECT_TRUE(accepted(json::to_text(errored)).failed()) << "an empty object is an error";
}

TEST(LegacyDecode, run_tags_are_texts) {
  expect_rows({
      {"run_tags", R"({"": "x"})", R"({"_schema":["run_tags keys must be non-empty strings"]})"},
      {"run_tags", R"({"a": 1})", R"({"_schema":["run_tags values must be strings"]})"},
      {"run_tags", R"({"a": null})", R"({"_schema":["run_tags values must be strings"]})"},
  });
}

TEST(LegacyDecode, what_concerns_a_commit) {
  constexpr const char* k_not_a_url =
      R"({"github":{"_schema":["'repository' must be a URL, starting with )"
      R"('https://github.com', got `X`"]}})";
  const auto not_a_url = [&](std::string got) {
    std::string text = k_not_a_url;
    return text.replace(text.find('X'), 1, got);
  };
  EXPECT_EQ(refusal(legacy_body("github/repository", R"("org/repo")")), not_a_url("org/repo"));
  EXPECT_EQ(refusal(legacy_body("github/repository", R"("")")), not_a_url(""));
  EXPECT_EQ(refusal(legacy_body("github/repository", R"("http://github.com/a/b")")),
            not_a_url("http://github.com/a/b"));
  EXPECT_EQ(refusal(legacy_body("github/commit", R"("")")),
            R"({"github":{"_schema":["'commit' must be a non-empty string"]}})");
}

TEST(LegacyDecode, repositories_are_normalised_and_need_not_be_on_github) {
  const auto stored = [](const char* repository) {
    return accepted(legacy_body("github/repository", repository)).repository;
  };
  EXPECT_EQ(stored(R"("git@github.com:org/repo")"), "https://github.com/org/repo");
  EXPECT_EQ(stored(R"("https://github.com/org/repo//")"), "https://github.com/org/repo");
  EXPECT_EQ(stored(R"("https://gitlab.example.org/a/b")"), "https://gitlab.example.org/a/b");
}

TEST(LegacyDecode, business_rules_have_only_a_text) {
  constexpr const char* k_no_name = R"~(business "`name` property must be present in `tags` )~"
                                    R"~((the name of the conceptual benchmark)")~";
  constexpr const char* k_bad_tag =
      R"(business "tags: bad value type for key `{key}`, JSON object and array is not allowed`")";
  expect_rows({
      {"stats/unit", R"("kg")",
       R"(business "invalid unit string `kg`, pick one of: B, B/s, s, ns, i/s")"},
      {"tags", "{}", k_no_name},
      {"tags", R"({"name": ""})", k_no_name},
      {"tags", R"({"name": null})", k_no_name},
      {"tags", R"({"name": "n", "": "x"})",
       R"(business "tags: zero-length string as key is not allowed")"},
      {"tags", R"({"name": "n", "a": []})", k_bad_tag},
      {"tags", R"({"name": "n", "a": {}})", k_bad_tag},
      {"tags", R"({"name": []})", k_bad_tag},
  });
}

TEST(LegacyDecode, all_field_errors_are_reported_together_and_cross_field_ones_only_without_them) {
  json::Value document = testing::legacy_submission();
  testing::change(document, "run_id", "7");
  testing::change(document, "machine_info", "");
  testing::change(document, "github/repository", R"("nowhere")");
  testing::change(document, "github/commit", "1");
  testing::change(document, "tags", "{}");
  testing::change(document, "stats/unit", R"("kg")");
  EXPECT_EQ(refusal(json::to_text(document)),
            R"({"github":{"commit":["Not a valid string."]},"run_id":["Not a valid string."]})");
  testing::change(document, "run_id", R"("r")");
  testing::change(document, "github/commit", R"("c")");
  EXPECT_EQ(refusal(json::to_text(document)),
            R"({"github":{"_schema":["'repository' must be a URL, starting with )"
            R"('https://github.com', got `nowhere`"]}})");
  testing::change(document, "github/repository", R"("https://github.com/o/r")");
  testing::change(document, "run_tags", R"({"a":1})");
  EXPECT_EQ(refusal(json::to_text(document)),
            R"({"_schema":["Either machine_info or cluster_info field is required",)"
            R"("run_tags values must be strings"]})");
}

TEST(LegacyDecode, numbers_may_be_texts_everywhere) {
  json::Value document = testing::legacy_submission();
  testing::change(document, "stats/data", R"([" 1.50 ", "+2", ".5", "3.", "1E1", "007"])");
  testing::change(document, "stats/times", R"(["0.1", null])");
  testing::change(document, "stats/iterations", R"("3")");
  testing::change(document, "stats/mean", R"("0.036369")");
  testing::change(document, "machine_info/gpu_count", "3.7");
  testing::change(document, "github/pr_number", R"("12")");
  const BenchmarkResult result = accepted(json::to_text(document));
  EXPECT_EQ(json::to_text(json::Value::array(result.stats.data)), "[1.5,2,0.5,3,10,7]");
  EXPECT_EQ(json::to_text(json::Value::array(result.stats.times)), "[0.1,null]");
  EXPECT_EQ(result.stats.iterations, 3);
  EXPECT_EQ(result.hardware.gpu_count, 3);
  EXPECT_NE(result.stats.mean, 0.036369) << "computed again";
}

TEST(LegacyDecode, an_errored_result_keeps_what_it_was_given) {
  json::Value document = testing::legacy_submission();
  testing::change(document, "error", R"({"stack_trace": "..."})");
  testing::change(document, "stats", R"({"data": ["1.50"], "unit": "kg", "mean": "7.25"})");
  const BenchmarkResult result = accepted(json::to_text(document));
  EXPECT_EQ(result.stats.unit, "kg");
  EXPECT_EQ(result.stats.mean, 7.25);
  EXPECT_FALSE(result.stats.min);
  EXPECT_EQ(json::to_text(json::Value::array(result.stats.data)), "[1.50]");
}

TEST(LegacyDecode, a_null_sample_makes_a_partial_result) {
  const BenchmarkResult result = accepted(legacy_body("stats/data", "[1, null]"));
  EXPECT_EQ(json::to_text(result.error),
            R"({"status":"Partial result: not all iterations completed"})");
}

TEST(LegacyDecode, the_limits_of_the_house_are_bad_requests_with_a_place) {
  expect_rows({
      {"run_id", R"("a\u0000b")", R"({"run_id":["must not contain U+0000"]})"},
      {"machine_info/gpu_count", "-1",
       R"({"machine_info":{"gpu_count":["not between 0 and 2147483647"]}})"},
      {"change_annotations", R"({"begins_distribution_change": 1})",
       R"({"change_annotations":{"begins_distribution_change":["not a boolean"]}})"},
  });
  std::string twice = legacy_body();
  twice.insert(1, R"("run_id":"r0",)");
  EXPECT_EQ(refusal(twice), R"({"run_id":["duplicate key"]})");
}

TEST(LegacyDecode, what_is_no_object_is_a_bad_request) {
  for (const char* body : {"[]", "7", "null", "\"text\""}) {
    EXPECT_EQ(refusal(body), R"({"_schema":["Invalid input type."]})") << body;
  }
  for (const char* body : {"", "{", "nonsense", "{} x"}) EXPECT_EQ(refusal(body), "malformed");
}

TEST(LegacyDecode, places_are_read_from_pointers) {
  using Place = std::vector<std::string>;
  EXPECT_EQ(legacy_place(""), Place{});
  EXPECT_EQ(legacy_place("/"), Place{""});
  EXPECT_EQ(legacy_place("/a~1b/~01/3"), (Place{"a/b", "~1", "3"}));
}

TEST(LegacyDecode, more_faults_than_are_kept_are_still_faults) {
  std::string items;
  for (int i = 0; i < 500; ++i) items.append(i == 0 ? "" : ",").append("\"x\"");
  json::Value document = testing::legacy_submission();
  // The faults of the first list fill the answer; the commit is looked at afterwards.
  testing::change(document, "github", "");
  testing::change(document, "stats/data", std::string("[").append(items).append("]"));
  testing::change(document, "github", R"({"repository": 7, "commit": []})");
  EXPECT_NE(refusal(json::to_text(document)).find("Not a valid number."), std::string::npos);
}

}  // namespace
}  // namespace bl::results
