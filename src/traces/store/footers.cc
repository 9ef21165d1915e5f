#include "traces/store/footers.h"

#include <algorithm>
#include <limits>

#include "base/numbers.h"

namespace bl::traces {
namespace {

template <class T>
void set_bound(T& to, std::optional<std::string_view> text, T unknown) {
  const auto number = text ? parse_int64(*text) : std::nullopt;
  to = number ? static_cast<T>(*number) : unknown;
}

}  // namespace

Result<std::shared_ptr<const RowGroups>> Footers::of(duck::Connection& connection,
                                                     const lake::DataFile& file,
                                                     const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = known_.find(file.key); it != known_.end()) return it->second;
  }
  BL_TRY(duck::Answer answer,
         connection.query("SELECT row_group_id, any_value(row_group_num_rows), "
                          "CAST(sum(total_compressed_size) AS BIGINT), "
                          "max(stats_min_value) FILTER (path_in_schema = 'hour'), "
                          "max(stats_max_value) FILTER (path_in_schema = 'hour'), "
                          "max(stats_min_value) FILTER (path_in_schema = 'trace_high'), "
                          "max(stats_max_value) FILTER (path_in_schema = 'trace_high') "
                          "FROM parquet_metadata(?) GROUP BY 1 ORDER BY 1",
                          {path}));
  BL_TRY(const columns::Batch batch, answer.all());
  BL_TRY(const auto rows, batch.column(1).as<std::int64_t>());
  BL_TRY(const auto bytes, batch.column(2).as<std::int64_t>());
  BL_TRY(const auto hour_min, batch.column(3).as<std::string_view>());
  BL_TRY(const auto hour_max, batch.column(4).as<std::string_view>());
  BL_TRY(const auto high_min, batch.column(5).as<std::string_view>());
  BL_TRY(const auto high_max, batch.column(6).as<std::string_view>());
  auto groups = std::make_shared<RowGroups>();
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    RowGroup group;
    group.rows = rows[i];
    group.bytes = bytes[i];
    using Hour = std::numeric_limits<std::int32_t>;
    using High = std::numeric_limits<std::int64_t>;
    set_bound(group.hour_min, hour_min.get(i), Hour::min());
    set_bound(group.hour_max, hour_max.get(i), Hour::max());
    set_bound(group.trace_high_min, high_min.get(i), High::min());
    set_bound(group.trace_high_max, high_max.get(i), High::max());
    groups->push_back(group);
  }
  const std::lock_guard lock(mutex_);
  return known_.emplace(file.key, std::move(groups)).first->second;
}

void Footers::keep(const lake::FileSet& files) {
  const std::lock_guard lock(mutex_);
  std::erase_if(known_, [&](const auto& one) { return files.find(one.first) == nullptr; });
}

std::size_t Footers::bytes() const {
  const std::lock_guard lock(mutex_);
  std::size_t bytes = 0;
  for (const auto& [key, groups] : known_) bytes += key.size() + groups->size() * sizeof(RowGroup);
  return bytes;
}

}  // namespace bl::traces
