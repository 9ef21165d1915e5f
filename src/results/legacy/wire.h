#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"
#include "net/router.h"

/// What the legacy dialect's routes share: parameters read and errors said in its words
/// (spec/results-conbench.md 2.9, 3.1). Private to the legacy routes.
namespace bl::results::legacy {

/// A body, or the error that is answered.
using Body = Result<std::string>;

/// An answer in the legacy shape, with problem()'s headers.
net::Response error_answer(int status, const Error& error, std::string_view request_id);
/// The dialect has no 422: what breaks a rule is a bad request.
net::Response refuse(const Error& error, const net::Request& request);
/// 200 with the body, or its error.
net::Response answer(Body body, const net::Request& request);

/// `{"_errors":[message]}` as the description.
Error bad_request(std::string message);
/// As Flask says it of a body that it cannot read.
Error not_understood();
/// `no benchmark result found with ID: 'x'`.
Error no_such_result(std::string_view id);
/// `no benchmark results found for run ID: 'x'`.
Error no_such_run(std::string_view run_id);

/// nullopt when absent or empty.
std::optional<std::string> text_of(const net::Request& request, std::string_view name);
/// Default 100, 1 to 1000.
Result<int> page_size_of(const net::Request& request);
/// nullopt for the first page: absent, empty, or the word `null`.
std::optional<std::string> cursor_of(const net::Request& request);
Result<double> number_of(const net::Request& request, std::string_view name, double otherwise);

/// `BASELINE...CONTENDER`. Errors: not_found, in the words of [3.4].
struct IdPair {
  std::string baseline, contender;
};
Result<IdPair> pair_of(const std::string& segment);

/// A route of Access::read that answers 200.
void add_get(net::Router& router, std::string pattern,
             std::function<Body(const net::Request&)> read);

}  // namespace bl::results::legacy
