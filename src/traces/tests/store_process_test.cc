// A process that takes spans in, puts files together and lets old days go, and is killed at any
// point, again and again: every acknowledged span is there, once.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

#include "traces/tests/store_world.h"

namespace bl::traces {
namespace {

constexpr std::int64_t k_day = 86'400'000'000'000;
constexpr std::uint64_t k_pinned = 1'000'000'000;  // traces from here on are pinned
constexpr int k_threads = 3;

std::int64_t today() {
  const std::int64_t now = SystemClock().now().micros * 1'000;
  return now - now % k_day;
}

// What every process that is killed knows of the place: the folder lives longer than all of them.
struct Place {
  explicit Place(std::string at) : folder(std::move(at)) {}
  Result<std::unique_ptr<LakeTraceStore>> open(bool housekeeping) {
    lake::LakeOptions options;
    options.folder = folder + "/lake";
    options.objects = folder + "/objects";
    options.catalog = "sqlite://" + folder + "/catalog.sqlite";
    options.housekeeping = housekeeping;
    options.limits.table.flush_ms_max = std::chrono::milliseconds(50);
    options.limits.table.compact_files_min = 3;
    options.limits.compact_every = std::chrono::seconds(0);
    BL_TRY(lake, lake::Lake::open(options, {*disk, clock, random, log, metrics}));
    return LakeTraceStore::open({*lake, *disk, clock, log, metrics, folder + "/index",
                                 [](const TraceId& after, std::size_t limit) {
                                   std::vector<TraceId> ids;
                                   for (std::uint64_t i = std::max(k_pinned - 1, after.high) + 1;
                                        i < k_pinned + 20 && ids.size() < limit; ++i) {
                                     ids.push_back({i, 1});
                                   }
                                   return Result<std::vector<TraceId>>(ids);
                                 }});
  }
  std::string folder;
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  std::unique_ptr<Disk> disk = make_real_disk();
  std::unique_ptr<lake::Lake> lake;
};

struct Acknowledged {
  std::uint64_t trace, span;
};

// Takes spans in until it is killed, and says what was acknowledged.
[[noreturn]] void be_a_keeper(const std::string& folder, std::uint64_t number, int acknowledged) {
  const auto give_up = [](const Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    _exit(3);
  };
  Place place(folder);
  auto store = place.open(true);
  if (!store.ok()) give_up(store.error());
  std::vector<std::thread> threads;
  for (int thread = 0; thread < k_threads; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::uint64_t n = 1;; ++n) {
        // Traces of a process of its own; and pinned ones, of a day that expires.
        const std::uint64_t base = number * 100'000 + static_cast<std::uint64_t>(thread) * 30'000;
        const std::uint64_t trace = n % 5 == 0 ? k_pinned + n % 20 : base + n % 10;
        const std::int64_t start = n % 5 == 0 ? today() - 40 * k_day : today() - k_day;
        const std::uint64_t id = (base + n) * 2;
        const Spans spans{span_of(trace, id, 0, start), span_of(trace, id + 1, id, start + 5)};
        const std::string key = std::to_string(number) + "/" + std::to_string(base + n);
        auto done = (*store)->ingest(spans, key);
        // The answer was lost: the same again, and at times with another key.
        if (done.ok() && n % 7 == 0) done = (*store)->ingest(spans, key);
        if (done.ok() && n % 11 == 0) done = (*store)->ingest(spans, key + " again");
        if (!done.ok()) give_up(done.error());
        const Acknowledged both[2] = {{trace, id}, {trace, id + 1}};
        if (::write(acknowledged, both, sizeof both) != sizeof both) _exit(4);
      }
    });
  }
  for (;;) {
    // What nobody pinned goes too, and nobody asks for it.
    (void)(*store)->ingest({span_of(7, 1, 0, today() - 50 * k_day)}, "").ok();
    const auto done = (*store)->expire(today() - 30 * k_day, Expiry::done);
    if (!done.ok()) give_up(done.error());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

class Keeper {
 public:
  Keeper(const std::string& folder, std::uint64_t number) {
    BL_CHECK(pipe(pipe_) == 0);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(126);
      close(pipe_[0]);
      be_a_keeper(folder, number, pipe_[1]);
    }
    close(pipe_[1]);
    fcntl(pipe_[0], F_SETFL, O_NONBLOCK);
  }
  void read(std::vector<Acknowledged>& said) {
    Acknowledged some[512];
    for (;;) {
      const auto got = ::read(pipe_[0], some, sizeof some);
      if (got <= 0) return;
      said.insert(said.end(), some, some + static_cast<std::size_t>(got) / sizeof some[0]);
    }
  }
  void kill(std::vector<Acknowledged>& said) {
    ::kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "ended by itself: " << WEXITSTATUS(status);
    read(said);
    close(pipe_[0]);
  }

 private:
  int pipe_[2];
  pid_t pid_ = -1;
};

TEST(TraceProcesses, what_was_acknowledged_is_there_once_however_often_the_process_is_killed) {
  std::chrono::seconds time{6};
  if (const char* wanted = std::getenv("BENCHLAKE_KILL_SECONDS")) {
    time = std::chrono::seconds(std::max(1, std::atoi(wanted)));
  }
  const TemporaryFolder folder;
  const auto end = std::chrono::steady_clock::now() + time;
  std::mt19937 chance(std::random_device{}());
  std::vector<Acknowledged> said;
  std::uint64_t kills = 0;
  do {
    Keeper keeper(folder.path(), ++kills);
    // Each third is killed while it opens what the one before left, perhaps; the others at work.
    const std::size_t before = said.size();
    const auto wait = std::chrono::milliseconds(chance() % 500);
    auto until = std::chrono::steady_clock::now() + wait;
    while (std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      keeper.read(said);
      if (kills % 3 != 0 && said.size() == before) until = std::chrono::steady_clock::now() + wait;
    }
    keeper.kill(said);
  } while (std::chrono::steady_clock::now() < end || kills < 3);

  Place place(folder.path());
  auto store = place.open(false);
  ASSERT_TRUE(store.ok()) << store.error().message;
  std::map<std::uint64_t, std::set<std::uint64_t>> wanted;
  for (const Acknowledged& one : said) wanted[one.trace].insert(one.span);
  const auto check = [&] {
    std::size_t lost = 0, twice = 0;
    for (const auto& [trace, ids] : wanted) {
      TraceQuery query;
      query.id = {trace, 1};
      const auto found = (*store)->trace(query);
      ASSERT_TRUE(found.ok()) << found.error().message;
      std::set<std::uint64_t> there;
      if (found->trace) {
        for (const Span& span : found->trace->spans) {
          twice += there.insert(span.span_id.value).second ? 0 : 1;
        }
      }
      for (const std::uint64_t id : ids) lost += there.contains(id) ? 0 : 1;
    }
    EXPECT_EQ(lost, 0u) << "acknowledged, and not there";
    EXPECT_EQ(twice, 0u);
  };
  ASSERT_TRUE((*store)->settle().ok());
  check();
  ASSERT_TRUE((*store)->compact().ok());
  ASSERT_TRUE((*store)->expire(today() - 30 * k_day, Expiry::done).ok());
  ASSERT_TRUE((*store)->settle().ok());
  EXPECT_TRUE((*store)->status()->bounds_complete);
  check();
  std::printf("%zu acknowledged, %lu kills\n", said.size(), kills);
  store->reset();
}

}  // namespace
}  // namespace bl::traces
