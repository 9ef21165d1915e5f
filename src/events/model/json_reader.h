#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "events/model.h"

/// JSON -> the values of model.h. Faults are collected with their paths; what could not be read is
/// left as it was.
namespace bl::events {

/// One object whose members are taken one by one; those that nobody took are faults.
class Members {
 public:
  Members(const json::Value& value, std::string path, json::Faults& faults);
  /// Null counts as absent.
  const json::Value* take(std::string_view key);
  std::string path_of(std::string_view key) const { return json::pointer_append(path_, key); }
  bool is_object() const { return value_.is_object(); }
  /// To be called last.
  void finish();

  void text(std::string_view key, std::string& to);
  /// A number, or its decimal text.
  void integer(std::string_view key, std::int64_t& to);
  /// `{"str": "..."}` (or another key of one text), or a text.
  void wrapped(std::string_view key, std::string_view inner, std::string& to);
  void refs(std::string_view key, std::vector<PartitionRef>& to);
  void texts(std::string_view key, std::vector<std::string>& to);
  void map(std::string_view key, std::map<std::string, std::string>& to);
  json::Faults& faults() { return faults_; }

 private:
  const json::Value& value_;
  std::string path_;
  json::Faults& faults_;
  std::vector<bool> taken_;
};

/// Reads the nested values. `depth`: of manifests, from 1.
class JsonReader {
 public:
  JsonReader(json::Faults& faults, const EventLimits& limits) : faults_(faults), limits_(limits) {}
  BuildEvent event(const json::Value& value, const std::string& path);
  JobConfig config(const json::Value& value, const std::string& path);
  std::vector<PartitionManifest> manifests(const json::Value& value, const std::string& path,
                                           std::size_t depth);
  JobGraph graph(const json::Value& value, const std::string& path);

 private:
  Payload payload(EventType type, const json::Value& value, const std::string& path);
  PartitionManifest manifest(const json::Value& value, const std::string& path, std::size_t depth);
  Task task(const json::Value& value, const std::string& path);
  DataDep dep(const json::Value& value, const std::string& path);
  template <class Status>
  void status(Members& members, Status& to);

  json::Faults& faults_;
  const EventLimits& limits_;
};

}  // namespace bl::events
