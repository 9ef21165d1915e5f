#include <fstream>
#include <iostream>
#include <string>

#include "verdict/online.h"
#include "verdict/segmentation.h"

// Writes the features of every possible change that the detector looks at, for calibrate.py:
// calibration_rows SET reads SET.txt (generate.py), writes SET.online and SET.segments.

namespace {

using namespace bl::verdict;

template <class Features>
void write_row(std::ofstream& out, const Features& features) {
  for (const double f : features) out << ' ' << f;
  out << '\n';
}

void write_online(std::ofstream& out, const std::string& id,
                  const std::vector<Observation>& series) {
  OnlineDetector detector;
  detector.observe([&](const MachineStream::Candidate& c) {
    if (c.newest < 20) return;
    out << id << ' ' << c.newest << ' ' << c.window << ' ' << c.first << ' ' << c.larger;
    write_row(out, c.features);
  });
  for (const Observation& o : series) detector.push(o);
}

void write_segments(std::ofstream& out, const std::string& id,
                    const std::vector<Observation>& series) {
  const auto history =
      changes_of(series, {}, [&](std::size_t first, bool larger, const SegmentFeatures& features) {
        out << id << ' ' << first << ' ' << larger;
        write_row(out, features);
      });
  if (!history.ok()) std::cerr << id << ": " << history.error().message << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string set = argv[1];
  std::ifstream in(set + ".txt");
  std::ofstream online(set + ".online"), segments(set + ".segments");
  std::string id;
  std::size_t count = 0;
  int higher = 0, judged_online = 0;
  while (in >> id >> count >> higher >> judged_online) {
    std::vector<Observation> series(count);
    for (Observation& o : series) in >> o.machine;
    for (Observation& o : series) in >> o.value;
    if (judged_online != 0) write_online(online, id, series);
    write_segments(segments, id, series);
  }
}
