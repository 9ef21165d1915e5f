#include <fmt/format.h>

#include "api/two_stores.h"

namespace bl::product {
namespace {

constexpr const char* k_submit = "/api/results";
constexpr const char* k_legacy = "/api/benchmark-results/";

/// A whole submission; `parts` replace members of the top level: {"stats", R"({...})"}.
using Parts = std::vector<std::pair<std::string, std::string>>;
std::string document(int number, const Parts& parts) {
  std::vector<std::pair<std::string, std::string>> members = {
      {"run_id", fmt::format("\"run-{}\"", number / 4)},
      {"batch_id", fmt::format("\"batch-{}\"", number / 2)},
      {"run_reason", "\"commit\""},
      {"timestamp", fmt::format("\"2024-01-{:02}T{:02}:10:00.5Z\"", 1 + number / 24, number % 24)},
      {"tags", R"({"name":"sort","size":10})"},
      {"context", R"({"benchmark_language":"C++"})"},
      {"github", fmt::format(R"({{"repository":"https://github.com/org/repo","commit":"{:040x}",)"
                             R"("commit_info":{{"timestamp":"2023-12-{:02}T12:00:00Z",)"
                             R"("message":"change {}","author_name":"Ann"}}}})",
                             1 + number, 1 + number % 28, number)},
      {"machine_info", R"({"name":"m1","cpu_core_count":2,"cpu_thread_count":"4",)"
                       R"("memory_bytes":"17179869184","gpu_count":0})"},
      {"stats", fmt::format(R"({{"data":[{}.5,10.25,"11"],"unit":"s"}})", 10 + number % 3)},
  };
  for (const auto& [name, text] : parts) {
    const auto same =
        std::find_if(members.begin(), members.end(), [&](auto& one) { return one.first == name; });
    if (same == members.end()) {
      members.emplace_back(name, text);
    } else {
      same->second = text;
    }
  }
  std::string body = "{";
  for (const auto& [name, text] : members) {
    if (text.empty()) continue;  // left out
    if (body.size() > 1) body += ',';
    body.append("\"").append(name).append("\":").append(text);
  }
  return body + "}";
}

/// What the legacy dialect wants of the same.
Parts legacy_parts(Parts more) {
  Parts parts = {
      {"github",
       R"({"repository":"https://github.com/org/legacy","commit":"abc123","pr_number":"12"})"},
      {"machine_info",
       R"({"name":"old","architecture_name":"x86_64","kernel_name":"6.1","os_name":"Linux",)"
       R"("os_version":"12","cpu_model_name":"cpu","cpu_l1d_cache_bytes":"32768",)"
       R"("cpu_l1i_cache_bytes":"32768","cpu_l2_cache_bytes":"262144",)"
       R"("cpu_l3_cache_bytes":"4194304","cpu_core_count":"2","cpu_thread_count":"4",)"
       R"("cpu_frequency_max_hz":"3500000000","memory_bytes":"17179869184","gpu_count":"2",)"
       R"("gpu_product_names":["Tesla, T4","a \"b\" {c}"]})"},
      {"stats", R"({"data":["1.5","2.50","3"],"times":["0.1","2e-3"],"unit":"s","time_unit":"s",)"
                R"("iterations":"3"})"}};
  parts.insert(parts.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  return parts;
}

std::string nested(int depth) {
  std::string open;
  std::string close;
  for (int i = 0; i < depth; ++i) {
    open += R"({"b":[1,{"a":)";
    close += "}]}";
  }
  return open + "null" + close;
}

std::string number_of(std::size_t digits) {
  return "0." + std::string(digits - 3, '0') + "7";
}

struct Shape {
  const char* name;
  Parts parts;
};

std::vector<Shape> good_shapes() {
  const std::string sha(50, 'f');
  return {
      {"plain", {}},
      {"error", {{"stats", ""}, {"error", R"({"stack_trace":"boom\n\tat x","code":1.50})"}}},
      {"error_with_stats",
       {{"error", R"({"command":"x"})"}, {"stats", R"({"data":["1.10",null],"unit":"furlong"})"}}},
      {"partial", {{"stats", R"({"data":[1.5,null,2],"unit":"s","iterations":3})"}}},
      {"no_data", {{"stats", R"({"data":[],"unit":"s"})"}}},
      {"texts_as_numbers", {{"stats", R"({"data":["1","2.50","+3e0"],"unit":"ns","mean":"2"})"}}},
      {"huge",
       {{"stats", R"({"data":[1.7976931348623157e308,1e300,12345678901234567890],"unit":"B"})"}}},
      {"tiny", {{"stats", R"({"data":[5e-324,2.2250738585072014e-308,1e-7],"unit":"s"})"}}},
      {"tiny_text", {{"stats", R"({"data":["1e-400","-0.0","1E+2"],"unit":"s","times":[1e-20]})"}}},
      {"minus_zero", {{"stats", R"({"data":[-0.0],"unit":"i/s"})"}}},
      {"many_digits",
       {{"stats", R"({"data":[0.1000000000000000055511151231257827,3],"unit":"s"})"},
        {"info", R"({"pi":3.14159265358979323846264338327950288,"e":1.50e3,"z":-0.0,"t":1e-7})"}}},
      {"partial_digits", {{"stats", R"({"data":["1.230","4e2",null,1e-30],"unit":"s"})"}}},
      {"thousand_digits", {{"info", fmt::format(R"({{"n":{}}})", number_of(1000))}}},
      {"unicode",
       {{"tags", R"({"name":"größe \u00e9 e\u0301 日本 🚀","k\u0061y":"v\ud83d\ude80","Ä":"ä"})"},
        {"run_reason", R"("ночной")"},
        {"run_tags", R"({"name":"née","\u007f":"\u0001"})"}}},
      {"order_upper", {{"tags", R"({"name":"Zeta"})"}}},
      {"order_lower", {{"tags", R"({"name":"alpha"})"}}},
      {"order_umlaut", {{"tags", R"({"name":"Ärger"})"}}},
      {"order_underscore", {{"tags", R"({"name":"_under","b":true,"c":1.50,"d":null,"e":""})"}}},
      {"order_dash", {{"tags", R"({"name":"al-pha"})"}}},
      {"order_blank", {{"tags", R"({"name":"al pha"})"}}},
      {"deep", {{"info", nested(12)}, {"context", R"({"x":{"b":1,"a":[{}],"":null}})"}}},
      {"json_texts",
       {{"optional_benchmark_info", R"({"a":"\"\\\/\b\f\n\r\t","b":[],"c":{}})"},
        {"validation", R"({"type":"pandas.testing","success":true})"}}},
      {"cluster",
       {{"machine_info", ""},
        {"cluster_info",
         R"({"name":"c1","info":{"gpu":{"b":2.50,"a":[1e2]}},"optional_info":{"n":1}})"}}},
      {"same_cluster_other_options",
       {{"machine_info", ""},
        {"cluster_info",
         R"({"name":"c1","info":{"gpu":{"a":[100],"b":2.5}},"optional_info":{"n":2}})"}}},
      {"cluster_without_options",
       {{"machine_info", ""}, {"cluster_info", R"({"name":"c2","info":{}})"}}},
      {"machine_of_names",
       {{"machine_info", R"({"name":"m2","gpu_product_names":[],"gpu_count":"0"})"}}},
      {"biggest_machine",
       {{"machine_info",
         R"({"name":"m3","cpu_core_count":2147483647,"cpu_l1d_cache_bytes":2147483647,)"
         R"("memory_bytes":9223372036854775807,"cpu_frequency_max_hz":"9223372036854775807"})"}}},
      {"iterations_min", {{"stats", R"({"data":[1],"unit":"s","iterations":-2147483648})"}}},
      {"other_repository",
       {{"github", R"({"repository":"git@github.com:Org/Other.git","commit":"abc"})"}}},
      {"no_commit", {{"github", R"({"repository":"https://example.org/äö/x/"})"}}},
      {"on_a_branch",
       {{"github",
         R"({"repository":"https://github.com/org/repo","commit":"b1","branch":"ann:fix",)"
         R"("commit_info":{"timestamp":"2023-12-05T00:00:00+02:00","fork_point_sha":"a0"}})"}}},
      {"of_a_pull_request",
       {{"github", R"({"repository":"https://github.com/org/repo","commit":"b2","pr_number":"7",)"
                   R"("commit_info":{"timestamp":"2023-12-06T00:00:00Z"}})"}}},
      {"longest_texts",
       {{"github", fmt::format(R"({{"repository":"https://{}","commit":"{}","branch":"{}",)"
                               R"("commit_info":{{"timestamp":"2023-12-07T00:00:00.000001Z",)"
                               R"("message":"{}\nmore","author_name":"{}","author_login":"{}",)"
                               R"("author_avatar":"{}","fork_point_sha":"{}","parent":"{}"}}}})",
                               std::string(292, 'r'), sha, std::string(510, 'b'),
                               std::string(300, 'm'), std::string(100, 'a'), std::string(50, 'l'),
                               std::string(100, 'v'), sha, sha)}}},
      {"far_commit",
       {{"github", R"({"repository":"https://github.com/org/far","commit":"far1","commit_info":)"
                   R"({"timestamp":"9998-12-31T23:59:59.999999Z"}})"},
        {"tags", R"({"name":"far"})"},
        {"timestamp", R"("9998-12-30T23:59:59.123457Z")"}}},
      {"early_commit",
       {{"github", R"({"repository":"https://github.com/org/far","commit":"early","commit_info":)"
                   R"({"timestamp":"0001-01-01T00:00:00.000001Z"}})"},
        {"tags", R"({"name":"far"})"},
        {"timestamp", R"("1900-02-28T00:00:00.000001Z")"}}},
      {"annotated",
       {{"change_annotations", R"({"begins_distribution_change":true,"n":1.50,"x":null})"}}},
      {"keyed", {{"submission_key", "\"key-ä-1\""}}},
      {"same_commit",
       {{"github", R"({"repository":"https://github.com/org/repo",)"
                   R"("commit":"0000000000000000000000000000000000000001"})"}}},
      {"run_of_blanks", {{"run_id", "\" a%b_c'd\\\\\""}, {"batch_id", "\"  \""}}},
      {"upper_run", {{"run_id", "\"RUN-0\""}}},
      {"longest_ids", {{"run_id", fmt::format("\"{}\"", std::string(2000, 'i'))}}},
  };
}

std::vector<Shape> bad_shapes() {
  const auto commit = [](const std::string& more) {
    return R"({"repository":"https://github.com/org/repo","commit":"c",)" + more + "}";
  };
  const auto info = [&](const std::string& name, std::size_t length) {
    return commit(fmt::format(R"("commit_info":{{"{}":"{}"}})", name, std::string(length, 'x')));
  };
  const auto machine = [](const std::string& more) { return R"({"name":"m",)" + more + "}"; };
  std::vector<Shape> shapes = {
      {"", {{"tags", R"({"name":"a\u0000b"})"}}},
      {"", {{"tags", R"({"name":"a","k\u0000":"b"})"}}},
      {"", {{"run_id", R"("a\u0000")"}}},
      {"", {{"info", R"({"a":{"b":["\u0000"]}})"}}},
      {"", {{"error", R"({"\u0000":1})"}}},
      {"", {{"submission_key", R"("a\u0000")"}}},
      {"", {{"info", fmt::format(R"({{"n":{}}})", number_of(1001))}}},
      {"", {{"stats", fmt::format(R"({{"data":[{}],"unit":"s"}})", number_of(1001))}}},
      {"", {{"stats", fmt::format(R"({{"data":["{}",null],"unit":"s"}})", number_of(1001))}}},
      {"", {{"info", R"({"n":1e99999})"}}},
      {"", {{"info", R"({"n":1e-99999999})"}}},
      {"", {{"stats", R"({"data":[1],"unit":"s","iterations":2147483648})"}}},
      {"", {{"stats", R"({"data":[1],"unit":"s","iterations":"-2147483649"})"}}},
      {"", {{"stats", R"({"data":[1],"unit":"s","iterations":1e30})"}}},
      {"", {{"error", fmt::format(R"({{"n":[{}]}})", "0." + std::string(20'000, '3'))}}},
      {"", {{"stats", R"({"data":[1],"unit":"yards"})"}}},
      {"", {{"machine_info", machine(R"("cpu_core_count":2147483648)")}}},
      {"", {{"machine_info", machine(R"("cpu_l3_cache_bytes":"2147483648")")}}},
      {"", {{"machine_info", machine(R"("gpu_count":-1)")}}},
      {"", {{"machine_info", machine(R"("memory_bytes":9223372036854775808)")}}},
      {"", {{"machine_info", machine(R"("cpu_frequency_max_hz":"9223372036854775808")")}}},
      {"", {{"machine_info", fmt::format(R"({{"name":"{}"}})", std::string(901, 'n'))}}},
      {"",
       {{"github", R"({"repository":"https://github.com/org/repo","commit":")" +
                       std::string(51, 'c') + "\"}"}}},
      {"", {{"github", R"({"repository":"https://)" + std::string(293, 'r') + "\"}"}}},
      {"", {{"github", commit(R"("branch":")" + std::string(511, 'b') + "\"")}}},
      {"", {{"github", info("author_name", 101)}}},
      {"", {{"github", info("author_login", 51)}}},
      {"", {{"github", info("author_avatar", 101)}}},
      {"", {{"github", info("fork_point_sha", 51)}}},
      {"", {{"github", info("parent", 51)}}},
      {"", {{"run_id", fmt::format("\"{}\"", std::string(2001, 'i'))}}},
      {"", {{"submission_key", fmt::format("\"{}\"", std::string(256, 'k'))}}},
      {"", {{"submission_key", "\"key-ä-1\""}}},  // stored before, with other content
      {"", {{"timestamp", "\"0000-01-01T00:00:00Z\""}}},
      {"", {{"timestamp", "\"10000-01-01T00:00:00Z\""}}},
      {"", {{"timestamp", "\"2024-01-01T00:00:00\""}}},
      {"", {{"tags", "{}"}, {"stats", "[]"}, {"surprise", "1"}}},
  };
  return shapes;
}

/// What the legacy dialect reads otherwise.
bool is_fine_in_legacy(const Shape& shape) {
  const auto& [name, text] = shape.parts.front();
  return name == "timestamp" && text == "\"2024-01-01T00:00:00\"";  // no offset: UTC
}

std::vector<Question> legacy_submissions() {
  std::vector<Question> questions;
  int number = 60;
  const auto add = [&](const std::string& name, const std::string& path, const Parts& parts) {
    questions.push_back({name, net::Method::post, path, document(number++, legacy_parts(parts))});
  };
  add("legacy", k_legacy, {});
  add("legacy_again", "/api/benchmarks/", {});
  add("legacy_error", k_legacy, {{"stats", ""}, {"error", R"({"a":[1.50]})"}});
  add("legacy_partial", k_legacy,
      {{"stats", R"({"data":["1",null],"times":[],"unit":"s","time_unit":"s","iterations":2})"}});
  for (const Shape& shape : bad_shapes()) {
    add("", k_legacy, shape.parts);
    questions.back().is_refused = !is_fine_in_legacy(shape);
  }
  for (const std::string body : {"", "{", "[]", "null", "{\"stats\":{\"data\":[NaN]}}"}) {
    questions.push_back({"", net::Method::post, k_legacy, body});
  }
  return questions;
}

std::string without_newlines(std::string text) {
  std::erase(text, '\n');
  return text;
}

/// Changes of what was stored; the reads come afterwards.
std::vector<Question> changes() {
  std::vector<Question> questions;
  const auto put = [&](const std::string& name, const std::string& body) {
    for (const char* slash : {"", "/"}) {
      questions.push_back(
          {"", net::Method::put, "/api/benchmark-results/{id:" + name + "}" + slash, body});
    }
  };
  put("point_20", R"({"change_annotations":{"begins_distribution_change":true,"why":"größer"}})");
  put("annotated", R"({"change_annotations":{"n":null,"y":{"b":1.50,"a":[null]}}})");
  put("error", R"({"change_annotations":{"begins_distribution_change":true}})");
  for (const std::string body :
       {"", "{", "[]", "{}", R"({"change_annotations":null})", R"({"change_annotations":[]})",
        R"({"change_annotations":{},"x":1})", R"({"change_annotations":{"a":"\u0000"}})",
        R"({"change_annotations":{"\u0000":1}})", R"({"change_annotations":{"n":1e400000}})"}) {
    put("plain", body);
  }
  put("huge", R"({"change_annotations":{"t":")" + std::string(9'000, 'x') + "\"}}");
  for (const std::string name : {"point_5", "point_5", "order_dash", "keyed", "no_commit"}) {
    questions.push_back({"", net::Method::del, "/api/benchmark-results/{id:" + name + "}"});
  }
  questions.push_back({"", net::Method::del, "/api/benchmarks/{id:point_6}/"});
  questions.push_back({"", net::Method::del, "/api/benchmarks/{id:point_6}/"});
  questions.push_back({"", net::Method::del, "/api/benchmarks/%FF/"});
  for (const std::string body :
       {"", "{}", "[]", R"({"run_id":"a\u0000"})", R"({"since":"x"})", R"({"expected":-1,"x":1})",
        R"({"run_id":"nobody"})", R"({"batch_id":"batch-4","run_id":"run-2"})",
        R"({"batch_id":"batch-4","expected":1000})", R"({"since":"2100-01-01T00:00:00Z"})",
        R"({"submitter":"nobody","expected":0})"}) {
    questions.push_back({"", net::Method::post, "/api/v1/results/undo", body});
  }
  for (const char* name : {"keyed_after", "keyed_after_again"}) {  // the key is free again
    questions.push_back(
        {name, net::Method::post, k_submit, document(70, {{"submission_key", "\"key-ä-1\""}})});
  }
  return questions;
}

}  // namespace

std::vector<Question> submissions() {
  std::vector<Question> questions;
  int number = 0;
  for (const Shape& shape : good_shapes()) {
    questions.push_back({shape.name, net::Method::post, k_submit, document(number++, shape.parts)});
  }
  // A history of its own, some commits of which have the same time, and a slow end.
  for (int i = 0; i < 40; ++i) {
    const double seconds = i == 39 ? 30 : 10 + i % 7 * 0.03;
    questions.push_back(
        {i == 38   ? "before_slow"
         : i == 39 ? "slow"
                   : fmt::format("point_{}", i),
         net::Method::post, k_submit,
         document(200 + i, {{"tags", R"({"name":"slowing"})"},
                            {"stats", fmt::format(R"({{"data":[{},{}],"unit":"s"}})", seconds,
                                                  seconds + 0.01)}})});
  }
  // The same again: with a key it is the same result.
  for (const Question& question : std::vector(questions)) {
    if (question.name != "keyed") continue;
    questions.push_back(question);
    questions.back().name = "keyed_again";
  }
  for (const Shape& shape : bad_shapes()) {
    questions.push_back({"", net::Method::post, k_submit, document(50, shape.parts)});
    questions.back().is_refused = true;
  }
  const std::string broken[] = {"", "{", "[]", "null", "nonsense", "{\"a\":NaN}", "\xff"};
  for (const std::string& body : broken) {
    questions.push_back({"", net::Method::post, k_submit, body});
  }
  questions.push_back({"", net::Method::post, k_submit, document(51, {}), "text/plain"});
  questions.push_back(
      {"", net::Method::post, k_submit, document(51, {}), "application/json", false});
  questions.push_back({"", net::Method::post, "/api/results?x=1", document(51, {})});
  questions.push_back({"", net::Method::post, "/api/series", "{}"});
  questions.push_back({"", net::Method::post, "/api/nothing", "{}"});
  const std::string lines = without_newlines(document(52, {})) + "\n\n" +
                            without_newlines(document(53, {})) + "\n{\"run_id\":1}\nnonsense\n" +
                            without_newlines(document(54, {{"submission_key", "\"key-ä-1\""}})) +
                            "\n";
  questions.push_back({"", net::Method::post, "/api/results:batch", lines, "application/x-ndjson"});
  questions.push_back({"", net::Method::post, "/api/results:batch",
                       "[" + document(55, {}) + ",{}," + document(56, {}) + "]"});
  questions.push_back({"", net::Method::post, "/api/results:batch", "[]"});
  questions.push_back({"", net::Method::post, "/api/results:batch", "[1"});
  for (Question& question : legacy_submissions()) questions.push_back(std::move(question));
  questions.push_back(
      {"token", net::Method::post, "/api/tokens", R"({"name":"ann","role":"reader"})"});
  for (const std::string id : {"{id:token}", "{id:token}", "nobody"}) {
    questions.push_back({"", net::Method::del, "/api/tokens/" + id});
  }
  questions.push_back({"", net::Method::post, "/api/tokens", R"({"name":"a\u0000"})"});
  questions.push_back({"", net::Method::post, "/api/tokens", R"({"name":""})"});
  for (Question& question : changes()) questions.push_back(std::move(question));
  for (Question& question : sweep_uploads()) questions.push_back(std::move(question));
  for (Question& question : event_submissions()) questions.push_back(std::move(question));
  for (Question& question : exemplar_submissions()) questions.push_back(std::move(question));
  for (const std::string body : {R"({"dry_run":true})", R"({"repository":"a\u0000"})",
                                 R"({"repository":"https://github.com/org/repo","limit":1})",
                                 R"({"cursor":"\u0000"})", R"({"cursor":"x"})", R"({"limit":0})"}) {
    questions.push_back({"", net::Method::post, "/api/v1/commits/repair", body});
  }
  return questions;
}

std::vector<Question> reads() {
  std::vector<std::string> paths = {
      "/healthz",
      "/readyz",
      "/openapi.json",
      "/openapi.yaml",
      "/openapi-3.0.yaml",
      "/api/ping",
      "/api/v1/facts",
      "/api/auth/capabilities",
      "/api/tokens",
      "/api/v1/operations/none",
      "/api/v1/operations/%00",
      "/api/v1/lake",
      "/api/v1/lake/tables/none",
      "/api/v1/lake/tables/%FF?snapshots=x",
      "/api/v1/reads",
      "/api/v1/reads?x=1",
      "/api/v1/reads/mismatches",
      "/api/v1/reads/mismatches?port=runs&count=1000",
      "/api/v1/reads/mismatches?port=nothing&count=0",
      "/api/v1/reads/mismatches/none",
      "/api/v1/reads/mismatches/%00",
      "/api/v1/tables",
      "/api/v1/queries",
      "/api/v1/queries/none",
      "/api/v1/queries/%FF?x=1",
      "/api/history",
      "/api/history?fingerprint=nothing",
      "/api/history?fingerprint=%FF",
      "/api/history?fingerprint=a%00b",
      "/api/history/nothing",
      "/api/history/%00/",
      "/api/history/%FF",
      "/api/benchmark-results/%00",
      "/api/benchmark-results/%FF/",
      "/api/benchmark-results/06518b68000070008000000000000000",
      "/api/benchmarks/06518b68000070008000000000000000/",
      "/api/compare/benchmark-results",
      "/api/compare/benchmark-results/a...b/",
      "/api/compare/benchmark-results/ab/",
      "/api/compare/benchmark-results/%00...%FF/",
      "/api/docs.json",
      "/api/commits/",
      "/api/commits/?sha=abc,b1,%20b2%20,,none,%FF",
      "/api/commits/?sha=%00",
      "/api/commits/x/",
      "/api/commits/%FF/",
      "/api/contexts/",
      "/api/contexts/x/",
      "/api/info/",
      "/api/info/%FF/",
      "/api/hardware/",
      "/api/hardware/x/",
      "/api/runs/",
      "/api/runs/?commit_hash=",
      "/api/runs/?commit_hash=,",
      "/api/runs/?commit_hash=none",
      "/api/runs/?commit_hash=b1,b2,abc,far1&page_size=2",
      "/api/runs/?commit_hash=b1,b2,abc,far1&cursor=run-5",
      "/api/runs/?commit_hash=b1&page_size=0",
      "/api/runs/run-1/",
      "/api/runs/run-7/",
      "/api/runs/RUN-0/",
      "/api/runs/%FF/",
      "/api/runs/none/",
      "/api/compare/runs/none...run-1/",
      "/api/compare/runs/run-1...none/",
      "/api/compare/runs/run-1/",
      "/api/compare/runs/%FF...run-1/",
      "/api/compare/runs/run-55...run-58/",
      "/api/compare/runs/run-55...run-58/?threshold=x",
      "/api/compare/runs/run-55...run-58/?page_size=1&cursor=%FF",
      "/api/history/download/x/",
      "/api/runs/recent",
      "/api/runs/recent?include_attention=true",
      "/api/runs/recent?page_size=3",
      "/api/runs/recent?page_size=0",
      "/api/runs/recent?repository=https://github.com/org/repo",
      "/api/runs/recent?repository=%FF",
      "/api/v1/commits/incomplete",
      "/api/v1/commits/incomplete?repository=https://github.com/org/repo",
      "/api/v1/commits/incomplete?cursor=x",
      "/api/v1/search?limit=50",
      "/api/nothing",
      "/api/nothing/",
  };
  for (const std::string text : {"sort", "SORT",  "%C3%84rger", "%C3%A4RGER", "gr%C3%B6%C3%9Fe",
                                 "run-", "RUN-0", "abc",        "ABC",        "00000",
                                 "fff",  "al",    "_",          "%25",        "%FF",
                                 "%00",  "a%20b", "2147483647", "no%20such",  "%F0%9F%9A%80"}) {
    paths.push_back("/api/v1/search?limit=50&q=" + text);
    paths.push_back("/api/series?page_size=1000&q=" + text);
  }
  for (const std::string query : {"run_id=run-1",
                                  "run_id=RUN-1",
                                  "run_id=%FF",
                                  "run_id=%00",
                                  "batch_id=batch-3",
                                  "run_reason=%D0%BD%D0%BE%D1%87%D0%BD%D0%BE%D0%B9",
                                  "earliest_timestamp=2024-01-02T00:00:00Z",
                                  "latest_timestamp=2024-01-02T00:10:00.5Z",
                                  "earliest_timestamp=9998-12-30T23:59:59.123457Z",
                                  "earliest_timestamp=9998-12-30T23:59:59.123458Z",
                                  "latest_timestamp=9998-12-30T23:59:59.123456Z",
                                  "latest_timestamp=1900-02-28T00:00:00.000001Z",
                                  "latest_timestamp=1900-02-28T00:00:00Z",
                                  "latest_timestamp=0001-01-01T00:00:00Z",
                                  "earliest_timestamp=2024-01-02",
                                  "page_size=7",
                                  "page_size=0",
                                  "page_size=x",
                                  "page_size=99999999999999999999",
                                  "cursor=x",
                                  "cursor=zz",
                                  "cursor=%00",
                                  "cursor=%FF",
                                  "cursor=null",
                                  "surprise=1"}) {
    paths.push_back("/api/benchmark-results?" + query);
    paths.push_back("/api/benchmark-results/?" + query);
    paths.push_back("/api/benchmarks/?" + query);
  }
  for (const std::string query :
       {"", "sort=name", "sort=change", "sort=recent", "status=stable", "status=insufficient",
        "status=regressed", "status=improved", "hardware=m1", "hardware=M1", "hardware=%FF",
        "repository=https://github.com/org/repo", "repository=%00", "fingerprint=x",
        "fingerprint=%FF", "active_since=2024-01-02T00:00:00Z", "active_until=2024-01-02T00:00:00Z",
        "active_since=9998-12-30T23:59:59.123458Z", "cursor=x"}) {
    paths.push_back("/api/series?page_size=1000&" + query);
  }
  for (const std::string query :
       {"run_ids=run-1", "run_ids=run-2,run-15", "run_ids=run-2&baseline_run_ids=run-1",
        "run_ids=run-2&baseline=parent", "run_ids=run-2&baseline=latest_default",
        "run_ids=run-2&baseline=auto&threshold=1&threshold_z=2", "run_ids=nobody", "run_ids=%FF",
        "repository=https://github.com/org/repo&commit_sha=b1",
        "repository=https://github.com/org/repo&commit_sha=nobody", "commit_sha=b1",
        "run_ids=run-2&threshold=0", "run_ids=run-2&threshold=nan", "surprise=1"}) {
    paths.push_back("/api/ci/report?" + query);
  }
  for (const char* path :
       {"/api/",
        "/api/users/",
        "/api/users/nobody/",
        "/api/users/me",
        "/api/v1/users",
        "/api/v1/audit",
        "/api/v1/audit?page_size=3",
        "/api/alert-rules",
        "/api/alert-rules/nobody",
        "/api/alert-rules/nobody/events",
        "/api/v1/alerts/deliveries",
        "/api/v1/receipts?page_size=1000",  // a refusal that waited may stand on another page
        "/api/v1/receipts?run_id=run-2",
        "/api/v1/receipts?submission_key=nobody",
        "/api/v1/attention",
        "/api/v1/attention?repository=https://github.com/org/repo",
        "/api/v1/results/settings",
        "/api/v1/results/settings?x=1",
        "/api/v1/trends",
        "/api/v1/trends?name=nothing",
        "/api/v1/trends?name=plain&until=2024-01-10T00:00:00Z",
        "/api/v1/trends?name=plain&days=365&until=2024-12-01T00:00:00Z&count=1",
        "/api/v1/trends?name=plain&repository=https://github.com/org/other",
        "/api/v1/trends?name=a%00&days=0&until=x&count=101",
        "/api/v1/trends?name=plain&until=0001-01-01T00:00:00Z",
        "/api/v1/trends?name=plain&until=9999-12-31T23:59:59Z&days=365",
        "/api/v1/trends/benchmarks?until=2024-12-01T00:00:00Z&days=365",
        "/api/v1/trends/benchmarks?until=2024-12-01T00:00:00Z&days=365&sort=recent&page_size=3",
        "/api/v1/trends/benchmarks?until=2024-12-01T00:00:00Z&days=365&sort=results&q=a",
        "/api/v1/trends/benchmarks?until=0001-01-01T00:00:00Z&days=365",
        "/api/v1/families",
        "/api/v1/families?repository=https://github.com/org/repo",
        "/api/v1/families?name=plain",
        "/api/v1/compare/since?repository=https://github.com/org/repo&commit_sha=b1",
        "/api/v1/inventory?run_id=run-2",
        "/api/v1/inventory?run_id=nobody",
        "/api/v1/inventory/pins?repository=https://github.com/org/repo",
        "/api/v1/regressions",
        "/api/v1/thresholds?repository=https://github.com/org/repo",
        "/api/v1/series/nobody/verdict",
        "/api/v1/commits/verdict?repository=https://github.com/org/repo&sha=b1",
        "/api/v1/commits/verdict?repository=https://github.com/org/other&sha=b1",
        "/api/v1/commits/verdict?sha=b1&x=1",
        "/api/v1/advice/comment?repository=https://github.com/org/repo&sha=b1",
        "/api/v1/advice/comment?repository=org/repo&sha=b1&base=b2",
        "/api/v1/advice/comment?repository=org/repo&sha=nobody&format=markdown",
        "/api/v1/advice/comment?repository=org&sha=b1&format=x",
        "/api/v1/advice/comment?base=b1",
        "/api/v1/verdicts/projects",
        "/api/v1/advice/alert-cost?repository=https://github.com/org/"
        "repo&days=3660&until=2026-01-01T00:00:00Z",
        "/api/v1/advice/alert-cost?repository=org/"
        "repo&days=3660&miss_cost=0.5&until=2025-01-01T00:00:00Z",
        "/api/v1/advice/alert-cost?repository=https://github.com/org/nobody",
        "/api/v1/advice/alert-cost?days=0&miss_cost=-1&x=1"}) {
    paths.emplace_back(path);
  }
  for (const std::string name :
       {"plain", "error", "cluster", "on_a_branch", "far_commit", "legacy", "before_slow"}) {
    paths.push_back("/api/series?fingerprint={fingerprint:" + name + "}");
    paths.push_back("/api/history?fingerprint={fingerprint:" + name + "}");
    paths.push_back("/api/v1/series/{fingerprint:" + name + "}/verdict");
    for (const std::string other : {"plain", "order_dash", "legacy_partial", "annotated", "slow"}) {
      paths.push_back("/api/compare/benchmark-results?baseline_result_id={id:" + name +
                      "}&contender_result_id={id:" + other + "}");
      paths.push_back("/api/compare/benchmark-results/{id:" + name + "}...{id:" + other +
                      "}/?threshold=1&threshold_z=2");
    }
  }
  std::vector<std::string> names;
  for (const Question& question : submissions()) {
    if (!question.name.empty()) names.push_back(question.name);
  }
  for (const std::string& name : names) {
    paths.push_back("/api/benchmark-results/{id:" + name + "}");
    paths.push_back("/api/benchmark-results/{id:" + name + "}/");
    paths.push_back("/api/benchmarks/{id:" + name + "}/");
    paths.push_back("/api/history/{id:" + name + "}");
    paths.push_back("/api/history/{id:" + name + "}/");
  }
  for (std::string& path : sweep_reads()) paths.push_back(std::move(path));
  for (std::string& path : event_reads()) paths.push_back(std::move(path));
  for (std::string& path : exemplar_reads()) paths.push_back(std::move(path));
  for (std::string& path : trace_reads()) paths.push_back(std::move(path));
  for (std::string& path : bigquery_reads()) paths.push_back(std::move(path));
  std::vector<Question> questions;
  for (std::string& path : paths) questions.push_back({"", net::Method::get, std::move(path)});
  for (std::string& path : unsupported_trace_reads()) {
    questions.push_back({.path = std::move(path), .is_unsupported = true});
  }
  return questions;
}

std::vector<Question> paged_lists() {
  std::vector<Question> questions;
  for (const char* path :
       {"/api/benchmark-results?page_size=7", "/api/benchmark-results?page_size=2&run_id=run-2",
        "/api/benchmark-results?page_size=5&earliest_timestamp=2024-01-02T00:00:00Z",
        "/api/benchmark-results/?page_size=9", "/api/benchmarks/?page_size=3&run_id=run-15",
        "/api/series?page_size=4", "/api/series?page_size=5&sort=name",
        "/api/series?page_size=3&sort=change", "/api/series?page_size=2&q=al&sort=name",
        "/api/v1/commits/incomplete?page_size=2",
        "/api/runs/?page_size=1&commit_hash=b1,b2,abc,far1,early"}) {
    questions.push_back({"", net::Method::get, path});
  }
  return questions;
}

std::vector<std::string> routes_about_the_server() {
  return {"/metrics", "/api/v1/status", "/api/v1/background-jobs", "/api/ping/",
          "/api/v1/events/status",
          // Ends with the server.
          "/api/v1/events/stream",
          // Traces are in the lake, whatever keeps results.
          "/api/v1/traces/status", "/tempo/api/status/buildinfo",
          // Where a browser is sent, and what that leaves behind.
          "/api/auth/login", "/api/auth/callback", "/api/auth/cli-start", "/api/google/",
          "/api/google/callback", "/api/logout/"};
}

}  // namespace bl::product
