#include "base/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <mutex>

#include "base/check.h"
#include "base/numbers.h"
#include "base/utf8.h"

namespace bl {
namespace {

constexpr std::size_t k_column_width_min = 10;
constexpr std::string_view k_gap = "  ";
constexpr std::string_view k_ellipsis = "\u2026";

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (; !text.empty(); ++width) text.remove_prefix(decode_utf8(text).bytes);
  return width;
}

/// Without what a terminal would obey.
std::string harmless(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    Utf8Step step = decode_utf8(text);
    bool shown = step.valid && !is_control(step.code_point);
    out += shown ? text.substr(0, step.bytes) : std::string_view("\ufffd");
    text.remove_prefix(step.bytes);
  }
  return out;
}

/// At most `width` code points, the last of them an ellipsis when something was cut.
std::string cut_to_width(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::size_t end = 0;
  for (std::size_t i = 0; i + 1 < width; ++i) end += decode_utf8(text.substr(end)).bytes;
  return std::string(text.substr(0, end)).append(k_ellipsis);
}

/// The means of `width` even pieces, without what is not finite.
std::vector<double> resample(const std::vector<double>& values, std::size_t width) {
  std::vector<double> means;
  for (std::size_t i = 0; i < width; ++i) {
    std::size_t begin = i * values.size() / width;
    std::size_t end = (i + 1) * values.size() / width;
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t k = begin; k < end; ++k) {
      if (!std::isfinite(values[k])) continue;
      sum += values[k];
      ++count;
    }
    means.push_back(count > 0 ? sum / static_cast<double>(count)
                              : std::numeric_limits<double>::quiet_NaN());
  }
  return means;
}

std::string four_digits(double value) {
  return std::isfinite(value) ? json_number(round_significant(value, 4)) : python_repr(value);
}

struct Scale {
  double factor;
  std::string_view name;
};

/// The value in the largest unit of which there is at least one, else in the smallest. `scales`
/// are sorted, the largest first.
std::string scaled(double value, std::span<const Scale> scales) {
  auto whole =
      std::find_if(scales.begin(), scales.end(), [](const Scale& s) { return s.factor == 1; });
  if (value == 0 || !std::isfinite(value))
    return four_digits(value).append(" ").append(whole->name);
  double rounded = std::abs(round_significant(value, 4));
  auto scale = std::find_if(scales.begin(), scales.end(),
                            [&](const Scale& s) { return rounded >= s.factor; });
  if (scale == scales.end()) scale = std::prev(scales.end());
  return four_digits(value / scale->factor).append(" ").append(scale->name);
}

constexpr std::array k_second_scales = {Scale{1, "s"}, Scale{1e-3, "ms"}, Scale{1e-6, "\u00b5s"},
                                        Scale{1e-9, "ns"}};
constexpr std::array k_byte_scales = {Scale{1099511627776.0, "TiB"}, Scale{1073741824.0, "GiB"},
                                      Scale{1048576.0, "MiB"}, Scale{1024.0, "KiB"}, Scale{1, "B"}};
constexpr std::array k_rate_scales = {Scale{1e12, "T i/s"}, Scale{1e9, "G i/s"},
                                      Scale{1e6, "M i/s"}, Scale{1e3, "k i/s"}, Scale{1, "i/s"}};

}  // namespace

std::string sparkline(const std::vector<double>& values, std::size_t width_max) {
  constexpr std::array<std::string_view, 8> k_blocks = {"\u2581", "\u2582", "\u2583", "\u2584",
                                                        "\u2585", "\u2586", "\u2587", "\u2588"};
  std::vector<double> points = resample(values, std::min(values.size(), width_max));
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (double point : points) {
    if (std::isnan(point)) continue;
    low = std::min(low, point);
    high = std::max(high, point);
  }
  std::string out;
  for (double point : points) {
    if (std::isnan(point)) {
      out += ' ';
      continue;
    }
    // Halves first: the distance of two finite numbers may be infinite.
    double height = high > low ? (point / 2 - low / 2) / (high / 2 - low / 2) : 0.5;
    auto block = static_cast<std::size_t>(std::clamp(height, 0.0, 1.0) * 7.999);
    out += k_blocks[block];
  }
  return out;
}

void Table::add_row(std::vector<std::string> cells) {
  BL_CHECK(cells.size() == columns_.size());
  for (std::string& cell : cells) cell = harmless(cell);
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::column_widths(std::optional<std::size_t> width_max) const {
  std::vector<std::size_t> widths;
  std::size_t total = columns_.empty() ? 0 : k_gap.size() * (columns_.size() - 1);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = width_of(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, width_of(row[i]));
    widths.push_back(width);
    total += width;
  }
  while (width_max && total > *width_max) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      bool may_be_cut = columns_[i].align == Align::left && widths[i] > k_column_width_min;
      if (may_be_cut && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
    }
    if (widest == nullptr) break;
    --*widest;
    --total;
  }
  return widths;
}

std::string Table::line(const std::vector<std::string>& cells,
                        const std::vector<std::size_t>& widths,
                        std::optional<std::size_t> width_max) const {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::string cell = cut_to_width(cells[i], widths[i]);
    std::string blanks(widths[i] - width_of(cell), ' ');
    if (i > 0) out += k_gap;
    out += columns_[i].align == Align::left ? cell + blanks : blanks + cell;
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return width_max ? cut_to_width(out, *width_max) : out;
}

std::string Table::to_text(std::optional<std::size_t> width_max, bool color) const {
  std::vector<std::size_t> widths = column_widths(width_max);
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(harmless(column.title));
  std::string header = line(titles, widths, width_max);
  std::string out = color ? "\x1b[1m" + header + "\x1b[0m\n" : header + "\n";
  for (const auto& row : rows_) out += line(row, widths, width_max) + "\n";
  return out;
}

bool is_color_terminal(std::FILE* stream) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  bool refused = no_color != nullptr && *no_color != '\0';
  bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return !refused && !dumb && ::isatty(::fileno(stream)) == 1;
}

std::optional<std::size_t> terminal_width(std::FILE* stream) {
  winsize size = {};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

struct ProgressBar::State {
  using Instant = std::chrono::steady_clock::time_point;

  std::string text(Instant now) const {
    double seconds = std::chrono::duration<double>(now - start).count();
    double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    std::string out = what + k_gap.data();
    if (total > 0) {
      double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
      constexpr std::size_t k_bar_width = 12;
      auto filled = static_cast<std::size_t>(share * k_bar_width);
      out += "[" + std::string(filled, '#') + std::string(k_bar_width - filled, '-') + "]";
      out += k_gap.data() + std::to_string(static_cast<int>(share * 100)) + " %";
      out += k_gap.data() + with_thousands(done) + "/" + with_thousands(total);
    } else {
      out += with_thousands(done);
    }
    if (rate > 0) out += k_gap.data() + with_thousands(static_cast<std::uint64_t>(rate)) + "/s";
    if (rate > 0 && done < total) {
      double left = static_cast<double>(total - done) / rate;
      out += k_gap.data() + ("eta " + with_thousands(static_cast<std::uint64_t>(std::ceil(left))));
      out += " s";
    }
    return out;
  }

  /// Draws unless it was drawn a moment ago.
  void draw_if_due(Instant now) {
    auto pause = on_terminal ? std::chrono::milliseconds(100) : std::chrono::seconds(10);
    if (now - drawn < pause) return;
    drawn = now;
    draw(now, on_terminal ? "" : "\n");
  }

  void draw(Instant now, const char* end) {
    std::string line = text(now);
    if (on_terminal) {
      if (auto width = terminal_width(stream)) line = cut_to_width(line, *width);
      line = "\r" + line + "\x1b[K";
    }
    std::fprintf(stream, "%s%s", line.c_str(), end);
    std::fflush(stream);
  }

  std::FILE* const stream;
  const Clock& clock;
  const std::string what;
  const std::uint64_t total;
  const bool on_terminal;
  const Instant start;
  std::mutex mutex;  // guards all below, and the stream
  Instant drawn;
  std::uint64_t done = 0;
  bool finished = false;
};

ProgressBar::ProgressBar(std::FILE* stream, const Clock& clock, std::string what,
                         std::uint64_t total)
    : state_(new State{stream,
                       clock,
                       harmless(what),
                       total,
                       is_color_terminal(stream),
                       clock.steady_now(),
                       {},
                       clock.steady_now()}) {}

ProgressBar::~ProgressBar() {
  finish();
}

void ProgressBar::advance(std::uint64_t by) {
  std::lock_guard lock(state_->mutex);
  state_->done += by;
  state_->draw_if_due(state_->clock.steady_now());
}

void ProgressBar::finish() {
  std::lock_guard lock(state_->mutex);
  if (std::exchange(state_->finished, true)) return;
  state_->draw(state_->clock.steady_now(), "\n");
}

std::string with_thousands(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string human_value(double value, std::string_view unit) {
  if (unit == "s") return scaled(value, k_second_scales);
  if (unit == "ms") return scaled(value * 1e-3, k_second_scales);
  if (unit == "us") return scaled(value * 1e-6, k_second_scales);
  if (unit == "ns") return scaled(value * 1e-9, k_second_scales);
  if (unit == "B") return scaled(value, k_byte_scales);
  if (unit == "B/s") return scaled(value, k_byte_scales) + "/s";
  if (unit == "i/s") return scaled(value, k_rate_scales);
  return unit.empty() ? four_digits(value) : four_digits(value).append(" ").append(unit);
}

}  // namespace bl
