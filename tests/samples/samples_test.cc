#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "results/commands/submission_sources.h"
#include "results/decode.h"
#include "results/model.h"
#include "samples/sample_files.h"

/// What `benchlake submit` makes of files that real tools wrote, against golden.txt: a line for
/// each result, `name tags unit direction samples first-value`, and for what was skipped.
/// BENCHLAKE_WRITE_GOLDEN=1 writes golden.txt anew; with BENCHLAKE_FRESH_SAMPLES=FOLDER the files
/// that the tools wrote there a moment ago must give the same lines, but for their numbers.
namespace bl::samples {
namespace {

std::string folder_of_samples() {
  const char* source = std::getenv("BL_TEST_SOURCE");
  return std::string(source == nullptr ? "." : source) + "/tests/samples";
}

std::string text_of(const json::Value* value) {
  return value == nullptr ? "(none)" : json::to_text(*value);
}

/// A line of the golden file: what does not change from run to run, and what does.
struct Line {
  std::string shape, numbers;
};

Line line_of(const json::Value& submission) {
  const json::Value* tags = submission.find("tags");
  json::Value others = *tags;
  std::erase_if(others.members(), [](const json::Member& m) { return m.first == "name"; });
  Line line{.shape = text_of(tags->find("name")) + " " + json::to_canonical(others)};
  if (const json::Value* error = submission.find("error")) {
    line.shape += " error " + text_of(error->find("message"));
    return line;
  }
  const json::Value& stats = *submission.find("stats");
  const std::string unit = stats.find("unit")->as_string();
  EXPECT_NE(results::find_unit(unit), nullptr) << unit;
  const bool more = results::direction_of(unit) == verdict::Direction::more_is_better;
  line.shape += fmt::format(" {} {}", unit, more ? "more-is-better" : "less-is-better");
  const json::Array& data = stats.find("data")->items();
  EXPECT_FALSE(data.empty()) << line.shape;
  line.numbers = fmt::format(" {} {}", data.size(), json::to_text(data.at(0)));
  return line;
}

/// The facts that a checkout and a machine would give; the server accepts what comes of them.
formats::Facts some_facts() {
  formats::Facts facts;
  facts.run_id = "r1";
  facts.repository = "https://github.com/example/samples";
  facts.commit_is_detected = true;
  facts.commit = "0123456789abcdef0123456789abcdef01234567";
  facts.timestamp = Timestamp::from_seconds(1722513600);
  facts.machine = json::Value::object();
  facts.machine.set("name", json::Value::string("m1"));
  return facts;
}

/// Everything that one sample gives.
std::vector<Line> lines_of(const std::string& folder, const SampleFile& sample) {
  const std::unique_ptr<Disk> disk = make_real_disk();
  results::SourceOptions options;
  if (sample.said_format) options.format = formats::parse_format(*sample.said_format).value();
  const auto sources = results::open_sources(*disk, {folder + "/" + sample.path}, nullptr, options);
  EXPECT_TRUE(sources.ok()) << sample.path;
  const formats::Facts facts = some_facts();
  std::vector<Line> lines;
  for (const results::SubmissionSource& source : *sources) {
    const auto reading =
        source.read([&](formats::Format) -> const formats::Facts& { return facts; });
    EXPECT_TRUE(reading.ok()) << (reading.ok() ? "" : reading.error().message);
    if (!reading.ok()) continue;
    for (const json::Value& submission : reading->submissions) {
      lines.push_back(line_of(submission));
      const auto decoded = results::decode_submission(submission);
      EXPECT_TRUE(decoded.ok()) << (decoded.ok() ? "" : decoded.error().message)
                                << json::to_text(submission);
    }
    for (const formats::Skipped& skipped : reading->skipped)
      lines.push_back({.shape = "skipped " + skipped.reason});
  }
  return lines;
}

std::string golden_path() {
  return folder_of_samples() + "/golden.txt";
}

TEST(Samples, of_real_tools_give_the_golden_lines) {
  std::string text;
  for (const SampleFile& sample : sample_files()) {
    text += sample.path + "\n";
    for (const Line& line : lines_of(folder_of_samples(), sample))
      text += "  " + line.shape + line.numbers + "\n";
  }
  if (std::getenv("BENCHLAKE_WRITE_GOLDEN") != nullptr) std::ofstream(golden_path()) << text;
  std::stringstream golden;
  golden << std::ifstream(golden_path()).rdbuf();
  EXPECT_EQ(text, golden.str());
}

std::vector<std::string> shapes_of(const std::string& folder, const SampleFile& sample) {
  std::vector<std::string> shapes;
  for (Line& line : lines_of(folder, sample)) shapes.push_back(std::move(line.shape));
  std::sort(shapes.begin(), shapes.end());
  return shapes;
}

TEST(Samples, that_the_tools_write_now_are_like_the_committed_ones) {
  const char* fresh = std::getenv("BENCHLAKE_FRESH_SAMPLES");
  if (fresh == nullptr) GTEST_SKIP() << "./dev test samples makes them";
  int read = 0;
  for (const SampleFile& sample : sample_files()) {
    if (!std::filesystem::exists(fresh + std::string("/") + sample.path)) continue;
    ++read;
    EXPECT_EQ(shapes_of(fresh, sample), shapes_of(folder_of_samples(), sample)) << sample.path;
  }
  EXPECT_GE(read, 7);
}

}  // namespace
}  // namespace bl::samples
