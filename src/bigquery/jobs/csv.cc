#include "bigquery/jobs/csv.h"

#include <fmt/format.h>

#include <algorithm>

namespace bl::bigquery {
namespace {

constexpr std::string_view k_byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view k_gzip = "\x1F\x8B";  // no text in UTF-8 begins so

/// Gives what is wrong, or nothing.
std::string split(std::string_view row, const CsvOptions& options, std::vector<CsvCell>& cells) {
  cells.clear();
  std::size_t at = 0;
  while (true) {
    CsvCell cell;
    if (options.quote && at < row.size() && row[at] == *options.quote) {
      cell.is_quoted = true;
      ++at;
      while (true) {
        const std::size_t end = row.find(*options.quote, at);
        if (end == std::string_view::npos) {
          return fmt::format("Missing close quote character ({}).", *options.quote);
        }
        cell.text.append(row.substr(at, end - at));
        at = end + 1;
        if (at >= row.size() || row[at] != *options.quote) break;
        cell.text += row[at++];
      }
      if (at < row.size() && row[at] != options.delimiter) {
        return fmt::format("Data between close quote character ({}) and field separator.",
                           *options.quote);
      }
    } else {
      const std::size_t end = std::min(row.find(options.delimiter, at), row.size());
      cell.text = row.substr(at, end - at);
      at = end;
    }
    cells.push_back(std::move(cell));
    if (at >= row.size()) return {};
    ++at;  // the delimiter; behind it there is one more cell, however empty
    if (at == row.size()) {
      cells.emplace_back();
      return {};
    }
  }
}

}  // namespace

Result<std::unique_ptr<LineReader>> LineReader::open(Disk& disk, const std::string& path,
                                                     const LineLimits& limits) {
  std::unique_ptr<LineReader> reader(new LineReader(limits));
  BL_TRY(reader->file_, disk.open_read(path));
  std::string begin;
  BL_TRY([[maybe_unused]] const std::size_t read, reader->read(k_gzip.size(), begin));
  reader->offset_ = 0;
  if (begin == k_gzip) {
    reader->unpacker_ = Decompressor::make(Encoding::gzip, limits.unpacked_bytes_max);
  }
  BL_RETURN_IF_ERROR(reader->fill());
  if (reader->buffer_.starts_with(k_byte_order_mark)) reader->at_ = k_byte_order_mark.size();
  return reader;
}

Result<bool> LineReader::fill() {
  if (is_over_) return false;
  buffer_.erase(0, std::exchange(at_, 0));
  const std::size_t had = buffer_.size();
  if (had > limits_.line_bytes_max) {
    return Error{Code::too_large,
                 fmt::format("Row size is larger than: {}.", limits_.line_bytes_max)};
  }
  if (unpacker_ != nullptr) {
    auto unpacked = unpack();
    if (!unpacked.ok()) return std::move(unpacked).error().with_context("the file is in gzip");
    return true;
  }
  BL_TRY(const std::size_t count, read(limits_.chunk_bytes, buffer_));
  is_over_ = count < limits_.chunk_bytes;
  return true;
}

Result<std::size_t> LineReader::read(std::size_t count, std::string& out) {
  const std::size_t had = out.size();
  out.resize(had + count);
  BL_TRY(const std::size_t came,
         file_->read_at(offset_, std::as_writable_bytes(std::span(out.data() + had, count))));
  out.resize(had + came);
  offset_ += came;
  return came;
}

Result<void> LineReader::unpack() {
  const std::size_t wanted = buffer_.size() + limits_.chunk_bytes;
  // A byte in gzip is 1,032 of text at most: a piece gives no more than about a chunk.
  const std::size_t piece_bytes = std::max<std::size_t>(limits_.chunk_bytes / 1'024, 64);
  std::string piece;
  while (buffer_.size() < wanted && !is_over_) {
    piece.clear();
    BL_TRY(const std::size_t count, read(piece_bytes, piece));
    BL_RETURN_IF_ERROR(unpacker_->feed(piece, buffer_));
    is_over_ = count < piece_bytes;
  }
  if (!is_over_) return {};
  return unpacker_->finish();
}

Result<bool> LineReader::next(std::string_view& line) {
  std::size_t from = at_;
  while (true) {
    const std::size_t end = buffer_.find('\n', from);
    if (end != std::string::npos || is_over_) {
      if (end == std::string::npos && at_ == buffer_.size()) return false;
      line = std::string_view(buffer_).substr(at_, std::min(end, buffer_.size()) - at_);
      at_ = end == std::string::npos ? buffer_.size() : end + 1;
      if (line.ends_with('\r')) line.remove_suffix(1);
      return true;
    }
    const std::size_t looked = buffer_.size() - at_;
    BL_RETURN_IF_ERROR(fill());
    from = at_ + looked;
  }
}

Result<bool> LineReader::next_lines(std::string_view& lines) {
  while (true) {
    const std::size_t end = buffer_.rfind('\n');
    const bool has_line = end != std::string::npos && end >= at_;
    if (has_line || is_over_) {
      if (at_ == buffer_.size()) {
        if (is_over_) return false;
      } else {
        const std::size_t to = has_line ? end + 1 : buffer_.size();
        lines = std::string_view(buffer_).substr(at_, to - at_);
        at_ = to;
        return true;
      }
    }
    BL_RETURN_IF_ERROR(fill());
  }
}

Result<bool> CsvReader::next(std::vector<CsvCell>& cells, std::string& fault) {
  fault.clear();
  std::string_view line;
  do {
    BL_TRY(const bool is_there, lines_.next(line));
    if (!is_there) return false;
  } while (line.empty());
  if (options_.quote && options_.allow_quoted_newlines) {
    const auto quotes = [&](std::string_view text) {
      return std::ranges::count(text, *options_.quote);
    };
    if (quotes(line) % 2 != 0) {
      row_.assign(line);
      bool is_open = true;
      while (is_open) {
        BL_TRY(const bool is_there, lines_.next(line));
        if (!is_there) break;
        row_ += '\n';
        row_ += line;
        is_open = quotes(line) % 2 == 0;
      }
      line = row_;
    }
  }
  fault = split(line, options_, cells);
  return true;
}

}  // namespace bl::bigquery
