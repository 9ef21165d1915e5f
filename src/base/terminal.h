#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

/// What commands show a person: tables, a progress bar, sparklines. Plain text when the stream is
/// no terminal, when NO_COLOR is set or TERM is dumb. One thread (the bar: any).
namespace bl {

/// Block characters, one per value, scaled between minimum and maximum; nan and infinities are
/// blanks. More than `width_max` values become the means of as many even pieces.
std::string sparkline(const std::vector<double>& values, std::size_t width_max);

/// Columns aligned by display width (UTF-8 code points), two blanks between them. Control
/// characters in cells, such as escape sequences in a benchmark's name, are shown as U+FFFD.
class Table {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// As many cells as columns (BL_CHECK).
  void add_row(std::vector<std::string> cells);
  /// Every line ends with a newline. Where `width_max` is too small, the widest left-aligned
  /// columns are cut first (to ten), then the lines. The header is bold when `color` is set.
  std::string to_text(std::optional<std::size_t> width_max, bool color) const;

 private:
  std::vector<std::size_t> column_widths(std::optional<std::size_t> width_max) const;
  std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                   std::optional<std::size_t> width_max) const;
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// True when `stream` is a terminal that takes colours.
bool is_color_terminal(std::FILE* stream);
/// Columns of the terminal, or nullopt when it is none.
std::optional<std::size_t> terminal_width(std::FILE* stream);

/// `submitting  [#######-----]  53 %  28,432/53,658  4,120/s  eta 6 s` on stderr, redrawn at most
/// ten times a second; on a stream that is no terminal, one line every ten seconds. Threads: any.
/// The destructor finishes.
class ProgressBar {
 public:
  /// total 0 = unknown.
  ProgressBar(std::FILE* stream, const Clock& clock, std::string what, std::uint64_t total);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  void advance(std::uint64_t by = 1);
  /// Draws the last state and ends the line.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 1234567 -> "1,234,567".
std::string with_thousands(std::uint64_t number);
/// Value with unit for people, four significant digits: ("s", 0.00123) -> "1.23 ms", also from ns,
/// us and ms; ("B", 1536) -> "1.5 KiB", also B/s; ("i/s", 12345) -> "12.35 k i/s"; other units as
/// they are.
std::string human_value(double value, std::string_view unit);

}  // namespace bl
