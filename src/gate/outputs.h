#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "formats/formats.h"
#include "gate/model.h"

/// What one run of a benchmark command wrote, as one round of each of its benchmarks.
namespace bl::gate {

/// A benchmark is called what its tool calls it: pytest-benchmark's full name, Google Benchmark's
/// run name, hyperfine's command; elsewhere the name and its parameters. Times become seconds; a
/// rate that comes without a time (B/s, i/s) becomes the seconds of one, and is an extra beside it.
/// Every other number of the tool is an extra, but one beyond k_figure_max, which is left out.
/// Without `format` it is looked for in the bytes. Errors: malformed, invalid (no known format, no
/// benchmark, one that failed, a number that is not above zero where a time must be).
Result<Benchmarks> read_output(std::optional<formats::Format> format, std::string_view bytes,
                               const std::string& place);

/// pytest-benchmark's JSON as a baseline: a benchmark without `stats.data` has its summary alone,
/// which read_output refuses. Errors: as above.
Result<Benchmarks> read_pytest_file(std::string_view bytes, const std::string& place);

/// Adds the rounds of `more`. Errors: invalid (a benchmark that another scenario gives, or whose
/// unit changed).
Result<void> add_rounds(Benchmarks& all, Benchmarks more);

}  // namespace bl::gate
