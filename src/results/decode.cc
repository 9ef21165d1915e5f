#include "results/decode.h"

#include <algorithm>

#include "base/hash.h"
#include "base/numbers.h"
#include "results/commits/widths.h"
#include "results/decoding/exemplars.h"
#include "results/decoding/fields.h"
#include "results/decoding/payload.h"
#include "results/units.h"

namespace bl::results {
namespace {

constexpr std::string_view k_refused = "the submission cannot be accepted";
constexpr std::int64_t k_int32_max = 2'147'483'647;  // the schema's `integer`
// Widths of the schema's columns, in characters [1.1].
constexpr std::size_t k_repository_max = 300;
constexpr std::size_t k_hardware_name_max = 900;  // the hash begins with it and has 1000

/// One pass over one submission; the faults of all parts are collected.
class SubmissionDecoder {
 public:
  SubmissionDecoder(const json::Value& document, const DecodeLimits& limits)
      : document_(document),
        limits_(limits),
        fields_(document, "", faults_, limits, Blank::absent) {}

  Result<Submission> decode() {
    if (document_.is_object()) {
      refuse_what_cannot_be_kept("", document_);
      read_run();
      read_case();
      read_hardware();
      read_commit();
      read_outcome();
      read_documents();
      submission_.exemplars =
          read_exemplars(fields_, faults_, limits_, submission_.result.stats.data.size());
      read_submission_key();
      fields_.finish();
    }
    if (!faults_.ok()) return faults_.to_error(k_refused);
    submission_.payload_sha256 = sha256_hex(canonical_payload(document_));
    return std::move(submission_);
  }

 private:
  Fields object(std::string_view name, const json::Value& value) {
    return Fields(value, fields_.path_of(name), faults_, limits_);
  }

  /// PostgreSQL can keep U+0000 neither in a text nor in a JSON document, and not every number.
  bool can_be_kept(const json::Value& value) const {
    const auto is_kept = [this](const json::Value& item) { return can_be_kept(item); };
    switch (value.kind()) {
      case json::Kind::string:
        return value.as_string().find('\0') == std::string::npos;
      case json::Kind::number:
        return value.number_text().size() <= limits_.number_chars_max;
      case json::Kind::array:
        return std::all_of(value.items().begin(), value.items().end(), is_kept);
      case json::Kind::object:
        return std::all_of(value.members().begin(), value.members().end(), [&](const auto& member) {
          return member.first.find('\0') == std::string::npos && is_kept(member.second);
        });
      default:
        return true;
    }
  }

  void refuse_what_cannot_be_kept(const std::string& path, const json::Value& value) {
    if (can_be_kept(value)) return;
    if (value.is_string()) {
      faults_.add(path, "must not contain U+0000", &value);
    } else if (value.is_number()) {
      faults_.add_text(path, too_long_a_number(limits_), value.number_text());
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.items().size(); ++i) {
        refuse_what_cannot_be_kept(json::pointer_append(path, i), value.items()[i]);
      }
    } else {
      for (const auto& [key, member] : value.members()) {
        const std::string at = json::pointer_append(path, key);
        if (key.find('\0') != std::string::npos) faults_.add(at, "a key must not contain U+0000");
        refuse_what_cannot_be_kept(at, member);
      }
    }
  }

  void read_run() {
    BenchmarkResult& result = submission_.result;
    result.run_id = fields_.required_key_text("run_id");
    result.batch_id = fields_.key_text("batch_id");
    result.run_reason = fields_.key_text("run_reason");
    if (const json::Value* value = fields_.require("timestamp")) {
      if (const auto time = read_time(fields_, "timestamp", *value)) result.timestamp = *time;
    }
    result.run_tags = fields_.text_map("run_tags");
    const auto run_name = fields_.text("run_name");
    if (run_name && result.run_tags.find("name") == nullptr) {
      result.run_tags.set("name", json::Value::string(*run_name));
    }
  }

  static std::optional<Timestamp> read_time(Fields& fields, std::string_view name,
                                            const json::Value& value) {
    if (value.is_string()) {
      if (auto time = parse_rfc3339(value.as_string()); time.ok()) return *time;
    }
    fields.fault(name, "not an RFC 3339 date-time with an offset", &value);
    return std::nullopt;
  }

  void read_case() {
    const json::Value* tags = fields_.require("tags");
    if (tags == nullptr) return;
    Fields members = object("tags", *tags);
    if (!tags->is_object()) return;
    if (tags->members().size() > limits_.tags_max) {
      fields_.fault("tags", "more than " + std::to_string(limits_.tags_max) + " members");
      return;
    }
    Case& benchmark_case = submission_.result.benchmark_case;
    benchmark_case.tags = json::Value::object();
    for (const auto& [key, value] : tags->members()) {
      if (auto text = read_tag(members, key, value)) {
        if (key == "name") {
          benchmark_case.name = *std::move(text);
        } else {
          benchmark_case.tags.members().emplace_back(key, json::Value::string(*std::move(text)));
        }
      } else if (key == "name" && (value.is_null() || value.is_string())) {
        members.fault("name", "the name of the conceptual benchmark must not be empty", &value);
      }
    }
    if (tags->find("name") == nullptr) members.fault("name", "required, but missing");
    auto& kept = benchmark_case.tags.members();
    std::sort(kept.begin(), kept.end(),
              [](const json::Member& a, const json::Member& b) { return a.first < b.first; });
  }

  std::optional<std::string> read_tag(Fields& tags, const std::string& key,
                                      const json::Value& value) {
    if (key.empty()) tags.fault(key, "an empty key is not allowed", &value);
    if (key.size() > limits_.text_bytes_max) tags.fault(key, "the key is too long");
    if (value.is_array() || value.is_object()) {
      tags.fault(key, "not a string, number or boolean", &value);
      return std::nullopt;
    }
    auto text = tag_text(value);
    if (text && text->size() > limits_.text_bytes_max) {
      tags.fault(key, "longer than " + std::to_string(limits_.text_bytes_max) + " bytes", &value);
    }
    return text;
  }

  void read_hardware() {
    const json::Value* machine = fields_.find("machine_info");
    const json::Value* cluster = fields_.find("cluster_info");
    if (machine == nullptr && cluster == nullptr) {
      faults_.add("/machine_info", "either machine_info or cluster_info is required");
    }
    if (machine != nullptr && cluster != nullptr) {
      faults_.add("/cluster_info", "must not be given together with machine_info");
    }
    if (machine != nullptr) read_machine(*machine);
    if (cluster != nullptr) read_cluster(*cluster);
  }

  std::string read_hardware_name(Fields& fields) {
    std::string name = fields.required_text("name");
    if (count_characters(name) > k_hardware_name_max) {
      faults_.add_text(fields.path_of("name"), "longer than 900 characters", name);
    }
    return name;
  }

  void read_machine(const json::Value& value) {
    Fields fields = object("machine_info", value);
    Hardware& hardware = submission_.result.hardware;
    hardware.type = Hardware::Type::machine;
    hardware.name = read_hardware_name(fields);
    hardware.architecture_name = fields.text("architecture_name");
    hardware.kernel_name = fields.text("kernel_name");
    hardware.os_name = fields.text("os_name");
    hardware.os_version = fields.text("os_version");
    hardware.cpu_model_name = fields.text("cpu_model_name");
    hardware.cpu_l1d_cache_bytes = fields.integer("cpu_l1d_cache_bytes", 0, k_int32_max);
    hardware.cpu_l1i_cache_bytes = fields.integer("cpu_l1i_cache_bytes", 0, k_int32_max);
    hardware.cpu_l2_cache_bytes = fields.integer("cpu_l2_cache_bytes", 0, k_int32_max);
    hardware.cpu_l3_cache_bytes = fields.integer("cpu_l3_cache_bytes", 0, k_int32_max);
    hardware.cpu_core_count = fields.integer("cpu_core_count", 0, k_int32_max);
    hardware.cpu_thread_count = fields.integer("cpu_thread_count", 0, k_int32_max);
    hardware.cpu_frequency_max_hz = fields.integer("cpu_frequency_max_hz", 0);
    hardware.memory_bytes = fields.integer("memory_bytes", 0);
    hardware.gpu_count = fields.integer("gpu_count", 0, k_int32_max);
    hardware.gpu_product_names = fields.texts("gpu_product_names");
    fields.finish();
  }

  void read_cluster(const json::Value& value) {
    Fields fields = object("cluster_info", value);
    Hardware& hardware = submission_.result.hardware;
    hardware.type = Hardware::Type::cluster;
    hardware.name = read_hardware_name(fields);
    hardware.info = fields.required_document("info");
    hardware.optional_info = fields.document("optional_info");
    fields.finish();
  }

  void read_commit() {
    const json::Value* github = fields_.require("github");
    if (github == nullptr) return;
    Fields fields = object("github", *github);
    BenchmarkResult& result = submission_.result;
    const std::string repository = fields.required_text("repository");
    if (!repository.empty()) read_repository(fields, repository);
    Commit& commit = result.commit;
    commit.repository = result.repository;
    commit.sha = bounded(fields, "commit", k_sha_max).value_or("");
    commit.branch = non_empty(bounded(fields, "branch", k_branch_max));
    commit.pull_request = read_pull_request(fields);
    const json::Value* info = fields.find("commit_info");
    if (info != nullptr) read_commit_info(*info, fields.path_of("commit_info"));
    if (info != nullptr && commit.sha.empty()) {
      fields.fault("commit_info", "needs a commit");
    }
    fields.finish();
  }

  void read_repository(Fields& fields, const std::string& text) {
    auto repository = normalise_repository(text);
    if (!repository.ok()) {
      faults_.add_text(fields.path_of("repository"), "not a URL that begins with https://", text);
    } else if (count_characters(*repository) > k_repository_max) {
      faults_.add_text(fields.path_of("repository"), "longer than 300 characters", text);
    } else {
      submission_.result.repository = *std::move(repository);
    }
  }

  /// An integer or its text; "" and null are none.
  static std::optional<std::int64_t> read_pull_request(Fields& fields) {
    const json::Value* number = fields.find("pr_number");
    if (number == nullptr) return std::nullopt;
    if (number->is_string() && number->as_string().empty()) return std::nullopt;
    return fields.integer("pr_number", 0);
  }

  void read_commit_info(const json::Value& value, const std::string& path) {
    Fields fields(value, path, faults_, limits_);
    Commit& commit = submission_.result.commit;
    if (const json::Value* time = fields.find("timestamp")) {
      commit.timestamp = read_time(fields, "timestamp", *time);
    }
    commit.parent = non_empty(bounded(fields, "parent", k_sha_max));
    const std::string message = fields.text("message").value_or("");
    const auto first_line = std::string_view(message).substr(0, message.find_first_of("\r\n"));
    commit.message = first_characters(first_line, k_message_kept);
    commit.author_name = bounded(fields, "author_name", k_author_name_max).value_or("");
    commit.author_login = non_empty(bounded(fields, "author_login", k_author_login_max));
    commit.author_avatar = non_empty(bounded(fields, "author_avatar", k_author_avatar_max));
    const auto branch = non_empty(bounded(fields, "branch", k_branch_max));
    if (!commit.branch) commit.branch = branch;
    commit.fork_point_sha = non_empty(bounded(fields, "fork_point_sha", k_sha_max));
    fields.finish();
    const bool nothing_says_otherwise =
        !commit.branch && !commit.pull_request && !commit.fork_point_sha;
    if (commit.timestamp && nothing_says_otherwise) commit.fork_point_sha = commit.sha;
  }

  std::optional<std::string> bounded(Fields& fields, std::string_view name, std::size_t most) {
    auto text = fields.text(name);
    if (text && count_characters(*text) > most) {
      faults_.add_text(fields.path_of(name), "longer than " + std::to_string(most) + " characters",
                       *text);
    }
    return text;
  }

  static std::optional<std::string> non_empty(std::optional<std::string> text) {
    return text && text->empty() ? std::nullopt : std::move(text);
  }

  /// Errored, partial or success, in this order [2.3].
  void read_outcome() {
    BenchmarkResult& result = submission_.result;
    const bool errored = fields_.find("error") != nullptr;
    result.error = fields_.document("error");
    const json::Value* value = fields_.find("stats");
    if (value == nullptr) {
      if (!errored) faults_.add("/stats", "either stats or error is required");
      return;
    }
    Fields fields = object("stats", *value);
    read_stats(fields);
    fields.finish();
    if (errored || !value->is_object()) return;
    const json::Value* data = value->find("data");
    if (data == nullptr || !data->is_array()) return;
    const bool partial = data->items().empty() ||
                         std::any_of(data->items().begin(), data->items().end(),
                                     [](const json::Value& sample) { return sample.is_null(); });
    if (partial) {
      result.error =
          json::Value::object({{"status", json::Value::string(std::string(k_partial_result))}});
    } else {
      normalise_success(fields);
    }
  }

  void read_stats(Fields& fields) {
    Stats& stats = submission_.result.stats;
    if (fields.require("data") != nullptr)
      stats.data = fields.samples("data").value_or(json::Array());
    stats.times = fields.samples("times").value_or(json::Array());
    stats.unit = fields.text("unit");
    stats.time_unit = fields.text("time_unit");
    stats.iterations = fields.integer("iterations", -k_int32_max - 1, k_int32_max);
    stats.min = fields.number("min");
    stats.max = fields.number("max");
    stats.mean = fields.number("mean");
    stats.median = fields.number("median");
    stats.stdev = fields.number("stdev");
    stats.q1 = fields.number("q1");
    stats.q3 = fields.number("q3");
    stats.iqr = fields.number("iqr");
  }

  void normalise_success(Fields& fields) {
    Stats& stats = submission_.result.stats;
    if (stats.unit == "b/s") stats.unit = "B/s";
    if (!stats.unit) {
      if (faults_of("/stats/unit") == 0) fields.fault("unit", "required, but missing");
    } else if (find_unit(*stats.unit) == nullptr) {
      faults_.add_text("/stats/unit", "not one of " + known_unit_symbols(), *stats.unit);
    }
    std::vector<double> samples;
    samples.reserve(stats.data.size());
    for (json::Value& sample : stats.data) {
      samples.push_back(sample.as_double());
      sample = json::Value::number(samples.back());
    }
    if (!samples.empty()) set_aggregates(stats, samples);
  }

  std::size_t faults_of(std::string_view path) const {
    return static_cast<std::size_t>(
        std::count_if(faults_.list().begin(), faults_.list().end(),
                      [&](const Fault& fault) { return fault.path == path; }));
  }

  void read_documents() {
    BenchmarkResult& result = submission_.result;
    result.context = fields_.required_document("context");
    if (fields_.find("info") != nullptr) result.info = fields_.document("info");
    result.optional_benchmark_info = fields_.document("optional_benchmark_info");
    result.validation = fields_.document("validation");
    const json::Value annotations = fields_.document("change_annotations");
    if (!annotations.is_object()) return;
    for (const auto& [key, value] : annotations.members()) {
      if (value.is_null()) continue;
      if (key == "begins_distribution_change" && !value.is_bool()) {
        faults_.add("/change_annotations/begins_distribution_change", "not a boolean", &value);
      }
      result.change_annotations.members().emplace_back(key, value);
    }
  }

  void read_submission_key() {
    submission_.submission_key = fields_.text("submission_key");
    const auto& key = submission_.submission_key;
    if (key && count_characters(*key) > limits_.submission_key_chars_max) {
      faults_.add_text("/submission_key",
                       "submission_key must be at most " +
                           std::to_string(limits_.submission_key_chars_max) + " characters",
                       *key);
    }
  }

  static constexpr std::string_view k_partial_result =
      "Partial result: not all iterations completed";

  const json::Value& document_;
  const DecodeLimits& limits_;
  json::Faults faults_;
  Fields fields_;
  Submission submission_;
};

}  // namespace

Result<Submission> decode_submission(std::string_view body, const DecodeLimits& limits) {
  json::Faults faults;  // of the JSON itself; with those of the submission they make one answer
  BL_TRY(const json::Value document, json::parse_noting(body, faults));
  Result<Submission> submission = decode_submission(document, limits);
  if (faults.ok()) return submission;
  const std::vector<Fault> of_json = faults.list();
  const auto is_named = [&](const Fault& fault) {
    return std::any_of(of_json.begin(), of_json.end(),
                       [&](const Fault& named) { return named.path == fault.path; });
  };
  if (!submission.ok()) {
    for (const Fault& fault : submission.error().faults) {
      if (!is_named(fault)) faults.add_text(fault.path, fault.message, fault.value);
    }
  }
  return faults.to_error(k_refused);
}

Result<Submission> decode_submission(const json::Value& document, const DecodeLimits& limits) {
  return SubmissionDecoder(document, limits).decode();
}

}  // namespace bl::results
