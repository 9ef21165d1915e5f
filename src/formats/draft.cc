#include "formats/draft.h"

#include "base/hash.h"

namespace bl::formats {
namespace {

json::Value text(std::string value) {
  return json::Value::string(std::move(value));
}

void set_known(json::Value& object, const char* key, const std::optional<std::string>& value) {
  if (value) object.set(key, text(*value));
}

void set_known(json::Value& object, const char* key, json::Value value) {
  if (!value.is_null()) object.set(key, std::move(value));
}

void add_all(json::Value& object, const std::map<std::string, std::string>& added) {
  for (const auto& [key, value] : added) object.set(key, text(value));
}

/// The object at `key`, made when it is absent; nullptr when something else is there (the server
/// will name it).
json::Value* object_at(json::Value& submission, const char* key) {
  if (submission.find(key) == nullptr) submission.set(key, json::Value::object());
  for (json::Member& member : submission.members()) {
    if (member.first == key) return member.second.is_object() ? &member.second : nullptr;
  }
  return nullptr;
}

/// The file's word on the machine, completed by what was detected when both speak of the same
/// machine.
json::Value machine_of(json::Value of_file, const Facts& facts) {
  json::Value machine = std::move(of_file);
  if (machine.is_null()) {
    machine = facts.machine;
  } else if (facts.machine.is_object()) {
    const json::Value* name = machine.find("name");
    const json::Value* detected = facts.machine.find("name");
    if (name != nullptr && detected != nullptr && *name == *detected) {
      json::Value merged = facts.machine;
      for (json::Member& member : machine.members())
        merged.set(member.first, std::move(member.second));
      machine = std::move(merged);
    }
  }
  if (facts.machine_name) {
    if (machine.is_null()) machine = json::Value::object();
    machine.set("name", text(*facts.machine_name));
  }
  return machine;
}

/// What the facts say of the commit.
void set_commit(json::Value& github, const Facts& facts) {
  set_known(github, "commit", facts.commit);
  set_known(github, "branch", facts.branch);
  if (facts.pr_number) github.set("pr_number", json::Value::number(*facts.pr_number));
  set_known(github, "commit_info", facts.commit_info);
}

/// What the file knows of its commit says nothing of another one.
void forget_other_commit(json::Value& github, const std::string& commit) {
  const json::Value* its = github.find("commit");
  if (its != nullptr && its->is_string() && its->as_string() == commit) return;
  std::erase_if(github.members(), [](const json::Member& m) { return m.first == "commit_info"; });
}

/// Profiles and sources inside of these files are longer than what a server would take.
constexpr json::ParseLimits k_parse_limits = {.bytes_max = 256u << 20,
                                              .string_bytes_max = 16u << 20};

bool is_word_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

json::Value to_submission(Draft draft, const Facts& facts) {
  json::Value submission = json::Value::object();
  set_known(submission, "submission_key", draft.submission_key);
  set_known(submission, "run_id", facts.run_id ? facts.run_id : draft.run_id);
  set_known(submission, "batch_id", facts.batch_id ? facts.batch_id : draft.batch_id);
  set_known(submission, "run_reason", facts.run_reason);
  const std::optional<Timestamp> timestamp = draft.timestamp ? draft.timestamp : facts.timestamp;
  if (timestamp) submission.set("timestamp", text(to_rfc3339(*timestamp)));

  json::Value tags = std::move(draft.tags);
  add_all(tags, facts.tags);
  tags.set("name", text(std::move(draft.name)));
  submission.set("tags", std::move(tags));
  add_all(draft.context, facts.context);
  submission.set("context", std::move(draft.context));
  submission.set("info", std::move(draft.info));
  if (!facts.run_tags.empty()) {
    json::Value run_tags = json::Value::object();
    add_all(run_tags, facts.run_tags);
    submission.set("run_tags", std::move(run_tags));
  }

  json::Value github = json::Value::object();
  set_known(github, "repository", draft.repository);
  set_known(github, "commit", draft.commit);
  set_known(github, "repository", facts.repository);
  // What is known of one commit says nothing of another one.
  const bool same_commit = !facts.commit || facts.commit == draft.commit;
  const bool is_of_file = draft.commit && (same_commit || facts.commit_is_detected);
  if (same_commit || is_of_file) set_known(github, "commit_info", std::move(draft.commit_info));
  if (same_commit || !is_of_file) set_commit(github, facts);
  submission.set("github", std::move(github));
  set_known(submission, "machine_info", machine_of(std::move(draft.machine), facts));
  set_known(submission, "stats", std::move(draft.stats));
  set_known(submission, "error", std::move(draft.error));
  set_known(submission, "optional_benchmark_info", std::move(draft.optional_benchmark_info));
  return submission;
}

void override_submission(json::Value& submission, const Facts& facts) {
  set_known(submission, "run_id", facts.run_id);
  set_known(submission, "batch_id", facts.batch_id);
  set_known(submission, "run_reason", facts.run_reason);
  const bool knows_commit = facts.repository || facts.commit || facts.branch || facts.pr_number ||
                            !facts.commit_info.is_null();
  if (knows_commit) {
    if (json::Value* github = object_at(submission, "github")) {
      if (facts.commit) forget_other_commit(*github, *facts.commit);
      set_known(*github, "repository", facts.repository);
      set_commit(*github, facts);
    }
  }
  const auto lay_over = [&](const char* key, const std::map<std::string, std::string>& added) {
    if (added.empty()) return;
    if (json::Value* object = object_at(submission, key)) add_all(*object, added);
  };
  lay_over("tags", facts.tags);
  lay_over("context", facts.context);
  lay_over("run_tags", facts.run_tags);
  const bool is_cluster = submission.find("cluster_info") != nullptr;
  if (!is_cluster && submission.find("machine_info") == nullptr) {
    set_known(submission, "machine_info", facts.machine);
  }
  if (facts.machine_name) {
    const char* hardware = is_cluster ? "cluster_info" : "machine_info";
    if (json::Value* object = object_at(submission, hardware))
      object->set("name", text(*facts.machine_name));
  }
  if (submission.find("timestamp") == nullptr && facts.timestamp) {
    submission.set("timestamp", text(to_rfc3339(*facts.timestamp)));
  }
}

std::string batch_of(const std::string& run_id, const std::string& name) {
  return sha256_hex(run_id + "\n" + name).substr(0, 32);
}

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

const json::Value* number_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_number() ? value : nullptr;
}

json::Value error_object(std::string message) {
  json::Value error = json::Value::object();
  error.set("message", text(std::move(message)));
  return error;
}

Result<json::Value> parse_with_nonfinite(std::string_view bytes) {
  std::string quoted;
  std::size_t copied = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\\' && in_string) {
      ++i;
    } else if (bytes[i] == '"') {
      in_string = !in_string;
    } else if (!in_string && (bytes[i] == 'N' || bytes[i] == 'I' || bytes[i] == '-')) {
      for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
        if (!bytes.substr(i).starts_with(word)) continue;
        const std::size_t end = i + word.size();
        if (end < bytes.size() && is_word_part(bytes[end])) continue;
        quoted.append(bytes.substr(copied, i - copied)).append("\"").append(word).append("\"");
        copied = end;
        i = end - 1;
        break;
      }
    }
  }
  if (copied == 0) return json::parse(bytes, k_parse_limits);
  quoted.append(bytes.substr(copied));
  return json::parse(quoted, k_parse_limits);
}

Error at_place(Error error, const std::string& place) {
  for (Fault& fault : error.faults) fault.path = place + "#" + fault.path;
  return std::move(error).with_context(place);
}

}  // namespace bl::formats
