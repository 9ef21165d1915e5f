#include "app/demo/documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "base/json.h"

namespace bl::app::demo {
namespace {

constexpr const char* k_suite = "bench/suite";

std::int64_t ns_of(Timestamp time) {
  return time.micros * 1'000;
}

bool is_linked(const Measurement& measurement) {
  return measurement.benchmark->is_traced && measurement.commit->is_traced;
}

void write_commit(json::Writer& out, const Story& story, const StoryCommit& commit) {
  out.begin_object().member("repository", story.repository).member("commit", commit.sha);
  if (commit.pull_request) {
    out.member("pr_number", *commit.pull_request).member("branch", "acme:suggestions");
  }
  out.key("commit_info")
      .begin_object()
      .member("timestamp", to_rfc3339(commit.time))
      .member("message", commit.message)
      .member("author_name", commit.author);
  if (!commit.parent.empty()) out.member("parent", commit.parent);
  if (!commit.fork_point.empty()) out.member("fork_point_sha", commit.fork_point);
  out.end_object().end_object();
}

/// Every sample has its trace; three of them are why people look.
void write_exemplars(json::Writer& out, const Measurement& measurement) {
  const std::vector<Sample>& samples = measurement.samples;
  std::vector<std::size_t> by_time(samples.size());
  std::iota(by_time.begin(), by_time.end(), 0);
  std::ranges::sort(by_time, {}, [&](std::size_t i) { return samples[i].duration_ns(); });
  const std::map<std::size_t, const char*> roles = {{by_time.front(), "fastest"},
                                                    {by_time[by_time.size() / 2], "median"},
                                                    {by_time.back(), "slowest"}};
  out.begin_array();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto role = roles.find(i);
    const std::int64_t start = ns_of(measurement.time) + samples[i].offset_ns;
    out.begin_object()
        .member("trace_id", samples[i].trace.hex())
        .member("role", role != roles.end() ? role->second : "manual")
        .member("sample_no", static_cast<std::int64_t>(i))
        .member("span_id", samples[i].first_span.hex())
        .member("start", std::to_string(start))
        .member("end", std::to_string(start + samples[i].duration_ns()))
        .end_object();
  }
  out.end_array();
}

/// Makes the events of one build.
class BuildTeller {
 public:
  BuildTeller(const Story& story, const StoryCommit& commit)
      : commit_(commit),
        ids_(draws_for(story.options,
                       fmt::format("build {} until {}", commit.sha, story.options.until.micros))) {}

  void tell(Timestamp time, events::Payload payload) {
    events_.push_back({.event_id = draw_uuid(ids_),
                       .timestamp = ns_of(time),
                       .build_request_id = commit_.run_id,
                       .payload = std::move(payload)});
  }
  void tell_build(Timestamp time, events::BuildRequestStatus status, std::string message = {}) {
    tell(time, events::BuildRequestEvent{status, {suite()}, std::move(message)});
  }

  /// A job with the partition that it makes. `failure`: empty, it succeeds.
  void tell_job(Timestamp start, Timestamp end, const std::string& label, const std::string& output,
                std::vector<events::DataDep> inputs, const std::string& failure) {
    using events::JobStatus, events::PartitionStatus;
    events::JobEvent job{.job_run_id = draw_uuid(ids_),
                         .job_label = label,
                         .target_partitions = {output},
                         .status = JobStatus::scheduled,
                         .message = "",
                         .config = events::JobConfig{.outputs = {output},
                                                     .inputs = std::move(inputs),
                                                     .args = {"--commit", commit_.sha},
                                                     .env = {{"GIT_COMMIT", commit_.sha}}},
                         .manifests = {}};
    const auto tell_partition = [&](Timestamp time, PartitionStatus status) {
      const bool is_failed = status == PartitionStatus::failed;
      tell(time, events::PartitionEvent{output, status, is_failed ? failure : "", job.job_run_id});
    };
    tell_partition(start, PartitionStatus::requested);
    tell(start, job);
    tell_partition(start, PartitionStatus::scheduled);
    job.status = JobStatus::running;
    tell(start + std::chrono::seconds(2), job);
    tell_partition(start + std::chrono::seconds(2), PartitionStatus::building);
    job.status = failure.empty() ? JobStatus::completed : JobStatus::failed;
    job.message = failure;
    tell(end, job);
    tell_partition(end, failure.empty() ? PartitionStatus::available : PartitionStatus::failed);
  }

  std::string part(const char* name) const {
    return fmt::format("{}/{}", name, commit_.sha.substr(0, 12));
  }
  std::string suite() const { return part(k_suite); }
  std::vector<events::BuildEvent> take() { return std::move(events_); }

 private:
  const StoryCommit& commit_;
  SeededRandom ids_;
  std::vector<events::BuildEvent> events_;
};

}  // namespace

std::string run_name_of(const StoryCommit& commit) {
  return fmt::format("{}: {}", commit.pull_request ? "pull request" : "commit",
                     commit.sha.substr(0, 12));
}

std::string submission_of(const Story& story, const Measurement& measurement) {
  const StoryCommit& commit = *measurement.commit;
  const Benchmark& benchmark = *measurement.benchmark;
  std::string body;
  json::Writer out(body);
  out.begin_object()
      .member("run_id", commit.run_id)
      .member("run_reason", commit.pull_request ? "pull request" : "commit")
      .member("timestamp", to_rfc3339(measurement.time));
  out.key("run_tags").begin_object().member("name", run_name_of(commit));
  if (commit.sweep) out.member("sweep", std::to_string(*commit.sweep));
  out.end_object();
  out.key("tags")
      .begin_object()
      .member("name", benchmark.name)
      .member(benchmark.parameter, benchmark.value)
      .end_object();
  out.key("context").begin_object().member("benchmark_language", "C++").end_object();
  out.key("info")
      .begin_object()
      .member("command", fmt::format("{} --benchmark={}", k_suite, benchmark.name))
      .end_object();
  out.key("github");
  write_commit(out, story, commit);
  out.key("machine_info")
      .begin_object()
      .member("name", story.machine)
      .member("os_name", "Linux")
      .member("architecture_name", "x86_64")
      .member("cpu_core_count", 8)
      .end_object();
  out.key("stats").begin_object().key("data").begin_array();
  for (const double value : measurement.values()) out.value(value);
  out.end_array().member("unit", benchmark.bytes > 0 ? "B/s" : "s").end_object();
  if (is_linked(measurement)) {
    out.key("exemplars");
    write_exemplars(out, measurement);
  }
  out.member("submission_key", fmt::format("demo-{}-{}", commit.run_id, benchmark.name));
  out.end_object();
  return body;
}

traces::Spans spans_of(const Measurement& measurement) {
  traces::Spans spans;
  if (!is_linked(measurement)) return spans;
  const std::span<const Part> parts = measurement.benchmark->parts;
  const auto scope = std::make_shared<const traces::Scope>(
      traces::Scope{.name = "shop", .version = measurement.commit->sha.substr(0, 12)});
  std::map<std::string_view, std::shared_ptr<const traces::Resource>> resources;
  for (const Part& part : parts) {
    auto& resource = resources[part.service];
    if (resource != nullptr) continue;
    traces::Resource made;
    made.attributes = {{"benchlake.run_id", measurement.commit->run_id},
                       {"service.name", std::string(part.service)},
                       {"vcs.ref.head.revision", measurement.commit->sha}};
    resource = std::make_shared<const traces::Resource>(std::move(made));
  }
  for (const Sample& sample : measurement.samples) {
    const std::int64_t start = ns_of(measurement.time) + sample.offset_ns;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      traces::Span span;
      span.trace_id = sample.trace;
      span.span_id = {sample.first_span.value + i};
      if (parts[i].parent >= 0) {
        span.parent_span_id =
            SpanId{sample.first_span.value + static_cast<std::uint64_t>(parts[i].parent)};
      }
      span.name = parts[i].name;
      span.kind = i == 0 ? traces::SpanKind::server : traces::SpanKind::internal;
      span.start_ns = start + sample.parts[i].start_ns;
      span.end_ns = start + sample.parts[i].end_ns;
      if (i == 0) span.attributes = {{"benchmark", std::string(measurement.benchmark->name)}};
      span.resource = resources[parts[i].service];
      span.scope = scope;
      spans.push_back(std::move(span));
    }
  }
  return spans;
}

std::vector<events::BuildEvent> build_of(const Story& story, const StoryCommit& commit) {
  using events::BuildRequestStatus;
  BuildTeller teller(story, commit);
  const auto at = [&](int seconds) { return commit.time + std::chrono::seconds(seconds); };
  const std::string server = teller.part("shop/server");
  const std::string failure = commit.has_failed_build
                                  ? "src/catalogue/index.cc:88:14: error: no member named "
                                    "'passes' in 'catalogue::IndexOptions'"
                                  : "";
  teller.tell_build(at(60), BuildRequestStatus::received);
  teller.tell_build(at(62), BuildRequestStatus::planning);
  teller.tell_build(at(65), BuildRequestStatus::executing);
  teller.tell_job(at(66), at(660), "//shop:server", server, {}, failure);
  if (commit.has_failed_build) {
    teller.tell_build(at(661), BuildRequestStatus::failed, "//shop:server failed");
    return teller.take();
  }
  const Timestamp measured =
      commit.measured_at() + std::chrono::seconds(30 * static_cast<int>(benchmarks().size()));
  teller.tell_job(
      commit.measured_at() - std::chrono::seconds(5), measured, "//bench:suite", teller.suite(),
      {{.type = events::DepType::materialize, .type_name = "materialize", .partition_ref = server}},
      "");
  teller.tell_build(measured + std::chrono::seconds(1), BuildRequestStatus::completed);
  return teller.take();
}

std::string sweep_rows_of(const Story& story, const StoryCommit& commit) {
  struct Hardware {
    const char *runner, *framework;
    double strength;
  };
  constexpr Hardware k_hardware[] = {{"b200-nv", "sglang", 7'200}, {"mi355x-amds", "vllm", 5'900}};
  constexpr int k_points = 7;
  SeededRandom draws = draws_for(story.options, fmt::format("sweep {}", *commit.sweep));
  std::string text;
  json::Writer out(text);
  out.begin_array();
  for (const Hardware& hardware : k_hardware) {
    for (int place = 0; place < k_points; ++place) {
      const double noise = 1 + 0.01 * draw_normal(draws);
      const double per_user = 200 / (place + 1.3);
      const double per_gpu = hardware.strength * noise / (1 + per_user / 40);
      out.begin_object()
          .member("hw", hardware.runner)
          .member("framework", hardware.framework)
          .member("precision", "fp8")
          .member("infmax_model_prefix", "dsr1")
          .member("model", "deepseek-ai/DeepSeek-R1-0528")
          .member("isl", 8192)
          .member("osl", 1024)
          .member("conc", 1 << (place + 2))
          .member("tp", 8)
          .member("ep", 1)
          .member("dp_attention", "false")
          .member("disagg", false)
          .member("is_multinode", false)
          .member("spec_decoding", "none")
          .member("image", "vendor/serving:v1")
          .member("tput_per_gpu", per_gpu)
          .member("median_intvty", per_user)
          .member("median_ttft", 0.15 + place / 7.0)
          .member("median_e2el", 1024 / per_user)
          .end_object();
    }
  }
  out.end_array();
  return text;
}

}  // namespace bl::app::demo
