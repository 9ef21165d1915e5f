#pragma once

#include <span>
#include <string>
#include <vector>

#include "store/database.h"

/// Rows as PostgreSQL reads them: COPY's text format, and literals of the types that need one.
namespace bl::store {

/// `copy table (a, b) from stdin`.
std::string copy_sql(const InsertInto& into);
/// One line of COPY's text format, with its line end.
void append_copy_row(std::string& out, const InsertInto& into, std::span<const Param> row);
/// The texts that stand for parameters whose column needs another text than the parameter's own
/// (InsertInto::Column::Kind); empty for all others.
std::vector<std::string> postgres_texts(const InsertInto& into, std::span<const Param> row);

}  // namespace bl::store
