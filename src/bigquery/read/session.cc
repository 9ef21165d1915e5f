#include "bigquery/read/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "bigquery/arrow_rows.h"
#include "bigquery/lake_schema.h"
#include "bigquery/read/selected_fields.h"

namespace bl::bigquery::read {
namespace {

// A stream of its own is worth so many bytes; whoever asks for many gets smaller ones.
constexpr std::int64_t k_stream_bytes = 64 << 20;
constexpr std::int64_t k_stream_bytes_min = 1 << 20;
// As files of tables have them.
constexpr std::int64_t k_row_group_rows = 24'576;

/// About how many bytes a value takes that is unpacked.
std::int64_t width_of(const TableField& field) {
  std::int64_t width = 8;
  switch (field.type) {
    case FieldType::boolean:
      width = 1;
      break;
    case FieldType::date:
      width = 4;
      break;
    case FieldType::text:
    case FieldType::bytes:
    case FieldType::json:
      width = 24;
      break;
    case FieldType::numeric:
    case FieldType::bignumeric:
    case FieldType::interval:
    case FieldType::range:
      width = 16;
      break;
    case FieldType::record:
      width = 0;
      for (const TableField& member : field.fields) width += width_of(member);
      break;
    default:
      break;
  }
  return field.mode == FieldMode::repeated ? 4 + 3 * width : width;
}

Result<columns::IpcCompression> compression_of(std::int64_t codec) {
  switch (codec) {
    case 0:
      return columns::IpcCompression::none;
    case 1:
      return columns::IpcCompression::lz4;
    case 2:
      return columns::IpcCompression::zstd;
    default:
      return Error{Code::invalid, fmt::format("no such buffer_compression: {}", codec)};
  }
}

Error refused(std::string_view what) {
  return {Code::unsupported, fmt::format("not supported: {}", what)};
}

}  // namespace

Result<void> check_request(const CreateRequest& request, const ReadLimits& limits) {
  const auto format = static_cast<DataFormat>(request.data_format);
  if (format == DataFormat::avro) return refused("rows as Avro (data_format AVRO); ask for ARROW");
  if (format != DataFormat::arrow) {
    return Error{Code::invalid, fmt::format("data_format is to be ARROW: {}", request.data_format)};
  }
  if (request.response_codec != 0) {
    return refused(
        "response_compression_codec; ask for arrow_serialization_options."
        "buffer_compression");
  }
  if (request.picos_precision > 1) {
    return refused("timestamps of less than a microsecond (picos_timestamp_precision)");
  }
  if (request.max_stream_count < 0) {
    return Error{Code::invalid,
                 fmt::format("max_stream_count is negative: {}", request.max_stream_count)};
  }
  if (request.preferred_min_stream_count < 0) {
    return Error{Code::invalid, fmt::format("preferred_min_stream_count is negative: {}",
                                            request.preferred_min_stream_count)};
  }
  if (request.max_stream_count > 0 &&
      request.preferred_min_stream_count > request.max_stream_count) {
    return Error{Code::invalid,
                 fmt::format("preferred_min_stream_count is more than max_stream_count: {}",
                             request.preferred_min_stream_count)};
  }
  if (request.row_restriction.size() > limits.restriction_bytes_max) {
    return Error{Code::invalid,
                 fmt::format("row_restriction is longer than {} bytes: {}",
                             limits.restriction_bytes_max, request.row_restriction.size())};
  }
  const double sample = request.sample_percentage.value_or(100);
  if (!(sample >= 0 && sample <= 100)) {
    return Error{Code::invalid, fmt::format("sample_percentage is of 0 to 100: {}", sample)};
  }
  return {};
}

Result<Session> make_session(const CreateRequest& request, ReadSource source, Timestamp now,
                             std::uint64_t seed, const ReadLimits& limits) {
  if (request.snapshot_time) {
    const Timestamp at = *request.snapshot_time;
    if (at > now) return Error{Code::invalid, "snapshot_time is to come: " + to_rfc3339(at)};
    if (!source.since || *source.since > at) {
      return refused("a table as it was at an earlier time (snapshot_time " + to_rfc3339(at) +
                     "): rows came or went since");
    }
  }
  BL_TRY(TableSchema selected, selected_schema(source.schema, request.selected_fields));
  BL_TRY(const columns::IpcCompression compression, compression_of(request.buffer_compression));
  BL_TRY(columns::IpcMessages messages, arrow_messages(selected, compression));
  BL_TRY(columns::Schema lake, lake_schema_of(selected));
  const Sample sample{request.sample_percentage.value_or(100), seed};
  BL_TRY(SessionSql sql, SessionSql::make(source, selected, request.row_restriction, now, sample));
  Session session{.name = "",
                  .source = std::move(source),
                  .lake = std::move(lake),
                  .names = {},
                  .lists = {},
                  .messages = std::move(messages),
                  .sql = std::move(sql),
                  .expires = now + limits.session_life};
  session.rows = session.source.rows();
  std::int64_t width = 0;
  for (const TableField& field : selected.fields) {
    if (field.mode == FieldMode::repeated) {
      session.lists.push_back(static_cast<int>(session.names.size()));
    }
    session.names.push_back(field.name);
    width += width_of(field);
  }
  for (const ReadFile& file : session.source.files) {
    session.file_bytes += static_cast<std::int64_t>(file.bytes);
  }
  session.bytes = session.rows * width;
  return session;
}

std::int64_t cheap_start(const Session& session, std::int64_t row) {
  std::int64_t begin = 0;
  for (const ReadFile& file : session.source.files) {
    if (row < begin + file.rows) {
      const std::int64_t groups = (row - begin + k_row_group_rows / 2) / k_row_group_rows;
      return begin + std::min(groups * k_row_group_rows, file.rows);
    }
    begin += file.rows;
  }
  return row;
}

std::vector<RowRange> portions(const Session& session, const CreateRequest& request,
                               const ReadLimits& limits) {
  const std::int64_t worth = session.bytes / k_stream_bytes;
  const std::int64_t most = session.bytes / k_stream_bytes_min;
  const std::int64_t asked = request.preferred_min_stream_count > 0
                                 ? request.preferred_min_stream_count
                                 : request.max_stream_count;
  std::int64_t count = std::clamp<std::int64_t>(std::max(asked, worth), 1, std::max(most, 1L));
  count = std::min<std::int64_t>(count, limits.streams_max);
  if (request.max_stream_count > 0) count = std::min(count, request.max_stream_count);
  std::vector<RowRange> out;
  std::int64_t begin = 0;
  for (std::int64_t i = 1; i <= count; ++i) {
    // Not rows * i: that may be more than an int64_t holds.
    const std::int64_t even = session.rows / count * i + session.rows % count * i / count;
    const std::int64_t end = i == count ? session.rows : cheap_start(session, even);
    if (end <= begin) continue;
    out.push_back({begin, end});
    begin = end;
  }
  return out;
}

}  // namespace bl::bigquery::read
