#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "traces/imports/import_context.h"

/// Chrome's trace events as they stand in a file, of any of the tools that write them.
namespace bl::traces {

struct ChromeEvent {
  char phase = 0;  ///< X, B, E, b, n, e, i
  std::string name, category;
  std::string process, thread;  ///< ids, as texts
  std::string id;               ///< of asynchronous ones: with category and, if local, process
  std::int64_t start_ns = 0;    ///< by the file's own clock
  std::int64_t duration_ns = 0;
  Attributes args;
  std::size_t place = 0;  ///< index in the file
};

struct ChromeFile {
  std::vector<ChromeEvent> events;
  std::map<std::string, std::string> process_names;
  std::map<std::pair<std::string, std::string>, std::string> thread_names;
  /// What the file's own clock has to be put behind; nullopt: the file does not say.
  std::optional<std::int64_t> base_ns;
  std::string build_id;
};

/// Errors: malformed (neither an array nor an object with `traceEvents`), too_large.
Result<ChromeFile> read_chrome(TraceFormat format, std::string_view content,
                               ImportContext& context);

}  // namespace bl::traces
