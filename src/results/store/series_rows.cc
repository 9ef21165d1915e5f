#include "results/store/series_rows.h"

#include "results/store/rows.h"

namespace bl::results {
namespace {

// A path segment of the page.
std::string escaped(std::string_view text) {
  static constexpr char k_hex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', k_hex[byte >> 4], k_hex[byte & 15]};
    }
  }
  return out;
}

/// `k=v, k=v` of the text members, without the name.
std::string pairs_of(const json::Value& object) {
  std::string pairs;
  if (!object.is_object()) return pairs;
  for (const auto& [key, value] : object.members()) {
    if (key == "name" || !value.is_string()) continue;
    if (!pairs.empty()) pairs += ", ";
    pairs += key + "=" + value.as_string();
  }
  return pairs;
}

SeriesCursor cursor_after(const PageRow& row) {
  return {row.series.latest_result_timestamp.micros, row.change_rank, row.series.name,
          row.series.history_fingerprint};
}

// What a prefix must have before it is looked up: shorter ones match everything.
constexpr std::size_t k_prefix_chars_min = 3;

}  // namespace

Result<PageRow> page_row_of(const store::Row& row, SummaryMode mode) {
  PageRow page_row;
  SeriesRow& series = page_row.series;
  page_row.series_no = row.integer(0);
  series.history_fingerprint = row.text(1);
  series.name = row.text(2);
  series.hardware = row.text(3);
  series.repository = row.text(4);
  BL_TRY(series.tags, object_of(row, 5));
  BL_TRY(series.context, object_of(row, 6));
  series.unit = row.text_or_null(7);
  series.status = static_cast<SeriesStatus>(row.integer(8));
  series.z_score = row.real_or_null(9);
  series.change_percent = row.real_or_null(10);
  page_row.change_rank = row.real(11);
  series.latest_result_id = row.text(12);
  series.latest_summary.value = row.real_or_null(mode == SummaryMode::best ? 13 : 14);
  series.latest_summary.type = summary_type(series.unit, mode);
  series.latest_commit_sha = row.text_or_null(15);
  if (!row.is_null(16)) series.latest_commit_timestamp = Timestamp{row.integer(16)};
  series.latest_result_timestamp = Timestamp{row.integer(17)};
  series.point_count = row.integer(18);
  BL_TRY(const json::Array sparkline, samples_of(row, 19));
  for (const json::Value& value : sparkline) {
    if (value.is_number()) series.sparkline.push_back(value.as_double());
  }
  page_row.stale = row.integer(20) != 0;
  return page_row;
}

void set_state(SeriesRow& series, SeriesState state) {
  series.status = state.status;
  series.z_score = state.z_score;
  series.change_percent = state.change_percent;
  series.sparkline = std::move(state.sparkline);
}

Result<SeriesPage> page_of(std::vector<PageRow> rows, const SeriesFilter& filter,
                           const std::function<Result<void>(std::span<PageRow* const>)>& judge) {
  SeriesPage page;
  const auto wanted = static_cast<std::size_t>(filter.page_size);
  if (rows.size() > wanted) {
    rows.resize(wanted);
    page.next_cursor = encode_cursor(cursor_after(rows.back()), filter.sort);
  }
  std::vector<PageRow*> stale;
  for (PageRow& row : rows) {
    if (row.stale) stale.push_back(&row);
  }
  if (!stale.empty()) BL_RETURN_IF_ERROR(judge(stale));
  for (PageRow& row : rows) {
    if (filter.status && row.series.status != *filter.status) continue;
    page.series.push_back(std::move(row.series));
  }
  return page;
}

SearchHit hit_of(const SeriesRow& series) {
  SearchHit hit;
  hit.kind = "series";
  hit.title = series.name;
  for (const std::string& part :
       {pairs_of(series.tags), series.hardware, pairs_of(series.context)}) {
    if (part.empty()) continue;
    if (!hit.detail.empty()) hit.detail += " · ";
    hit.detail += part;
  }
  hit.href = "/series/" + escaped(series.history_fingerprint);
  return hit;
}

SearchHit run_hit(std::string_view run_id, std::string_view repository, std::int64_t results) {
  return {"run", std::string(run_id),
          std::to_string(results) + " results · " + std::string(repository),
          "/runs/" + escaped(run_id)};
}

SearchHit result_hit(std::string_view id, std::string_view name) {
  return {"result", std::string(id), std::string(name), "/results/" + escaped(id)};
}

SearchHit commit_hit(std::string_view sha, std::string_view message, std::string_view result_id) {
  return {"commit", std::string(sha), std::string(message), "/results/" + escaped(result_id)};
}

bool begins_hash(std::string_view prefix) {
  return prefix.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<std::string_view> prefix_of(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view trimmed = text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
  if (trimmed.size() < k_prefix_chars_min) return std::nullopt;
  return trimmed;
}

}  // namespace bl::results
