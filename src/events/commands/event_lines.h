#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "events/decode.h"

/// Events in files and pipes: one JSON object a line, or one array. Private to the commands.
namespace bl::events {

/// A file, or standard input (`-`).
class EventInput {
 public:
  /// Errors: not_found, io.
  static Result<EventInput> open(const std::string& path, CommandIo& io);

  /// The next events, at most `count` of them and about 8 MiB; none at the end. A text that begins
  /// with `[` is read as a whole. Errors: io, too_large, those of decode_events, with the lines.
  Result<std::vector<BuildEvent>> next(std::size_t count);
  /// Of the file; 0: unknown.
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  EventInput(std::FILE* file, bool is_owned, std::string name, std::uint64_t bytes);
  Result<bool> read_more();
  Result<std::vector<BuildEvent>> whole();

  std::unique_ptr<std::FILE, void (*)(std::FILE*)> file_;
  std::string name_;
  std::uint64_t bytes_ = 0, bytes_read_ = 0;
  std::int64_t lines_ = 0;  // taken
  std::string text_;        // read, not taken
  bool is_at_end_ = false;
};

}  // namespace bl::events
