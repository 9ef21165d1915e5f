#include "events/commands/event_lines.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

namespace bl::events {
namespace {

constexpr std::size_t k_piece_bytes = 1u << 20;
constexpr std::size_t k_batch_bytes = 8u << 20;
constexpr std::size_t k_array_bytes_max = 64u << 20;
constexpr std::size_t k_line_bytes_max = 64u << 20;  // of JSON; an event is at most 16 MiB

}  // namespace

EventInput::EventInput(std::FILE* file, bool is_owned, std::string name, std::uint64_t bytes)
    : file_(
          file, is_owned ? [](std::FILE* one) { (void)std::fclose(one); } : [](std::FILE*) {}),
      name_(std::move(name)),
      bytes_(bytes) {}

Result<EventInput> EventInput::open(const std::string& path, CommandIo& io) {
  if (path.empty() || path == "-") return EventInput(io.in, false, "standard input", 0);
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    return Error{errno == ENOENT ? Code::not_found : Code::io, "cannot read " + path};
  }
  struct stat facts{};
  const bool is_known = ::fstat(fileno(file), &facts) == 0 && S_ISREG(facts.st_mode);
  return EventInput(file, true, path, is_known ? static_cast<std::uint64_t>(facts.st_size) : 0);
}

Result<bool> EventInput::read_more() {
  if (is_at_end_) return false;
  const std::size_t before = text_.size();
  text_.resize(before + k_piece_bytes);
  const std::size_t got = std::fread(text_.data() + before, 1, k_piece_bytes, file_.get());
  text_.resize(before + got);
  bytes_read_ += got;
  if (got < k_piece_bytes) {
    if (std::ferror(file_.get()) != 0) return Error{Code::io, "cannot read on: " + name_};
    is_at_end_ = true;
  }
  return got > 0;
}

Result<std::vector<BuildEvent>> EventInput::whole() {
  while (true) {
    BL_TRY(const bool more, read_more());
    if (!more) break;
    if (text_.size() > k_array_bytes_max) {
      return Error{Code::too_large, fmt::format("{}: an array of events may have {} bytes; write "
                                                "one event a line instead",
                                                name_, k_array_bytes_max)};
    }
  }
  auto events = decode_events(std::exchange(text_, {}));
  if (!events.ok()) return std::move(events).error().with_context(name_);
  return events;
}

Result<std::vector<BuildEvent>> EventInput::next(std::size_t count) {
  if (text_.empty()) BL_RETURN_IF_ERROR(read_more());
  if (lines_ == 0 && text_.find_first_not_of(" \t\r\n") != std::string::npos &&
      text_[text_.find_first_not_of(" \t\r\n")] == '[') {
    return whole();
  }
  std::size_t end = 0;
  std::size_t lines = 0;
  while (lines < count && end < k_batch_bytes) {
    const std::size_t newline = text_.find('\n', end);
    if (newline != std::string::npos) {
      end = newline + 1;
      ++lines;
      continue;
    }
    if (text_.size() - end > k_line_bytes_max) {
      return Error{Code::too_large,
                   fmt::format("{}: line {} is longer than {} bytes", name_,
                               lines_ + static_cast<std::int64_t>(lines) + 1, k_line_bytes_max)};
    }
    BL_TRY(const bool more, read_more());
    if (more) continue;
    if (end < text_.size()) ++lines;
    end = text_.size();
    break;
  }
  const std::string batch = text_.substr(0, end);
  text_.erase(0, end);
  const std::int64_t first = lines_ + 1;
  lines_ += static_cast<std::int64_t>(lines);
  if (batch.find_first_not_of(" \t\r\n") == std::string::npos) {
    if (text_.empty() && is_at_end_) return std::vector<BuildEvent>();
    return next(count);  // empty lines only
  }
  auto events = decode_events(batch);
  if (!events.ok()) {
    return std::move(events).error().with_context(
        fmt::format("{}, lines {} to {}", name_, first, lines_));
  }
  return events;
}

}  // namespace bl::events
