#pragma once

#include <functional>
#include <memory>
#include <string>

#include "inference/api/reads.h"
#include "net/http.h"

/// From a question to the response: tag, 304, the answer that is kept or made, its coding.
namespace bl::inference {

struct Asked {
  /// Equal for equal questions, and only for them.
  std::string key;
  std::string content_type = "application/json";
  std::string file_name;  ///< under which a browser saves it; empty: it shows it
  bool varies_by_accept = false;
  std::function<Result<std::string>(const Question&)> make;
};

/// How a family of routes shows errors.
using ErrorAnswer = net::Response (*)(const Error& error, const net::Request& request);
/// problem+json.
net::Response own_error(const Error& error, const net::Request& request);
/// `{error}`, as the InferenceX dashboard's API.
net::Response dashboard_error(const Error& error, const net::Request& request);

net::Response answer(const net::Request& request, Reads& reads, const Result<Asked>& asked,
                     ErrorAnswer error_answer);

}  // namespace bl::inference
