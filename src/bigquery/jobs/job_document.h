#pragma once

#include <string>
#include <string_view>

#include "bigquery/jobs.h"

/// What the store keeps of a job besides its name, state and time: one JSON document. Pure.
namespace bl::bigquery {

std::string document_of(const JobView& job);
/// Fills what document_of() wrote. Errors: corrupt.
Result<void> read_document(std::string_view document, JobView& job);

}  // namespace bl::bigquery
