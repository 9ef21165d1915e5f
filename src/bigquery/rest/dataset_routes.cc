#include <algorithm>

#include "bigquery/catalog/names.h"
#include "bigquery/rest/documents.h"
#include "bigquery/rest/lists.h"
#include "bigquery/rest/state.h"

namespace bl::bigquery::rest {
namespace {

/// `labels.KEY` or `labels.KEY:VALUE`, with blanks between several, which all must hold.
Result<bool> is_wanted(const DatasetRecord& record, std::string_view filter) {
  const json::Value* labels = record.properties.find("labels");
  while (!filter.empty()) {
    const std::size_t end = std::min(filter.find(' '), filter.size());
    std::string_view one = filter.substr(0, end);
    filter.remove_prefix(std::min(end + 1, filter.size()));
    if (one.empty()) continue;
    if (!one.starts_with("labels.")) {
      return Error{Code::invalid, "Invalid value for filter: " + std::string(one)};
    }
    one.remove_prefix(std::string_view("labels.").size());
    const std::size_t colon = one.find(':');
    const json::Value* label = labels == nullptr ? nullptr : labels->find(one.substr(0, colon));
    if (label == nullptr) return false;
    if (colon != std::string_view::npos && label->as_string() != one.substr(colon + 1)) {
      return false;
    }
  }
  return true;
}

Result<Response> change_dataset(const Call& call, Change how) {
  BL_TRY(const json::Value body, body_object(call.request));
  bool is_missed = false;
  const auto changed = call.tables().change_dataset(
      call.project(), call.dataset(), [&](DatasetRecord& record) -> Result<void> {
        BL_RETURN_IF_ERROR(demand_match(call.request, etag_of(record), is_missed));
        return put_properties(record, body, how);
      });
  if (!changed.ok() && is_missed) {
    return refusal({412, "conditionNotMet"}, changed.error().message);
  }
  if (!changed.ok()) return changed.error();
  return answer(dataset_document(*changed, call.request.origin()));
}

}  // namespace

Result<Response> list_datasets(const Call& call) {
  BL_TRY(std::vector<DatasetRecord> all, call.tables().datasets(call.project()));
  if (const std::string* filter = call.request.query_value("filter"); filter != nullptr) {
    std::vector<DatasetRecord> wanted;
    for (DatasetRecord& record : all) {
      BL_TRY(const bool is_one, is_wanted(record, *filter));
      if (is_one) wanted.push_back(std::move(record));
    }
    all = std::move(wanted);
  }
  BL_TRY(const auto page,
         page_of<DatasetRecord>(call, all, [](const DatasetRecord& record) -> const std::string& {
           return record.dataset;
         }));
  return answer(dataset_list(page.items, page.next_token));
}

Result<Response> insert_dataset(const Call& call) {
  BL_TRY(const json::Value body, body_object(call.request));
  const json::Value* reference = member(body, "datasetReference");
  DatasetRecord wanted;
  wanted.project = call.project();
  if (reference != nullptr) {
    BL_TRY(wanted.dataset, text_member(*reference, "datasetId"));
  }
  if (wanted.dataset.empty()) {
    return Error{Code::invalid, "Required parameter is missing: datasetReference.datasetId"};
  }
  wanted.properties = json::Value::object();
  BL_RETURN_IF_ERROR(put_properties(wanted, body, Change::replace));
  BL_TRY(const DatasetRecord made, call.tables().create_dataset(std::move(wanted)));
  return answer(dataset_document(made, call.request.origin()));
}

Result<Response> get_dataset(const Call& call) {
  BL_TRY(const DatasetRecord found, call.tables().dataset(call.project(), call.dataset()));
  return answer(dataset_document(found, call.request.origin()));
}

Result<Response> patch_dataset(const Call& call) {
  return change_dataset(call, Change::patch);
}

Result<Response> update_dataset(const Call& call) {
  return change_dataset(call, Change::replace);
}

Result<Response> delete_dataset(const Call& call) {
  const auto dropped = call.tables().drop_dataset(call.project(), call.dataset(),
                                                  truth_parameter(call.request, "deleteContents"));
  if (!dropped.ok() && dropped.error().code == Code::conflict) {
    return refusal({400, "resourceInUse"}, dropped.error().message);
  }
  BL_RETURN_IF_ERROR(dropped);
  return Response::no_content();
}

}  // namespace bl::bigquery::rest
