#include "results/replica/store_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/hash.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/numbers.h"
#include "results/store/rows.h"
#include "results/store/whole.h"
#include "store/both_dialects.h"

namespace bl::results::replica {
namespace {

using columns::Kind;

// The value of each lower-case hex digit; 16: it is none.
constexpr std::array<std::uint8_t, 256> k_digits = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(16);
  for (unsigned i = 0; i < 16; ++i) values[static_cast<unsigned char>("0123456789abcdef"[i])] = i;
  return values;
}();

// Sets `is_hex` to false where a digit is none.
std::int64_t bits_of_digits(std::string_view digits, bool& is_hex) {
  std::uint64_t bits = 0;
  unsigned seen = 0;
  for (const char c : digits) {
    const unsigned value = k_digits[static_cast<unsigned char>(c)];
    seen |= value;
    bits = bits << 4 | value;
  }
  is_hex = is_hex && seen < 16;
  return static_cast<std::int64_t>(bits);
}

// `{1,NULL}` of PostgreSQL, also `[0:1]={1,2}`, as `[1,null]`; what is JSON already stays.
void append_samples(std::string& out, std::string_view text) {
  const std::size_t bounds = text.find("]={");
  if (bounds != std::string_view::npos) text.remove_prefix(bounds + 2);
  if (text.empty() || text.front() != '{') {
    out += text;
    return;
  }
  out += '[';
  bool is_first = true;
  for (std::size_t at = 0; (at = text.find_first_not_of("{,}", at)) != std::string_view::npos;) {
    const std::size_t end = text.find_first_of("{,}", at);
    const std::string_view number = text.substr(at, end - at);
    if (!is_first) out += ',';
    is_first = false;
    if (number == "NULL") {
      out += "null";
    } else if (is_json_number(number)) {
      out += number;
    } else {
      json::append_quoted(out, number);  // NaN, Infinity
    }
    at = end;
  }
  out += ']';
}

}  // namespace

std::optional<IdBits> bits_of(std::string_view id) {
  if (id.size() != 32) return std::nullopt;
  bool is_hex = true;
  const IdBits bits{bits_of_digits(id.substr(0, 16), is_hex),
                    bits_of_digits(id.substr(16), is_hex)};
  if (!is_hex) return std::nullopt;
  return bits;
}

std::string id_of(IdBits bits) {
  return fmt::format("{:016x}{:016x}", static_cast<std::uint64_t>(bits.high),
                     static_cast<std::uint64_t>(bits.low));
}

std::int64_t key_of(std::string_view text) {
  if (const auto bits = bits_of(text)) return bits->high;
  return static_cast<std::int64_t>(xxh3_64(text));
}

std::int64_t month_of(Timestamp time) {
  using std::chrono::days;
  using std::chrono::microseconds;
  const std::chrono::sys_days day{std::chrono::floor<days>(microseconds(time.micros))};
  const std::chrono::year_month_day date{day};
  return std::int64_t{static_cast<int>(date.year())} * 100 + static_cast<unsigned>(date.month());
}

Timestamp begin_of(std::int64_t month) {
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(month / 100)),
                                         std::chrono::month(static_cast<unsigned>(month % 100)),
                                         std::chrono::day(1)};
  const auto since = std::chrono::sys_days(date).time_since_epoch();
  return Timestamp{std::chrono::duration_cast<std::chrono::microseconds>(since).count()};
}

std::int64_t next_month(std::int64_t month) {
  return month % 100 == 12 ? (month / 100 + 1) * 100 + 1 : month + 1;
}

void Repositories::know(std::int64_t number, std::string repository) {
  last_ = std::max(last_, number);
  numbers_.emplace(std::move(repository), number);
}

std::int64_t Repositories::number_of(std::string_view repository) {
  const auto found = numbers_.find(repository);
  if (found != numbers_.end()) return found->second;
  numbers_.emplace(std::string(repository), ++last_);
  new_.emplace(last_, std::string(repository));
  return last_;
}

Result<std::vector<columns::Batch>> Repositories::new_rows() const {
  if (new_.empty()) return std::vector<columns::Batch>();
  columns::ColumnBuilder<std::int64_t> numbers;
  columns::ColumnBuilder<std::string_view> texts;
  for (const auto& [number, repository] : new_) {
    numbers.append(number);
    texts.append(repository);
  }
  std::vector<columns::ColumnData> data;
  data.push_back(numbers.take());
  data.push_back(texts.take());
  BL_TRY(auto batch,
         columns::Batch::make(repositories_shape().schema(), std::ssize(new_), std::move(data)));
  return std::vector<columns::Batch>{std::move(batch)};
}

std::vector<std::int64_t> Repositories::new_numbers() const {
  std::vector<std::int64_t> numbers;
  for (const auto& [number, repository] : new_) numbers.push_back(number);
  return numbers;
}

void Repositories::clear() {
  numbers_.clear();
  new_.clear();
  last_ = 0;
}

StoreRows::StoreRows(std::vector<const Shape*> shapes, Repositories& repositories,
                     store::Dialect dialect, RowLimits limits)
    : repositories_(repositories), dialect_(dialect), limits_(limits) {
  for (const Shape* shape : shapes) {
    Target target{shape, {}, columns::BatchBuilder(shape->schema()), {}};
    for (const Column& column : shape->columns) {
      const bool is_other = dialect == store::Dialect::postgres && !column.from_postgres.empty();
      std::string sql = store::in_dialect(is_other ? column.from_postgres : column.from, dialect);
      auto found = std::ranges::find(expressions_, sql);
      target.sources.push_back(static_cast<int>(found - expressions_.begin()));
      if (found == expressions_.end()) expressions_.push_back(std::move(sql));
    }
    targets_.push_back(std::move(target));
  }
}

const std::string& StoreRows::select(std::string_view extra) {
  select_ = "select ";
  for (const std::string& sql : expressions_) {
    if (select_.size() > 7) select_ += ", ";
    select_ += sql;
  }
  if (!extra.empty()) select_.append(", ").append(store::in_dialect(extra, dialect_));
  select_ += store::in_dialect(targets_.front().shape->tables, dialect_);
  return select_;
}

// Of the row that is being added: an id stands in three columns.
const std::optional<IdBits>& StoreRows::bits_in(const store::Row& row, int source) {
  if (bits_source_ != source) bits_ = bits_of(row.text(source));
  bits_source_ = source;
  return bits_;
}

void StoreRows::add_value(Target& target, std::size_t number, const store::Row& row) {
  const Column& column = target.shape->columns[number];
  const int source = target.sources[number];
  const auto put = [&](auto value) { target.open.put(number, value); };
  const auto put_null = [&] { target.open.put_null(number); };
  if (row.is_null(source)) return put_null();
  switch (column.make) {
    case Make::plain:
      break;
    case Make::summary:
      // SQLite's samples are no number; asking a number for its text would cost more than the row.
      if (row.real(source) == 0 && row.text(source).starts_with('[')) {
        const SummaryColumns samples{"s", false, {}, {}, {}, row.text(source)};
        if (const auto value = summary_of(samples, SummaryMode::mean).value) return put(*value);
        return put_null();
      }
      [[fallthrough]];
    case Make::measured:
      if (const auto value = measured_or_null(row, source)) return put(*value);
      return put_null();
    case Make::samples:
      text_.clear();
      append_samples(text_, row.text(source));
      return put(std::string_view(text_));
    case Make::month:
      return put(month_of(Timestamp{row.integer(source)}));
    case Make::id_high:
    case Make::id_low:
      if (const auto& bits = bits_in(row, source)) {
        return put(column.make == Make::id_high ? bits->high : bits->low);
      }
      return put_null();
    case Make::id_odd:
      if (bits_in(row, source)) return put_null();
      return put(row.text(source));
    case Make::key:
      return put(key_of(row.text(source)));
    case Make::repository:
      return put(repositories_.number_of(row.text(source)));
  }
  switch (column.kind) {
    case Kind::boolean:
      return put(row.integer(source) != 0);
    case Kind::int64:
      return put(row.integer(source));
    case Kind::float64:
      return put(row.real(source));
    case Kind::timestamp:
      return put(Timestamp{row.integer(source)});
    default:
      return put(row.text(source));
  }
}

Result<void> StoreRows::add(const store::Row& row) {
  bits_source_ = -1;
  for (Target& target : targets_) {
    for (std::size_t i = 0; i < target.sources.size(); ++i) {
      add_value(target, i, row);
    }
    target.open.end_row();
  }
  ++rows_;
  if (open_rows() < limits_.batch_rows_max && open_bytes() < limits_.batch_bytes_max) return {};
  return finish_batches();
}

Result<void> StoreRows::add_all(store::Connection& connection, const std::string& sql,
                                std::span<const store::Param> params,
                                const std::function<void(const store::Row&)>& each) {
  std::optional<Error> fault;
  BL_RETURN_IF_ERROR(connection.query_text(sql, params, [&](const store::Row& row) {
    if (each) each(row);
    auto added = add(row);
    if (!added.ok()) fault = std::move(added).error();
    return !fault;
  }));
  if (fault) return *std::move(fault);
  return {};
}

std::size_t StoreRows::open_bytes() const {
  std::size_t bytes = 0;
  for (const Target& target : targets_) bytes += target.open.bytes();
  return bytes;
}

Result<void> StoreRows::finish_batches() {
  if (open_rows() == 0) return {};
  bytes_ += open_bytes();
  for (Target& target : targets_) {
    BL_TRY(auto batch, target.open.finish());
    target.done.push_back(std::move(batch));
  }
  return {};
}

Result<std::vector<columns::Batch>> StoreRows::take(std::size_t shape) {
  BL_RETURN_IF_ERROR(finish_batches());
  rows_ = 0;
  bytes_ = 0;
  return std::exchange(targets_[shape].done, {});
}

void StoreRows::clear() {
  for (Target& target : targets_) {
    target.open.clear();
    target.done.clear();
  }
  rows_ = 0;
  bytes_ = 0;
}

}  // namespace bl::results::replica
