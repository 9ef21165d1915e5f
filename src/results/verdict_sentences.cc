#include <fmt/format.h>

#include <cmath>

#include "base/terminal.h"
#include "results/series_judge.h"

namespace bl::results {
namespace {

std::string percent_text(double percent) {
  const double size = std::fabs(percent);
  return size < 9.95 ? fmt::format("{:.2g} %", size) : fmt::format("{:.0f} %", size);
}

std::string probability_text(double probability) {
  if (probability > 0.99) return "over 99 %";
  if (probability < 0.01) return "under 1 %";
  return fmt::format("{:.0f} %", probability * 100);
}

const char* word_of(bool is_worse) {
  return is_worse ? "slower" : "faster";
}

std::string size_text(double percent, bool is_worse) {
  return fmt::format("{} {}", percent_text(percent), word_of(is_worse));
}

std::string commit_text(const VerdictChange& change) {
  return fmt::format("commit {} of {}", change.commit_sha.substr(0, 10),
                     to_rfc3339(change.commit_timestamp).substr(0, 10));
}

std::string results_text(std::int64_t results) {
  return results == 1 ? "1 result" : fmt::format("{} results", results);
}

std::string news_sentence(const SeriesVerdict& verdict, std::string_view unit) {
  const VerdictChange& change = *verdict.change;
  std::string sentence = change.is_recovery ? "Back at an earlier level: " : "";
  sentence += fmt::format("{} since {}, from {} to {}; probability {}.",
                          size_text(change.percent, change.is_worse), commit_text(change),
                          human_value(change.before, unit), human_value(change.after, unit),
                          probability_text(verdict.confidence.value_or(change.confidence)));
  if (change.of_unit) {
    sentence +=
        " It is a step from one unit to another: the benchmark changed sooner than the code.";
  }
  return sentence;
}

std::string wait_sentence(const SeriesVerdict& verdict) {
  const VerdictChange& change = *verdict.change;
  std::string sentence = fmt::format(
      "Perhaps {} since {}, probability {}; ", size_text(change.percent, change.is_worse),
      commit_text(change), probability_text(verdict.confidence.value_or(0)));
  if (!verdict.repeats) return sentence + "it takes more than ten results to know.";
  return sentence +
         fmt::format("{} more like the newest would decide.", results_text(*verdict.repeats));
}

std::string steady_sentence(const SeriesVerdict& verdict) {
  std::string sentence = "No change at the newest result";
  if (verdict.noise_percent && *verdict.noise_percent > 0) {
    sentence += fmt::format("; results vary by about {} by themselves",
                            percent_text(*verdict.noise_percent));
  }
  sentence += '.';
  if (verdict.change) {
    sentence += fmt::format(" The last change began at {}: {}.", commit_text(*verdict.change),
                            size_text(verdict.change->percent, verdict.change->is_worse));
  }
  return sentence;
}

std::string unknown_sentence(const SeriesVerdict& verdict, const VerdictPoint* newest) {
  if (newest == nullptr) return "No result to judge.";
  switch (newest->lesson) {
    case verdict::Lesson::expected:
      return "A new level is expected from the newest result on; the next ones become its "
             "baseline.";
    case verdict::Lesson::machine_changed:
      return "The machine has changed; the next results become its baseline.";
    case verdict::Lesson::none:
    case verdict::Lesson::noise:
      break;
  }
  return fmt::format("Too few results on one level and machine to say, of {} in all.",
                     results_text(verdict.results));
}

}  // namespace

std::string sentence_of(const SeriesVerdict& verdict, const VerdictPoint* newest,
                        std::string_view unit) {
  std::string sentence;
  switch (verdict.decision) {
    case VerdictDecision::slower:
    case VerdictDecision::faster:
      sentence = news_sentence(verdict, unit);
      break;
    case VerdictDecision::wait:
      sentence = wait_sentence(verdict);
      break;
    case VerdictDecision::steady:
      sentence = steady_sentence(verdict);
      break;
    case VerdictDecision::unknown:
      sentence = unknown_sentence(verdict, newest);
      break;
  }
  if (verdict.drift) {
    sentence += fmt::format(" It drifts: {} over its newest stretch.",
                            size_text(verdict.drift->percent, verdict.drift->is_worse));
  }
  return sentence;
}

std::string sentence_of(const CommitVerdict& verdict) {
  const std::string sha = verdict.commit_sha.substr(0, 10);
  const std::int64_t believed = verdict.slower + verdict.faster;
  std::string sentence;
  if (!verdict.enabled) return "Verdicts are off for this project.";
  if (believed == 0) {
    sentence = fmt::format("No series is believed to have changed at commit {}", sha);
  } else {
    sentence = fmt::format("{} of {} series changed at commit {}: {} slower, {} faster", believed,
                           std::max(verdict.series, believed), sha, verdict.slower, verdict.faster);
  }
  if (verdict.common_cause && verdict.common_percent) {
    sentence += fmt::format("; one common cause is likely, about {}",
                            size_text(*verdict.common_percent, verdict.slower > verdict.faster));
  }
  if (verdict.doubtful > 0) {
    sentence += fmt::format("; {} more {} doubtful", verdict.doubtful,
                            verdict.doubtful == 1 ? "is" : "are");
  }
  return sentence + '.';
}

}  // namespace bl::results
