#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "inference/api/own_routes.h"

namespace bl::inference {

/// An argument of a tool, for its JSON Schema.
struct ToolArgument {
  std::string_view name;
  enum class Type : unsigned char { text, integer, number, boolean, texts } type = Type::text;
  std::string_view description;
  bool is_required = false;
};

/// A tool gives a JSON document. Its arguments come as query parameters, and faults are named as
/// the routes name them.
struct Tool {
  std::string_view name;
  std::string_view description;
  std::vector<ToolArgument> arguments;
  Result<std::string> (*call)(const Question& question, const net::Request& arguments) = nullptr;
};
const std::vector<Tool>& tools();

/// `arguments` (an object, or nullptr for none) as query parameters. Errors: invalid (a value that
/// is no text, number, boolean or list of texts).
Result<net::Request> request_of(const json::Value* arguments);

/// The tools that list points row by row.
Result<std::string> latest_benchmarks(const Question& question, const net::Request& arguments);
Result<std::string> benchmark_history(const Question& question, const net::Request& arguments);

}  // namespace bl::inference
