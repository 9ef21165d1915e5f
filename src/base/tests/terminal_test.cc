#include "base/terminal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <limits>
#include <thread>

namespace bl {
namespace {

using ::testing::HasSubstr;

constexpr double k_nan = std::numeric_limits<double>::quiet_NaN();
constexpr double k_infinity = std::numeric_limits<double>::infinity();

TEST(Sparkline, goes_from_the_lowest_to_the_highest_block) {
  EXPECT_EQ(sparkline({0, 1, 2, 3, 4, 5, 6, 7}, 80), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline({2, 1}, 80), "█▁");
}

TEST(Sparkline, equal_values_stand_in_the_middle) {
  EXPECT_EQ(sparkline({5, 5, 5}, 80), "▄▄▄");
}

TEST(Sparkline, what_is_not_finite_is_a_blank) {
  EXPECT_EQ(sparkline({1, k_nan, 2, k_infinity}, 80), "▁ █ ");
  EXPECT_EQ(sparkline({k_nan}, 80), " ");
  EXPECT_EQ(sparkline({}, 80), "");
}

TEST(Sparkline, the_widest_range_of_doubles_is_drawn) {
  double most = std::numeric_limits<double>::max();
  EXPECT_EQ(sparkline({-most, 0, most}, 80), "▁▄█");
}

TEST(Sparkline, more_values_than_columns_become_means) {
  EXPECT_EQ(sparkline({0, 0, 4, 4, 7, 7, k_nan, k_nan}, 4), "▁▅█ ");
  EXPECT_EQ(sparkline({1, 2}, 0), "");
}

Table people() {
  Table table({{"name"}, {"value", Table::Align::right}});
  table.add_row({"Ålesund", "1"});
  table.add_row({"x", "12345"});
  return table;
}

TEST(Table, columns_are_aligned_by_code_points) {
  EXPECT_EQ(people().to_text(std::nullopt, false),
            "name     value\n"
            "Ålesund      1\n"
            "x        12345\n");
}

TEST(Table, the_header_is_bold_in_colour) {
  EXPECT_THAT(people().to_text(std::nullopt, true), HasSubstr("\x1b[1mname     value\x1b[0m\n"));
}

TEST(Table, no_line_ends_with_blanks) {
  Table table({{"a"}, {"b"}});
  table.add_row({"x", "long"});
  table.add_row({"y", ""});
  EXPECT_EQ(table.to_text(std::nullopt, false), "a  b\nx  long\ny\n");
}

TEST(Table, the_widest_left_column_is_cut_first) {
  Table table({{"benchmark"}, {"value", Table::Align::right}});
  table.add_row({"db.models.query.QuerySet.bulk_create", "1.234 ms"});
  EXPECT_EQ(table.to_text(30, false),
            "benchmark                value\n"
            "db.models.query.Que…  1.234 ms\n");
}

TEST(Table, lines_are_cut_when_columns_cannot_be) {
  Table table({{"value", Table::Align::right}});
  table.add_row({"1234567890"});
  EXPECT_EQ(table.to_text(5, false), "    …\n1234…\n");
}

TEST(Table, a_cell_cannot_drive_the_terminal) {
  Table table({{"name"}});
  table.add_row({"\x1b[31mred\n\xff"});
  EXPECT_EQ(table.to_text(std::nullopt, false), "name\n\ufffd[31mred\ufffd\ufffd\n");
}

RC_GTEST_PROP(TableProperty, every_line_fits_the_width,
              (const std::vector<std::string>& cells, unsigned char width)) {
  Table table({{"first"}, {"second", Table::Align::right}});
  for (const std::string& cell : cells) table.add_row({cell, cell});
  std::string text = table.to_text(width, false);
  std::size_t in_line = 0;
  for (unsigned char byte : text) {
    if (byte == '\n') {
      in_line = 0;
    } else if ((byte & 0xc0) != 0x80) {
      RC_ASSERT(++in_line <= width);
    }
  }
}

/// A stream that is a file: no terminal.
class TextStream {
 public:
  TextStream() : stream_(std::tmpfile()) { BL_CHECK(stream_ != nullptr); }
  ~TextStream() { std::fclose(stream_); }
  std::FILE* get() const { return stream_; }
  std::string text() const {
    std::rewind(stream_);
    std::string out(1 << 16, '\0');
    out.resize(std::fread(out.data(), 1, out.size(), stream_));
    return out;
  }

 private:
  std::FILE* stream_;
};

class ProgressBarTest : public ::testing::Test {
 protected:
  ManualClock clock_{Timestamp::from_seconds(1'700'000'000)};
  void pass(int milliseconds) { clock_.advance(std::chrono::milliseconds(milliseconds)); }
};

TEST_F(ProgressBarTest, says_a_line_every_ten_seconds_where_there_is_no_terminal) {
  TextStream stream;
  ProgressBar bar(stream.get(), clock_, "submitting", 53'658);
  pass(9'900);
  bar.advance(28'000);
  EXPECT_EQ(stream.text(), "");
  pass(100);
  bar.advance(432);
  EXPECT_EQ(stream.text(), "submitting  [######------]  52 %  28,432/53,658  2,843/s  eta 9 s\n");
  pass(5'000);
  bar.advance(25'226);
  bar.finish();
  bar.finish();
  EXPECT_THAT(stream.text(),
              HasSubstr("\nsubmitting  [############]  100 %  53,658/53,658  3,577/s\n"));
}

TEST_F(ProgressBarTest, an_unknown_total_shows_count_and_rate) {
  TextStream stream;
  {
    ProgressBar bar(stream.get(), clock_, "reading", 0);
    pass(2'000);
    bar.advance(10'000);
  }
  EXPECT_EQ(stream.text(), "reading  10,000  5,000/s\n");
}

TEST_F(ProgressBarTest, many_threads_advance_one_bar) {
  TextStream stream;
  {
    ProgressBar bar(stream.get(), clock_, "x", 4'000);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1'000; ++i) bar.advance();
      });
    }
    for (auto& thread : threads) thread.join();
  }
  EXPECT_EQ(stream.text(), "x  [############]  100 %  4,000/4,000\n");
}

/// Both ends of a pseudo-terminal; what is written on it can be read.
class PseudoTerminal {
 public:
  PseudoTerminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0) return;
    if (const char* name = ::ptsname(master_)) stream_ = std::fopen(name, "w");
  }
  ~PseudoTerminal() {
    if (stream_ != nullptr) std::fclose(stream_);
    if (master_ >= 0) ::close(master_);
  }
  std::FILE* stream() const { return stream_; }
  std::string text() const {
    std::string out(1 << 16, '\0');
    ssize_t got = ::read(master_, out.data(), out.size());
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return out;
  }

 private:
  int master_;
  std::FILE* stream_ = nullptr;
};

/// Sets a variable for the time of a test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  ~Variable() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

TEST_F(ProgressBarTest, a_terminal_is_redrawn_at_most_ten_times_a_second) {
  PseudoTerminal terminal;
  if (terminal.stream() == nullptr) GTEST_SKIP() << "no pseudo-terminals here";
  Variable term("TERM", "xterm");
  Variable no_color("NO_COLOR", nullptr);
  ProgressBar bar(terminal.stream(), clock_, "x", 200);
  pass(100);
  for (int i = 0; i < 100; ++i) bar.advance();
  EXPECT_EQ(terminal.text(), "\rx  [------------]  0 %  1/200  10/s  eta 20 s\x1b[K");
  bar.finish();
  EXPECT_EQ(terminal.text(), "\rx  [######------]  50 %  100/200  1,000/s  eta 1 s\x1b[K\r\n");
}

TEST(IsColorTerminal, wants_a_terminal_that_is_not_dumb_and_no_refusal) {
  PseudoTerminal terminal;
  if (terminal.stream() == nullptr) GTEST_SKIP() << "no pseudo-terminals here";
  Variable term("TERM", "xterm");
  Variable no_color("NO_COLOR", nullptr);
  EXPECT_TRUE(is_color_terminal(terminal.stream()));
  EXPECT_FALSE(is_color_terminal(TextStream().get()));
  {
    Variable refused("NO_COLOR", "1");
    EXPECT_FALSE(is_color_terminal(terminal.stream()));
  }
  Variable dumb("TERM", "dumb");
  EXPECT_FALSE(is_color_terminal(terminal.stream()));
}

TEST(TerminalWidth, is_unknown_where_there_is_no_terminal) {
  EXPECT_EQ(terminal_width(TextStream().get()), std::nullopt);
}

TEST(WithThousands, groups_by_three) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1'000), "1,000");
  EXPECT_EQ(with_thousands(1'234'567), "1,234,567");
  EXPECT_EQ(with_thousands(18'446'744'073'709'551'615u), "18,446,744,073,709,551,615");
}

TEST(HumanValue, picks_the_unit_that_people_read) {
  EXPECT_EQ(human_value(0.00123, "s"), "1.23 ms");
  EXPECT_EQ(human_value(90, "s"), "90 s");
  EXPECT_EQ(human_value(1.5e-6, "s"), "1.5 µs");
  EXPECT_EQ(human_value(2e-10, "s"), "0.2 ns");
  EXPECT_EQ(human_value(0, "s"), "0 s");
  EXPECT_EQ(human_value(-0.5, "s"), "-500 ms");
  EXPECT_EQ(human_value(1'234'567, "ns"), "1.235 ms");
  EXPECT_EQ(human_value(1'500, "us"), "1.5 ms");
  EXPECT_EQ(human_value(1'500, "ms"), "1.5 s");
  EXPECT_EQ(human_value(1'536, "B"), "1.5 KiB");
  EXPECT_EQ(human_value(1'000, "B"), "1000 B");
  EXPECT_EQ(human_value(3.2e9, "B/s"), "2.98 GiB/s");
  EXPECT_EQ(human_value(12'345, "i/s"), "12.35 k i/s");
  EXPECT_EQ(human_value(7, "i/s"), "7 i/s");
}

TEST(HumanValue, rounds_before_it_picks_the_unit) {
  EXPECT_EQ(human_value(0.99999, "s"), "1 s");
  EXPECT_EQ(human_value(1023.99, "B"), "1 KiB");
}

TEST(HumanValue, other_units_stay_as_they_are) {
  EXPECT_EQ(human_value(1'234'567, "tokens"), "1235000 tokens");
  EXPECT_EQ(human_value(0.5, ""), "0.5");
  EXPECT_EQ(human_value(k_nan, "s"), "nan s");
  EXPECT_EQ(human_value(k_infinity, "W"), "inf W");
}

}  // namespace
}  // namespace bl
