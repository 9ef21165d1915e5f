#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "advice/model.h"
#include "advice/ports.h"

/// What is said of each part of a comment, plain text for people. Pure.
namespace bl::advice {

/// `a1b2c3d`: how people call a commit; a name that is no hash stays whole.
std::string short_sha(std::string_view sha);
/// `6.1 %`, without a sign.
std::string percent_text(double percent);
/// `97 %`, rounded down; never `100 %`.
std::string confidence_text(double confidence);
/// `name, size=5`: what tells a benchmark from the others of its name.
std::string label_of(const Finding& finding);

/// What `check` and `bisect` call it, as far as its parameters tell: `BM_Sort/8`, `sort[n=8]`; of
/// pytest `a.py::test[8-true]`.
std::string measured_name_of(const Finding& finding);

std::string headline_of(const Comment& comment);
std::string sentence_of(const Finding& finding);
/// `span`: that they share; empty: they share the commit.
std::string sentence_of(const Group& group, const std::vector<Finding>& findings,
                        std::string_view span);
std::string sentence_of_repeats(const Finding& finding);
std::string sentence_of_unjudged(Unknown::Code code, const std::vector<std::string>& names);
std::string sentence_of_traces(const TraceComparison& comparison, std::string_view name);
Reproduction reproduction_of(const std::optional<std::string>& recorded,
                             const std::optional<std::string>& base, bool has_something);
/// Of one finding, for a bisection follows one benchmark. `between`: commits that were not
/// measured, at least 1.
Reproduction bisection_of(const std::optional<std::string>& recorded, const std::string& base,
                          const std::string& head, const Finding& finding, std::int64_t between);

}  // namespace bl::advice
