#include <fmt/format.h>

#include "base/json.h"
#include "gate/bisect.h"

namespace bl::gate {
namespace {

std::string text_of(const json::Value& line, const char* name) {
  const json::Value* found = line.find(name);
  return found != nullptr && found->is_string() ? found->as_string() : "";
}

Result<BisectNote> note_of(const json::Value& line) {
  BisectNote note{.commit = text_of(line, "commit"),
                  .unit = text_of(line, "unit"),
                  .skipped = text_of(line, "skipped"),
                  .failed = text_of(line, "failed")};
  if (note.commit.size() < 7)
    return Error{Code::invalid,
                 "commit must be at least 7 digits of a commit: '" + note.commit + "'"};
  if (const json::Value* value = line.find("value"); value != nullptr) {
    if (!value->is_number()) return Error{Code::invalid, "value must be a number"};
    note.value = value->as_double();
  } else if (note.skipped.empty() && note.failed.empty()) {
    return Error{Code::invalid, "neither value nor skipped nor failed"};
  }
  return note;
}

}  // namespace

Result<std::vector<BisectNote>> read_bisect_notes(Disk& disk, const std::string& path,
                                                  const std::string& header,
                                                  const BisectLimits& limits) {
  BL_TRY(const std::string text, read_file(disk, path, limits.log_bytes_max));
  std::vector<BisectNote> notes;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    // A log's own lines all end; the last one of a file of values may not.
    if (end == std::string::npos && !header.empty()) break;
    const std::string line = text.substr(begin, end - begin);
    begin = end == std::string::npos ? text.size() : end + 1;
    ++number;
    if (line.empty()) continue;
    const auto place = [&](Error error) {
      return std::move(error).with_context(fmt::format("{}:{}", path, number));
    };
    auto read = json::parse(line);
    if (!read.ok()) return place(std::move(read).error());
    if (read->find("bisect") != nullptr) {
      if (!header.empty() && line != header)
        return place({Code::conflict, "this is the log of another bisection: " + line});
      continue;
    }
    auto note = note_of(*read);
    if (!note.ok()) return place(std::move(note).error());
    notes.push_back(std::move(note).value());
  }
  return notes;
}

Result<std::unique_ptr<BisectLog>> BisectLog::open(Disk& disk, const std::string& path,
                                                   const std::string& header,
                                                   const BisectLimits& limits) {
  std::unique_ptr<BisectLog> log(new BisectLog);
  BL_TRY(const bool exists, disk.exists(path));
  if (exists) {
    BL_TRY(log->notes_, read_bisect_notes(disk, path, header, limits));
  }
  BL_TRY(log->file_, disk.open_append(path));
  BL_TRY(const std::uint64_t size, log->file_->size());
  if (size > 0) {
    // The rest of a line that a killed program left.
    BL_TRY(const std::string text, read_file(disk, path, limits.log_bytes_max));
    const std::size_t end = text.rfind('\n');
    BL_RETURN_IF_ERROR(log->file_->truncate(end == std::string::npos ? 0 : end + 1));
    if (end != std::string::npos) return log;
  }
  BL_RETURN_IF_ERROR(log->file_->append(header + "\n"));
  BL_RETURN_IF_ERROR(log->file_->sync());
  return log;
}

Result<void> BisectLog::add(const BisectNote& note) {
  std::string line;
  json::Writer out(line);
  out.begin_object().member("commit", note.commit);
  if (note.value) out.member("value", *note.value).member("unit", note.unit);
  if (!note.skipped.empty()) out.member("skipped", note.skipped);
  if (!note.failed.empty()) out.member("failed", note.failed);
  out.end_object();
  BL_RETURN_IF_ERROR(file_->append(line + "\n"));
  return file_->sync();
}

}  // namespace bl::gate
