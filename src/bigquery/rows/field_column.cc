#include "bigquery/rows/field_column.h"

#include "bigquery/model/names.h"

namespace bl::bigquery {
namespace {

constexpr std::size_t k_few_fields = 16;  // up to here, comparing each is the fastest

columns::ColumnData plain_column(std::int64_t rows, columns::Buffer buffer) {
  columns::ColumnData out;
  out.rows = rows;
  out.buffers.push_back(std::move(buffer));
  return out;
}

TableField bound(std::string name, FieldType type) {
  TableField field;
  field.name = std::move(name);
  field.type = type;
  return field;
}

}  // namespace

FieldColumn::FieldColumn(const TableField& field, std::size_t& bytes)
    : field_(&field), bytes_(bytes) {
  if (field.type == FieldType::range) {
    range_fields_ = {bound("start", field.range_of), bound("end", field.range_of)};
  }
  const auto& fields = field.type == FieldType::range ? range_fields_ : field.fields;
  children_.reserve(fields.size());
  for (const TableField& child : fields) children_.emplace_back(child, bytes);
}

int FieldColumn::find(std::string_view name, std::size_t hint) {
  if (hint < children_.size() && children_[hint].field().name == name) {
    return static_cast<int>(hint);
  }
  if (children_.size() <= k_few_fields) {
    for (std::size_t i = 0; i < children_.size(); ++i) {
      if (same_name(children_[i].field().name, name)) return static_cast<int>(i);
    }
    return -1;
  }
  if (by_name_.empty()) {
    for (std::size_t i = 0; i < children_.size(); ++i) {
      by_name_.emplace(lower(children_[i].field().name), static_cast<int>(i));
    }
  }
  const auto found = by_name_.find(lower(name));
  return found == by_name_.end() ? -1 : found->second;
}

void FieldColumn::put_null() {
  validity_.push_null(values_++);
  switch (field_->type) {
    case FieldType::boolean:
      bits_.push(false);
      bytes_ += 1;
      break;
    case FieldType::text:
    case FieldType::bytes:
    case FieldType::json:
      offsets_.push(text_.size());
      bytes_ += sizeof(std::int32_t);
      break;
    case FieldType::date:
      fixed_.push(std::int32_t{0});
      bytes_ += sizeof(std::int32_t);
      break;
    case FieldType::numeric:
    case FieldType::bignumeric:
      fixed_.push(columns::Decimal{});
      bytes_ += sizeof(columns::Decimal);
      break;
    case FieldType::interval:
      put_parts({});
      break;
    case FieldType::range:
    case FieldType::record:
      for (FieldColumn& child : children_) child.put_missing();
      bytes_ += 1;
      break;
    default:
      fixed_.push(std::int64_t{0});
      bytes_ += sizeof(std::int64_t);
  }
}

columns::ColumnData FieldColumn::take_values() {
  columns::ColumnData out;
  out.rows = std::exchange(values_, 0);
  validity_.take_into(out);
  switch (field_->type) {
    case FieldType::boolean:
      out.buffers.push_back(bits_.take());
      break;
    case FieldType::text:
    case FieldType::bytes:
    case FieldType::json:
      out.buffers.push_back(offsets_.take());
      out.buffers.push_back(std::move(text_));
      break;
    case FieldType::interval:
      out.children.push_back(plain_column(out.rows, std::move(months_)));
      out.children.push_back(plain_column(out.rows, std::move(days_)));
      out.children.push_back(plain_column(out.rows, std::move(fixed_)));
      break;
    case FieldType::range:
    case FieldType::record:
      for (FieldColumn& child : children_) out.children.push_back(child.take());
      break;
    default:
      out.buffers.push_back(std::move(fixed_));
  }
  return out;
}

columns::ColumnData FieldColumn::take() {
  if (!is_repeated()) return take_values();
  columns::ColumnData out;
  out.rows = lists_.rows();
  out.buffers.push_back(lists_.take());
  out.children.push_back(take_values());
  return out;
}

}  // namespace bl::bigquery
