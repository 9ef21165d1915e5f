#include "net/query_fields.h"

#include <algorithm>

#include "base/numbers.h"

namespace bl::net {

void QueryFields::fault(std::string_view name, std::string message, std::string value) {
  faults_.add_text("?" + std::string(name), std::move(message), std::move(value));
}

const std::string* QueryFields::find(std::string_view name) {
  known_.push_back(name);
  const std::string* value = request_.query_value(name);
  return value == nullptr || value->empty() ? nullptr : value;
}

std::optional<std::string> QueryFields::text(std::string_view name, std::size_t bytes_max) {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->size() > bytes_max) {
    fault(name, "longer than " + std::to_string(bytes_max) + " bytes", *value);
    return std::nullopt;
  }
  return *value;
}

std::string QueryFields::required_text(std::string_view name) {
  const auto value = text(name);
  const std::string* given = request_.query_value(name);
  if (given == nullptr || given->empty()) fault(name, "required, but missing");
  return value.value_or("");
}

std::vector<std::string> QueryFields::texts(std::string_view name, std::size_t bytes_max) {
  known_.push_back(name);
  repeated_.push_back(name);
  std::vector<std::string> values;
  for (const auto& [key, value] : request_.query) {
    if (key != name || value.empty()) continue;
    if (value.size() > bytes_max) {
      fault(name, "longer than " + std::to_string(bytes_max) + " bytes", value);
    }
    values.push_back(value);
  }
  return values;
}

std::optional<std::int64_t> QueryFields::integer(std::string_view name, std::int64_t least,
                                                 std::int64_t most) {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto integer = parse_int64(*value);
  if (integer && *integer >= least && *integer <= most) return integer;
  fault(name, "not an integer from " + std::to_string(least) + " to " + std::to_string(most),
        *value);
  return std::nullopt;
}

std::optional<double> QueryFields::positive(std::string_view name) {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto number = parse_double(*value);
  if (number && *number > 0) return number;
  fault(name, "not a finite number greater than 0", *value);
  return std::nullopt;
}

std::optional<Timestamp> QueryFields::time(std::string_view name) {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto time = parse_rfc3339(*value);
  if (time.ok()) return *time;
  fault(name, "not an RFC 3339 date-time with an offset", *value);
  return std::nullopt;
}

bool QueryFields::flag(std::string_view name) {
  const std::string* value = find(name);
  if (value == nullptr) return false;
  if (*value == "true" || *value == "1") return true;
  if (*value != "false" && *value != "0") fault(name, "not true or false", *value);
  return false;
}

std::optional<std::size_t> QueryFields::choice(std::string_view name,
                                               std::initializer_list<std::string_view> choices) {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto found = std::find(choices.begin(), choices.end(), *value);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  std::string names;
  for (const std::string_view one : choices) names.append(names.empty() ? "" : ", ").append(one);
  fault(name, "not one of " + names, *value);
  return std::nullopt;
}

Result<void> QueryFields::finish() {
  for (std::size_t i = 0; i < request_.query.size(); ++i) {
    const auto& [name, value] = request_.query[i];
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
      fault(name, "unknown parameter", value);
      continue;
    }
    const bool repeated =
        std::any_of(request_.query.begin(), request_.query.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](const auto& earlier) { return earlier.first == name; });
    const bool may_be = std::find(repeated_.begin(), repeated_.end(), name) != repeated_.end();
    if (repeated && !may_be) fault(name, "given more than once", value);
  }
  if (!faults_.ok()) return faults_.to_error("the query");
  return {};
}

}  // namespace bl::net
