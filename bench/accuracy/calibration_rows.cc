#include <array>
#include <fstream>
#include <iostream>
#include <string>

#include "verdict/online.h"
#include "verdict/segmentation.h"
#include "verdict/series_lines.h"

// The sets of generate.py, seen by the detector as it is built now.
//
// calibration_rows features SET: reads SET.txt; writes SET.online and SET.segments, the features of
// every possible change that the detector looks at, as rows of 32-bit floats for calibrate.py.
// calibration_rows verdicts SET: writes SET.verdicts, as `benchlake verdict` does.

namespace {

using namespace bl::verdict;

template <class Key, class Features>
void write_row(std::ofstream& out, const Key& key, const Features& features) {
  std::array<float, std::tuple_size_v<Key> + std::tuple_size_v<Features>> row;
  std::size_t at = 0;
  for (const double k : key) row[at++] = static_cast<float>(k);
  for (const double f : features) row[at++] = static_cast<float>(f);
  out.write(reinterpret_cast<const char*>(row.data()), sizeof row);
}

void write_online(std::ofstream& out, double number, const std::vector<Observation>& series) {
  OnlineDetector detector;
  detector.observe([&](const MachineStream::Candidate& c) {
    if (c.newest < 20) return;
    const std::array<double, 6> key{number,
                                    static_cast<double>(c.newest),
                                    static_cast<double>(c.window),
                                    static_cast<double>(c.first),
                                    c.larger ? 1.0 : 0.0,
                                    c.log_odds};
    write_row(out, key, c.features);
  });
  for (const Observation& o : series) detector.push(o);
}

void write_segments(std::ofstream& out, double number, const std::vector<Observation>& series) {
  const auto history =
      changes_of(series, {}, [&](std::size_t first, bool larger, const SegmentFeatures& features) {
        const std::array<double, 3> key{number, static_cast<double>(first), larger ? 1.0 : 0.0};
        write_row(out, key, features);
      });
  if (!history.ok()) std::cerr << number << ": " << history.error().message << '\n';
}

bool read_series(std::istream& in, SeriesLine& series) {
  std::size_t count = 0;
  int higher = 0, online = 0;
  if (!(in >> series.id >> count >> higher >> online)) return false;
  series.direction = higher != 0 ? Direction::more_is_better : Direction::less_is_better;
  series.online = online != 0;
  series.results.assign(count, {});
  for (Observation& o : series.results) in >> o.machine;
  for (Observation& o : series.results) in >> o.value;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc == 3 ? argv[1] : "";
  if (what != "features" && what != "verdicts") return 2;
  const std::string set = argv[2];
  std::ifstream in(set + ".txt");
  SeriesLine series;
  if (what == "verdicts") {
    std::ofstream out(set + ".verdicts");
    while (read_series(in, series)) {
      std::string line;
      append_verdict_line(series, line);
      out << line << '\n';
    }
    return 0;
  }
  std::ofstream online(set + ".online", std::ios::binary);
  std::ofstream segments(set + ".segments", std::ios::binary);
  for (double number = 0; read_series(in, series); ++number) {
    if (series.online) write_online(online, number, series.results);
    write_segments(segments, number, series.results);
  }
}
