#pragma once

#include <atomic>
#include <concepts>
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
  std::size_t ring_bytes_max = 16u << 20;
  std::size_t line_bytes_max = 16u << 10;  ///< longer lines are cut and marked with `"cut":true`
};

/// One field; the value is text, number or bool, already JSON. Texts may hold anything: control
/// characters are escaped, bytes that are no UTF-8 become U+FFFD, more than 16 KiB are cut.
struct LogField {
  LogField(std::string_view name, std::string_view text);
  LogField(std::string_view name, const char* text) : LogField(name, std::string_view(text)) {}
  LogField(std::string_view name, const std::string& text)
      : LogField(name, std::string_view(text)) {}
  template <std::integral T>
  LogField(std::string_view field_name, T number)
      : name(field_name), json(std::to_string(number)) {}
  LogField(std::string_view name, double number);  ///< nan and infinities become null
  LogField(std::string_view name, bool b);
  std::string_view name;  ///< lives as long as the call that logs it
  std::string json;
};

class Log {
 public:
  /// Called by the writer thread, with a line without its newline.
  using Sink = std::function<void(std::string_view line)>;
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
  /// Lines that found the ring full since the start.
  std::uint64_t dropped() const;
  /// Waits until the sink has had every line that was written before. Not for the hot path.
  void flush();

  /// Sets the request id that lines of this thread carry, until the scope ends. The id belongs to
  /// the thread: a coroutine ends the scope before it suspends.
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

/// What fails again and again, such as a look at a store that is away: logged when it begins and
/// when its reason changes, not each time. One thread.
class RecurringError {
 public:
  RecurringError(Log& log, std::string event) : log_(log), event_(std::move(event)) {}
  void failed(const std::string& reason) {
    if (reason != last_) log_.error(event_, {{"error", reason}});
    last_ = reason;
  }
  void passed() { last_.clear(); }

 private:
  Log& log_;
  const std::string event_;
  std::string last_;  ///< empty: it passed
};

/// One write(2) per line, so that lines of several processes do not mix.
Log::Sink stderr_sink();

}  // namespace bl
