#include "base/log.h"

#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/numbers.h"
#include "base/utf8.h"

// A line is built by the thread that logs, and put into the ring whole; the writer takes all lines
// that are there, gives them to the sink without holding the lock, and comes back.

namespace bl {
namespace {

constexpr std::size_t k_text_bytes_max = 16u << 10;
constexpr std::string_view k_cut_member = R"(,"cut":true)";
constexpr std::string_view k_ellipsis = "\xe2\x80\xa6";

thread_local std::string request_id_of_thread;

void append_escaped(std::string& out, char32_t code_point) {
  constexpr char k_digits[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += k_digits[(code_point >> shift) & 0xf];
}

/// A JSON string of a text that may hold anything.
std::string quote(std::string_view text) {
  std::string out = "\"";
  bool cut = text.size() > k_text_bytes_max;
  text = prefix_of_bytes(text, k_text_bytes_max);
  while (!text.empty()) {
    Utf8Step step = decode_utf8(text);
    if (!step.valid) {
      out += "\\ufffd";
    } else if (step.code_point == '"' || step.code_point == '\\') {
      out += '\\';
      out += static_cast<char>(step.code_point);
    } else if (step.code_point == '\n') {
      out += "\\n";
    } else if (is_control(step.code_point)) {
      append_escaped(out, step.code_point);
    } else {
      out += text.substr(0, step.bytes);
    }
    text.remove_prefix(step.bytes);
  }
  if (cut) out += k_ellipsis;
  out += '"';
  return out;
}

/// The longest front of a JSON string, closed again, that fits into `bytes_max`; empty when there
/// is no room for the quotes. Never parts an escape or a UTF-8 sequence.
std::string cut_quoted(std::string_view quoted, std::size_t bytes_max) {
  if (bytes_max < 2 + k_ellipsis.size()) return {};
  std::size_t room = bytes_max - 1 - k_ellipsis.size();
  std::size_t end = 1;
  while (end < quoted.size() - 1) {
    std::size_t size = decode_utf8(quoted.substr(end)).bytes;
    if (quoted[end] == '\\') size = quoted[end + 1] == 'u' ? 6 : 2;
    if (end + size > room) break;
    end += size;
  }
  return std::string(quoted.substr(0, end)).append(k_ellipsis) + '"';
}

const char* level_name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      break;
  }
  return "error";
}

/// One log line that never grows over its limit.
class Line {
 public:
  Line(Timestamp time, LogLevel level, std::size_t bytes_max)
      : bytes_max_(bytes_max - k_cut_member.size() - 1),
        text_(R"({"time":")" + to_rfc3339(time) + R"(","level":")" + level_name(level) + '"') {}

  void add(std::string_view name, std::string_view json) {
    std::string key = ',' + quote(name) + ':';
    if (text_.size() + key.size() + json.size() <= bytes_max_) {
      text_.append(key).append(json);
      return;
    }
    cut_ = true;
    std::size_t used = text_.size() + key.size();
    if (json.front() != '"' || used > bytes_max_) return;
    std::string front = cut_quoted(json, bytes_max_ - used);
    if (!front.empty()) text_.append(key).append(front);
  }

  std::string finish() && {
    if (cut_) text_ += k_cut_member;
    return std::move(text_ += '}');
  }

 private:
  std::size_t bytes_max_;
  std::string text_;
  bool cut_ = false;
};

}  // namespace

LogField::LogField(std::string_view field_name, std::string_view text)
    : name(field_name), json(quote(text)) {}

LogField::LogField(std::string_view field_name, double number)
    : name(field_name), json(std::isfinite(number) ? json_number(number) : "null") {}

LogField::LogField(std::string_view field_name, bool b)
    : name(field_name), json(b ? "true" : "false") {}

struct Log::State {
  State(const Clock& the_clock, Sink the_sink, LogLimits the_limits)
      : clock(the_clock), sink(std::move(the_sink)), limits(the_limits) {}

  void push(std::string line) {
    {
      std::lock_guard lock(mutex);
      bool fits =
          ring.size() < limits.ring_lines_max && ring_bytes + line.size() <= limits.ring_bytes_max;
      if (!fits) {
        ++dropped;
        return;
      }
      ring_bytes += line.size();
      ring.push_back(std::move(line));
      ++accepted;
    }
    wake.notify_one();
  }

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [&] { return stopping || !ring.empty(); });
      if (ring.empty()) return;
      std::deque<std::string> lines = std::exchange(ring, {});
      ring_bytes = 0;
      std::uint64_t newly_dropped = dropped - std::exchange(reported, dropped);
      lock.unlock();
      for (const std::string& line : lines) sink(line);
      if (newly_dropped > 0) sink(drop_report(newly_dropped));
      lock.lock();
      written += lines.size();
      idle.notify_all();
    }
  }

  std::string drop_report(std::uint64_t count) const {
    Line line(clock.now(), LogLevel::warning, limits.line_bytes_max);
    line.add("event", quote("log_lines_dropped"));
    line.add("count", std::to_string(count));
    return std::move(line).finish();
  }

  const Clock& clock;
  const Sink sink;
  const LogLimits limits;
  std::mutex mutex;  // guards all below
  std::condition_variable wake;
  std::condition_variable idle;
  std::deque<std::string> ring;
  std::size_t ring_bytes = 0;
  std::uint64_t accepted = 0;  // lines that went into the ring
  std::uint64_t written = 0;   // of accepted: lines that the sink has had
  std::uint64_t dropped = 0;
  std::uint64_t reported = 0;  // of dropped
  bool stopping = false;
  std::thread writer;
};

Log::Log(const Clock& clock, LogLevel level, Sink sink, LogLimits limits)
    : level_(level),
      clock_(clock),
      state_(std::make_unique<State>(clock, std::move(sink), limits)) {
  BL_CHECK(limits.line_bytes_max >= 256 && limits.ring_lines_max > 0);
  BL_CHECK(limits.ring_bytes_max >= limits.line_bytes_max);
  state_->writer = std::thread([state = state_.get()] { state->run(); });
}

Log::~Log() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_one();
  state_->writer.join();
}

void Log::write(LogLevel level, std::string_view event, const std::vector<LogField>& fields) {
  if (!enabled(level)) return;
  Line line(clock_.now(), level, state_->limits.line_bytes_max);
  line.add("event", quote(event));
  if (!request_id_of_thread.empty()) line.add("request_id", quote(request_id_of_thread));
  for (const LogField& field : fields) line.add(field.name, field.json);
  state_->push(std::move(line).finish());
}

std::uint64_t Log::dropped() const {
  std::lock_guard lock(state_->mutex);
  return state_->dropped;
}

void Log::flush() {
  std::unique_lock lock(state_->mutex);
  std::uint64_t goal = state_->accepted;
  state_->idle.wait(lock, [&] { return state_->written >= goal; });
}

Log::RequestScope::RequestScope(std::string_view request_id)
    : previous_(std::exchange(request_id_of_thread, std::string(request_id))) {}

Log::RequestScope::~RequestScope() {
  request_id_of_thread = std::move(previous_);
}

Log::Sink stderr_sink() {
  return [](std::string_view line) {
    std::string text(line);
    text += '\n';
    std::string_view rest = text;
    while (!rest.empty()) {
      ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
      if (written < 0 && errno != EINTR) return;  // there is nobody left to tell
      if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    }
  };
}

}  // namespace bl
