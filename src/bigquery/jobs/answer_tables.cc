#include "bigquery/answer_tables.h"

#include <algorithm>

#include "base/ids.h"

namespace bl::bigquery {
namespace {

// Datasets whose names begin so are hidden ones in BigQuery, too.
constexpr std::string_view k_dataset = "_answers";
constexpr std::string_view k_table = "anon";

class AnswerRows final : public StoredRows {
 public:
  explicit AnswerRows(QueryResultHandle answer) : answer_(std::move(answer)) {}
  std::int64_t rows() const override { return answer_->rows(); }
  std::uint64_t bytes() const override { return 0; }
  Result<columns::Batch> at(std::int64_t from, std::int64_t count) const override {
    BL_TRY(columns::Batch batch, answer_->batch_at(from));
    if (batch.rows() <= count) return batch;
    return batch.slice(0, count);
  }

 private:
  const QueryResultHandle answer_;
};

}  // namespace

TableName answer_table(std::string_view project, std::string_view answer) {
  return {std::string(project), std::string(k_dataset), std::string(k_table) + std::string(answer)};
}

std::optional<std::string> answer_named(const TableName& name) {
  if (name.dataset != k_dataset || !name.table.starts_with(k_table)) return std::nullopt;
  std::string id = name.table.substr(k_table.size());
  if (!is_id(id)) return std::nullopt;
  return id;
}

ReadSource read_source_of(const QueryResultHandle& answer) {
  ReadSource source;
  source.schema = answer->schema();
  source.kept = answer->row_schema();
  source.behind = std::make_shared<const AnswerRows>(answer);
  source.since = answer->made();
  source.keeps = answer->pin();
  return source;
}

}  // namespace bl::bigquery
