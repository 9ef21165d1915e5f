#include "generate/submission_document.h"

#include "base/json.h"

namespace bl::bench {
namespace {

void write_commit(json::Writer& writer, const results::BenchmarkResult& result) {
  const results::Commit& commit = result.commit;
  writer.key("github").begin_object().member("repository", result.repository);
  writer.member("commit", commit.sha).key("commit_info").begin_object();
  if (commit.timestamp) writer.member("timestamp", to_rfc3339(*commit.timestamp));
  writer.member("parent", commit.parent).member("fork_point_sha", commit.fork_point_sha);
  writer.member("branch", commit.branch);
  writer.member("message", commit.message).member("author_name", commit.author_name);
  writer.end_object().end_object();
}

void write_machine(json::Writer& writer, const results::Hardware& hardware) {
  const auto number = [](const auto& value) { return std::to_string(value.value_or(0)); };
  writer.key("machine_info").begin_object().member("name", hardware.name);
  writer.member("architecture_name", hardware.architecture_name.value_or(""));
  writer.member("cpu_core_count", number(hardware.cpu_core_count));
  writer.member("cpu_thread_count", number(hardware.cpu_thread_count));
  writer.member("gpu_count", number(hardware.gpu_count));
  writer.member("memory_bytes", number(hardware.memory_bytes)).end_object();
}

}  // namespace

std::string submission_document(const results::Submission& submission) {
  const results::BenchmarkResult& result = submission.result;
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("run_id", result.run_id);
  writer.member("batch_id", result.batch_id).member("run_reason", result.run_reason);
  writer.member("timestamp", to_rfc3339(result.timestamp));
  json::Value tags = result.benchmark_case.tags;
  tags.set("name", json::Value::string(result.benchmark_case.name));
  writer.key("tags").value(tags).key("run_tags").value(result.run_tags);
  writer.key("context").value(result.context).key("info").value(result.info);
  write_commit(writer, result);
  write_machine(writer, result.hardware);
  if (!result.error.is_null()) {
    writer.key("error").value(result.error);
  } else {
    writer.key("stats").begin_object().key("data").begin_array();
    for (const json::Value& sample : result.stats.data) writer.value(sample);
    writer.end_array().member("unit", result.stats.unit.value_or("s")).end_object();
  }
  writer.end_object();
  return text;
}

}  // namespace bl::bench
