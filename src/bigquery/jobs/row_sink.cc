#include "bigquery/jobs/row_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bigquery/lake_schema.h"
#include "bigquery/sql/types.h"

namespace bl::bigquery {
namespace {

std::string text_of(const TableName& name) {
  return fmt::format("{}:{}.{}", name.project, name.dataset, name.table);
}

Error already_exists(const TableName& name) {
  return {Code::conflict, "Already Exists: Table " + text_of(name)};
}

/// The table, where it is there and its rows stay.
Result<TableHandle> table_that_stays(Tables& tables, const Destination& destination) {
  auto found = tables.find(destination.name);
  if (!found.ok()) {
    const bool may_make =
        found.error().code == Code::not_found && destination.create == CreateDisposition::if_needed;
    if (!may_make) return std::move(found).error();
    return TableHandle();
  }
  const TableHandle& table = *found;
  if (table->record().kind == TableKind::view) {
    return Error{Code::invalid, "a view takes no rows: " + text_of(destination.name)};
  }
  if (table->is_read_only()) {
    return Error{Code::forbidden,
                 "Access Denied: the table is read only: " + text_of(destination.name)};
  }
  switch (destination.write) {
    case WriteDisposition::truncate:
      return TableHandle();
    case WriteDisposition::empty:
      if (table->snapshot().rows() > 0) return already_exists(destination.name);
      break;
    case WriteDisposition::append:
      break;
  }
  return table;
}

std::string type_text(const TableField& field) {
  return sql::name_of(sql::type_of(field));
}

}  // namespace

std::optional<WriteDisposition> write_disposition_named(std::string_view name) {
  if (name == "WRITE_APPEND") return WriteDisposition::append;
  if (name == "WRITE_TRUNCATE") return WriteDisposition::truncate;
  if (name == "WRITE_EMPTY") return WriteDisposition::empty;
  return std::nullopt;
}

std::optional<CreateDisposition> create_disposition_named(std::string_view name) {
  if (name == "CREATE_IF_NEEDED") return CreateDisposition::if_needed;
  if (name == "CREATE_NEVER") return CreateDisposition::never;
  return std::nullopt;
}

bool is_same_type(const TableField& a, const TableField& b) {
  return sql::type_of(a) == sql::type_of(b);
}

Result<TableSchema> target_schema(Tables& tables, const Destination& destination,
                                  const TableSchema& wanted) {
  BL_TRY(const TableHandle there, table_that_stays(tables, destination));
  if (there == nullptr) return wanted;
  TableSchema schema = there->record().schema;
  const std::string place =
      "Provided Schema does not match Table " + text_of(destination.name) + ". ";
  for (const TableField& field : wanted.fields) {
    const TableField* known = schema.find(field.name);
    if (known != nullptr && !is_same_type(*known, field)) {
      return Error{Code::invalid, fmt::format("{}Field {} has changed type from {} to {}", place,
                                              field.name, type_text(*known), type_text(field))};
    }
    if (known != nullptr) continue;
    if (!destination.allow_field_addition) {
      return Error{Code::invalid,
                   fmt::format("{}Cannot add fields (field: {})", place, field.name)};
    }
    if (field.mode == FieldMode::required) {
      return Error{Code::invalid,
                   fmt::format("{}Cannot add required fields (field: {})", place, field.name)};
    }
    schema.fields.push_back(field);
  }
  return schema;
}

Result<void> RowSink::open_existing(const TableSchema& schema) {
  if (schema.fields.size() == there_->record().schema.fields.size()) return {};
  BL_TRY(there_, tables_.change(destination_.name, [&](TableRecord& record) -> Result<void> {
    for (const TableField& field : schema.fields) {
      if (record.schema.find(field.name) == nullptr) record.schema.fields.push_back(field);
    }
    return {};
  }));
  return {};
}

Result<std::unique_ptr<RowSink>> RowSink::open(Tables& tables, const Destination& destination,
                                               const TableSchema& schema,
                                               const RowSinkLimits& limits) {
  std::unique_ptr<RowSink> sink(new RowSink(tables, destination, limits));
  BL_TRY(sink->there_, table_that_stays(tables, destination));
  sink->schema_ = schema;
  if (sink->there_ != nullptr) {
    BL_RETURN_IF_ERROR(sink->open_existing(schema));
    sink->schema_ = sink->there_->record().schema;
    sink->columns_ = sink->there_->rows().schema();
    return sink;
  }
  if (schema.fields.empty()) {
    return Error{Code::invalid,
                 "No schema specified on job or table: " + text_of(destination.name)};
  }
  // Before all the work, not after it.
  BL_TRY([[maybe_unused]] const DatasetRecord dataset,
         tables.dataset(destination.name.project, destination.name.dataset));
  if (auto found = tables.find(destination.name); found.ok()) sink->replaced_ = (*found)->record();
  BL_TRY(sink->staged_, tables.stage(schema));
  sink->columns_ = sink->staged_->rows().schema();
  return sink;
}

Result<void> RowSink::write_staged() {
  if (pending_.empty()) return {};
  BL_TRY(const columns::Batch rows, columns::concatenate(pending_));
  pending_.clear();
  pending_bytes_ = 0;
  lake::Table& table = staged_->rows();
  auto added = table.append(rows);
  if (!added.ok() && added.error().code == Code::overloaded) {
    BL_RETURN_IF_ERROR(table.flush());
    added = table.append(rows);
  }
  if (!added.ok()) return std::move(added).error();
  return {};
}

Result<void> RowSink::add(const columns::Batch& batch) {
  if (batch.rows() == 0) return {};
  BL_TRY(columns::Batch rows, batch.with_schema(columns_));
  for (std::size_t i = 0; i < schema_.fields.size(); ++i) {
    const bool is_required = schema_.fields[i].mode == FieldMode::required;
    if (is_required && rows.column(static_cast<int>(i)).null_count() > 0) {
      return Error{Code::invalid,
                   fmt::format("Required field {} cannot be null", schema_.fields[i].name)};
    }
  }
  rows_ += rows.rows();
  const std::uint64_t bytes = rows.bytes();
  bytes_ += bytes;
  // A batch of the engine may keep more memory than its rows: many small ones are put together.
  const std::uint64_t most = std::max<std::uint64_t>(limits_.staged_bytes, 1);
  for (std::int64_t from = 0; from < rows.rows();) {
    const std::int64_t count =
        bytes <= most ? rows.rows()
                      : std::max<std::int64_t>(1, rows.rows() * static_cast<std::int64_t>(most) /
                                                      static_cast<std::int64_t>(bytes));
    const columns::Batch part = rows.slice(from, std::min(count, rows.rows() - from));
    from += part.rows();
    pending_bytes_ += part.bytes();
    pending_.push_back(part);
    if (staged_ != nullptr && pending_bytes_ >= most) BL_RETURN_IF_ERROR(write_staged());
  }
  if (pending_bytes_ > limits_.append_bytes_max) {
    return Error{Code::too_large,
                 fmt::format("Resources exceeded: more than {} bytes of rows for a table that is "
                             "there; write them to a new one",
                             limits_.append_bytes_max)};
  }
  return {};
}

Result<TableHandle> RowSink::commit(const std::string& key) {
  if (staged_ != nullptr) {
    BL_RETURN_IF_ERROR(write_staged());
    TableRecord record;
    if (replaced_ && destination_.keeps_properties) {
      record.properties = replaced_->properties;
      record.expires = replaced_->expires;
    } else {
      record.properties = destination_.properties;
      record.expires = destination_.expires;
    }
    if (!record.properties.is_object()) record.properties = json::Value::object();
    record.name = destination_.name;
    record.schema = schema_;
    const bool replaces = destination_.write == WriteDisposition::truncate;
    return tables_.publish(std::move(staged_), std::move(record),
                           replaces ? Publish::or_replace : Publish::as_new);
  }
  if (pending_.empty()) return there_;
  if (pending_bytes_ <= limits_.journal_bytes_max) {
    BL_TRY(const columns::Batch rows, columns::concatenate(pending_));
    BL_RETURN_IF_ERROR(there_->rows().append(rows, key));
    return there_;
  }
  lake::Change change;
  change.what = "load";
  change.rows = std::move(pending_);
  BL_RETURN_IF_ERROR(there_->rows().replace(change));
  return there_;
}

}  // namespace bl::bigquery
