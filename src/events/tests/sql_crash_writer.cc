// Appends to a log until it is killed; what was acknowledged goes to a file, an id a line.
//   sql_crash_writer URI SCRATCH SEED ACKNOWLEDGED
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "events/open_log.h"
#include "events/testing/corpus.h"

namespace bl::events {
namespace {

// One event, then a batch, in turns. What the corpus gives again after a restart is repeated.
int run(const std::string& uri, const std::string& scratch, std::uint64_t seed,
        const std::string& acknowledged) {
  const auto disk = make_real_disk();
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log(clock, LogLevel::error, [](std::string_view) {});
  const auto parsed = parse_log_uri(uri);
  if (!parsed.ok()) return 2;
  auto events_log = open_log(*parsed, {*disk, clock, random, metrics, log, scratch});
  // Another one owns the file: it is this one's turn when that one is gone.
  while (!events_log.ok() && events_log.error().code == Code::conflict) {
    ::usleep(5'000);
    events_log = open_log(*parsed, {*disk, clock, random, metrics, log, scratch});
  }
  if (!events_log.ok()) {
    std::fprintf(stderr, "%s\n", events_log.error().message.c_str());
    return 3;
  }
  const int file = ::open(acknowledged.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return 4;
  Corpus corpus({.seed = seed});
  for (std::size_t round = 0;; ++round) {
    const auto events = corpus.take(round % 4 == 3 ? 25 : 1);
    const auto appended = (*events_log)->append(events);
    // Whoever is overloaded comes again; what is unknown is sent again by the next life.
    if (!appended.ok() && appended.error().code != Code::overloaded) {
      std::fprintf(stderr, "%s\n", appended.error().message.c_str());
      return 5;
    }
    if (!appended.ok()) continue;
    std::string lines;
    for (const BuildEvent& event : events) lines += event.event_id + "\n";
    if (::write(file, lines.data(), lines.size()) != static_cast<ssize_t>(lines.size())) return 6;
  }
}

}  // namespace
}  // namespace bl::events

int main(int argc, char** argv) {
  if (argc != 5) return 1;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that failed kills nobody any more
  return bl::events::run(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10), argv[4]);
}
