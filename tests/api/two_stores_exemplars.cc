#include "api/two_stores.h"

// The part of the scenario that is about traces which results name.
namespace bl::product {
namespace {

constexpr const char* k_first = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr const char* k_second = "0af7651916cd43dd8448eb211c80319c";

std::string link(const std::string& trace, const std::string& more) {
  return "{\"trace_id\":\"" + trace + "\"," + more + "}";
}

std::string submission(const std::string& exemplars) {
  return R"({"run_id":"linked-ä","timestamp":"2024-02-01T12:00:00.5Z","submission_key":"linked",)"
         R"("tags":{"name":"linked","größe":"9"},"context":{},"machine_info":{"name":"m1"},)"
         R"("github":{"repository":"https://github.com/org/repo"},)"
         R"("stats":{"data":[1.5,"2.25",0.125],"unit":"s"},"exemplars":)" +
         exemplars + "}";
}

const char* const k_links = "/api/v1/results/{id:linked}/traces";

}  // namespace

std::vector<Question> exemplar_submissions() {
  const std::string good =
      "[" + link(k_first, R"("role":"slowest","sample_no":1,"span_id":"00f067aa0ba902b7")") + "," +
      link(k_second, R"("role":"manual","start":"2024-02-01T11:59:59.123456789Z")") + "]";
  std::vector<Question> questions = {
      {"linked", net::Method::post, "/api/results", submission(good)},
      {"", net::Method::post, "/api/results", submission(good)},  // the same again
      {.method = net::Method::post,
       .path = "/api/results",
       .body = submission("[" + link(k_first, R"("role":"worst","sample_no":3)") + "]"),
       .is_refused = true}};
  const auto post = [&](const std::string& links) {
    questions.push_back({"", net::Method::post, k_links, "{\"exemplars\":[" + links + "]}"});
  };
  post(link(k_first, R"("role":"median","sample_no":0)") + "," +
       link(k_first, R"("role":"outlier","sample_no":2)"));
  post(
      link(k_second, R"("role":"manual","start":"1706788800000000001","end":1706788800000000003)"));
  post(link(k_first, R"("role":"fastest","sample_no":3)"));
  post(link("0", R"("role":"fastest")"));
  post("");
  questions.push_back({"", net::Method::post, "/api/v1/results/nobody/traces",
                       "{\"exemplars\":[" + link(k_first, "\"role\":\"manual\"") + "]}"});
  for (const std::string& query : {std::string("?trace_id=") + k_first + "&role=outlier",
                                   std::string("?trace_id=") + k_first + "&role=outlier",
                                   std::string("?trace_id=a%00"), std::string()}) {
    questions.push_back({"", net::Method::del, k_links + query});
  }
  return questions;
}

std::vector<std::string> exemplar_reads() {
  const std::string exemplars = "/prometheus/api/v1/query_exemplars?query=";
  std::vector<std::string> paths = {k_links,
                                    "/api/v1/results/{id:plain}/traces",
                                    "/api/v1/results/nobody/traces",
                                    "/api/v1/results/%00/traces",
                                    "/api/v1/results/%FF/traces",
                                    exemplars,
                                    exemplars + "benchlake_result",
                                    exemplars + "benchlake_result%7Btag_gr__e=%229%22%7D",
                                    exemplars + "benchlake_result%7Bbenchmark=%22linked%22," +
                                        "unit=~%22s%7Cns%22%7D&start=1706788799.5&end=1706788801",
                                    exemplars + "benchlake_result&end=0",
                                    exemplars + "rate(benchlake_result%5B5m%5D)"};
  for (const char* trace : {k_first, k_second, "1", "none"}) {
    paths.push_back("/api/v1/traces/" + std::string(trace) + "/results");
  }
  return paths;
}

}  // namespace bl::product
