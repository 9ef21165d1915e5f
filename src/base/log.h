#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

/// JSON-line logs: one object per line on stderr (or a sink of the test), with time, level, event,
/// request id, fields. A bounded ring and one writer thread: a log call never blocks on the
/// terminal; lines that do not fit are counted and the count is logged when there is room again.
/// Threads: any.
namespace bl {

enum class LogLevel : unsigned char { debug, info, warning, error };

struct LogLimits {
  std::size_t ring_lines_max = 8192;
  std::size_t line_bytes_max = 16 << 10;  ///< longer lines are cut and marked
};

/// One field; the value is text, number or bool, already JSON.
struct LogField {
  LogField(std::string_view name, std::string_view text);
  LogField(std::string_view name, const char* text) : LogField(name, std::string_view(text)) {}
  LogField(std::string_view name, const std::string& text)
      : LogField(name, std::string_view(text)) {}
  LogField(std::string_view name, std::int64_t number);
  LogField(std::string_view name, int number) : LogField(name, static_cast<std::int64_t>(number)) {}
  LogField(std::string_view name, std::size_t number)
      : LogField(name, static_cast<std::int64_t>(number)) {}
  LogField(std::string_view name, double number);
  LogField(std::string_view name, bool b);
  std::string_view name;
  std::string json;
};

class Log {
 public:
  using Sink = std::function<void(std::string_view line)>;  ///< called by the writer thread, line
                                                            ///< without newline
  Log(const Clock& clock, LogLevel level, Sink sink, LogLimits limits = {});
  ~Log();  ///< writes what is queued
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void debug(std::string_view event, std::vector<LogField> fields = {}) {
    write(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, std::vector<LogField> fields = {}) {
    write(LogLevel::info, event, fields);
  }
  void warning(std::string_view event, std::vector<LogField> fields = {}) {
    write(LogLevel::warning, event, fields);
  }
  void error(std::string_view event, std::vector<LogField> fields = {}) {
    write(LogLevel::error, event, fields);
  }
  void write(LogLevel level, std::string_view event, const std::vector<LogField>& fields);
  bool enabled(LogLevel level) const { return level >= level_; }
  std::uint64_t dropped() const;

  /// Sets the request id that lines of this thread carry, until the scope ends.
  class RequestScope {
   public:
    explicit RequestScope(std::string_view request_id);
    ~RequestScope();
    RequestScope(const RequestScope&) = delete;
    RequestScope& operator=(const RequestScope&) = delete;

   private:
    std::string previous_;
  };

 private:
  struct State;
  LogLevel level_;
  const Clock& clock_;
  std::unique_ptr<State> state_;
};

Log::Sink stderr_sink();

}  // namespace bl
