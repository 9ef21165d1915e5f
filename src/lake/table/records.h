#pragma once

#include <string>
#include <string_view>

#include "columns/batch.h"

/// Rows as a journal's records keep them (docs/formats/journal.md). Pure.
namespace bl::lake {

/// Appended to `out`.
Result<void> append_record(const columns::Batch& batch, std::string& out);
/// Errors: corrupt (not of this format, another count of columns, rows that are not whole).
Result<columns::Batch> batch_of_record(std::string_view payload, const columns::Schema& schema);

}  // namespace bl::lake
