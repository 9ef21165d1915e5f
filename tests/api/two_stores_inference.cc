#include <fmt/format.h>

#include "api/two_stores.h"
#include "product/sweep_files.h"

// The part of the scenario that is about inference sweeps.
namespace bl::product {
namespace {

/// A row on a hardware: throughput falls as interactivity rises with fewer users.
std::string row(const std::string& hw, int conc, double scale) {
  return fmt::format(
      R"({{"hw":"{}","model":"m","infmax_model_prefix":"dsr1","framework":"sglang",)"
      R"("precision":"fp8","spec_decoding":"none","isl":8192,"osl":1024,"tp":8,"ep":1,)"
      R"("image":"sglang:1","tput_per_gpu":{},"output_tput_per_gpu":{},"input_tput_per_gpu":{},)"
      R"("median_intvty":{},"p99_intvty":{},"median_e2el":{},"median_ttft":0.25,"p99_ttft":0.5,)"
      R"("mean_ttft":0.3,"conc":{}}})",
      hw, scale * conc / (conc + 20.), scale * 0.1 * conc / (conc + 20.),
      scale * 0.9 * conc / (conc + 20.), 800. / (conc + 5), 700. / (conc + 5), conc / 8. + 2, conc);
}

std::string rows(double scale) {
  std::string text = "[";
  for (const char* hw : {"h200", "b200-nv", "x9"}) {
    for (const int conc : {4, 8, 16, 32, 64, 128}) {
      if (text.size() > 1) text += ",";
      text += row(hw, conc, hw[0] == 'b' ? 2 * scale : scale);
    }
  }
  return text + ",{\"conc\":1}]";
}

Question upload(int run, const std::string& date, std::vector<StoredFile> files) {
  return {"", net::Method::post,
          fmt::format("/api/v1/inference/ingest?run_id={}&attempt=1&run_name=Sweep&conclusion="
                      "success&html_url=https://github.com/o/r/actions/runs/{}&created_at={}T08:00:"
                      "00Z&started_at={}T08:00:01Z",
                      run, run, date, date),
          stored_zip(files), "application/zip"};
}

}  // namespace

std::vector<Question> sweep_uploads() {
  const std::vector<StoredFile> first = {
      {"results_bmk/agg_bmk.json", rows(900)},
      {"run-stats/run_stats.json",
       R"({"h200":{"n_success":3,"total":4},"b200":{"n_success":4,"total":4}})"},
      {"eval_results_all/agg_eval_all.json",
       R"([{"hw":"H200","model_prefix":"dsr1","model":"m","framework":"sglang","precision":"fp8",)"
       R"("spec_decoding":"none","tp":8,"ep":1,"conc":32,"dp_attention":"false","task":"gsm8k",)"
       R"("em_strict":0.95,"em_strict_se":0.01,"n_eff":1319,"source":"e/dsr1_8k1k_fp8/r.json"}])"},
      {"changelog-metadata/changelog_metadata.json",
       R"({"base_ref":"a","head_ref":"b","entries":[{"config-keys":["dsr1-fp8-h200-sglang"],)"
       R"("description":["new image"],"pr-link":"https://github.com/o/r/pull/1"}]})"}};
  std::vector<Question> questions = {
      upload(7001, "2026-08-01", first),
      upload(7002, "2026-08-05", {{"results_bmk/agg_bmk.json", rows(1100)}}),
      upload(7001, "2026-08-01", first)};
  Question nonsense = upload(7003, "2026-08-06", {});
  nonsense.body = "no zip";
  questions.push_back(nonsense);
  for (const std::string message :
       {R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{}})",
        R"({"jsonrpc":"2.0","id":2,"method":"tools/list"})",
        R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
        R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"get_overview"}})",
        R"({"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"get_latest_benchmarks",)"
        R"("arguments":{"hardware":"h200","sort_by":"median_e2el","limit":3}}})",
        R"({"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"get_frontier",)"
        R"("arguments":{"model":"DeepSeek-R1-0528","sequence":"8k/1k"}}})",
        R"({"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"get_history",)"
        R"("arguments":{"model":"DeepSeek-R1-0528","sequence":"8k/1k","limit":5}}})"}) {
    questions.push_back({"", net::Method::post, "/mcp", message});
  }
  return questions;
}

std::vector<std::string> sweep_reads() {
  const std::string of = "model=DeepSeek-R1-0528";
  const std::string line = "?" + of + "&sequence=8k/1k";
  std::vector<std::string> paths;
  for (const char* more : {"", "&date=2026-08-03", "&date=2026-08-01&exact=true", "&runId=7002",
                           "&runId=7001&exactRun=true", "&runId=9", "&rule=newest_points",
                           "&view=calculator&sequence=8k/1k", "&date=x", "&sequence=agentic"}) {
    paths.push_back("/api/v1/benchmarks?" + of + more);
  }
  for (const char* path : {"/api/v1/benchmarks",
                           "/api/v1/benchmarks?model=%00",
                           "/api/v1/benchmarks?model=%FF",
                           "/api/v1/benchmarks/history",
                           "/api/v1/availability",
                           "/api/v1/workflow-info",
                           "/api/v1/workflow-info?date=2026-08-01",
                           "/api/v1/workflow-info?date=2026-08-02",
                           "/api/v1/evaluations",
                           "/api/v1/reliability",
                           "/api/v1/submissions",
                           "/api/v1/server-log",
                           "/api/v1/server-log?id=1",
                           "/api/v1/server-log?id=9223372036854775807",
                           "/api/v1/inference/registry",
                           "/api/v1/inference/registry?x=1",
                           "/api/v1/inference/skipped",
                           "/api/v1/inference/skipped?format=csv&limit=1",
                           "/api/v1/inference/frontier",
                           "/api/v1/inference/calculator",
                           "/api/v1/inference/trend",
                           "/api/v1/inference/trend?model=%00&sequence=%FF&metric=y_"}) {
    paths.emplace_back(path);
  }
  paths.push_back("/api/v1/benchmarks/history?" + of + "&isl=8192&osl=1024");
  paths.push_back("/api/v1/benchmarks/history?" + of + "&benchmark_type=agentic_traces");
  for (const char* more :
       {"", "&chart=e2e&metric=y_costh", "&percentile=p99&optimal=true&format=csv",
        "&metric=y_inputTputPerGpu&hw=b200_sglang", "&compare_date=2026-08-02", "&precisions=fp4",
        "&metric=y_jOutput&lines=h200_sglang__fp8"}) {
    paths.push_back("/api/v1/inference/frontier" + line + more);
  }
  for (const char* more : {"", "&bar=cost&provider=costr", "&kind=throughput&target=200",
                           "&tokens=output&format=csv&date=2026-08-02"}) {
    paths.push_back("/api/v1/inference/calculator" + line + more);
  }
  for (const char* more : {"", "&metric=y_costh&interactivity=20", "&format=csv"})
    paths.push_back("/api/v1/inference/trend" + line + more);
  return paths;
}

}  // namespace bl::product
