#include "gate/measure.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"
#include "base/utf8.h"
#include "gate/outputs.h"

namespace bl::gate {
namespace {

constexpr std::string_view k_output = "{output}";

/// One line of a failed command's last words.
std::string last_words(std::string_view text, std::size_t bytes_max) {
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  if (text.size() > bytes_max) text.remove_prefix(text.size() - bytes_max);
  std::string line = valid_utf8(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return line;
}

std::string joined(const std::string& folder, const std::string& path) {
  if (path.empty()) return folder;
  return folder.empty() || path.starts_with('/') ? path : folder + "/" + path;
}

/// One scenario in the making.
struct Track {
  Scenario scenario;
  int rounds = 0;                     ///< done
  std::vector<std::string> failures;  ///< of each side; empty: none
  std::chrono::steady_clock::time_point started;
  bool has_started = false;

  bool has_failed() const {
    return std::ranges::any_of(failures, [](const std::string& why) { return !why.empty(); });
  }
};

class Measuring {
 public:
  Measuring(const World& world, const MeasureQuestion& question, const MeasureLimits& limits)
      : world_(world),
        question_(question),
        limits_(limits),
        random_(question.seed),
        sides_(question.folders.size()) {
    for (const Scenario& scenario : question.scenarios)
      tracks_.push_back(
          {.scenario = scenario, .failures = std::vector<std::string>(question.folders.size())});
  }

  Result<std::vector<Measured>> run() {
    for (Track& track : tracks_) BL_RETURN_IF_ERROR(warm_up(track));
    int planned = 0;
    for (const Track& track : tracks_) planned = std::max(planned, track.scenario.effort.rounds);
    for (int round = 0; round < planned; ++round) {
      BL_RETURN_IF_ERROR(run_round(
          [&](const Track& track) { return track.rounds < track.scenario.effort.rounds; }));
    }
    while (question_.wants_more) {
      const std::set<std::string> wanted = question_.wants_more(result());
      const auto may_go_on = [&](const Track& track) {
        return wanted.contains(track.scenario.name) && has_effort_left(track);
      };
      if (std::ranges::none_of(tracks_, may_go_on)) break;
      BL_RETURN_IF_ERROR(run_round(may_go_on));
    }
    return result();
  }

 private:
  bool has_effort_left(const Track& track) const {
    const Effort& effort = track.scenario.effort;
    if (track.has_failed() || track.rounds >= effort.rounds_max) return false;
    return !effort.time_max || world_.clock.steady_now() - track.started < *effort.time_max;
  }

  std::vector<Measured> result() const {
    std::vector<Measured> measured = sides_;
    for (const Track& track : tracks_) {
      if (!track.has_failed()) continue;
      for (std::size_t side = 0; side < measured.size(); ++side) {
        std::erase_if(measured[side].benchmarks, [&](const Benchmark& benchmark) {
          return benchmark.scenario == track.scenario.name;
        });
        if (!track.failures[side].empty())
          measured[side].failures.push_back({track.scenario.name, track.failures[side]});
      }
    }
    return measured;
  }

  void tell(const Track& track, const std::string& what) const {
    if (question_.progress) question_.progress(what + ": " + track.scenario.name);
  }

  /// A scenario that may be timed is run once in any case, to see what it prints.
  Result<void> warm_up(Track& track) {
    const int runs = std::max(track.scenario.effort.warmup, track.scenario.may_be_timed ? 1 : 0);
    for (int i = 0; i < runs; ++i) {
      for (std::size_t side = 0; side < sides_.size() && !track.has_failed(); ++side) {
        tell(track, "warm-up");
        BL_TRY(const auto ignored, run_once(track, side));
        (void)ignored;
      }
    }
    return {};
  }

  template <class Wanted>
  Result<void> run_round(const Wanted& wanted) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
      if (!tracks_[i].has_failed() && wanted(tracks_[i])) order.push_back(i);
    }
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_.below(i)]);
    for (const std::size_t i : order) BL_RETURN_IF_ERROR(run_both_sides(tracks_[i]));
    return {};
  }

  Result<void> run_both_sides(Track& track) {
    if (!track.has_started) track.started = world_.clock.steady_now();
    track.has_started = true;
    ++track.rounds;
    std::vector<std::optional<Benchmarks>> given(sides_.size());
    for (std::size_t turn = 0; turn < sides_.size() && !track.has_failed(); ++turn) {
      const bool is_reversed = track.rounds % 2 == 0;  // A B B A
      const std::size_t side = is_reversed ? sides_.size() - 1 - turn : turn;
      tell(track, fmt::format("round {} of {}", track.rounds,
                              std::max(track.rounds, track.scenario.effort.rounds)));
      BL_TRY(given[side], run_once(track, side));
    }
    if (track.has_failed()) return {};
    for (std::size_t side = 0; side < sides_.size(); ++side) {
      for (Benchmark& benchmark : *given[side]) benchmark.scenario = track.scenario.name;
      BL_RETURN_IF_ERROR(add_rounds(sides_[side].benchmarks, std::move(*given[side])));
    }
    return {};
  }

  /// nullopt: the scenario has failed, and the track says why.
  Result<std::optional<Benchmarks>> run_once(Track& track, std::size_t side) {
    const auto failed = [&](std::string why) -> Result<std::optional<Benchmarks>> {
      track.failures[side] = std::move(why);
      return std::optional<Benchmarks>();
    };
    const Scenario& scenario = track.scenario;
    ProgramCall call{.words = scenario.command,
                     .variables = scenario.env,
                     .folder = joined(question_.folders[side], scenario.folder),
                     .time_max = scenario.effort.timeout,
                     .go_on = world_.go_on,
                     .own_group = true};
    const std::string given_output = world_.temporary_folder + "/output";
    bool has_placeholder = false;
    for (std::string& word : call.words) {
      if (const std::size_t at = word.find(k_output); at != std::string::npos) {
        word.replace(at, k_output.size(), given_output);
        has_placeholder = true;
      }
    }
    const std::string file =
        has_placeholder ? given_output
                        : (scenario.output.empty() ? "" : joined(call.folder, scenario.output));
    if (has_placeholder) (void)world_.disk.remove(given_output);
    const auto written_before = file.empty() ? std::nullopt : written(file);
    std::string out;
    bool is_too_long = false;
    call.on_output = [&](std::string_view piece) {
      is_too_long = is_too_long || out.size() + piece.size() > limits_.output_bytes_max;
      if (!is_too_long) out += piece;
    };
    const auto begin = world_.clock.steady_now();
    auto end = world_.runner.run(call);
    const std::chrono::duration<double> took = world_.clock.steady_now() - begin;
    if (!end.ok()) {
      if (end.error().code != Code::timeout) return std::move(end).error();
      return failed(fmt::format("took longer than {} ms", scenario.effort.timeout.count()));
    }
    if (end->exit_code != 0)
      return failed(
          fmt::format("exit code {}: {}", end->exit_code,
                      last_words(end->err.empty() ? out : end->err, limits_.reason_bytes_max)));
    if (is_too_long)
      return failed(fmt::format("printed more than {} bytes", limits_.output_bytes_max));
    if (!file.empty()) {
      if (written(file) == written_before) return failed("did not write " + file);
      auto bytes = read_file(world_.disk, file, limits_.output_bytes_max);
      if (!bytes.ok()) return failed(bytes.error().message);
      out = std::move(bytes).value();
    }
    settle_what_it_is(track, out, !file.empty());
    if (scenario.is_timed) return std::optional(timed(scenario, took.count()));
    auto read = read_output(scenario.format, out, scenario.name);
    if (!read.ok()) return failed(read.error().message);
    return std::optional(std::move(read).value());
  }

  std::optional<Timestamp> written(const std::string& file) const {
    const auto facts = world_.disk.facts(file);
    return facts.ok() ? std::optional(facts->modified) : std::nullopt;
  }

  /// The first run of a scenario that may be timed says whether it is.
  void settle_what_it_is(Track& track, const std::string& out, bool has_file) const {
    Scenario& scenario = track.scenario;
    if (!scenario.may_be_timed) return;
    scenario.may_be_timed = false;
    if (has_file || scenario.format) return;
    scenario.is_timed = !formats::detect(out).has_value();
    if (scenario.is_timed && question_.effort_when_timed)
      scenario.effort = *question_.effort_when_timed;
  }

  static Benchmarks timed(const Scenario& scenario, double seconds) {
    // A clock that stood still (a test's) would give a time that has no logarithm.
    const double time = std::max(seconds, 1e-9);
    return {{.name = scenario.name, .main = {.unit = "s", .rounds = {{time}}}}};
  }

  const World& world_;
  const MeasureQuestion& question_;
  const MeasureLimits& limits_;
  SeededRandom random_;
  std::vector<Track> tracks_;
  std::vector<Measured> sides_;
};

}  // namespace

Result<std::vector<Measured>> measure(const World& world, const MeasureQuestion& question,
                                      const MeasureLimits& limits) {
  BL_CHECK(question.folders.size() == 1 || question.folders.size() == 2);
  return Measuring(world, question, limits).run();
}

}  // namespace bl::gate
