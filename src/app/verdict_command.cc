#include "app/verdict_command.h"

#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>

#include "base/json.h"
#include "verdict/detector.h"
#include "verdict/series_lines.h"

namespace bl::app {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

/// The next line without its end; false at the end of the file.
bool read_line(std::FILE* file, std::string& line) {
  char* text = nullptr;
  std::size_t room = 0;
  const ssize_t length = ::getline(&text, &room, file);
  if (length > 0) line.assign(text, static_cast<std::size_t>(length));
  std::free(text);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  return length > 0;
}

/// The first line of the answer: who judged, and how fast.
std::string head(double seconds, std::size_t results) {
  std::string text;
  std::string program(verdict::k_detector_name);
  program.append(" ").append(std::to_string(verdict::k_detector_version));
  json::Writer out(text);
  out.begin_object().member("program", "benchlake " + program);
  out.member("ms_per_1000", results > 0 ? seconds * 1e6 / static_cast<double>(results) : 0.0);
  out.end_object();
  return text.append("\n");
}

ExitCode judge(std::FILE* file, CommandIo& io) {
  std::string line, answers;
  std::size_t number = 0, results = 0;
  double seconds = 0;
  ExitCode code = ExitCode::ok;
  while (read_line(file, line)) {
    ++number;
    if (line.empty()) continue;
    auto series = verdict::read_series_line(line);
    if (!series.ok()) {
      std::string where = "line ";
      where.append(std::to_string(number));
      code = print_error(io, std::move(series).error().with_context(where));
      continue;
    }
    const std::clock_t begin = std::clock();
    verdict::append_verdict_line(series.value(), answers);
    answers.append("\n");
    seconds += static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    results += series.value().results.size();
  }
  const std::string first = head(seconds, results);
  std::fwrite(first.data(), 1, first.size(), io.out);
  std::fwrite(answers.data(), 1, answers.size(), io.out);
  return code;
}

ExitCode run(const Arguments& arguments, CommandIo& io) {
  const std::string& path = arguments.text("FILE");
  if (path == "-") return judge(io.in, io);
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "re"));
  if (!file) return print_error(io, Error{Code::not_found, "no file to read series from: " + path});
  return judge(file.get(), io);
}

}  // namespace

Command verdict_command() {
  return {.path = "verdict",
          .help =
              "judges series given as JSON lines: changes of the whole history, and at each "
              "newest result; needs no server",
          .example = "benchlake verdict series.jsonl",
          .options = {},
          .arguments = {{.name = "FILE",
                         .help = "series, one JSON object a line; - is standard input"}},
          .run = run};
}

}  // namespace bl::app
