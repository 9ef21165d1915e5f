#pragma once

#include <span>

#include "bigquery/rest/answers.h"

/// Datasets and tables as clients send and see them (spec 2.2). Pure but for a table's sizes.
namespace bl::bigquery::rest {

/// How much a request changes: PATCH only what it names, null takes away; PUT all of it.
enum class Change : unsigned char { patch, replace };

/// `target` with what `patch` says; within objects too.
void merge(json::Value& target, const json::Value& patch);

/// The properties of a body, without what only answers have. Errors: invalid (with the name).
Result<void> put_properties(DatasetRecord& record, const json::Value& body, Change how);
std::string etag_of(const DatasetRecord& record);
/// `bigquery#dataset`. `origin`: of the request, for selfLink.
std::string dataset_document(const DatasetRecord& record, std::string_view origin);
std::string dataset_list(std::span<const DatasetRecord> records, std::string_view next_token);

/// Schema, view, expiry and properties of a body. A view's schema is left to the caller. Errors:
/// invalid, unsupported (external tables, ..., by name).
Result<void> put_properties(TableRecord& record, const json::Value& body, Change how);
std::string etag_of(const TableRecord& record);
/// `bigquery#table`.
std::string table_document(const OpenTable& table, std::string_view origin);
/// The same of a query's answer.
std::string answer_document(const TableName& name, const QueryResult& rows,
                            std::string_view origin);
std::string table_list(std::span<const TableRecord> records, std::size_t total,
                       std::string_view next_token);

}  // namespace bl::bigquery::rest
