#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

/// The small JSON objects that these routes take. Private to them.
namespace bl::events {

/// Reads members by name; every fault, and every member that nobody asked for, in one answer.
class RequestBody {
 public:
  /// An empty body is an empty object. Errors: malformed, invalid (no object).
  static Result<RequestBody> parse(std::string_view body);

  std::string text(std::string_view name);
  /// Not empty.
  std::string required_text(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
  /// A UUID, in lower case; empty when it is not there.
  std::string uuid(std::string_view name);
  /// Texts, or `{"str": "..."}`; at least one.
  std::vector<std::string> refs(std::string_view name);
  /// Errors: invalid.
  Result<void> finish();

 private:
  explicit RequestBody(json::Value document) : document_(std::move(document)) {}
  const json::Value* find(std::string_view name);

  json::Value document_;
  std::vector<std::string_view> known_;
  json::Faults faults_;
};

}  // namespace bl::events
